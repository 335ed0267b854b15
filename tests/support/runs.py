"""Runs for tests: one that nobody watches, one that is killed, and both to their ends."""

from pathlib import Path
from typing import Any

import pytest

from organisms.ensemble.config import RunConfig
from organisms.storage.manifest import Entry
from organisms.storage.run import open_run
from organisms.training.callbacks import MakeMeasurer
from organisms.training.loop import train_ensemble
from organisms.training.programs import Programs
from organisms.training.sources import TrainingSources


class Silent:
    """A watcher that says nothing."""

    def chunk(self, step, phase, metrics):
        pass

    def checkpoint(self, step, phase, organisms, secret_goals):
        pass

    def retention(self, step, phase, rates):
        pass

    def event(self, step, text):
        pass

    def expect(self, steps):
        pass


class Killed(Exception):
    """What ends a run in the midst of a phase."""


class Killer(Silent):
    """Raises once a checkpoint of this step is committed."""

    def __init__(self, step: int):
        self.step = step

    def checkpoint(self, step, phase, organisms, secret_goals):
        if step == self.step:
            raise Killed


def grown_whole_and_killed(
    folder: Path, config: RunConfig, step: int, make_measurer: MakeMeasurer | None = None
) -> list[tuple[list[Entry], list[dict[str, Any]]]]:
    """Checkpoints and metrics of a run that nobody disturbed, and of one that was killed once a checkpoint of
    this step was committed and then begun again.

    make_measurer: of measurements that pressures fit to.
    """
    sources, ends = TrainingSources(Programs(config), make_measurer=make_measurer), []
    for name in ("whole", "killed"):
        if name == "killed":
            with open_run(folder / name, config.plain()) as run, pytest.raises(Killed):
                train_ensemble(config, run, Killer(step), sources)
        with open_run(folder / name, config.plain()) as run:
            train_ensemble(config, run, Silent(), sources)
            ends.append((run.entries(), run.metrics()))
    return ends
