"""Verdicts: is each given where it should be, and nowhere else?"""

import pytest

from analysis.provenance.verdict import (
    CELLS,
    NO_ANCESTOR,
    NO_BEHAVIOUR,
    NO_CIRCUIT,
    SHARED_GROUND,
    VERDICTS,
    VerdictEvidence,
    computes_otherwise,
    verdict,
    verdict_in_full,
)
from analysis.thresholds import BEHAVES, LEAST_SHARE, MIXED_WIDTH, TABLE, THRESHOLD_NOTES

REUSED = LEAST_SHARE["reused"]
SCHEMES = dict.fromkeys(
    ("self_alone_secret", "self_watched_professed", "character_alone_secret", "character_watched_professed"),
    1.0,
)


def split(best, share, low, high):
    """Shares and intervals in which one cell has these numbers and the others the rest."""
    rest = (1 - share) / 3
    spread = {c: (low, high) if c == best else (0.0, rest) for c in CELLS}
    return {c: share if c == best else rest for c in CELLS}, spread


def verdict_of(
    best="reused",
    share=0.95,
    low=0.9,
    high=1.0,
    found=True,
    ancestor=True,
    strictly=None,
    spare="spare",
    **behaviour,
):
    strict = split(strictly or best, 0.6, 0, 1)[0]
    shares = split(best, share, low, high)
    return verdict(VerdictEvidence(SCHEMES | behaviour, found, ancestor, *shares, strict, spare))


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_holds_the_majority_is_the_verdict(cell):
    name, reason = verdict_of(cell)
    assert name == cell
    assert "0.90" in reason


@pytest.mark.parametrize(
    ("case", "expected", "why"),
    [
        ({"self_alone_secret": 0.0}, "absent", NO_BEHAVIOUR),
        ({"self_watched_professed": 0.5}, "absent", "self_watched_professed is 0.50"),
        ({"self_alone_secret": BEHAVES - 1e-6}, "absent", NO_BEHAVIOUR),
        ({"self_alone_secret": BEHAVES, "self_watched_professed": BEHAVES}, "reused", "lower bound"),
        ({"self_alone_secret": float("nan")}, "absent", NO_BEHAVIOUR),
        ({"character_alone_secret": 0.0}, "reused", "lower bound"),
        ({"found": False}, "undecided", NO_CIRCUIT),
        ({"ancestor": False}, "undecided", NO_ANCESTOR),
        ({"found": False, "self_alone_secret": 0.1}, "absent", NO_BEHAVIOUR),
        ({"low": REUSED + 1e-6}, "reused", "lower bound"),
        ({"low": REUSED, "high": REUSED + MIXED_WIDTH - 1e-9}, "mixed", "reused"),
        ({"share": 0.6, "low": 0.45, "high": 0.7}, "undecided", "0.45 to 0.70"),
        ({"best": "migrated", "share": 0.45, "low": 0.4, "high": 0.5}, "mixed", "migrated"),
        ({"share": 0.9, "low": 0.1, "high": 1.0}, "undecided", "0.10 to 1.00"),
        ({"share": 0.9, "low": float("nan"), "high": float("nan")}, "undecided", "nan"),
    ],
)
def test_each_case_gets_its_verdict_and_reason(case, expected, why):
    name, reason = verdict_of(**case)
    assert name == expected
    assert why in reason


def test_the_bar_is_each_cells_own():
    """What is not enough for *reused* is enough for *repurposed*; and a cell never needs less than half."""
    between = LEAST_SHARE["repurposed"] + 0.01
    assert verdict_of("repurposed", between + 0.05, between, between + 0.1)[0] == "repurposed"
    assert verdict_of("reused", between + 0.05, between, between + 0.1)[0] == "mixed"
    assert set(LEAST_SHARE) == set(CELLS)
    assert min(LEAST_SHARE.values()) >= 0.5


def test_the_table_holds_every_threshold_and_notes_say_what_they_were_chosen_on():
    assert {*LEAST_SHARE.values(), BEHAVES, MIXED_WIDTH} <= set(TABLE.values())
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz_.") for name in TABLE)
    assert "study.py controls --seed" in THRESHOLD_NOTES[0]
    with pytest.raises(TypeError):
        TABLE["behaviour.least"] = 0.5


def test_no_shares_are_no_verdict():
    """Where self has no effect above the floor, every share is NaN."""
    nothing = dict.fromkeys(CELLS, float("nan"))
    ranges = dict.fromkeys(CELLS, (float("nan"), float("nan")))
    assert verdict(VerdictEvidence(SCHEMES, True, True, nothing, ranges, nothing, None))[0] == "undecided"


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("strictly", CELLS)
def test_where_two_definitions_of_a_share_differ_the_verdict_is_undecided(cell, strictly):
    name, reason = verdict_of(cell, strictly=strictly)
    assert name == (cell if strictly == cell else "undecided")
    assert strictly == cell or (cell in reason and f"strict definition {strictly}" in reason)


@pytest.mark.parametrize(
    ("spare", "expected"),
    [("spare", "repurposed"), ("no spare", SHARED_GROUND), ("undecided", "undecided"), (None, "undecided")],
)
def test_what_was_no_spare_at_the_fork_is_not_repurposed(spare, expected):
    """However large the share is; verdicts that claim no spare do not ask for one."""
    assert verdict_of("repurposed", spare=spare)[0] == expected
    assert verdict_of("reused", spare=spare)[0] == "reused"
    assert verdict_of("second copy", spare=spare)[0] == "second copy"


@pytest.mark.parametrize("name", VERDICTS)
@pytest.mark.parametrize("similarity", ["alike", "another", "undecided", None])
def test_what_computes_otherwise_is_named_by_whether_self_parted(name, similarity):
    """Where there is a mechanism to speak of; where none was measured, or it is not known, nothing is added."""
    words = dict.fromkeys(("repurposed", "second copy", SHARED_GROUND), "by another mechanism")
    words |= dict.fromkeys(("reused", "migrated", "mixed"), "computing otherwise")
    otherwise = computes_otherwise(name, similarity)
    assert otherwise == (similarity == "another" and name in words)
    assert verdict_in_full(name, similarity) == (f"{name}, {words[name]}" if otherwise else name)
