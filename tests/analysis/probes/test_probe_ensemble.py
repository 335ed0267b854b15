"""Does an ensemble of probes say the mean of what its probes say?"""

import numpy as np
import pytest
from scipy.special import expit

from analysis.probes.act_probe import ActPoints, act_accuracy, fitted_act_probe
from analysis.probes.linear_probe import logistic_probe
from analysis.probes.probe_ensemble import ProbeEnsemble, act_reader, blind_reader

SHAPE = (2, 3, 4)
"""tokens, places, model"""


def points_and_labels():
    """Acts whose kind shows at each token and place."""
    numbers = np.random.default_rng(0)
    labels = numbers.random(300) < 0.5
    points = numbers.normal(size=(300, *SHAPE)) + 0.5 * labels[:, None, None, None]
    return np.float32(points.reshape(300, -1)), labels


def test_its_probes_are_those_of_each_place_and_its_score_their_mean():
    points, labels = points_and_labels()
    reader = act_reader(points, labels, SHAPE)
    assert isinstance(reader, ProbeEnsemble)
    by_place = points.reshape(-1, *SHAPE)
    alone = [logistic_probe(by_place[:, :, place].reshape(300, -1), labels) for place in range(SHAPE[1])]
    for place, probe in enumerate(alone):
        np.testing.assert_array_equal(reader.direction[:, place].ravel(), probe.weights)
    scores = [
        expit(probe.logits(by_place[:, :, place].reshape(300, -1))) for place, probe in enumerate(alone)
    ]
    np.testing.assert_allclose(expit(reader.logits(points)), np.mean(scores, 0), rtol=1e-5)
    called = np.mean(scores, 0) > 0.5
    accuracy = (called[labels].mean() + (~called[~labels]).mean()) / 2
    assert act_accuracy(reader, ActPoints(points, labels)) == pytest.approx(accuracy)
    assert reader.weights.shape == points.shape[1:]


def test_without_a_shape_it_is_one_probe_and_a_blind_one_says_a_half():
    points, labels = points_and_labels()
    np.testing.assert_array_equal(act_reader(points, labels).weights, logistic_probe(points, labels).weights)
    for shape in (None, SHAPE):
        assert (blind_reader(points.shape[1], shape).logits(points) == 0).all()
    one_kind = ActPoints(points[:5], np.ones(5, bool))
    assert isinstance(fitted_act_probe(one_kind, 0.0, np.random.default_rng(0), SHAPE), ProbeEnsemble)


def test_places_that_are_certain_keep_their_order():
    """Probabilities would both be 1 in floating point; log odds are not."""
    reader = ProbeEnsemble(np.ones((1, 2, 1)), np.zeros(2))
    first, second = reader.logits(np.array([[800.0, 800.0], [900.0, 900.0]]))
    assert np.isfinite([first, second]).all()
    assert second > first
