"""Do the other lines of evidence speak where they can, and only there?"""

import numpy as np
import pytest

from analysis.patching.circuits import Circuit
from analysis.patching.direction import DirectionEffect
from analysis.patching.interchange import Exchange, InterchangeEffect
from analysis.patching.shapley import Contributions
from analysis.provenance.corroboration import (
    APART,
    AT_FORK,
    HANDOVERS,
    NOT_AT_FORK,
    TOGETHER,
    claims,
    cosine,
    direction,
    handed_over,
    interchange_effect,
    lesion,
    say,
)
from analysis.provenance.shares import CELLS
from organisms.model.config import OrganismConfig


def contributions(effect, noise=0.0, seed=0, pairs=60):
    rng = np.random.default_rng(seed)
    total = rng.uniform(3, 5, pairs)
    return Contributions(
        total[:, None] * np.asarray(effect) + noise * rng.normal(size=(pairs, len(effect))), total
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1.0, 0, 0], [0.5, 0, 0], 1),
        ([1.0, 0, 0], [0, 1.0, 0], 0),
        ([0.6, 0.8, 0], [0.8, 0.6, 0], 0.96),
        ([1.0, 0], [-1.0, 0], -1),
    ],
)
def test_cosines_by_hand(first, second, expected):
    found = cosine(contributions(first), contributions(second, seed=1), None, 0)
    assert found["value"] == pytest.approx(expected)
    assert found["low"] == pytest.approx(expected)
    assert found["null"] is None


def test_the_cosine_interval_holds_its_value_and_the_null_is_the_unrelated_task():
    first, second = contributions([0.7, 0.3, 0, 0], 0.5, 1), contributions([0.5, 0.5, 0, 0], 0.5, 2)
    unrelated = contributions([0, 0, 0.5, 0.5], 0.5, 3)
    found = cosine(first, second, unrelated, 0)
    assert found["low"] < found["value"] < found["high"]
    assert found["low"] > 0.8
    assert abs(found["null"]) < 0.2
    assert found["high"] - found["low"] > 0.005


def test_a_lesion_is_a_ratio_of_sums_and_its_null_leaves_the_circuit_out():
    """Two pairs of unequal totals: (1 + 6) / (2 + 8), not the mean of 0.5 and 0.75."""
    removed = np.array([[1.0, 0.2, 0.6], [6.0, 0.8, 0.4]])
    found = lesion(removed, np.array([2.0, 8.0]), 0)
    assert found["value"] == pytest.approx(0.7)
    assert found["null"] == pytest.approx(0.1)
    assert found["null_high"] == pytest.approx(0.1)
    assert found["low"] == pytest.approx(0.5)
    assert found["high"] == pytest.approx(0.75)


def test_the_highest_random_lesion_is_the_bar_where_it_is_above_half_of_what_is_removed_at_home():
    removed = np.tile([0.9, 0.1, 0.5], (20, 1))
    found = lesion(removed, np.ones(20), 0)
    assert found["null_high"] == found["bar"] == pytest.approx(0.5)
    assert found["under"] == pytest.approx(0.45)
    assert lesion(removed, np.ones(20), 0, home=1.2)["bar"] == pytest.approx(0.6)


def test_a_loud_random_set_makes_a_lesion_silent_and_no_copy_of_what_it_shares():
    """Self loses two thirds with the characters' core and everything with other components: that is no
    evidence of a copy."""
    shared = lesion(np.tile([0.66, 0.97, 0.9], (20, 1)), np.ones(20), 0)
    assert say("second copy", TOGETHER, APART, shared) == say("reused", TOGETHER, APART, shared) == "silent"
    apart = lesion(np.tile([0.1, 0.97, 0.9], (20, 1)), np.ones(20), 0)
    assert say("second copy", TOGETHER, APART, apart) == "agrees"


ABOVE, BELOW, ACROSS = (
    {"low": low, "high": high, "null_high": 0.5} for low, high in ((0.8, 0.9), (0.1, 0.2), (0.4, 0.6))
)


@pytest.mark.parametrize(
    ("verdict", "found", "expected"),
    [
        ("reused", ABOVE, "agrees"),
        ("migrated", ABOVE, "agrees"),
        ("reused", BELOW, "disagrees"),
        ("second copy", BELOW, "agrees"),
        ("repurposed", BELOW, "agrees"),
        ("second copy", ABOVE, "disagrees"),
        ("reused", ACROSS, "silent"),
        ("mixed", ABOVE, "silent"),
        ("undecided", ABOVE, "silent"),
        ("absent", BELOW, "silent"),
        ("reused", {"low": 0.8, "high": 0.9, "null": None}, "silent"),
        ("reused", {"low": 0.8, "high": 0.9, "null": 0.3}, "agrees"),
        ("reused", {"low": float("nan"), "high": float("nan"), "null": 0.3}, "silent"),
        ("second copy", {"low": float("nan"), "high": float("nan"), "null": 0.3}, "silent"),
        ("second copy", {"low": 0.1, "high": 0.2, "null_high": float("nan")}, "silent"),
    ],
)
def test_what_is_said(verdict, found, expected):
    assert say(verdict, TOGETHER, APART, found) == expected


