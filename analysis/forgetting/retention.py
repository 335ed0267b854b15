"""Retention: what is left of every mode while a run goes on, and how far has each clock come by which a mode
might decay?

Read from the lines of a finished run's manifest. Every checkpoint records what its organisms do when they are
put into a mode, whether the phase ever shows the mode or not. Members with the same settings form one *cell*.
It does *not* show by which mechanism an organism that retained a mode computes it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from analysis.forgetting.survival import (
    HALF,
    Lifetimes,
    SurvivalCurve,
    half_life,
    kaplan_meier,
    lifetimes,
    share_kept,
)
from analysis.statistics import Interval, mean_interval
from curricula.errors import UserError
from curricula.phases import Phase
from organisms.ensemble.config import RunConfig
from organisms.ensemble.optimiser import learning_rates
from organisms.ensemble.variation import phase_of, settings_of
from organisms.storage.forking import member_ids
from organisms.storage.run import Run
from organisms.training.behaviour import BEHAVIOURS


class RetentionCell(NamedTuple):
    """The organisms of a run that have the same settings, with their rates at every checkpoint."""

    settings: dict[str, float]
    """values of the varied settings, by their dotted names"""
    phase: Phase
    rows: list[int]
    """members of the run"""
    organisms: list[int]
    """the parent's members that these come from"""
    steps: list[int]
    """steps of disuse at each reading"""
    rates: dict[str, Float[np.ndarray, "reading organism"]]
    """fractions from 0 to 1, by behaviour"""

    def select(self, members: Bool[np.ndarray, " member"]) -> "RetentionCell":
        """The cell with only the organisms that come from some of the parent's members."""
        chosen = np.flatnonzero(members[self.organisms])
        return self._replace(
            rows=[self.rows[n] for n in chosen],
            organisms=[self.organisms[n] for n in chosen],
            rates={name: rate[:, chosen] for name, rate in self.rates.items()},
        )

    def lifetimes(self, mode: str) -> Lifetimes:
        """How long each organism kept a mode, in steps."""
        return lifetimes([float(step) for step in self.steps], self.rates[mode])


@dataclass(frozen=True)
class Clocks:
    """A time by each of the clocks by which a mode might decay."""

    steps: float
    learning_rate: float
    """learning rate summed over the steps"""
    learning_rate_x_decay: float
    """that sum times the weight decay; NaN where there is none"""


@dataclass(frozen=True)
class ClockIntervals:
    """A time with its interval by each of the clocks."""

    steps: Interval
    learning_rate: Interval
    learning_rate_x_decay: Interval


@dataclass(frozen=True)
class Retention:
    """What the organisms of one cell retained of one mode."""

    mode: str
    n: int
    steps: list[int]
    """steps of disuse at each reading"""
    mean: list[Interval]
    """mean rate at each reading"""
    organisms: list[list[float]]
    """rates [organism][reading]"""
    at_end: Interval
    """mean rate at the last reading"""
    dead: int
    """organisms whose rate was ever at half of its start or below"""
    gone_at_end: int
    """organisms whose rate is at half of its start or below at the last reading"""
    kept_share: Interval
    """share of organisms above half of their start at the last reading"""
    lived: Lifetimes
    survival: SurvivalCurve
    half_life: ClockIntervals
    observed: Clocks
    """the time of the last reading"""
    furthest_from_start: float | None
    """largest difference of any organism's rate from its first; None without organisms"""


def retention_cells(run: Run, config: RunConfig) -> list[RetentionCell]:
    """The cells of a finished run of one phase, a cell for each combination of settings.

    Raises UserError where its checkpoints hold no retention.
    """
    entries = run.entries()
    if any("retention" not in entry.extra for entry in entries):
        raise UserError(
            f"{run.folder} does not say what it retains: an older version trained it; train it again"
        )
    rates = {name: np.array([entry.extra["retention"][name] for entry in entries]) for name in BEHAVIOURS}
    members_by_settings: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for member in range(config.members):
        members_by_settings.setdefault(tuple(settings_of(member, config.vary).items()), []).append(member)
    parent_members = member_ids(config)[1]
    return [
        RetentionCell(
            dict(settings),
            phase_of(rows[0], 0, config.curriculum.phases[0], config.vary),
            rows,
            parent_members[rows].tolist(),
            [entry.step for entry in entries],
            {name: rate[:, rows] for name, rate in rates.items()},
        )
        for settings, rows in members_by_settings.items()
    ]


def clock_times(phase: Phase, step: float) -> Clocks:
    """A number of steps of a phase by each of the clocks."""
    rates = np.concatenate([[0.0], np.cumsum(learning_rates(phase.optimiser, phase.steps))])
    summed = float(np.interp(step, np.arange(len(rates)), rates)) if np.isfinite(step) else step
    decay = phase.optimiser.weight_decay
    return Clocks(step, summed, summed * decay if decay else np.nan)


def retention_of_mode(cell: RetentionCell, mode: str) -> Retention:
    """What the organisms of a cell retained of one mode: rates, survival curve, half-life by every clock."""
    lived, rates = cell.lifetimes(mode), cell.rates[mode]
    ends = [clock_times(cell.phase, step) for step in half_life(lived)]
    return Retention(
        mode=mode,
        n=lived.n,
        steps=cell.steps,
        mean=[mean_interval(row) for row in rates],
        organisms=rates.T.tolist(),
        at_end=mean_interval(rates[-1]),
        dead=int(lived.died.sum()),
        gone_at_end=int((rates[-1] <= HALF * rates[0]).sum()),
        kept_share=share_kept(rates),
        lived=lived,
        survival=kaplan_meier(lived),
        half_life=ClockIntervals(
            _interval([end.steps for end in ends]),
            _interval([end.learning_rate for end in ends]),
            _interval([end.learning_rate_x_decay for end in ends]),
        ),
        observed=clock_times(cell.phase, float(cell.steps[-1])),
        furthest_from_start=float(np.abs(rates - rates[0]).max()) if rates.size else None,
    )


def _interval(ends: list[float]) -> Interval:
    value, low, high = ends
    return value, low, high
