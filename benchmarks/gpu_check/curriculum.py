"""A whole curriculum on the card: how long does it take, and how many organisms come through?

The run is one as `train.py` makes it, with checkpoints at the ends of phases alone, and without reseeding,
so that its length is known beforehand.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_check.plan import Settings
from benchmarks.gpu_check.rows import CurriculumRow, Row
from curricula.catalogue.building_blocks import Scale
from curricula.errors import SystemFailure
from organisms.ensemble.config import RunConfig, named_config
from organisms.model.transformer import Organism
from organisms.storage.run import open_run
from organisms.training.behaviour import meets
from organisms.training.loop import train_ensemble

NAME = "shared"
OVERHEAD_SECONDS = 40.0
"""counted for compiling, checkpoints and behaviour when a scale is chosen"""
SPARE_SECONDS = 5.0
CRITERION = 0.9


class TimeIsOver(Exception):
    """The part's time ran out while the ensemble was trained."""


class Deadline:
    """A callback that shows nothing, and ends training when its time is over."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds
        self.steps = 0

    def chunk(self, step: int, phase: str, metrics: Mapping[str, np.ndarray]) -> None:
        """Counts steps. Raises TimeIsOver."""
        self.steps = step
        if time.monotonic() > self.end:
            raise TimeIsOver

    def checkpoint(self, step: int, phase: str, organisms: Organism, secret_goals: np.ndarray) -> None:
        """Shows nothing."""

    def retention(self, step: int, phase: str, rates: Mapping[str, np.ndarray]) -> None:
        """Shows nothing."""

    def event(self, step: int, text: str) -> None:
        """Shows nothing."""

    def expect(self, steps: int) -> None:
        """Shows nothing."""


def curriculum_config(settings: Settings) -> RunConfig:
    """The run: at cpu scale where the rate that was measured there promises an end in time, else tiny."""
    sizes = settings.sizes
    config = named_config(NAME, "cpu", sizes.curriculum_members, settings.seed)
    steps = sum(phase.steps for phase in config.curriculum.phases) * config.members
    seconds = steps / settings.curriculum_rate if settings.curriculum_rate else float("inf")
    scale: Scale = "cpu" if seconds + OVERHEAD_SECONDS < settings.seconds and not settings.short else "tiny"
    config = named_config(NAME, scale, sizes.curriculum_members, settings.seed)
    first, *later = config.curriculum.phases
    phases = (replace(first, longest=1), *(phase.of_fixed_length() for phase in later))
    if sizes.curriculum_steps:
        phases = tuple(replace(phase, steps=sizes.curriculum_steps) for phase in phases)
    training = replace(config.training, attempts=0, checkpoint_every=sum(phase.steps for phase in phases))
    return replace(config, curriculum=replace(config.curriculum, phases=phases), training=training)


def scale_of(config: RunConfig) -> str:
    """The scale whose organisms a run has."""
    return next(
        scale for scale in ("tiny", "cpu") if named_config(NAME, scale, 1, 0).organism == config.organism
    )


def measure_curriculum(settings: Settings) -> Iterator[Row]:
    """One row. Raises SystemFailure where the time did not suffice."""
    start, config = time.monotonic(), curriculum_config(settings)
    deadline, summary = Deadline(settings.seconds - SPARE_SECONDS), None
    with tempfile.TemporaryDirectory(dir=settings.folder) as folder:
        with open_run(Path(folder) / "run", config.plain()) as run, suppress(TimeIsOver):
            summary = train_ensemble(config, run, deadline)
        yield curriculum_row(config, deadline.steps, time.monotonic() - start, summary)
    if summary is None:
        raise SystemFailure(f"{deadline.steps} steps in {settings.seconds:.0f} s: not the whole curriculum")


def curriculum_row(
    config: RunConfig, steps: int, seconds: float, summary: Mapping[str, Any] | None
) -> CurriculumRow:
    """What came of the run. summary: None where it did not end."""
    about = (config.curriculum.name, scale_of(config), config.members)
    if summary is None:
        return CurriculumRow(*about, steps, seconds, None, None, None, cut_short="time ran out")
    rates = {name: np.asarray(values) for name, values in summary["behaviour"].items()}
    return CurriculumRow(
        *about,
        summary["steps"],
        seconds,
        summary["organism_steps_per_second"],
        1 - summary["reseeded"]["failed"] / config.members,
        float(np.mean(meets(rates, "self", CRITERION))),
    )
