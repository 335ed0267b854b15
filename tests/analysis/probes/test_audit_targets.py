"""Are the components that an auditor watches those that do most, as many as the pressure names?"""

from dataclasses import replace

import numpy as np
import pytest
from analysis.probes.audit_targets import (
    audit_target_errors,
    components_named,
    find_audit_targets,
    strongest_components,
)
from curricula.pressures.settings import Clamp, Monitor, Pressures
from runs import grown_whole_and_killed

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.pruning import sufficient_circuit
from curricula.errors import UserError
from curricula.phases import Curriculum
from experiments.train import train_run
from organisms.model.sites import components
from organisms.storage.loading import load
from organisms.training.config import RunConfig, TrainingConfig, named_config, read_config


def test_strongest_components_are_the_fewest_that_carry_the_share():
    effect = np.array([0.1, 0.4, -0.3, 0.3, 0.2, np.nan])
    assert np.flatnonzero(strongest_components(effect, 0.4)).tolist() == [1]
    assert np.flatnonzero(strongest_components(effect, 0.41)).tolist() == [1, 3]
    assert np.flatnonzero(strongest_components(effect, 1.0)).tolist() == [0, 1, 3, 4]
    assert not strongest_components(effect, 0.0).any()
    assert not strongest_components(np.zeros(3), 0.5).any()


def test_unknown_names_are_refused_before_anything_is_trained(tmp_path):
    config = named_config("audited", "tiny")
    names = components(config.organism)
    assert np.flatnonzero(components_named(config, (names[3], names[0]))).tolist() == [0, 3]
    assert not audit_target_errors(config)
    pressures = Pressures(clamp=Clamp(components=("L0H0", "L9H9")))
    phases = (*config.curriculum.phases[:-1], replace(config.curriculum.phases[-1], pressures=pressures))
    wrong = replace(config, curriculum=replace(config.curriculum, phases=phases))
    with pytest.raises(UserError, match=r"phases.2.pressures.clamp.components: expected names .* got L9H9"):
        train_run(wrong, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_each_organism_has_its_audit_targets(ensemble, world, sizes):
    """What a random organism's monitor watches holds at least half of its positive effects; what was named is
    watched in all."""
    config = named_config("audited", "tiny", members=3)
    name = components(sizes)[1]
    pressures = Pressures(monitor=Monitor(1.0), clamp=Clamp(components=(name,)))
    phases = (*config.curriculum.phases[:-1], replace(config.curriculum.phases[-1], pressures=pressures))
    config = replace(
        config, organism=sizes, curriculum=replace(config.curriculum, world=world, phases=phases)
    )
    targets = find_audit_targets(config, len(phases) - 1, ensemble, np.zeros(3, int))
    assert targets.clamped.sum(1).tolist() == [1, 1, 1]
    assert targets.clamped[:, 1].all()
    assert (targets.monitored.sum(1) >= 1).all()
    assert len({tuple(row) for row in targets.monitored.tolist()}) > 1


def test_a_monitor_may_watch_a_sufficient_circuit(tiny_run):
    """It is what pruning leaves; what is clamped is found as ever."""
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    secret_goals = np.asarray(tiny_run.summary()["secret_goals"])
    pressures = Pressures(monitor=Monitor(1.0, reach=0.9, finds="circuit"), clamp=Clamp(0.5))
    phases = (*config.curriculum.phases[:-1], replace(config.curriculum.phases[-1], pressures=pressures))
    config = replace(config, curriculum=replace(config.curriculum, phases=phases))
    targets = find_audit_targets(config, len(phases) - 1, organisms, secret_goals)
    expected = sufficient_circuit(
        CheckpointMeasurer(organisms, config, secret_goals, config.seed), np.full(len(secret_goals), 0.9)
    )
    assert (targets.monitored == expected).all()
    assert (expected.sum(1) > 0).all()
    assert (expected.sum(1) < expected.shape[1]).all()
    assert (targets.clamped != targets.monitored).any()


@pytest.mark.parametrize("name", ["audited", "clamped_lean", "audited_rewarded"])
def test_a_killed_run_has_the_same_targets_and_ends_in_the_same_bytes(name, tmp_path, world, sizes):
    """Killed in the midst of the phase that is audited: what is located, and what acts are rewarded against,
    is what it was."""
    phases = tuple(
        replace(phase, steps=20, criterion=0.0) for phase in named_config(name, "tiny").curriculum.phases
    )
    training = TrainingConfig(batch=16, checkpoint_every=10, evaluation_scenes=16)
    config = RunConfig(Curriculum(name, world, phases), sizes, training, members=2)
    ends = grown_whole_and_killed(tmp_path, config, 60, locate=find_audit_targets)
    assert ends[0] == ends[1]
    notes = [entry.extra.get("watched") for entry in ends[0][0] if entry.phase == "intent"]
    assert len(notes) == 2
    assert all(notes[0]["monitored"])
