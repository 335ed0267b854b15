"""Is a probe fitted on what it should tell apart, and is it the same one when a run is killed?"""

from dataclasses import replace

import numpy as np
import pytest
from runs import grown_whole_and_killed

from analysis.probes.linear_probe import fit, separate, validation_errors
from curricula.errors import UserError
from curricula.phases import Curriculum
from curricula.pressures.settings import Pressures
from curricula.pressures.settings import Probe as Wanted
from experiments.train import train_run
from organisms.storage.loading import fork_and_end, load
from organisms.training.config import RunConfig, TrainingConfig, named_config, read_config


def test_what_one_coordinate_tells_apart_is_told_apart_whatever_the_units():
    """One of five coordinates tells, among louder ones that do not; in other units the same calls are as
    sure; and no step would better the fit."""
    numbers = np.random.default_rng(0)
    positive = numbers.random(400) < 0.5
    points = numbers.normal(size=(400, 5)) * [1, 30, 0.1, 5, 0]
    points[:, 2] = np.where(positive, 0.2, -0.2) + 0.02 * points[:, 2]
    weights, offset = separate(points[:300], positive[:300])
    logits = points @ weights + offset
    assert ((logits > 0) == positive)[300:].all()
    assert np.abs(weights * points.std(0)).argmax() == 2
    assert weights[4] == 0
    units = np.array([3.0, 1e-2, 1e3, 1.0, 1.0])
    other, moved = separate(points[:300] * units + 7, positive[:300])
    np.testing.assert_allclose((points * units + 7) @ other + moved, logits, rtol=1e-6, atol=1e-6)
    chance = 1 / (1 + np.exp(-logits[:300]))
    np.testing.assert_allclose(chance.mean(), positive[:300].mean(), atol=1e-9)


def test_labels_that_nothing_tells_are_called_at_chance():
    numbers = np.random.default_rng(1)
    points, positive = numbers.normal(size=(2000, 8)), numbers.random(2000) < 0.5
    weights, offset = separate(points[:1000], positive[:1000])
    assert abs((((points @ weights + offset) > 0) == positive)[1000:].mean() - 0.5) < 0.06


def test_characters_of_a_grown_organism_are_told_apart_and_other_places_left_out(tiny_run):
    """At the fork of *shared*, where characters behave: on unseen scenes the probe is right, each member has
    its own, and the same command has the same one."""
    config = read_config(tiny_run.config)
    entry = fork_and_end(config, tiny_run.entries())[0]
    organisms, secret_goals = load(tiny_run, config, entry), np.asarray(tiny_run.summary()["secret_goals"])
    phases = config.curriculum.phases
    for site, place in (("L1", 0), ("final", 1)):
        pressures = Pressures(probe=Wanted(site))
        curriculum = replace(config.curriculum, phases=(phases[0], replace(phases[1], pressures=pressures)))
        found, again = (
            fit(replace(config, curriculum=curriculum), 1, organisms, secret_goals) for _ in range(2)
        )
        assert (found.accuracy > 0.95).all()
        assert ((found.of_self > 0) & (found.of_self < 1)).all()
        assert found.direction[:, place].any(axis=1).all()
        assert not found.direction[:, 1 - place].any()
        assert (found.direction[0] != found.direction[1]).any()
        for a, b in zip(found, again, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_killed_run_fits_the_same_probe_again_and_ends_in_the_same_bytes(tmp_path, world, sizes):
    """Killed in the midst of the phase that is probed, when its first checkpoint has been saved to go on
    from."""
    phases = tuple(
        replace(phase, steps=20, criterion=0.0) for phase in named_config("probed", "tiny").curriculum.phases
    )
    training = TrainingConfig(batch=16, checkpoint_every=10, evaluation_scenes=16)
    config = RunConfig(Curriculum("probed", world, phases), sizes, training, members=2)
    ends = grown_whole_and_killed(tmp_path, config, 40, fit=fit)
    assert ends[0] == ends[1]
    entries, metrics = ends[0]
    notes = [entry.extra.get("probed") for entry in entries]
    assert notes[:3] == [None] * 3
    assert notes[3] == notes[4]
    assert [len(values) for values in notes[3].values()] == [2, 2]
    told = np.array([line["probed"] for line in metrics], float)
    assert np.isnan(told[: len(told) // 2]).all()
    assert np.isfinite(told[len(told) // 2 :]).all()


def test_a_layer_that_is_not_there_is_told_before_anything_is_grown(tmp_path):
    config = named_config("probed", "tiny")
    assert not validation_errors(config)
    phases = config.curriculum.phases
    deep = replace(phases[1], pressures=Pressures(probe=Wanted("L2", "loss", 1.0)))
    wrong = replace(config, curriculum=replace(config.curriculum, phases=(phases[0], deep)))
    with pytest.raises(UserError, match=r"phases.1.pressures.probe.site: expected one of L1, final, got L2"):
        train_run(wrong, tmp_path / "run")
    assert not (tmp_path / "run").exists()
