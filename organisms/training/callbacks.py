"""Who has a say while an ensemble grows? Those who look on, and those who find what an auditor would watch,
or fit what it would read with: all live outside of this package."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from organisms.model.transformer import Organism
from organisms.pressures.probing import Fitted
from organisms.training.config import RunConfig
from organisms.training.step import Watched


@runtime_checkable
class TrainingCallback(Protocol):
    """Who looks on while an ensemble grows."""

    def chunk(self, step: int, phase: str, metrics: Mapping[str, np.ndarray]) -> None:
        """After a chunk: metrics by name, each [member]."""

    def checkpoint(self, step: int, phase: str, organisms: Organism, secret_goals: np.ndarray) -> None:
        """After a commit: the organisms [member, ...] and their own secrets [member]."""

    def retention(self, step: int, phase: str, rates: Mapping[str, np.ndarray]) -> None:
        """With a commit: the rate [member] of every behaviour in scenes that call for it, whether the phase
        ever shows such scenes or not."""

    def event(self, step: int, text: str) -> None:
        """Something that a person may want to know."""

    def expect(self, steps: int) -> None:
        """How many steps the run will have at its end: more where members are grown again."""


@runtime_checkable
class Locate(Protocol):
    """Finds the components that an auditor would know of organisms."""

    def __call__(
        self, config: RunConfig, index: int, organisms: Organism, secret_goals: np.ndarray
    ) -> Watched:
        """Those that the pressures of a phase are about, given the organisms [member, ...] as it begins."""
        ...


@runtime_checkable
class Fit(Protocol):
    """Fits the probes that an auditor would have of organisms."""

    def __call__(
        self, config: RunConfig, index: int, organisms: Organism, secret_goals: np.ndarray
    ) -> Fitted:
        """Those that a phase reads self with, given the organisms [member, ...] as it begins."""
        ...
