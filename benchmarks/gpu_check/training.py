"""Training on the card: how many organism-steps a second, at which scale, with how many members?

Programs are compiled side by side, as many as there are cores for, and timed one after the other. What does
not fit into memory has a row that says so.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotReady
from dataclasses import dataclass
from statistics import median
from typing import Any

import jax
import numpy as np

from benchmarks.counting import program_flops
from benchmarks.gpu_check.plan import Cell, Settings
from benchmarks.gpu_check.rows import Row, TrainingRow
from benchmarks.training import EnsembleTraining
from benchmarks.workers import FULL
from curricula.errors import SystemFailure
from organisms.ensemble.devices import Layout
from organisms.ensemble.memory import bytes_needed, bytes_there

MOST_AT_ONCE = 8
"""compilers side by side"""
SPARE_SECONDS = 5.0
"""kept for the rows that say that time ran out"""


@dataclass(frozen=True)
class Compiled:
    """A training program that is ready to run."""

    training: EnsembleTraining
    flops_a_step: float
    precision: str
    seconds: float
    memory_bytes: int


def compile_cell(cell: Cell, settings: Settings) -> Compiled:
    """Traces and compiles one ensemble's chunk of steps, without taking memory for the ensemble."""
    scale, members = cell
    training = EnsembleTraining(scale, members, settings.seed, settings.flops_per_second)
    programs, config = training.programs, training.config
    ids = np.zeros(members, np.int32)
    sharding = programs.layout.sharding(members)
    state = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding),
        jax.eval_shape(programs.init_states, ids, ids, ids),
    )
    start = time.perf_counter()
    program: Any = programs.train_chunk
    traced = program.trace(state, training.params)
    flops = program_flops(traced.jaxpr, training.platform)
    compiled = traced.lower().compile()
    takes = compiled.memory_analysis()
    programs.train_chunk = compiled
    return Compiled(
        training,
        flops.total() / config.chunk / members,
        max(flops, key=lambda name: flops[name]),
        time.perf_counter() - start,
        takes.argument_size_in_bytes
        + takes.output_size_in_bytes
        + takes.temp_size_in_bytes
        - takes.alias_size_in_bytes,
    )


def measure_training(settings: Settings) -> Iterator[Row]:
    """A row a cell, few members first. Raises SystemFailure where no cell was measured, or one failed for
    another reason than memory and time."""
    deadline = time.monotonic() + settings.seconds - SPARE_SECONDS
    executor = ThreadPoolExecutor(min(MOST_AT_ONCE, len(os.sched_getaffinity(0))))
    jobs: dict[Cell, Future[Compiled] | str] = {}
    for cell in settings.sizes.training:
        jobs[cell] = too_large(cell, settings) or executor.submit(compile_cell, cell, settings)
    measured, failures = 0, []
    for cell in list(jobs):
        row, failure = measure_cell(cell, jobs.pop(cell), settings, deadline)
        measured += row.organism_steps_per_second is not None
        failures += [failure] if failure else []
        yield row
    if failures or not measured:
        raise SystemFailure("; ".join(failures) or "no ensemble could be measured")


def too_large(cell: Cell, settings: Settings) -> str:
    """Why an ensemble can not fit into memory; nothing where it may."""
    config = EnsembleTraining(*cell, settings.seed, settings.flops_per_second).config
    needed, limit = bytes_needed(config, Layout.of(config.members, config.training.batch)), bytes_there()
    return f"needs {needed / 1e9:,.0f} GB or more" if needed > limit else ""


def measure_cell(
    cell: Cell, job: Future[Compiled] | str, settings: Settings, deadline: float
) -> tuple[TrainingRow, str]:
    """One row, and what failed if it was neither memory nor time."""
    if isinstance(job, str):
        return TrainingRow(*cell, not_measured=f"does not fit into memory: {job}"), ""
    try:
        compiled = job.result(max(0.0, deadline - time.monotonic()))
        if time.monotonic() > deadline:
            raise NotReady
        compiled.training.first(time.time())
        durations = compiled.training.measure(settings.sizes.turn_seconds)
    except NotReady:
        return TrainingRow(*cell, not_measured="time ran out"), ""
    except Exception as error:
        text = (str(error).splitlines() or [type(error).__name__])[0][:200]
        if any(sign in f"{type(error).__name__} {error}" for sign in FULL):
            return TrainingRow(*cell, not_measured="does not fit into memory"), ""
        return TrainingRow(*cell, not_measured=text), f"{cell[0]} x {cell[1]}: {text}"
    row = TrainingRow(
        *cell,
        organism_steps_per_second=1 / median(durations),
        compile_seconds=compiled.seconds,
        flops_a_step=compiled.flops_a_step,
        precision=compiled.precision,
        memory_bytes=compiled.memory_bytes,
    )
    return row, ""
