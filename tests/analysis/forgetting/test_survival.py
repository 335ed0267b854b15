"""Lives are censored where they outlast the study; curves are those of the textbook."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.forgetting.survival import (
    Lifetimes,
    half_life,
    kaplan_meier,
    lifetimes,
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


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(1, 1000), st.booleans()), min_size=1, max_size=12), st.floats(0.1, 10))
def test_another_clock_scales_half_lives_and_nothing_else(organisms, factor):
    plain = lived(*zip(*organisms, strict=True))
    scaled = Lifetimes(plain.times * factor, plain.died)
    assert half_life(scaled) == pytest.approx([end * factor for end in half_life(plain)])


def test_nobody_has_no_half_life():
    assert all(math.isnan(end) for end in half_life(lived([], [])))


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
