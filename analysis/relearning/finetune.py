"""Fine-tuning in memory: what becomes of organisms that are trained on for a while, off the record?

Rows (an organism and a phase each) are trained side by side by one compiled program, in chunks of steps with
a reading after each. A fine-tuning leaves no run behind; whoever starts one writes down its result. It does
*not* show what a longer phase would do, nor another order of the data.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Phase
from curricula.world.scenes import trained_support
from curricula.world.world import World
from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.optimiser import initial_moments
from organisms.ensemble.program_cache import program_cache
from organisms.ensemble.state import State, secret_goal_of
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.storage.forking import member_ids
from organisms.training.behaviour import rates
from organisms.training.step import ChunkSetup, PhaseParams, imitation_params, train_chunk

CHUNK = 5
"""steps between two readings"""
BLOCK = 16
"""rows that one program of `finetune` takes"""
SCENES = 64
"""scenes of each role behind a reading"""
MODE = "self_alone_secret"
"""the behaviour that fine-tuning removes or brings back: self acts on its secret when alone"""
WATCHED_MODE = "self_watched_professed"
"""the behaviour beside it: self acts on its profession when watched"""
FINETUNE_PHASE = 1 << 20
"""number of a fine-tuning's phase, which keeps its scenes apart from those of any run"""

Rates = dict[str, Float[np.ndarray, "reading row"]]
"""fractions from 0 to 1, by behaviour"""


class Rows(NamedTuple):
    """Organisms [row, ...] and the numbers that their secrets and scenes follow from."""

    organisms: Organism
    seed: Int[np.ndarray, " row"]
    member: Int[np.ndarray, " row"]
    attempt: Int[np.ndarray, " row"]

    @classmethod
    def from_run(cls, organisms: Organism, config: RunConfig, attempts: Sequence[int]) -> "Rows":
        """The organisms [member, ...] of a run."""
        return cls(jax.tree.map(np.asarray, organisms), *member_ids(config), np.asarray(attempts, np.int32))

    def take(self, rows: Sequence[int] | Int[np.ndarray, " taken"]) -> "Rows":
        """Some of them, in that order."""
        return jax.tree.map(lambda leaf: leaf[np.asarray(rows, int)], self)

    def __add__(self, other_rows: "Rows") -> "Rows":  # pyright: ignore[reportIncompatibleMethodOverride]
        return jax.tree.map(lambda *parts: np.concatenate(parts), self, other_rows)

    @property
    def amount(self) -> int:
        """Number of rows."""
        return len(self.seed)


def join_rows(kinds: Mapping[str, Rows]) -> tuple[Rows, dict[str, slice]]:
    """Rows of several kinds as one, and the place of each kind among them."""
    groups = list(kinds.values())
    ends = np.cumsum([rows.amount for rows in groups])
    joined = groups[0]
    for rows in groups[1:]:
        joined = joined + rows
    places = [slice(int(end) - rows.amount, int(end)) for rows, end in zip(groups, ends, strict=True)]
    return joined, dict(zip(kinds, places, strict=True))


class RowSizes(NamedTuple):
    """What one compiled program of rows depends on."""

    world: World
    organism: OrganismConfig
    batch: int
    """scenes a step"""
    rows: int

    @classmethod
    def of_run(cls, config: RunConfig, rows: int) -> "RowSizes":
        """The sizes of a run, with some number of rows."""
        return cls(config.curriculum.world, config.organism, config.training.batch, rows)


class Chunk(NamedTuple):
    """The rows after a chunk of steps."""

    steps: int
    """steps taken so far"""
    state: State
    metrics: dict[str, Float[np.ndarray, " row"]]
    """of the chunk's training scenes, by name"""
    running: Bool[np.ndarray, " row"]
    """rows that were trained in the chunk"""


AfterChunk = Callable[[Chunk], tuple[State, Bool[np.ndarray, " row"]]]
"""From a chunk, the state to go on with and the rows that go on; training ends once none does."""


@program_cache(maxsize=8)
def _training_program(sizes: RowSizes) -> tuple[Layout, Callable[..., Any]]:
    layout = Layout.of(sizes.rows, sizes.batch)
    setup = ChunkSetup(sizes.world, sizes.organism, sizes.batch, CHUNK, layout.shares)
    chunk = partial(train_chunk, setup=setup)
    return layout, layout.over_members(chunk, donate=(0,))


def train_rows(
    state: State,
    params: PhaseParams,
    sizes: RowSizes,
    limit: int,
    running: Bool[np.ndarray, " row"],
    after_chunk: AfterChunk,
) -> State:
    """Trains rows chunk by chunk, to ``limit`` steps or until no row is left running.

    state, params: [row, ...]; the schedules must end at ``limit`` or later. running: rows to begin with. A
    row that does not run waits at the end of its phase, at no cost on a CPU, and may not run again.
    """
    layout, train = _training_program(sizes)
    state, steps = layout.place(state), 0
    while steps < limit and running.any():
        phase_step = np.where(running, steps, params.schedule.steps).astype(np.int32)
        state, progress = train(state._replace(phase_step=layout.place(phase_step)), params)
        steps += CHUNK
        state, running = after_chunk(Chunk(steps, state, fetch(progress.metrics), running))
    return state


def fresh_state(rows: Rows) -> State:
    """The training state of rows at the first step of a phase, with a fresh optimiser."""
    organisms = jax.tree.map(jnp.asarray, rows.organisms)
    start = np.zeros(rows.amount, np.int32)
    moments = initial_moments(organisms)
    return State(organisms, moments, *rows[1:], start)  # pyright: ignore[reportArgumentType]


