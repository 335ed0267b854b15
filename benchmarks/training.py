"""Training speed: how fast does an ensemble train? The real training program (scenes drawn, metrics kept) on
one scale with one number of members.

Runs in a process of its own, so that its peak memory and the time to its first chunk are its own.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import memory
from benchmarks.clocks import turn
from benchmarks.compiling import CompileClock
from benchmarks.counting import Sizes, model_flops, parameters, program_flops, step_flops
from benchmarks.material import checkpoint_bytes
from benchmarks.products import ModelProducts
from benchmarks.profiling import costliest
from curricula.catalogue.building_blocks import Scale
from organisms.ensemble.config import RunConfig, named_config
from organisms.model.parameter_names import to_arrays
from organisms.training.programs import Programs
from organisms.training.step import phase_params
from organisms.training.turns import chunks_in_turn, members_in_turn
from organisms.training.validation import check_config

CALL_SECONDS = 10.0
"""what a call of the program should take at most; shorter chunks are used where it would take longer"""
EFFICIENCY = 0.4
"""share of the machine's limit that is counted on when a chunk is chosen"""


def chunk_for(config: RunConfig, flops_per_second: float) -> int:
    """Steps in a call: as many as training takes, or fewer where a call would take too long."""
    step = model_flops(config) * config.members / (EFFICIENCY * flops_per_second)
    divisors = [steps for steps in range(1, config.chunk + 1) if config.chunk % steps == 0]
    return max((steps for steps in divisors if steps * step <= CALL_SECONDS), default=1)


def cut(config: RunConfig, chunk: int) -> RunConfig:
    """The same run with chunks of that many steps and a first phase that does not end while it is
    measured."""
    curriculum = config.curriculum
    phase = replace(curriculum.phases[0], steps=chunk * 10**6)
    return replace(
        config,
        curriculum=replace(curriculum, phases=(phase,)),
        training=replace(config.training, checkpoint_every=chunk),
    )


class EnsembleTraining:
    """One ensemble in its first phase."""

    def __init__(self, scale: Scale, members: int, seed: int, flops_per_second: float):
        self.clock = CompileClock()
        named = named_config("shared", scale, members, seed)
        self.config = cut(named, chunk_for(named, flops_per_second))
        check_config(self.config)
        self.platform = jax.devices()[0].platform
        jax.block_until_ready(jnp.zeros(()) + 1)
        self.start_bytes = memory.held_bytes()
        self.programs = Programs(self.config)
        self.params = phase_params(self.config, 0)
        self.chunks = chunks_in_turn(self.programs.layout, members)
        self.products: ModelProducts | None = None

    def first(self, started: float) -> dict[str, Any]:
        """Initialises the ensemble and trains a first chunk. started: when this process did, in time.time's
        seconds."""
        members = np.arange(self.config.members, dtype=np.int32)
        seeds = np.full_like(members, self.config.seed)
        self.state = jax.block_until_ready(self.programs.init_states(seeds, members, np.zeros_like(members)))
        start = time.perf_counter()
        self.call()
        seconds, compiling = time.perf_counter() - start, self.clock.since(start)
        return {
            "chunk_steps": self.config.chunk,
            "compile_seconds": compiling,
            "seconds_to_first_chunk": time.time() - started,
            "first_call_seconds": seconds - compiling,
        }

    def call(self) -> None:
        """As many chunks as share the work out evenly, waited for."""
        self.state, progress = self.programs.train_chunks(self.state, self.params, self.chunks)
        jax.block_until_ready((self.state, progress))

    def measure(self, seconds: float) -> list[float]:
        """Seconds that a step of an organism took in each of some calls."""
        steps = self.config.chunk * self.chunks * self.config.members
        return [duration / steps for duration in turn(self.call, seconds)]

    def peak_memory(self) -> dict[str, int]:
        """Bytes that training took at most so far, compiling included, beyond what the process held before;
        of device memory where devices say. From here on the peak is recorded afresh, without the
        compiler's."""
        on_devices = memory.peak_on_devices()
        peak = memory.peak_bytes() - self.start_bytes if on_devices is None else on_devices
        self.peak_was_reset = memory.reset_peak()
        return {"peak_memory_bytes": peak}

    def steady_memory(self) -> dict[str, int | None]:
        """Bytes that training took at most since `peak_memory`; on devices compiling takes none, so there the
        two are equal."""
        on_devices = memory.peak_on_devices()
        if on_devices is not None:
            return {"steady_memory_bytes": on_devices}
        return {
            "steady_memory_bytes": memory.peak_bytes() - self.start_bytes if self.peak_was_reset else None
        }

    def describe(self) -> dict[str, Any]:
        """What a step is in operations and bytes. executed: the products that the traced program holds, at
        their own precision."""
        members = members_in_turn(self.programs.layout, self.config.members)
        state, params = jax.tree.map(lambda leaf: leaf[:members], (self.state, self.params))
        program: Any = self.programs.train_chunk
        executed = program_flops(program.trace(state, params).jaxpr, self.platform)
        first = jax.tree.map(lambda leaf: leaf[:1], self.state.organism)
        return {
            "parameters": parameters(self.config),
            "batch": self.config.training.batch,
            "model_flops_a_step": model_flops(self.config),
            "plain_flops_a_step": step_flops(Sizes.of(self.config)),
            "executed_flops_a_step": executed.total() / self.config.chunk / members,
            "precision": max(executed, key=lambda name: executed[name]),
            "checkpoint_bytes": checkpoint_bytes(to_arrays(first), self.config.members),
        }

    def start_products(self, members: int, steps: int, precision: str) -> int:
        """Compiles the model's own products. Returns their operations a step of an organism."""
        at_once = members_in_turn(self.programs.layout, members)
        self.products = ModelProducts(Sizes.of(self.config), at_once, steps, precision)
        return step_flops(Sizes.of(self.config))

    def measure_products(self, seconds: float) -> list[float]:
        """Seconds that a step's products of an organism took, alone, in each of some calls."""
        assert self.products, "start_products first"
        return self.products.measure(seconds)

    def profile(self, folder: str) -> list[dict[str, Any]]:
        """Writes a profiler trace of one call; the costliest groups of operations in it."""
        steps = self.config.chunk * self.chunks * self.config.members
        return costliest(self.call, Path(folder), steps)
