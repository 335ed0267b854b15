"""Corroboration: do the other lines of evidence speak where they can, and only there?"""

import numpy as np
import pytest

from analysis.patching.direction import DirectionEffect, TrainedAndFloor
from analysis.patching.interchange import Exchange, InterchangeEffect
from analysis.patching.shapley import Contributions
from analysis.provenance.corroboration import (
    FROM_THE_FORK,
    SAME_MECHANISM,
    Evidence,
    EvidenceLine,
    agreement,
    corroborate,
    direction_line,
    effect_cosine,
    interchange_line,
    lesion_line,
)
from analysis.provenance.verdict import CELLS, SHARED_GROUND
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
    line = effect_cosine(contributions(first), contributions(second, seed=1), None, 0)
    assert line.value == pytest.approx(expected)
    assert line.low == pytest.approx(expected)
    assert line.null is None


def test_the_cosine_interval_holds_its_value_and_the_null_is_the_unrelated_task():
    first, second = contributions([0.7, 0.3, 0, 0], 0.5, 1), contributions([0.5, 0.5, 0, 0], 0.5, 2)
    unrelated = contributions([0, 0, 0.5, 0.5], 0.5, 3)
    line = effect_cosine(first, second, unrelated, 0)
    assert line.low < line.value < line.high
    assert line.low > 0.8
    assert abs(line.null) < 0.2
    assert line.high - line.low > 0.005


def test_a_lesion_is_a_ratio_of_sums_and_its_null_leaves_the_circuit_out():
    """Two pairs of unequal totals: (1 + 6) / (2 + 8), not the mean of 0.5 and 0.75."""
    removed = np.array([[1.0, 0.2, 0.6], [6.0, 0.8, 0.4]])
    line = lesion_line(removed, np.array([2.0, 8.0]), 0)
    assert line.value == pytest.approx(0.7)
    assert line.null == pytest.approx(0.1)
    assert line.null_high == pytest.approx(0.1)
    assert line.low == pytest.approx(0.5)
    assert line.high == pytest.approx(0.75)


def test_the_highest_random_lesion_is_the_bar_where_it_is_above_half_of_what_is_removed_at_home():
    removed = np.tile([0.9, 0.1, 0.5], (20, 1))
    line = lesion_line(removed, np.ones(20), 0)
    assert line.null_high == line.bar == pytest.approx(0.5)
    assert line.under == pytest.approx(0.45)
    assert lesion_line(removed, np.ones(20), 0, within=1.2).bar == pytest.approx(0.6)


def test_a_loud_random_set_makes_a_lesion_silent_and_no_copy_of_what_it_shares():
    """Self loses two thirds with the characters' core and everything with other components: that is no
    evidence of a copy."""
    shared = lesion_line(np.tile([0.66, 0.97, 0.9], (20, 1)), np.ones(20), 0)
    assert (
        agreement("second copy", SAME_MECHANISM, shared)
        == agreement("reused", SAME_MECHANISM, shared)
        == "silent"
    )
    apart = lesion_line(np.tile([0.1, 0.97, 0.9], (20, 1)), np.ones(20), 0)
    assert agreement("second copy", SAME_MECHANISM, apart) == "agrees"


NAN = float("nan")
ABOVE, BELOW, ACROSS = (
    EvidenceLine((low + high) / 2, low, high, null_high=0.5)
    for low, high in ((0.8, 0.9), (0.1, 0.2), (0.4, 0.6))
)


@pytest.mark.parametrize(
    ("verdict", "line", "expected"),
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
        ("reused", EvidenceLine(0.85, 0.8, 0.9), "silent"),
        ("reused", EvidenceLine(0.85, 0.8, 0.9, null=0.3), "agrees"),
        ("reused", EvidenceLine(NAN, NAN, NAN, null=0.3), "silent"),
        ("second copy", EvidenceLine(NAN, NAN, NAN, null=0.3), "silent"),
        ("second copy", EvidenceLine(0.15, 0.1, 0.2, null_high=NAN), "silent"),
    ],
)
def test_a_line_agrees_where_it_says_what_the_verdict_claims(verdict, line, expected):
    assert agreement(verdict, SAME_MECHANISM, line) == expected


