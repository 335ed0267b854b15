"""What becomes of organisms that are taught on for a while, in memory and off the record?

A trial is a phase that an organism is put through, with its rates read on the way. Rows (an organism and a
phase each) are grown side by side in blocks of one size, by one compiled program, whatever is asked of them.
A trial leaves no run behind: what came of it is for the study that asked to write down.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from curricula.phases import Phase
from curricula.world.scenes import trained_support
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.storage.forking import member_ids
from organisms.training.behaviour import rates
from organisms.training.config import RunConfig
from organisms.training.devices import Layout, fetch
from organisms.training.optimiser import initial_moments
from organisms.training.state import State, secret_goal_of
from organisms.training.step import ChunkSetup, imitation_params, train_chunk

CHUNK = 5
"""steps between two readings"""
BLOCK = 16
"""rows that one program takes"""
SCENES = 64
"""of each role behind a reading"""
MODE = "self_alone_secret"
"""the mode that trials are about: what self does when nobody watches"""
NUMBER = 1 << 20
"""of a trial's phase: its scenes are none that any run of the line drew"""


Rates = dict[str, Float[np.ndarray, "reading row"]]


class Rows(NamedTuple):
    """Organisms [row, ...] and what their secrets and scenes follow from."""

    organisms: Organism
    seed: Int[np.ndarray, " row"]
    member: Int[np.ndarray, " row"]
    attempt: Int[np.ndarray, " row"]

    @classmethod
    def of(cls, organisms: Organism, config: RunConfig, attempts: Sequence[int]) -> "Rows":
        """The organisms [member, ...] of a run."""
        return cls(jax.tree.map(np.asarray, organisms), *member_ids(config), np.asarray(attempts, np.int32))

    def take(self, which: Sequence[int] | np.ndarray) -> "Rows":
        """Some of them, in that order."""
        return jax.tree.map(lambda leaf: leaf[np.asarray(which, int)], self)

    def __add__(self, other: "Rows") -> "Rows":  # pyright: ignore[reportIncompatibleMethodOverride]
        return jax.tree.map(lambda *parts: np.concatenate(parts), self, other)

    @property
    def amount(self) -> int:
        return len(self.seed)


@lru_cache(maxsize=8)
def _programs(
    world: World, sizes: OrganismConfig, batch: int, rows: int, scenes: int
) -> tuple[Any, Any, Any]:
    layout, support = Layout.of(rows, batch), trained_support(world)

    def read(
        organism: Organism, seed: jax.Array, member: jax.Array, attempt: jax.Array
    ) -> dict[str, jax.Array]:
        secret_goal = secret_goal_of(seed, member, attempt, world)
        return rates(
            organism, world, support, secret_goal, jax.random.fold_in(jax.random.key(seed), 2**30), scenes
        )

    chunk = partial(train_chunk, setup=ChunkSetup(world, sizes, batch, CHUNK, layout.shares))
    return layout, layout.over_members(chunk, donate=(0,)), layout.over_members(read)


def read(
    rows: Rows, world: World, sizes: OrganismConfig, scenes: int = SCENES
) -> dict[str, Float[np.ndarray, " row"]]:
    """The four rates of each row."""
    parts = []
    for block, kept in _blocks(rows):
        layout, _, measure = _programs(world, sizes, 1, BLOCK, scenes)
        parts.append(
            {name: rate[:kept] for name, rate in fetch(measure(*layout.place(tuple(block)))).items()}
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def teach(
    rows: Rows,
    phases: Sequence[Phase],
    config: RunConfig,
    steps: int,
    number: int = NUMBER,
    enough: Callable[[Rates], bool] | None = None,
    held: Callable[[Organism, Organism], Organism] | None = None,
) -> tuple[Rates, Rows]:
    """The rates [reading, row] of each row before it is taught its phase and after every `CHUNK` steps of it,
    and the rows as they are at last.

    phases: one a row, of any length; ``steps`` of each are taken, a multiple of `CHUNK`. config: sizes, world
    and batch. enough: of the rates of a block so far; once it holds the block is left, and its later readings
    are NaN. held: from a block's organisms after each `CHUNK` and as it began, the organisms that go on,
    which is how part of them is kept as it was.
    """
    world, sizes, batch = config.curriculum.world, config.organism, config.training.batch
    readings, ended = [], []
    for start, (block, kept) in zip(range(0, rows.amount, BLOCK), _blocks(rows), strict=True):
        layout, train, measure = _programs(world, sizes, batch, BLOCK, SCENES)
        block_phases = [phases[min(start + n, rows.amount - 1)] for n in range(BLOCK)]
        params = imitation_params(block_phases, [number] * BLOCK, config)
        params = params._replace(schedule=params.schedule._replace(steps=np.full(BLOCK, steps, np.int32)))
        # What fills up the block is at the end of its phase already, and costs nothing on a CPU.
        begun = np.where(np.arange(BLOCK) < kept, 0, steps).astype(np.int32)
        organisms = jax.tree.map(jnp.asarray, block.organisms)
        state = layout.place(State(organisms, initial_moments(organisms), *block[1:], begun))  # pyright: ignore[reportArgumentType]
        taken = []
        for step in range(0, steps + CHUNK, CHUNK):
            if step:
                state, _ = train(state, params)
                if held:
                    state = layout.place(
                        state._replace(organism=held(fetch(state.organism), block.organisms))
                    )
            found = fetch(measure(state.organism, state.seed, state.member, state.attempt))
            taken.append({name: rate[:kept] for name, rate in found.items()})
            if enough and enough({name: np.stack([one[name] for one in taken]) for name in taken[0]}):
                break
        nothing = [dict.fromkeys(taken[0], np.full(kept, np.nan))] * (steps // CHUNK + 1 - len(taken))
        readings.append({name: np.stack([one[name] for one in taken + nothing]) for name in taken[0]})
        ended.append(jax.tree.map(lambda leaf, kept=kept: np.asarray(leaf)[:kept], fetch(state.organism)))
    together = {name: np.concatenate([part[name] for part in readings], axis=1) for name in readings[0]}
    organisms = jax.tree.map(lambda *parts: np.concatenate(parts), *ended)
    return together, rows._replace(organisms=organisms)


def _blocks(rows: Rows) -> list[tuple[Rows, int]]:
    """The rows in blocks of one size, the last one filled up with its last row, and how many of each
    count."""
    found = []
    for start in range(0, rows.amount, BLOCK):
        which = np.minimum(np.arange(start, start + BLOCK), rows.amount - 1)
        found.append((rows.take(which), min(BLOCK, rows.amount - start)))
    return found
