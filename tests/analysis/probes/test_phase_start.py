"""Are the components that pressures fit to those that do most, as many as the settings name?"""

from dataclasses import replace

import jax
import numpy as np
import pytest
import runs
from emitters import as_commands_do
from runs import grown_whole_and_killed

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.pruning import sufficient_circuit
from analysis.probes.phase_start import PhaseStartMeasurer
from curricula.errors import UserError
from curricula.phases import Curriculum
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.monitor import Monitor
from curricula.pressures.registry import Pressures
from experiments.train import train_run
from organisms.ensemble.config import RunConfig, TrainingConfig, named_config, read_config
from organisms.model.sites import component_mask, components
from organisms.pressures.monitor import strongest_components
from organisms.pressures.protocol import PhaseStart
from organisms.pressures.registry import fit_pressures
from organisms.storage.loading import load
from organisms.training.programs import Programs
from organisms.training.validation import check_config


@pytest.fixture(scope="module")
def programs_served() -> list[Programs]:
    """Programs that were made so far for runs that are killed."""
    return []


def with_last_pressures(config: RunConfig, *settings) -> RunConfig:
    """A run whose last phase has these pressures."""
    *earlier, last = config.curriculum.phases
    phases = (*earlier, replace(last, pressures=Pressures(*settings)))
    return replace(config, curriculum=replace(config.curriculum, phases=phases))


def fitted_masks(config: RunConfig, organisms, secret_goals) -> tuple[np.ndarray, np.ndarray]:
    """Which components the last phase monitors, and which it ablates, [member, component]."""
    index = len(config.curriculum.phases) - 1
    start = PhaseStart(config, index, organisms, secret_goals)
    fitted = fit_pressures(config.member_phases(index), start, PhaseStartMeasurer(start))
    return fitted["monitor"], fitted["mean_ablation"]


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
    assert np.flatnonzero(component_mask(config.organism, (names[3], names[0]))).tolist() == [0, 3]
    check_config(config)
    wrong = with_last_pressures(config, MeanAblation(components=("L0H0", "L9H9")))
    line = r"phases.2.pressures.mean_ablation.components: expected names .* got L9H9"
    with pytest.raises(UserError, match=line):
        train_run(wrong, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_each_organism_has_its_audit_targets(ensemble, world, sizes):
    """What a random organism's monitor watches holds at least half of its positive effects; what was named is
    watched in all."""
    config = named_config("audited", "tiny", members=3)
    name = components(sizes)[1]
    config = with_last_pressures(config, Monitor(1.0), MeanAblation(components=(name,)))
    config = replace(config, organism=sizes, curriculum=replace(config.curriculum, world=world))
    monitored, ablated = fitted_masks(config, ensemble, np.zeros(3, int))
    assert ablated.sum(1).tolist() == [1, 1, 1]
    assert ablated[:, 1].all()
    assert (monitored.sum(1) >= 1).all()
    assert len({tuple(row) for row in monitored.tolist()}) > 1


def test_a_monitor_may_watch_a_sufficient_circuit(tiny_run):
    """It is what pruning leaves; what is ablated are the strongest components."""
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    secret_goals = np.asarray(tiny_run.summary()["secret_goals"])
    config = with_last_pressures(config, Monitor(1.0, reach=0.9, finds="circuit"), MeanAblation(0.5))
    with as_commands_do(), jax.default_matmul_precision("highest"):  # the programs of an analysis are found
        monitored, ablated = fitted_masks(config, organisms, secret_goals)
        measurer = CheckpointMeasurer(organisms, config, secret_goals, config.seed)
        expected = sufficient_circuit(measurer, np.full(len(secret_goals), 0.9))
    assert (monitored == expected).all()
    assert (expected.sum(1) > 0).all()
    assert (expected.sum(1) < expected.shape[1]).all()
    assert (ablated != monitored).any()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["audited", "ablated_concentrated", "audited_rewarded"])
def test_a_killed_run_has_the_same_targets_and_ends_in_the_same_bytes(
    name, tmp_path, world, sizes, programs_served, monkeypatch
):
    """Killed in the midst of the phase that is audited: what is fitted, and what acts are rewarded against,
    is what it was."""

    def programs_of(config: RunConfig) -> Programs:
        """Those of the runs before, which differ in their phases alone."""
        if not any(programs.serves(config) for programs in programs_served):
            programs_served.append(Programs(config))
        return next(programs for programs in programs_served if programs.serves(config))

    monkeypatch.setattr(runs, "Programs", programs_of)
    phases = tuple(
        replace(phase, steps=20, criterion=0.0) for phase in named_config(name, "tiny").curriculum.phases
    )
    training = TrainingConfig(batch=16, checkpoint_every=10, evaluation_scenes=16)
    config = RunConfig(Curriculum(name, world, phases), sizes, training, members=2)
    ends = grown_whole_and_killed(tmp_path, config, 60, make_measurer=PhaseStartMeasurer)
    assert ends[0] == ends[1]
    notes = [entry.extra.get("pressures") for entry in ends[0][0] if entry.phase == "intent"]
    assert len(notes) == 2
    assert notes[0] == notes[1]
    assert all(notes[0]["mean_ablation" if name == "ablated_concentrated" else "monitor"])
