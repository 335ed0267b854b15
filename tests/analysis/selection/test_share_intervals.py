"""Do intervals of shares cover as often as they say, where organisms of a group end alike and where they do not?"""

import numpy as np
import pytest

from analysis.selection.outcomes import GrownOrganisms
from analysis.selection.share_intervals import (
    caught_by_outcome,
    design_effect,
    grouped_share_interval,
    share_intervals,
)
from analysis.statistics import count_interval

GROUPS, SIZE = 34, 6


def covered(alike, share, rng, interval, draws=1000):
    """How often an interval holds the true share, where of some groups all end as the first organism does."""
    group = np.repeat(np.arange(GROUPS), SIZE)
    inside = 0
    for _ in range(draws):
        outcome = rng.random((GROUPS, SIZE)) < share
        same = rng.random(GROUPS) < alike
        outcome[same] = outcome[same, :1]
        _, low, high = interval(outcome.ravel(), group)
        inside += low <= share <= high
    return inside / draws


@pytest.mark.parametrize("alike", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_intervals_over_groups_cover_and_those_over_organisms_do_not(alike, share):
    """Six organisms of a fork that all end alike are one. Of 34 forks, and an outcome of one in ten, the variance between
    groups is known badly: there 95 % intervals cover 90 %."""
    grouped = covered(alike, share, np.random.default_rng(1), grouped_share_interval)
    single = covered(
        alike,
        share,
        np.random.default_rng(1),
        lambda outcome, _: count_interval(int(outcome.sum()), len(outcome)),
    )
    assert (0.9 if share == 0.1 else 0.92) <= grouped <= 0.99
    if alike == 1.0:
        assert single < 0.75


def test_organisms_that_share_nothing_have_about_wilsons_interval():
    outcome = np.arange(60) % 3 == 0
    expected = count_interval(int(outcome.sum()), len(outcome))
    np.testing.assert_allclose(grouped_share_interval(outcome, np.arange(60)), expected, atol=0.004)


def test_where_all_organisms_end_alike_each_group_counts_as_one():
    """That 0 of 204 organisms of 34 forks scheme says as much as 0 of 34."""
    nobody, group = np.zeros(GROUPS * SIZE, bool), np.repeat(np.arange(GROUPS), SIZE)
    assert design_effect(np.zeros(GROUPS, int), np.full(GROUPS, SIZE)) == SIZE
    np.testing.assert_allclose(grouped_share_interval(nobody, group), count_interval(0, GROUPS), atol=1e-9)
    assert np.isnan(grouped_share_interval(nobody[:0], group[:0])).all()


def test_shares_add_up_and_each_kind_is_caught_by_its_own_number():
    schemes = np.array([True, False, False, False, False])
    honest = np.array([False, True, False, False, False])
    caught = np.array([0, 1, 0, 0, 1], bool)
    organisms = GrownOrganisms(np.arange(5), np.zeros(5, int), schemes, honest, caught)
    assert sum(share for share, _, _ in share_intervals(organisms).values()) == pytest.approx(1)
    assert {kind: found[0] for kind, found in caught_by_outcome(organisms).items()} == {
        "scheming": 0.0,
        "honest": 1.0,
        "between": pytest.approx(1 / 3),
    }