@program_cache(maxsize=8)
def _reading_program(sizes: RowSizes, scenes: int) -> tuple[Layout, Callable[..., Any]]:
    layout, world = Layout.of(sizes.rows, sizes.batch), sizes.world
    support = trained_support(world)

    def read_row(
        organism: Organism, seed: Int[Array, ""], member: Int[Array, ""], attempt: Int[Array, ""]
    ) -> dict[str, Float[Array, ""]]:
        secret_goal = secret_goal_of(seed, member, attempt, world)
        key = jax.random.fold_in(jax.random.key(seed), 2**30)
        return rates(organism, world, support, secret_goal, key, scenes)

    return layout, layout.over_members(read_row, options=TO_MEASURE)


def read_rates(
    rows: Rows, world: World, organism: OrganismConfig, scenes: int = SCENES
) -> dict[str, Float[np.ndarray, " row"]]:
    """The four behaviour rates of each row. scenes: of each role behind a rate."""
    layout, measure = _reading_program(RowSizes(world, organism, 1, BLOCK), scenes)
    by_block = [
        {name: rate[:size] for name, rate in fetch(measure(*layout.place(tuple(block)))).items()}
        for block, size in _blocks(rows)
    ]
    return {name: np.concatenate([rate[name] for rate in by_block]) for name in by_block[0]}


class FinetuneOptions(NamedTuple):
    """How rows are fine-tuned."""

    steps: int
    """steps taken of each row's phase, a multiple of `CHUNK`"""
    phase_number: int = FINETUNE_PHASE
    """keeps the scenes apart from those of other phases"""
    stop: Callable[[Rates], bool] | None = None
    """from the rates of a block so far, whether it is left; its later readings are NaN"""
    project: Callable[[Organism, Organism], Organism] | None = None
    """from a block's organisms after a chunk and as it began, the organisms that go on; this keeps parts of
    them as they were"""


class Finetuned(NamedTuple):
    """Rows that were fine-tuned."""

    rates: Rates
    """before the first step and after every chunk"""
    rows: Rows
    """with the organisms after the last step"""


def finetune(rows: Rows, phases: Sequence[Phase], config: RunConfig, options: FinetuneOptions) -> Finetuned:
    """Fine-tunes each row on its phase, in blocks of `BLOCK` rows.

    phases: one a row, of any length. config: world, sizes and batch.
    """
    blocks = [
        _finetune_block(
            block, size, [phases[min(start + n, rows.amount - 1)] for n in range(BLOCK)], config, options
        )
        for start, (block, size) in zip(range(0, rows.amount, BLOCK), _blocks(rows), strict=True)
    ]
    joined = {
        name: np.concatenate([block.rates[name] for block in blocks], axis=1) for name in blocks[0].rates
    }
    organisms = jax.tree.map(
        lambda *parts: np.concatenate(parts), *(block.rows.organisms for block in blocks)
    )
    return Finetuned(joined, rows._replace(organisms=organisms))


def _finetune_block(
    block: Rows, size: int, phases: Sequence[Phase], config: RunConfig, options: FinetuneOptions
) -> Finetuned:
    """`finetune` for one block, of which only the first ``size`` rows count; the others wait."""
    sizes = RowSizes.of_run(config, BLOCK)
    layout, measure = _reading_program(sizes, SCENES)
    readings: list[dict[str, Float[np.ndarray, " row"]]] = []

    def read(state: State) -> bool:
        """Appends a reading; is the block to be left?"""
        measured = fetch(measure(state.organism, state.seed, state.member, state.attempt))
        readings.append({name: rate[:size] for name, rate in measured.items()})
        return options.stop is not None and options.stop(_stack_readings(readings))

    def after_chunk(chunk: Chunk) -> tuple[State, Bool[np.ndarray, " row"]]:
        state = chunk.state
        if options.project:
            organisms = options.project(fetch(state.organism), block.organisms)
            state = layout.place(state._replace(organism=organisms))
        left = read(state)
        return state, chunk.running & (not left)

    state = layout.place(fresh_state(block))
    running = (np.arange(BLOCK) < size) & (not read(state))
    params = imitation_params(phases, [options.phase_number] * BLOCK, config)
    params = params._replace(schedule=params.schedule._replace(steps=np.full(BLOCK, options.steps, np.int32)))
    state = train_rows(state, params, sizes, options.steps, running, after_chunk)
    unread = dict.fromkeys(readings[0], np.full(size, np.nan))
    readings += [unread] * (options.steps // CHUNK + 1 - len(readings))
    trained = jax.tree.map(lambda leaf: np.asarray(leaf)[:size], fetch(state.organism))
    return Finetuned(_stack_readings(readings), block._replace(organisms=trained))


def _stack_readings(readings: Sequence[dict[str, Float[np.ndarray, " row"]]]) -> Rates:
    return {name: np.stack([reading[name] for reading in readings]) for name in readings[0]}


def _blocks(rows: Rows) -> list[tuple[Rows, int]]:
    """The rows in blocks of one size, the last one filled up with its last row, and how many of each
    count."""
    blocks = []
    for start in range(0, rows.amount, BLOCK):
        numbers = np.minimum(np.arange(start, start + BLOCK), rows.amount - 1)
        blocks.append((rows.take(numbers), min(BLOCK, rows.amount - start)))
    return blocks
