"""Do intervals say what may be said of so few organisms, and no more?"""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import statistics
from analysis.statistics import auroc, count_interval, mean_interval

VALUES = st.lists(
    st.none() | st.floats(-1, 1) | st.sampled_from([0.0, 1.0, math.nan, 1e-300, 1 - 1e-15]), max_size=6
)


@settings(max_examples=25, deadline=None)
@given(values=VALUES)
def test_an_interval_contains_its_mean_or_is_absent_whatever_the_values(values):
    """pytest turns warnings into errors, so that this passes also shows that none leaks out."""
    kept = statistics.numbers(values)
    mean, low, high = mean_interval(values)
    if not kept:
        assert math.isnan(mean)
    else:
        assert mean == pytest.approx(np.mean(kept), abs=1e-12)
    if len(kept) < 2:
        assert math.isnan(low)
        assert math.isnan(high)
    else:
        assert min(kept) - 1e-12 <= low <= mean <= high <= max(kept) + 1e-12


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (math.nan, math.nan, math.nan)),
        ([None, math.nan, math.inf], (math.nan, math.nan, math.nan)),
        ([0.4], (0.4, math.nan, math.nan)),
        ([0.7, None, 0.7, math.nan], (0.7, 0.7, 0.7)),
        ([0.0, 0.0], (0.0, 0.0, 0.0)),
    ],
)
def test_what_cannot_vary_has_no_made_up_interval(values, expected):
    assert mean_interval(values) == pytest.approx(expected, nan_ok=True)


def test_the_mean_of_drawn_organisms_is_covered_about_as_often_as_promised():
    """Of 120 sets of 20 organisms from a normal distribution, a 90 % interval covers the true mean in 90 %,
    within four standard errors (sqrt(0.9 * 0.1 / 120) = 0.027) and the small shortfall of the bootstrap at n
    = 20.
    """
    rng = np.random.default_rng(3)
    covered = 0
    for draw in rng.normal(0.3, 1, (120, 20)):
        _, low, high = mean_interval(draw, confidence=0.9)
        covered += low <= 0.3 <= high
    assert 0.78 <= covered / 120 < 1


def test_where_bca_is_degenerate_the_percentile_interval_stands_in(monkeypatch):
    values = [0.1, 0.5, 0.9, 0.2]
    bootstrap = stats.bootstrap
    asked = []

    def degenerate(data, statistic, *, method, **settings):
        asked.append(method)
        found = bootstrap(data, statistic, method="percentile", **settings)
        if method == "BCa":
            warnings.warn("degenerate", stats.DegenerateDataWarning, stacklevel=1)
            found.confidence_interval = type(found.confidence_interval)(math.nan, math.nan)
        return found

    monkeypatch.setattr(statistics.stats, "bootstrap", degenerate)
    mean, low, high = mean_interval(values)
    assert asked == ["BCa", "percentile"]
    assert low < mean < high


def test_the_same_values_give_the_same_interval():
    assert mean_interval([0.1, 0.9, 0.4]) == mean_interval([0.1, 0.9, 0.4])
    assert mean_interval([0.1, 0.9, 0.4]) != mean_interval([0.1, 0.9, 0.4], confidence=0.5)


def test_equal_values_come_back_as_they_are():
    """The mean of three times 0.1 is not 0.1 in binary fractions, and the interval must not lie beside it."""
    assert np.mean([0.1] * 3) != 0.1
    assert mean_interval([0.1] * 3) == (0.1, 0.1, 0.1)


def test_wilson_intervals_by_hand():
    """Wilson's bounds of n of n are n / (n + z^2) and 1."""
    z = stats.norm.ppf(0.975)
    assert count_interval(5, 5) == pytest.approx((1, 5 / (5 + z**2), 1))
    assert count_interval(0, 5) == pytest.approx((0, 0, z**2 / (5 + z**2)))
    assert all(math.isnan(value) for value in count_interval(0, 0))


def test_a_ratio_of_pairs_is_turned_round_with_its_interval():
    """The geometric mean is the same statement whichever is divided by which."""
    first, second = [1, 2.0, 8, 4], [2, 2.0, 4, 1]
    value, low, high = statistics.ratio_interval(first, second)
    assert value == pytest.approx(2**0.5)
    assert low < value < high
    reversed_value, reversed_low, reversed_high = statistics.ratio_interval(second, first)
    assert (reversed_value, reversed_low, reversed_high) == pytest.approx(
        (1 / value, 1 / high, 1 / low), rel=0.02
    )
    assert math.isnan(statistics.ratio_interval([], [])[0])


@pytest.mark.parametrize(
    ("score", "expected"),
    [([4, 3, 2, 1], 1.0), ([1, 2, 3, 4], 0.0), ([1, 1, 1, 1], 0.5), ([4, 1, 3, 2], 0.5)],
)
def test_the_auroc_by_hand(score, expected):
    assert auroc(np.array(score, float), np.array([True, True, False, False])) == expected


def test_where_all_cases_are_of_a_kind_there_is_no_auroc():
    assert np.isnan(auroc(np.arange(3.0), np.ones(3, bool)))
    assert np.isnan(auroc(np.arange(3.0), np.zeros(3, bool)))
