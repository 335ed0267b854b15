"""Is overdispersion 1 on binomial counts and found on beta-binomial ones, with intervals that are right?"""

import numpy as np
import pytest

from analysis.selection.dependence import (
    GroupBootstrap,
    bootstrap_over_groups,
    group_counts,
    measured_dependence,
    pearson_overdispersion,
    within_group_correlation,
)
from analysis.selection.law import law_of_tables
from analysis.selection.outcomes import GrownOrganisms

GROUPS, SIZE = 3000, 8


def outcomes(shares, rng, size=SIZE):
    """An outcome of each organism, and its group."""
    return (rng.random((len(shares), size)) < shares[:, None]).ravel(), np.repeat(
        np.arange(len(shares)), size
    )


def test_binomial_counts_are_not_overdispersed():
    counts, sizes = group_counts(*outcomes(np.full(GROUPS, 0.3), np.random.default_rng(1)))
    assert pearson_overdispersion(counts, sizes) == pytest.approx(1, abs=0.1)
    assert within_group_correlation(counts, sizes) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("correlation", [0.1, 0.5])
def test_the_correlation_of_beta_binomial_counts_is_found(correlation):
    total = 1 / correlation - 1
    rng = np.random.default_rng(2)
    shares = rng.beta(0.3 * total, 0.7 * total, GROUPS)
    counts, sizes = group_counts(*outcomes(shares, rng))
    assert within_group_correlation(counts, sizes) == pytest.approx(correlation, abs=0.04)


def test_groups_that_end_alike_have_correlation_one_and_dealt_ones_are_rarer():
    outcome, group = np.repeat([True, False] * 10, SIZE), np.repeat(np.arange(20), SIZE)
    dependence = measured_dependence(outcome, group)
    assert dependence.correlation[0] == pytest.approx(1, abs=0.1)
    assert dependence.p < 0.01
    assert dependence.groups == 20
    same = measured_dependence(np.ones(len(group), bool), group)
    assert np.isnan([same.overdispersion, same.p, *same.correlation]).all()


def test_p_values_of_independent_outcomes_are_even():
    """Of 40 studies without dependence at most a few are below .1, and about half below .5."""
    rng = np.random.default_rng(5)
    p = [measured_dependence(*outcomes(np.full(20, 0.4), rng)).p for _ in range(40)]
    assert np.mean(np.less(p, 0.1)) < 0.3
    assert 0.25 < np.mean(np.less(p, 0.5)) < 0.75


def test_a_bootstrap_over_groups_draws_whole_groups_and_the_same_ones_in_every_sample():
    """Where all of a group end alike the interval is that of groups, not of organisms; a sample less itself is 0."""
    group = np.repeat(np.arange(20), SIZE)
    schemes = np.repeat(np.arange(20) < 10, SIZE)
    organisms = GrownOrganisms(
        group, np.tile(np.arange(SIZE), 20), schemes, ~schemes, np.zeros(len(group), bool)
    )
    value, low, high = bootstrap_over_groups(law_of_tables, organisms).interval
    assert value == 0.5
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 20), rel=0.2)
    difference = bootstrap_over_groups(
        lambda first, second: law_of_tables(first) - law_of_tables(second), organisms, organisms
    )
    assert difference.interval == (0, 0, 0)
    assert difference.p == 1.0


def test_p_values_are_of_draws_on_the_other_side_of_nothing():
    assert GroupBootstrap(0.0, np.array([0.1, -0.1] * 50)).p == 1.0
    assert GroupBootstrap(0.1, np.full(99, 0.1)).p == pytest.approx(2 / 100)
    assert GroupBootstrap(0.1, np.zeros(0)).p == 1.0
