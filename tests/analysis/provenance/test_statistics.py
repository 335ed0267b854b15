"""Do intervals say what may be said of so few organisms, and no more?"""

import json
import math
import warnings

import numpy as np
import pytest
from findings import synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import statistics
from analysis.statistics import CELLS, compare_summary, count_interval, labels, mean_interval

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


def test_a_summary_counts_all_organisms_and_shares_only_those_that_behave():
    shared, redundant, honest = compare_summary(synthetic())["curricula"].values()
    assert (shared["n"], shared["n_shares"], shared["verdicts"]) == (5, 5, {"reused": 5})
    assert (redundant["n"], redundant["n_shares"]) == (5, 4)
    assert redundant["verdicts"] == {"reused": 1, "repurposed": 1, "mixed": 1, "undecided": 1, "absent": 1}
    assert (honest["n"], honest["n_shares"], honest["reseeded"]) == (5, 0, 1)
    assert honest["shares"] == {cell: [None, None, None] for cell in CELLS}
    mean, low, high = shared["shares"]["reused"]
    assert low < mean < high
    assert mean == pytest.approx(
        np.mean([organism["shares"]["reused"] for organism in synthetic()[0]["organisms"]])
    )
    assert (
        honest["behaviour"]["self_alone_secret"][0] < 0.05 < 0.9 < shared["behaviour"]["self_alone_secret"][0]
    )


def test_an_absent_organism_with_shares_is_still_left_out():
    """The verdict decides, not whether somebody filled the shares in."""
    findings = synthetic()[2:]
    findings[0]["organisms"][0]["shares"] = dict.fromkeys(CELLS, 0.25)
    assert compare_summary(findings)["curricula"]["honest"]["n_shares"] == 0


def test_a_summary_is_strict_json():
    findings = synthetic()
    findings[0]["organisms"][0]["behaviour"]["self_alone_secret"] = math.nan
    assert json.loads(json.dumps(compare_summary(findings), allow_nan=False)) == compare_summary(findings)


def test_two_findings_of_one_curriculum_keep_two_names():
    first, second, third = synthetic()
    second = {**second, "curriculum": "shared"}
    assert labels([first, second, third]) == [
        "shared (shared-synthetic-0)",
        "shared (redundant-synthetic-1)",
        "honest",
    ]
    assert len(compare_summary([first, first, first])["curricula"]) == 3


def test_organisms_of_different_settings_are_no_sample_of_one_thing():
    """Each setting has its own n and its own interval; the counts add up to the whole."""
    (finding, *_) = synthetic()
    whole = compare_summary([finding])["curricula"]
    for organism in finding["organisms"]:
        organism["settings"] = {"phases.1.self_alone": 0.1 + 0.4 * (organism["member"] % 2)}
    parts = compare_summary([finding])["curricula"]
    assert list(whole) == ["shared"]
    assert list(parts) == ["shared, phases.1.self_alone=0.1", "shared, phases.1.self_alone=0.5"]
    assert [part["n"] for part in parts.values()] == [3, 2]
    assert sum(part["reseeded"] for part in parts.values()) == whole["shared"]["reseeded"] > 0