@pytest.mark.parametrize("width", [0.02, 0.1])
@pytest.mark.parametrize(
    ("value", "null_high", "expected"),
    [(0.12, 0.05, "agrees"), (0.3, 0.05, "silent"), (0.3, 0.25, "agrees"), (0.12, -0.05, "silent")],
)
def test_parted_is_what_comes_near_its_null_and_not_what_is_below_half_of_home(
    value, null_high, expected, width
):
    """However sure the value is. Against one mechanism it speaks all the same."""
    line = EvidenceLine(
        value, value - width, value + width, null_high=null_high, bar=0.45, under=0.45, within=0.9
    )
    assert agreement("second copy", SAME_MECHANISM, line) == expected
    assert agreement("reused", SAME_MECHANISM, line) == "disagrees"


def test_claims_cover_every_cell_once():
    """What parted on shared ground came from the fork and claims nothing more of it."""
    for claims in (SAME_MECHANISM, FROM_THE_FORK):
        assert (claims.above | claims.below) - {SHARED_GROUND} == set(CELLS)
        assert not claims.above & claims.below
    assert SHARED_GROUND in SAME_MECHANISM.below
    assert SHARED_GROUND not in FROM_THE_FORK.above | FROM_THE_FORK.below


def test_corroboration_leaves_out_what_could_not_be_measured():
    evidence = [
        Evidence("first", SAME_MECHANISM, (ABOVE, None)),
        Evidence("second", FROM_THE_FORK, (BELOW, BELOW)),
    ]
    result = corroborate(evidence, ["repurposed", "reused"])
    says = [[(line.name, line.says) for line in lines] for lines in result.members]
    assert says == [[("first", "disagrees"), ("second", "disagrees")], [("second", "disagrees")]]
    assert result.find(1, "first") is None


def test_the_fork_line_parts_repurposed_from_second_copy():
    assert agreement("repurposed", FROM_THE_FORK, ABOVE) == "agrees"
    assert agreement("second copy", FROM_THE_FORK, ABOVE) == "disagrees"


def handed(share, within, size=5):
    """A set that hands over a share in every pair, random ones a tenth of it, the circuit twice as much."""
    total = np.linspace(1, 3, 20)
    sets = total[:, None] * np.array([share, *[share / 10] * 3, 2 * share])
    given = Exchange(total[:, None] * np.full(5, within), total)
    return InterchangeEffect(Exchange(sets, total), given, np.arange(8) == size)


def test_a_handover_keeps_the_circuit_out_of_its_null():
    line = interchange_line(handed(0.5, 0.9), 0)
    assert line.value == pytest.approx(0.5)
    assert line.null == line.null_high == pytest.approx(0.05)
    assert line.within == pytest.approx(0.9)
    assert line.circuit == pytest.approx(1)
    assert line.components == (5,)


def test_what_hands_over_little_at_home_says_nothing_abroad():
    assert agreement("reused", SAME_MECHANISM, interchange_line(handed(0.02, 0.9), 0)) == "disagrees"
    assert agreement("reused", SAME_MECHANISM, interchange_line(handed(0.02, 0.4), 0)) == "silent"


def test_a_small_leak_above_random_sets_is_not_a_gate_handed_over():
    """A tenth of what it hands over at home, ten times what random sets do: a copy, not the same
    mechanism."""
    leak = interchange_line(handed(0.1, 0.9), 0)
    assert leak.bar == pytest.approx(0.45)
    assert agreement("second copy", SAME_MECHANISM, leak) == "agrees"
    assert agreement("reused", SAME_MECHANISM, leak) == "disagrees"
    assert agreement("reused", SAME_MECHANISM, interchange_line(handed(0.6, 0.9), 0)) == "agrees"


def test_a_direction_stands_beside_an_untrained_ones_in_nats_of_the_organism():
    """The untrained organism's total, which is next to nothing, divides nothing."""
    total = np.stack([np.full(20, 4.0), np.full(20, 2.0)])
    effect = lambda moved, total: DirectionEffect(  # noqa: E731
        moved * np.ones((2, 20)), 0.5 * np.ones((2, 20)), total, np.array(1), np.ones(4)
    )
    line = direction_line(
        TrainedAndFloor(effect(1.0, total), effect(0.1, 1e-9 * total)), OrganismConfig(layers=3), 0
    )
    assert line.value == pytest.approx(0.5)
    assert line.null == pytest.approx(0.05)
    assert line.within == pytest.approx(0.25)
    assert line.bar == pytest.approx(0.125)
    assert line.place == "the entrance of layer 2"
