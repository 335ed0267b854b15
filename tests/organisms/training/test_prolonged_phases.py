"""Does a run whose phases end by criterion end in the same bytes wherever it is killed?"""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from runs import Killed, Killer, Silent

from organisms.ensemble.config import RunConfig, TrainingConfig, named_config
from organisms.model.config import OrganismConfig
from organisms.storage.run import Run, open_run, read_run
from organisms.training.loop import train_ensemble
from organisms.training.programs import Programs
from organisms.training.sources import TrainingSources

SIZES = OrganismConfig(layers=1, heads=2, width=16, neurons=16, neuron_blocks=2)
CRITERION = 0.35
KILLS = 10


def prolonged_config() -> RunConfig:
    """Three members who meet an easy criterion after unlike times, in both phases."""
    named = named_config("shared", "tiny", members=3)
    phases = tuple(
        replace(phase, steps=20, criterion=CRITERION, longest=12) for phase in named.curriculum.phases
    )
    training = TrainingConfig(batch=16, checkpoint_every=10, evaluation_scenes=16, attempts=1)
    return RunConfig(replace(named.curriculum, phases=phases), SIZES, training, members=3, seed=5)


class WholeRun(NamedTuple):
    """A run that nobody killed, and what those that are killed are trained with."""

    config: RunConfig
    sources: TrainingSources
    run: Run
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> WholeRun:
    config = prolonged_config()
    sources, folder = TrainingSources(Programs(config)), tmp_path_factory.mktemp("prolonged") / "whole"
    with open_run(folder, config.plain()) as run:
        summary = train_ensemble(config, run, Silent(), sources)
    return WholeRun(config, sources, read_run(folder), summary)


class ChunkKiller(Silent):
    """Raises once the metrics of this step are logged, between two checkpoints or as one comes."""

    def __init__(self, step: int):
        self.step = step

    def chunk(self, step, phase, metrics):
        if step == self.step:
            raise Killed


@pytest.mark.slow
def test_a_run_killed_ten_times_in_prolonged_phases_ends_in_the_same_bytes(whole, tmp_path):
    config, sources, _, summary = whole
    entries, metrics = whole.run.entries(), whole.run.metrics()
    phases, last = summary["phases"], summary["steps"]
    for phase in config.curriculum.phases:
        steps = phases[phase.name]["steps"]
        assert len(set(steps)) > 1, f"members should need unlike times: {phases}"
        assert max(steps) > phase.steps
    assert summary["reseeded"]["count"] > 0, "one should stand on the plateau, and be grown anew"
    moments = np.random.default_rng(0).choice(np.arange(1, last // config.chunk), KILLS, replace=False)
    for n, step in enumerate(sorted((moments * config.chunk).tolist())):
        killer = Killer(step) if n % 2 and any(step == entry.step for entry in entries) else ChunkKiller(step)
        with open_run(tmp_path / "killed", config.plain()) as run, pytest.raises(Killed):
            train_ensemble(config, run, killer, sources)
    with open_run(tmp_path / "killed", config.plain()) as run:
        again = train_ensemble(config, run, Silent(), sources)
        killed = run.entries(), run.metrics()
    assert killed == (entries, metrics)
    assert again["phases"] == phases


@pytest.mark.slow
def test_a_member_that_is_done_waits_unchanged(whole):
    config, run = whole.config, whole.run
    entries = [entry for entry in run.entries() if entry.phase == "characters"]
    taken = np.array([entry.extra["phase_steps"] for entry in entries])
    for member in range(config.members):
        done = [entry for entry, row in zip(entries, taken, strict=True) if row[member] == taken[-1, member]]
        first, last = (run.parameters(done[n])["embed.W_E"][member] for n in (0, -1))
        np.testing.assert_array_equal(first, last)
        earlier = run.parameters(entries[-len(done) - 1])["embed.W_E"][member]
        assert not np.array_equal(earlier, last), "it was trained until then"
