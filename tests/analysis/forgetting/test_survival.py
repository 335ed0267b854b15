"""Lives are censored where they outlast the study; curves are those of the textbook; a ratio that cannot
be measured has no value."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.forgetting.survival import (
    Lifetimes,
    half_life,
    half_life_ratio,
    kaplan_meier,
    lifetimes,
    mean_life_ratio,
    share_kept,
    smallest_keeping_rate,
)
from analysis.statistics import count_interval

# Remission under 6-MP (Freireich et al. 1963), weeks; the Kaplan-Meier estimate is worked by hand in many textbooks.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
BY_HAND = {
    6: 18 / 21,
    7: 18 / 21 * 16 / 17,
    10: 18 / 21 * 16 / 17 * 14 / 15,
    13: 18 / 21 * 16 / 17 * 14 / 15 * 11 / 12,
    16: 18 / 21 * 16 / 17 * 14 / 15 * 11 / 12 * 10 / 11,
    22: 18 / 21 * 16 / 17 * 14 / 15 * 11 / 12 * 10 / 11 * 6 / 7,
    23: 18 / 21 * 16 / 17 * 14 / 15 * 11 / 12 * 10 / 11 * 6 / 7 * 5 / 6,
}


def lived(times, died) -> Lifetimes:
    return Lifetimes(np.array(times, float), np.array(died, bool))


def test_the_curve_is_the_one_worked_by_hand():
    """At each death the share falls by one in those still at risk; those censored at that very time are still
    at risk."""
    curve = kaplan_meier(lived(WEEKS, ENDED))
    alive = dict(zip(curve.time, curve.alive, strict=True))
    assert {time: alive[time] for time in BY_HAND} == pytest.approx(BY_HAND)
    assert curve.alive[0] == 1
    assert curve.alive[-1] == pytest.approx(BY_HAND[23])
    assert all(
        low <= alive <= high for low, alive, high in zip(curve.low, curve.alive, curve.high, strict=True)
    )


def test_the_half_life_is_when_half_are_dead_and_its_interval_may_be_open():
    """Published for these data: a median of 23 weeks, from 13 on, with no upper end."""
    assert half_life(lived(WEEKS, ENDED)) == (23, 13, math.inf)


def test_a_life_ends_where_the_rate_falls_to_half_of_its_start():
    """0.9 -> 0.75 -> 0.15: half of 0.9 is 0.45, half way between the readings at 10 and 20. One that never
    falls that low is censored at the last one; one that comes back has died all the same."""
    lived_by_hand = lifetimes(
        [0.0, 10.0, 20.0, 30.0],
        np.array([[0.9, 0.8, 1.0], [0.75, 0.8, 0.4], [0.15, 0.7, 1.0], [0.0, 0.5, 1.0]]),
    )
    assert lived_by_hand.times == pytest.approx([15, 30, 10 * 0.5 / 0.6])
    assert lived_by_hand.died.tolist() == [True, False, True]
    with pytest.raises(ValueError, match="not there"):
        lifetimes([0.0, 1.0], np.array([[0.0], [0.0]]))


@pytest.mark.parametrize(
    ("first", "second", "bound"),
    [
        (([600] * 8, [0] * 8), ([50, 60, 70, 80, 90, 100, 110, 120], [1] * 8), "> 5.5"),
        (([50, 60, 70, 80, 90, 100, 110, 120], [1] * 8), ([600] * 8, [0] * 8), "< 0.18"),
        (([600] * 8, [0] * 8), ([600] * 8, [0] * 8), ""),
        (
            ([50, 60, 70] + [600] * 5, [1] * 3 + [0] * 5),
            ([50, 60, 70, 80, 90, 100, 110, 120], [1] * 8),
            "> 0.45",
        ),
    ],
)
def test_where_a_half_life_is_beyond_the_last_reading_the_ratio_is_undecided(first, second, bound):
    """One side bounds it: what lived to 600 lived more than 600 / 110 times as long as what has a half-life
    of 110 at most (the time from which on the interval of 8 deaths lies below a half). Where three of eight
    died, the half-life may be as short as 50."""
    ratio = half_life_ratio(lived(*first), lived(*second))
    assert all(math.isnan(end) for end in ratio.interval)
    assert ratio.bound == bound


@pytest.mark.slow
def test_the_ratio_of_lives_three_times_as_long_is_three_and_the_other_way_a_third():
    times = np.array([100.0, 150, 200, 220, 300, 310, 400, 600])
    short, long = Lifetimes(times / 3, np.ones(8, bool)), Lifetimes(times, np.array([True] * 7 + [False]))
    value, low, high = half_life_ratio(long, short).interval
    inverse, inverse_low, inverse_high = half_life_ratio(short, long).interval
    assert value == pytest.approx(3)
    assert inverse == pytest.approx(1 / 3)
    assert 1 < low < 3 < high
    assert (1 / inverse_high, 1 / inverse_low) == pytest.approx((low, high), rel=0.25)


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(1, 1000), st.booleans()), min_size=1, max_size=12), st.floats(0.1, 10))
def test_another_clock_scales_half_lives_and_nothing_else(organisms, factor):
    plain = lived(*zip(*organisms, strict=True))
    scaled = Lifetimes(plain.times * factor, plain.died)
    assert half_life(scaled) == pytest.approx([end * factor for end in half_life(plain)])


PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
"""the other arm of the trial above, in which no remission lasted"""


def test_curves_are_compared_as_in_the_textbook():
    """The log-rank chi square of this trial is 16.79 in many of them."""
    ratio = mean_life_ratio(lived(WEEKS, ENDED), lived(PLACEBO, [1] * len(PLACEBO)))
    value, low, high = ratio.interval
    assert ratio.p == pytest.approx(stats.chi2.sf(16.79, 1), rel=0.01)
    assert value == pytest.approx(np.mean(WEEKS) / np.mean(PLACEBO))
    assert 1 < low < value < high


def test_mean_lives_are_decided_where_half_lives_are_not_and_nowhere_else():
    long = Lifetimes(np.array([400.0] * 6 + [200.0, 300.0]), np.array([False] * 6 + [True] * 2))
    short = Lifetimes(np.linspace(50, 200, 8), np.ones(8, bool))
    assert math.isnan(half_life_ratio(long, short).interval[0])
    value, low, high = mean_life_ratio(long, short).interval
    assert low <= value <= high
    assert (value, low > 1) == (pytest.approx(362.5 / 125), True)
    inverse = mean_life_ratio(short, long)
    assert inverse.interval[0] == pytest.approx(1 / value)
    assert inverse.p == pytest.approx(mean_life_ratio(long, short).p)
    alive = Lifetimes(np.full(8, 400.0), np.zeros(8, bool))
    assert all(math.isnan(end) for end in mean_life_ratio(alive, alive).interval)


def test_nobody_has_no_half_life():
    assert all(math.isnan(end) for end in half_life(lived([], [])))


@pytest.mark.slow
def test_an_end_rests_on_a_half_life_whose_interval_is_open_is_open():
    """Five of eight dead: half of them are, but the interval of when has no upper end."""
    torn, all_dead = (
        lived([100, 150, 200, 230, 250, 400, 400, 400], [1] * 5 + [0] * 3),
        lived(range(50, 130, 10), [1] * 8),
    )
    value, low, high = half_life_ratio(torn, all_dead).interval
    inverse, inverse_low, _ = half_life_ratio(all_dead, torn).interval
    assert math.isinf(half_life(torn)[2])
    assert math.isinf(high)
    assert 0 < low < value == pytest.approx(230 / 80)
    assert inverse_low == 0
    assert inverse == pytest.approx(80 / 230)


def test_a_mode_is_kept_by_the_last_reading_alone():
    """One dipped and came back, one fell late, one never fell."""
    rates = np.array([[1.0, 1.0, 0.8], [0.1, 0.9, 0.8], [0.9, 0.4, 0.5]])
    assert share_kept(rates) == count_interval(2, 3)
    assert lifetimes([0.0, 1.0, 2.0], rates).died.tolist() == [True, True, False]


def test_the_rate_that_keeps_a_mode_is_bracketed_by_those_that_surely_lose_and_keep_it():
    dead, torn, alive = (count_interval(n, 8) for n in (0, 5, 8))
    assert smallest_keeping_rate([0.0, 0.001, 0.01, 0.1], [dead, dead, torn, alive]) == (0.01, 0.001, 0.1)
    assert smallest_keeping_rate([0.0, 0.1], [alive, alive]) == (0, 0, 0)
    value, low, high = smallest_keeping_rate([0.0, 0.1], [alive, dead])
    assert math.isnan(value)
    assert low == 0.1
    assert math.isnan(high)


@pytest.mark.parametrize(("first", "second"), [(1, 3), (3, 1), (1, 1)])
def test_one_organism_has_a_ratio_and_no_interval(first, second):
    """It cannot be resampled. The study goes on all the same."""
    long = lived([100.0] * first, [True] * first)
    short = lived([50.0, 60.0, 70.0][:second], [True] * second)
    means = mean_life_ratio(long, short).interval
    assert means[0] == pytest.approx(100 / np.mean(short.times))
    assert np.isnan(means[1:]).all()
    value, low, _ = half_life_ratio(long, short).interval
    assert value > 1
    assert math.isnan(low)
