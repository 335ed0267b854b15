"""What is left of every mode while a run goes on, and how far has each of the clocks come that a mode might
decay by?

Read from the lines of a finished run's manifest, in which every checkpoint says what its organisms do when
they are put into a mode, whether the phase ever shows it or not. Members that differ in settings are told
apart: those with the same settings are a *cell*.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from analysis.forgetting.survival import HALF, Lives, curve, half_life, kept, lives
from analysis.statistics import BEHAVIOURS, jsonable, mean_interval
from curricula.errors import UserError
from curricula.phases import Phase
from organisms.storage.forking import member_ids
from organisms.storage.run import Run
from organisms.training.config import RunConfig
from organisms.training.optimiser import learning_rates
from organisms.training.variation import phase_of, settings_of


class Cell(NamedTuple):
    """The organisms of a run that have the same settings."""

    settings: dict[str, float]
    phase: Phase
    rows: list[int]
    """members of the run"""
    organisms: list[int]
    """the parent's members that these come from"""
    steps: list[int]
    """of the readings"""
    rates: dict[str, Float[np.ndarray, "reading organism"]]
    """by behaviour"""

    def of(self, which: Bool[np.ndarray, " member"]) -> "Cell":
        """The organisms that come from some of the parent's members."""
        chosen = np.flatnonzero(which[self.organisms])
        rates = {name: rate[:, chosen] for name, rate in self.rates.items()}
        pick = lambda values: [values[n] for n in chosen]  # noqa: E731
        return self._replace(rows=pick(self.rows), organisms=pick(self.organisms), rates=rates)

    def lives(self, mode: str) -> Lives:
        """How long each organism kept a mode, in steps."""
        return lives([float(step) for step in self.steps], self.rates[mode])


def cells(run: Run, config: RunConfig) -> list[Cell]:
    """The cells of a finished run of one phase. Raises Fault where its checkpoints do not say what they
    retain."""
    entries = run.entries()
    if any("retention" not in entry.extra for entry in entries):
        raise UserError(f"{run.folder} does not say what it retains: an older version grew it; grow it again")
    rates = {name: np.array([entry.extra["retention"][name] for entry in entries]) for name in BEHAVIOURS}
    grouped: dict[tuple, list[int]] = {}
    for member in range(config.members):
        grouped.setdefault(tuple(settings_of(member, config.vary).items()), []).append(member)
    numbered = member_ids(config)[1]
    return [
        Cell(
            dict(settings),
            phase_of(rows[0], 0, config.curriculum.phases[0], config.vary),
            rows,
            numbered[rows].tolist(),
            [entry.step for entry in entries],
            {name: rate[:, rows] for name, rate in rates.items()},
        )
        for settings, rows in grouped.items()
    ]


def clocks(phase: Phase, step: float) -> dict[str, float]:
    """A number of steps by each of the clocks: steps, the learning rate summed over them, and the learning
    rate times weight decay."""
    rates = np.concatenate([[0.0], np.cumsum(learning_rates(phase.optimiser, phase.steps))])
    summed = float(np.interp(step, np.arange(len(rates)), rates)) if np.isfinite(step) else step
    return {
        "steps": step,
        "learning_rate": summed,
        "learning_rate_x_decay": summed * phase.optimiser.weight_decay
        if phase.optimiser.weight_decay
        else np.nan,
    }


def told(cell: Cell, mode: str) -> dict[str, Any]:
    """A cell and one mode as plain JSON: mean retention at each reading, each organism's, the survival curve,
    and the half-life by every clock."""
    of, rates = cell.lives(mode), cell.rates[mode]
    value, low, high = half_life(of)
    by_clock = [clocks(cell.phase, end) for end in (value, low, high)]
    return {
        "mode": mode,
        "n": of.n,
        "steps": cell.steps,
        "mean": [jsonable(mean_interval(row)) for row in rates],
        "organisms": rates.T.tolist(),
        "at_end": jsonable(mean_interval(rates[-1])),
        "dead": int(of.died.sum()),
        "gone_at_end": int((rates[-1] <= HALF * rates[0]).sum()),
        "kept": jsonable(kept(rates)),
        "lives": {"times": of.times.tolist(), "died": of.died.tolist()},
        "survival": {name: jsonable(values) for name, values in curve(of).items()},
        "half_life": {clock: jsonable(by[clock] for by in by_clock) for clock in by_clock[0]},
        "last": dict(
            zip(by_clock[0], jsonable(clocks(cell.phase, float(cell.steps[-1])).values()), strict=True)
        ),
        "furthest_from_start": float(np.abs(rates - rates[0]).max()) if rates.size else None,
    }


def read_lives(plain: Mapping[str, Any]) -> Lives:
    """The lives that `told` wrote."""
    return Lives(np.asarray(plain["lives"]["times"], float), np.asarray(plain["lives"]["died"], bool))