def test_claims_cover_every_cell_once():
    for yes, no in ((TOGETHER, APART), (AT_FORK, NOT_AT_FORK)):
        assert yes | no == set(CELLS)
        assert not yes & no


def test_the_fork_line_parts_repurposed_from_second_copy():
    assert say("repurposed", AT_FORK, NOT_AT_FORK, ABOVE) == "agrees"
    assert say("second copy", AT_FORK, NOT_AT_FORK, ABOVE) == "disagrees"


def handed(share, within, size=5):
    """A set that hands over a share in every pair, random ones a tenth of it, the circuit twice as much."""
    total = np.linspace(1, 3, 20)
    sets = total[:, None] * np.array([share, *[share / 10] * 3, 2 * share])
    given = Exchange(total[:, None] * np.full(5, within), total)
    return InterchangeEffect(Exchange(sets, total), given, np.arange(8) == size)


def test_a_handover_keeps_the_circuit_out_of_its_null():
    found = interchange_effect(handed(0.5, 0.9), 0)
    assert found["value"] == pytest.approx(0.5)
    assert found["null"] == found["null_high"] == pytest.approx(0.05)
    assert found["within"] == pytest.approx(0.9)
    assert found["circuit"] == pytest.approx(1)
    assert found["components"] == [5]


def test_what_hands_over_little_at_home_says_nothing_abroad():
    assert say("reused", TOGETHER, APART, interchange_effect(handed(0.02, 0.9), 0)) == "disagrees"
    assert say("reused", TOGETHER, APART, interchange_effect(handed(0.02, 0.4), 0)) == "silent"


def test_a_small_leak_above_random_sets_is_not_a_gate_handed_over():
    """A tenth of what it hands over at home, ten times what random sets do: a copy, not the same
    mechanism."""
    leak = interchange_effect(handed(0.1, 0.9), 0)
    assert leak["bar"] == pytest.approx(0.45)
    assert say("second copy", TOGETHER, APART, leak) == "agrees"
    assert say("reused", TOGETHER, APART, leak) == "disagrees"
    assert say("reused", TOGETHER, APART, interchange_effect(handed(0.6, 0.9), 0)) == "agrees"


def test_a_direction_stands_beside_its_newborn_in_the_organisms_own_nats():
    """The newborn's own total, which is next to nothing, divides nothing."""
    total = np.stack([np.full(20, 4.0), np.full(20, 2.0)])
    aligned = lambda moved, total: DirectionEffect(  # noqa: E731
        moved * np.ones((2, 20)), 0.5 * np.ones((2, 20)), total, 1, np.ones(4)
    )
    found = direction(aligned(1.0, total), aligned(0.1, 1e-9 * total), OrganismConfig(layers=3), 0)
    assert found["value"] == pytest.approx(0.5)
    assert found["null"] == pytest.approx(0.05)
    assert found["within"] == pytest.approx(0.25)
    assert found["bar"] == pytest.approx(0.125)
    assert found["place"] == "the entrance of layer 2"


def test_lines_are_drawn_where_there_is_a_circuit_and_somebody_moves():
    blank = np.zeros(0)
    circuit = lambda found, nats: Circuit(  # noqa: E731
        blank, blank, blank, blank, blank, 0.0, blank, 1.0, np.array([0]), np.array([0]), found, 0.002, nats
    )
    found = dict.fromkeys(HANDOVERS, handed(0.5, 0.9))
    lines = lambda **of: set(  # noqa: E731
        handed_over(
            found, None, {name.replace("_", " "): circuit(*c) for name, c in of.items()}, OrganismConfig(), 0
        )
    )
    assert lines(fork_character=(True, 4.0), end_character=(True, 4.0), end_self=(True, 4.0)) == set(
        HANDOVERS
    )
    assert lines(fork_character=(True, 4.0), end_character=(True, 4.0), end_self=(False, 0.1)) == set()
    assert lines(fork_character=(False, 4.0), end_character=(True, 4.0), end_self=(False, 4.0)) == {
        "interchange"
    }


def test_every_line_makes_a_claim():
    assert (
        claims("interchange")
        == claims("interchange_direction")
        == claims("cross_lesion")
        == (TOGETHER, APART)
    )
    assert (
        claims("transfer")
        == claims("transfer_from_characters")
        == claims("fork_lesion")
        == (AT_FORK, NOT_AT_FORK)
    )
