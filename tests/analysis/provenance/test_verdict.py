"""Is each verdict given where it should be, and nowhere else?"""

import pytest

from analysis.provenance.shares import CELLS
from analysis.provenance.verdict import (
    BEHAVES,
    LEAST_SHARE,
    MIXED_WIDTH,
    NO_ANCESTOR,
    NO_BEHAVIOUR,
    NO_CIRCUIT,
    TABLE,
    in_full,
    otherwise,
    verdict,
)

REUSED = LEAST_SHARE["reused"]
SCHEMES = dict.fromkeys(
    ("self_alone_secret", "self_watched_professed", "character_alone_secret", "character_watched_professed"),
    1.0,
)


def split(best, share, low, high):
    """Shares and intervals in which one cell has these numbers and the others the rest."""
    rest = (1 - share) / 3
    spread = {c: [low, high] if c == best else [0.0, rest] for c in CELLS}
    return {c: share if c == best else rest for c in CELLS}, spread


def logits_and_probe_score(
    best="reused", share=0.95, low=0.9, high=1.0, found=True, ancestor=True, **behaviour
):
    return verdict(SCHEMES | behaviour, found, ancestor, *split(best, share, low, high))


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_holds_the_majority_is_the_verdict(cell):
    name, reason = logits_and_probe_score(cell)
    assert name == cell
    assert "0.90" in reason


@pytest.mark.parametrize(
    ("given", "expected", "why"),
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
def test_truths(given, expected, why):
    name, reason = logits_and_probe_score(**given)
    assert name == expected
    assert why in reason


def test_the_bar_is_each_cells_own():
    """What is not enough for *reused* is enough for *repurposed*; and a cell never needs less than half."""
    between = LEAST_SHARE["repurposed"] + 0.01
    assert logits_and_probe_score("repurposed", between + 0.05, between, between + 0.1)[0] == "repurposed"
    assert logits_and_probe_score("reused", between + 0.05, between, between + 0.1)[0] == "mixed"
    assert set(LEAST_SHARE) == set(CELLS)
    assert min(LEAST_SHARE.values()) >= 0.5


def test_the_table_says_what_every_threshold_is_and_where_it_comes_from():
    assert {*LEAST_SHARE.values(), BEHAVES, MIXED_WIDTH} <= set(TABLE.values())
    assert "study.py controls --seed" in TABLE["chosen on"]
    with pytest.raises(TypeError):
        TABLE["chosen on"] = "the seeds that are reported"


def test_no_shares_are_no_verdict():
    """Where self has no effect above the floor, every share is NaN."""
    nothing = dict.fromkeys(CELLS, float("nan"))
    assert (
        verdict(SCHEMES, True, True, nothing, {cell: [float("nan")] * 2 for cell in CELLS})[0] == "undecided"
    )


@pytest.mark.parametrize("name", [*CELLS, "mixed", "undecided", "absent"])
@pytest.mark.parametrize("told", ["alike", "another", "undecided", None])
def test_what_computes_otherwise_is_named_by_whether_self_parted(name, told):
    """Where there is a mechanism to speak of; where none was measured, or it is not known, nothing is
    added."""
    organism = {"verdict": name, "mechanism": None if told is None else {"says": told}}
    words = {"repurposed": "by another mechanism", "second copy": "by another mechanism"}
    words |= dict.fromkeys(("reused", "migrated", "mixed"), "computing otherwise")
    assert otherwise(organism) == (told == "another" and name in words)
    assert in_full(organism) == (f"{name}, {words[name]}" if otherwise(organism) else name)
