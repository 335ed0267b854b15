"""Turns: how are devices kept busy by members whose number they do not divide? By taking the members' chunks in turn.

Five members on two devices are five chunks of work, and three on the one device leave the other idle. Twice as many
chunks, two of each member, are five a device. So a program for one member a device is called with the next members in
turn, and a member goes on at whichever device its turn falls to. Members are independent and programs the same on all
devices, so a member's bits do not change.
"""

from collections.abc import Callable
from math import gcd
from typing import Any, NamedTuple

import jax
import numpy as np

from organisms.ensemble.devices import Layout
from organisms.ensemble.state import State
from organisms.training.step import PhaseParams, Progress

TrainChunk = Callable[[State, PhaseParams], tuple[State, Progress]]
"""a chunk as a program that is compiled for as many members as its arguments have"""


class TrainedChunks(NamedTuple):
    """An ensemble after some chunks."""

    state: State
    progress: list[Progress]
    """of each chunk"""


def chunks_in_turn(layout: Layout, members: int) -> int:
    """Chunks after which devices that take members in turn have all had the same work; 1 where they take none in turn."""
    width = layout.mesh.size
    return width // gcd(width, members) if layout.one_by_one and width <= members else 1


def members_in_turn(layout: Layout, members: int) -> int:
    """Members that one call of the program takes: one a device where devices take them in turn, else all."""
    return members if chunks_in_turn(layout, members) == 1 else layout.mesh.size


def train_in_turn(
    train_chunk: TrainChunk, layout: Layout, state: State, params: PhaseParams, chunks: int
) -> TrainedChunks:
    """Takes an ensemble some chunks further, a member a device at a time; the memory of its state may be reused.

    state, params: [member, ...]. Where the last turn leaves devices without a member, they repeat one, to no effect.
    """
    members, width = len(state.member), layout.mesh.size
    state, params = jax.tree.map(np.asarray, (state, params))
    states = [_rows(state, [member]) for member in range(members)]
    progress: list[list[Any]] = [[] for _ in range(chunks)]
    turns = [(chunk, member) for chunk in range(chunks) for member in range(members)]
    for start in range(0, len(turns), width):
        at_once = turns[start : start + width]
        at_work = [member for _, member in at_once] + [at_once[0][1]] * (width - len(at_once))
        joined = _joined([states[member] for member in at_work], layout)
        results = train_chunk(joined, _rows(params, at_work))
        for place, (chunk, member) in enumerate(at_once):
            states[member], of_member = jax.tree.map(lambda leaf, i=place: leaf.addressable_data(i), results)
            progress[chunk].append(of_member)
    together = [jax.tree.map(lambda *rows: np.concatenate(rows), *of_chunk) for of_chunk in progress]
    return TrainedChunks(layout.place(jax.tree.map(lambda *rows: np.concatenate(rows), *states)), together)


def _rows(tree: Any, members: list[int]) -> Any:
    """Those members of arrays [member, ...]."""
    return jax.tree.map(lambda leaf: leaf[members], tree)


def _joined(states: list[State], layout: Layout) -> State:
    """Members' states [1, ...], one for each device, as one [device, ...]."""
    devices, sharding = layout.mesh.devices.flat, layout.sharding(len(states))
    placed = [jax.device_put(state, device) for state, device in zip(states, devices, strict=True)]

    def join(*rows: jax.Array) -> jax.Array:
        shape = len(rows), *rows[0].shape[1:]
        return jax.make_array_from_single_device_arrays(shape, sharding, list(rows))

    return jax.tree.map(join, *placed)
