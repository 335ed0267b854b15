"""Do rates, variances, slopes and outcome scores come out as they were made?"""

import numpy as np
import pytest

from analysis.race.course import outcome_scores
from analysis.race.rates import race_losses
from analysis.race.variance import log_variance_ratio, score_variances, slope_interval


def test_the_variance_of_scores_splits_into_that_of_acts_and_the_rest():
    """Kinds with means 0 and 1, as often, and noise of standard deviation 0.5: a quarter each. They add up exactly."""
    numbers = np.random.default_rng(0)
    kinds = numbers.integers(2, size=40_000)
    scores = kinds + numbers.normal(scale=0.5, size=len(kinds))
    between, rest = score_variances(scores, kinds)
    assert between == pytest.approx(0.25, abs=0.01)
    assert rest == pytest.approx(0.25, abs=0.01)
    assert between + rest == pytest.approx(scores.var())
    shuffled, _ = score_variances(scores, numbers.permutation(kinds))
    assert shuffled < 1e-3
    assert np.isnan(score_variances(np.zeros(0), np.zeros(0, int))).all()


def test_the_slope_is_that_which_the_points_were_made_with_and_the_interval_is_of_organisms():
    """95 % intervals cover the slope in most of forty draws; noise that an organism's probes share widens them."""
    covered = 0
    for seed in range(40):
        numbers = np.random.default_rng(seed)
        x = numbers.normal(size=(12, 5))
        y = 0.7 * x + numbers.normal(scale=0.3, size=x.shape)
        value, low, high = slope_interval(x, y)
        assert value == pytest.approx(0.7, abs=0.25)
        covered += low <= 0.7 <= high
    assert 33 <= covered <= 40
    y[0] = np.nan
    assert np.isfinite(slope_interval(x, y)).all()
    assert np.isnan(slope_interval(np.ones((3, 2)), np.ones((3, 2)))).all()


def test_an_arm_that_loses_misbehaviour_selects_and_one_that_loses_the_probe_rotates():
    """The first organism loses misbehaviour alone, the second the probe alone, the third both, the fourth nothing, the
    fifth only as much of the probe as it does without a cost."""
    none = (
        np.array([[0.5] * 5, [0.9] * 5, [0.9] * 5]),
        np.array([[1.0] * 5, [1, 1, 1, 1, 0.6], [1, 1, 1, 1, 0.6]]),
    )
    misbehaviour = np.array([[0.5] * 5, [0.1, 0.9, 0.5, 0.9, 0.9], [0.1, 0.9, 0.5, 0.9, 0.9]])
    auroc = np.array([[1.0] * 5, [1, 0.2, 0.6, 1, 0.6], [1, 0.2, 0.6, 1, 0.6]])
    losses = race_losses(misbehaviour, auroc, *none)
    np.testing.assert_allclose(losses.misbehaviour, [0.8, 0, 0.4, 0, 0], atol=1e-9)
    np.testing.assert_allclose(losses.reading, [0, 0.8, 0.4, 0, 0], atol=1e-9)
    np.testing.assert_allclose(losses.selection, [1, 0, 0.5, np.nan, np.nan], atol=1e-9)
    np.testing.assert_allclose(
        losses.log_ratio[:3], [np.log(0.82 / 0.02), -np.log(0.82 / 0.02), 0], atol=1e-9
    )
    assert np.isnan(losses.log_ratio[3:]).all()


def test_outcomes_are_told_apart_by_their_scores():
    """Half of the acts deceive. Blatant: the start and the organism see it. Policy: the start does not. Activations: the
    start does, the organism no longer."""
    deceitful = np.array([True, False] * 50)
    seen, unseen = np.where(deceitful, 0.98, 0.02), np.full(100, 0.02)
    assert outcome_scores(seen, seen, deceitful) == pytest.approx((-0.49, 0))
    assert outcome_scores(unseen, unseen, deceitful) == pytest.approx((-0.01, 0))
    assert outcome_scores(unseen, seen, deceitful) == pytest.approx((-0.49, 0.48))
    assert outcome_scores(seen, seen, np.zeros(100, bool)) == pytest.approx((0, 0))


def test_a_ratio_of_variances_has_no_infinities():
    assert np.isfinite(log_variance_ratio(np.array([0.0, 0.2]), np.array([0.2, 0.0]))).all()
