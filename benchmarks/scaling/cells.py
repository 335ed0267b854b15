"""Cells: what is clocked and counted at one value of one factor? Each is compiled once and then takes its turns."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh

from analysis.history.trajectories import trajectories
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.shapley import shapley_values
from benchmarks.counting import Sizes, parameters, program_flops, step_flops
from benchmarks.material import checkpoint_bytes, init_organisms
from benchmarks.scaling.data import OrganismBytes
from benchmarks.training import cut
from curricula.world.contrasts import window
from organisms.ensemble.compiler_options import TO_DRAW
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import BATCH, MEMBER, Layout
from organisms.ensemble.state import init_state
from organisms.model.parameter_names import to_arrays
from organisms.storage.run import Run, open_run
from organisms.training.programs import Programs
from organisms.training.step import ChunkSetup, phase_params, train_chunk

CALL_SECONDS = 0.5
"""what a call of a training program should take"""
ASSUMED_FLOPS = 2e10
"""a second, for choosing how many steps a call takes"""


def chunk_steps(config: RunConfig) -> int:
    """Steps in a call: as many as training takes, or fewer where a call would take too long."""
    seconds = step_flops(Sizes.of(config)) * config.members / ASSUMED_FLOPS
    return next((steps for steps in (25, 5) if steps * seconds <= CALL_SECONDS), 1)


def device_bytes(compiled: Any) -> int:
    """Bytes that a compiled program has in use at most on one device, by the compiler's own plan."""
    plan = compiled.memory_analysis()
    held_bytes = plan.argument_size_in_bytes + plan.output_size_in_bytes - plan.alias_size_in_bytes
    return int(held_bytes + plan.temp_size_in_bytes)


class TrainingCell:
    """The training program of an ensemble in its first phase."""

    def __init__(self, config: RunConfig):
        self.config = cut(config, chunk_steps(config))
        programs, self.params = Programs(self.config), phase_params(self.config, 0)
        members = np.arange(config.members, dtype=np.int32)
        zeros = np.zeros_like(members)
        self.state = jax.block_until_ready(
            programs.init_states(np.full_like(members, config.seed), members, zeros)
        )
        begun = time.perf_counter()
        traced = programs.train_chunk.trace(self.state, self.params)  # pyright: ignore[reportFunctionMemberAccess]
        self.program = traced.lower().compile()
        self.compile_seconds = time.perf_counter() - begun
        self.flops = program_flops(traced.jaxpr, jax.default_backend()).total() / self.config.chunk
        self.program_bytes = device_bytes(self.program) * programs.layout.mesh.size
        first = jax.tree.map(lambda leaf: leaf[:1], self.state.organism)
        self.checkpoint_bytes = checkpoint_bytes(to_arrays(first), config.members)
        self.turn()  # the first call takes memory from the system

    def turn(self) -> float:
        """Seconds that a step of all members took in one call."""
        begun = time.perf_counter()
        self.state, progress = self.program(self.state, self.params)
        jax.block_until_ready((self.state, progress))
        return (time.perf_counter() - begun) / self.config.chunk


class EffectsCell:
    """One call of the program behind effects: Shapley values of every component of untrained organisms, of which what
    they learned changes no cost."""

    def __init__(self, config: RunConfig):
        self.measurer = CheckpointMeasurer(
            init_organisms(config), config, np.zeros(config.members, np.int32), config.seed
        )
        self.flops = effects_flops(config) * config.members
        self.turn()  # compiles

    def turn(self) -> float:
        """Seconds of a call for all members."""
        begun = time.perf_counter()
        self.measurer.shapley_effects("character", "watched")
        return time.perf_counter() - begun


class LineageCells:
    """Lineages of several lengths: the first checkpoints of one run, whose effects for both roles and fingerprints are
    measured at each of them."""

    def __init__(self, config: RunConfig, lengths: Sequence[int], folder: Path):
        self.config, self.bytes = config, {}
        arrays, attempts = to_arrays(init_organisms(config)), [0] * config.members
        with open_run(folder, config.plain()) as run:
            for step in range(max(lengths)):
                phase = config.curriculum.phases[0].name
                run.commit(step, phase, step, arrays, attempts=attempts)
                self.bytes[step + 1] = _checkpoint_and_line_bytes(run)
            run.write_summary({"secret_goals": attempts, "reseeded": {"attempts": attempts}})
        self.run = Run(folder, run.config)
        self.turn(min(lengths))  # compiles

    def turn(self, length: int) -> float:
        """Seconds of measuring so many checkpoints."""
        begun = time.perf_counter()
        trajectories(self.run, self.config, self.run.entries()[:length])
        return time.perf_counter() - begun


def _checkpoint_and_line_bytes(run: Run) -> int:
    """Bytes of what grows with a lineage: its checkpoints, and its manifest."""
    paths = [*run.folder.glob("checkpoints/*"), run.folder / "manifest.jsonl"]
    return sum(path.stat().st_size for path in paths)


def effects_flops(config: RunConfig) -> float:
    """Floating-point operations of an organism in one call of the effects' program, read off the program."""
    world = config.curriculum.world
    measurer = CheckpointMeasurer(
        jax.eval_shape(lambda: init_organisms(_alone(config))),
        _alone(config),
        np.zeros(1, np.int32),
        config.seed,
    )
    pairs = jax.tree.map(lambda leaf: leaf[0], measurer.minimal_pairs("character", "watched", 0))
    orders = jax.tree.map(lambda leaf: leaf[0], measurer.shapley_orders(0))
    organism = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), measurer.organisms)
    traced = jax.make_jaxpr(
        lambda organism, pairs, orders: shapley_values(
            organism, config.organism, pairs, orders, window(world, "watched")
        )
    )(organism, pairs, orders)
    return float(program_flops(traced, jax.default_backend()).total())


def alone_on_one_device(config: RunConfig) -> tuple[Any, tuple[Any, ...]]:
    """The training program of one organism on one device, a step a call, and the shapes that it takes: nothing of its
    size is held."""
    single = cut(_alone(config), 1)
    mesh = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), (MEMBER, BATCH), axis_types=(AxisType.Auto,) * 2)
    setup = ChunkSetup(single.curriculum.world, single.organism, single.training.batch, single.chunk)
    program = Layout(mesh, jax.default_backend() == "cpu").over_members(
        partial(train_chunk, setup=setup), donate=(0,)
    )
    number = jax.ShapeDtypeStruct((), np.int32)
    state = jax.eval_shape(
        partial(init_state, world=single.curriculum.world, config=single.organism), number, number, number
    )
    stacked = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((1, *leaf.shape), leaf.dtype), state)
    return program, (stacked, phase_params(single, 0))


def counted_step_flops(config: RunConfig) -> float:
    """Floating-point operations of a step of one organism, read off the program."""
    program, arguments = alone_on_one_device(config)
    return float(program_flops(program.trace(*arguments).jaxpr, jax.default_backend()).total())


def bytes_of_one_organism(config: RunConfig) -> OrganismBytes:
    """What one organism takes on one device while it is trained, by the compiler's plan; nothing is run."""
    program, arguments = alone_on_one_device(config)
    compiled = program.lower(*arguments).compile(compiler_options=dict(TO_DRAW))
    organism, batch = config.organism, config.training.batch
    return OrganismBytes(organism.width, organism.layers, batch, parameters(config), device_bytes(compiled))


def _alone(config: RunConfig) -> RunConfig:
    return replace(config, members=1)
