"""A measurement of scaling: in what order are cells compiled and clocked? All are compiled first; then every cell takes its
turn, round by round, every other round in reverse order, so that a slow spell of the machine falls on many cells alike."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import jax

from benchmarks.background_load import BackgroundLoad
from benchmarks.machine import cores, processor, versions
from benchmarks.scaling.cells import (
    EffectsCell,
    LineageCells,
    TrainingCell,
    bytes_of_one_organism,
    counted_step_flops,
)
from benchmarks.scaling.data import Check, Quantity, ScalingData, Series, SeriesName, Work
from benchmarks.scaling.factors import CURRICULUM, ScalingPlan, large_organism
from benchmarks.scaling.fits import power_law
from benchmarks.scaling.sweeps import counted_scenarios, sizes_of
from organisms.ensemble.config import RunConfig, named_config

CHECK_MEMBERS = 2
"""organisms at gpu scale whose steps are clocked beside what fits predict"""


@dataclass
class Clock:
    """A cell under way."""

    turn: Callable[[], float]
    seconds: list[float] = field(default_factory=list)


class ScalingMeasurement:
    """One measurement under way."""

    def __init__(self, plan: ScalingPlan, folder: Path, say: Callable[[str], None]):
        self.plan, self.folder, self.report, self.start = plan, folder, say, time.monotonic()
        self.clocks: dict[tuple[Work, str, int], Clock] = {}
        self.counts: dict[SeriesName, dict[int, float]] = {}
        self.by_config: dict[RunConfig, tuple[TrainingCell, Clock]] = {}
        self.check: Clock | None = None

    def say(self, text: str) -> None:
        """A line of progress, with the time."""
        seconds = int(time.monotonic() - self.start)
        self.report(f"{seconds // 60:02d}:{seconds % 60:02d} {text}")

    def prepare(self) -> None:
        """Compiles every cell."""
        plan = self.plan
        for factor, values in plan.training.items():
            self.say(f"compiling training over {factor}: {' '.join(map(str, values))}")
            for value in values:
                self.prepare_training(factor, value)
        for factor, values in plan.effects.items():
            self.say(f"compiling effects over {factor}: {' '.join(map(str, values))}")
            for value in values:
                cell = EffectsCell(
                    plan.varied(factor, value, value if factor == "members" else plan.effects_members)
                )
                self.clocks["effects", factor, value] = Clock(cell.turn)
                self.count("effects", factor, "flops", value, cell.flops)
        self.say(f"compiling effects over checkpoints: {' '.join(map(str, plan.checkpoints))}")
        lineages = LineageCells(
            replace(plan.base, members=plan.history_members), plan.checkpoints, self.folder / "lineage"
        )
        for length in plan.checkpoints:
            self.clocks["history", "checkpoints", length] = Clock(lambda length=length: lineages.turn(length))
            self.count("history", "checkpoints", "lineage_bytes", length, lineages.bytes[length])
        if plan.check:
            self.say("compiling a check at gpu scale")
            self.check = Clock(TrainingCell(named_config(CURRICULUM, "gpu", CHECK_MEMBERS, plan.seed)).turn)

    def prepare_training(self, factor: str, value: int) -> None:
        """A cell of training; the base is one cell of every factor that has its value."""
        config = self.plan.varied(factor, value, value if factor == "members" else self.plan.members)
        if config not in self.by_config:
            cell = TrainingCell(config)
            self.by_config[config] = cell, Clock(cell.turn)
        cell, clock = self.by_config[config]
        self.clocks["training", factor, value] = clock
        self.count("training", factor, "flops", value, cell.flops)
        self.count("training", factor, "program_bytes", value, cell.program_bytes)
        self.count("training", factor, "checkpoint_bytes", value, cell.checkpoint_bytes)
        self.count("training", factor, "compile_seconds", value, cell.compile_seconds)

    def count(self, work: Work, factor: str, quantity: Quantity, value: int, amount: float) -> None:
        """Keeps what is read once."""
        self.counts.setdefault(SeriesName(work, factor, quantity), {})[value] = float(amount)

    def clock(self) -> None:
        """Every cell in turn, round by round."""
        clocks = list({id(clock): clock for clock in self.clocks.values()}.values())
        clocks += [self.check] if self.check else []
        for number in range(self.plan.rounds):
            self.say(f"round {number + 1} of {self.plan.rounds}: {len(clocks)} cells")
            for clock in clocks[:: -1 if number % 2 else 1]:
                clock.seconds.append(clock.turn())

    def series(self) -> tuple[Series, ...]:
        """Everything that was clocked and counted, with its fits."""
        rounds: dict[SeriesName, dict[int, tuple[float, ...]]] = {}
        for (work, factor, value), clock in self.clocks.items():
            rounds.setdefault(SeriesName(work, factor, "seconds"), {})[value] = tuple(clock.seconds)
        for name, amounts in self.counts.items():
            rounds[name] = {value: (amount,) for value, amount in amounts.items()}
        return tuple(
            Series(name, tuple(cells), tuple(cells.values()), power_law(list(cells), list(cells.values())))
            for name, cells in rounds.items()
        )

    def checks(self) -> tuple[Check, ...]:
        """What no fit has seen."""
        if self.check is None:
            return ()
        config = named_config(CURRICULUM, "gpu", CHECK_MEMBERS)
        seconds = tuple(turn / CHECK_MEMBERS for turn in self.check.seconds)
        title = f"gpu scale, {CHECK_MEMBERS} members"
        return (Check(title, sizes_of(config), counted_step_flops(config), seconds),)


def measure_scaling(plan: ScalingPlan, quick: bool, command: str, say: Callable[[str], None]) -> ScalingData:
    """Measures, fits and counts. JAX must not have been used before."""
    load = BackgroundLoad()
    with tempfile.TemporaryDirectory() as folder:
        measurement = ScalingMeasurement(plan, Path(folder), say)
        measurement.prepare()
        measurement.clock()
        series = measurement.series()
    busy = load.cores()
    measurement.say("counting sweeps, and compiling organisms of other widths for their bytes")
    scales = ("tiny",) if plan.scale == "tiny" else ("cpu", "gpu")
    scenarios = tuple(counted_scenarios(scales))
    wide = named_config(CURRICULUM, "gpu", 1)
    organism_bytes = tuple(
        bytes_of_one_organism(replace(wide, organism=large_organism(width))) for width in plan.compiled_widths
    )
    return ScalingData(
        command=command,
        quick=quick,
        processor=processor(),
        cores=cores(),
        versions=versions(),
        cores_busy_with_others=busy,
        seconds=time.monotonic() - measurement.start,
        platform=jax.default_backend(),
        scale=plan.scale,
        members=plan.members,
        effects_members=plan.effects_members,
        history_members=plan.history_members,
        rounds=plan.rounds,
        base_sizes=sizes_of(plan.base),
        series=series,
        scenarios=scenarios,
        checks=measurement.checks(),
        organism_bytes=organism_bytes,
    )
