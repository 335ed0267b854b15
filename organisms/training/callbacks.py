"""Callbacks: who has a say while an ensemble is trained? They live outside of this package."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from organisms.model.transformer import Organism
from organisms.pressures.protocol import MechanismMeasurer, PhaseStart

MakeMeasurer = Callable[[PhaseStart], MechanismMeasurer]
"""makes the measurements that pressures fit to, of the organisms at the start of a phase"""


@runtime_checkable
class TrainingCallback(Protocol):
    """Is shown a training ensemble at the end of every chunk and checkpoint. What it does with the arrays changes nothing
    of the training; what it raises ends the run."""

    def chunk(self, step: int, phase: str, metrics: Mapping[str, np.ndarray]) -> None:
        """After a chunk: metrics by name, each [member]."""

    def checkpoint(self, step: int, phase: str, organisms: Organism, secret_goals: np.ndarray) -> None:
        """After a commit, first of the untrained ones: the organisms [member, ...] and self's secret goal in each [member]."""

    def retention(self, step: int, phase: str, rates: Mapping[str, np.ndarray]) -> None:
        """With a commit: the rate [member] of every behaviour in scenes that call for it, whether the phase
        ever shows such scenes or not."""

    def event(self, step: int, text: str) -> None:
        """Something that a person may want to know."""

    def expect(self, steps: int) -> None:
        """How many steps the run will have at its end: more where members are reseeded."""
