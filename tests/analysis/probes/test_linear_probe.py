"""Is a probe the logistic regression that it is said to be, on the right moments, and the same when a run is
killed?"""

from dataclasses import replace

import numpy as np
import pytest
from runs import grown_whole_and_killed
from scipy.optimize import minimize
from scipy.special import expit

from analysis.probes.linear_probe import RIDGE, fit_deceit_probes, logistic_probe
from analysis.probes.phase_start import PhaseStartMeasurer
from curricula.errors import UserError
from curricula.phases import Curriculum
from curricula.pressures.probe import Probe
from curricula.pressures.registry import Pressures
from experiments.train import train_run
from organisms.ensemble.config import RunConfig, TrainingConfig, named_config, read_config
from organisms.pressures.protocol import PhaseStart
from organisms.storage.loading import fork_and_end, load
from organisms.training.validation import check_config


def optimum(points, positive):
    """Weights and offset of the penalised mean loss's minimum, by plain gradient steps in a general
    optimiser."""
    centre, scale = points.mean(0), points.std(0)
    design = (points - centre) / scale

    def loss(numbers):
        weights, offset = numbers[:-1], numbers[-1]
        logits = design @ weights + offset
        nats = np.logaddexp(0, np.where(positive, -logits, logits)).mean() + RIDGE * (weights @ weights) / 2
        slope = (expit(logits) - positive) / len(points)
        return nats, np.append(design.T @ slope + RIDGE * weights, slope.sum())

    best = minimize(loss, np.zeros(points.shape[1] + 1), jac=True, options={"gtol": 1e-10})
    return best.x[:-1] / scale, best.x[-1] - centre @ (best.x[:-1] / scale)


def test_a_probe_minimises_the_loss_with_its_ridge_on_standardised_coordinates():
    numbers = np.random.default_rng(2)
    points = numbers.normal(size=(300, 6)) * [1, 30, 0.1, 5, 2, 1] + 3
    positive = points[:, 0] + numbers.normal(size=300) > 3.2
    weights, offset = optimum(points, positive)
    probe = logistic_probe(points, positive)
    np.testing.assert_allclose(probe.weights, weights, rtol=1e-5, atol=1e-8)
    assert probe.offset == pytest.approx(offset, rel=1e-5)


def test_one_separating_coordinate_is_used_whatever_the_units():
    """Of five coordinates one separates, among louder ones that do not. In other units the same calls are as
    sure, and a constant coordinate has no weight."""
    numbers = np.random.default_rng(0)
    positive = numbers.random(400) < 0.5
    points = numbers.normal(size=(400, 5)) * [1, 30, 0.1, 5, 0]
    points[:, 2] = np.where(positive, 0.2, -0.2) + 0.02 * points[:, 2]
    probe = logistic_probe(points[:300], positive[:300])
    logits = probe.logits(points)
    assert ((logits > 0) == positive)[300:].all()
    assert np.abs(probe.weights * points.std(0)).argmax() == 2
    assert probe.weights[4] == 0
    units = np.array([3.0, 1e-2, 1e3, 1.0, 1.0])
    rescaled = logistic_probe(points[:300] * units + 7, positive[:300])
    np.testing.assert_allclose(rescaled.logits(points * units + 7), logits, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(expit(logits[:300]).mean(), positive[:300].mean(), atol=1e-9)


def test_random_labels_are_called_at_chance():
    numbers = np.random.default_rng(1)
    points, positive = numbers.normal(size=(2000, 8)), numbers.random(2000) < 0.5
    probe = logistic_probe(points[:1000], positive[:1000])
    assert abs(((probe.logits(points) > 0) == positive)[1000:].mean() - 0.5) < 0.06


def test_probes_of_a_trained_organism_are_right_at_their_place_alone(tiny_run):
    """At the fork of *shared*, where characters behave: on unseen scenes the probe is right, each member has
    its own, and the same command has the same one."""
    config = read_config(tiny_run.config)
    entry = fork_and_end(config, tiny_run.entries())[0]
    organisms, secret_goals = load(tiny_run, config, entry), np.asarray(tiny_run.summary()["secret_goals"])
    phases = config.curriculum.phases
    for site, place in (("L1", 0), ("final", 1)):
        pressures = Pressures(Probe(site))
        curriculum = replace(config.curriculum, phases=(phases[0], replace(phases[1], pressures=pressures)))
        probed = replace(config, curriculum=curriculum)
        start = PhaseStart(probed, 1, organisms, secret_goals)
        probes, refitted = (fit_deceit_probes(start, site) for _ in range(2))
        assert (probes.accuracy > 0.95).all()
        assert ((probes.self_score > 0) & (probes.self_score < 1)).all()
        assert probes.direction[:, place].any(axis=1).all()
        assert not probes.direction[:, 1 - place].any()
        assert (probes.direction[0] != probes.direction[1]).any()
        for first, second in zip(probes, refitted, strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_a_killed_run_fits_the_same_probe_again_and_ends_in_the_same_bytes(tmp_path, world, sizes):
    """Killed in the midst of the phase that is probed, when its first checkpoint has been saved to go on
    from."""
    phases = tuple(
        replace(phase, steps=20, criterion=0.0) for phase in named_config("probed", "tiny").curriculum.phases
    )
    training = TrainingConfig(batch=16, checkpoint_every=10, evaluation_scenes=16)
    config = RunConfig(Curriculum("probed", world, phases), sizes, training, members=2)
    ends = grown_whole_and_killed(tmp_path, config, 40, make_measurer=PhaseStartMeasurer)
    assert ends[0] == ends[1]
    entries, metrics = ends[0]
    notes = [entry.extra.get("pressures", {}).get("probe") for entry in entries]
    assert notes[:3] == [None] * 3
    assert notes[3] == notes[4]
    assert [len(values) for values in notes[3].values()] == [2, 2]
    earlier, probed = np.split(np.array(metrics), 2)
    assert not any("probe/score" in line for line in earlier)
    assert np.isfinite([line["probe/score"] for line in probed]).all()


def test_an_unknown_layer_is_refused_before_anything_is_trained(tmp_path):
    config = named_config("probed", "tiny")
    check_config(config)
    phases = config.curriculum.phases
    deep = replace(phases[1], pressures=Pressures(Probe("L2", "loss", 1.0)))
    wrong = replace(config, curriculum=replace(config.curriculum, phases=(phases[0], deep)))
    with pytest.raises(UserError, match=r"phases.1.pressures.probe.site: expected one of L1, final, got L2"):
        train_run(wrong, tmp_path / "run")
    assert not (tmp_path / "run").exists()
