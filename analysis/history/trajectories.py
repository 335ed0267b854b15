"""Trajectories: what does every component do at every checkpoint of a run? Its effect for characters and for
self, and its fingerprint, organism by organism.

Every effect is a Shapley value by patching (`analysis.patching.shapley`). Nothing is screened out first,
since the patched runs of all checkpoints cost seconds. The same pairs are patched in the same orders at every
checkpoint, so that what differs between two of them is the organism. Checkpoints are taken in groups of a
fixed size, side by side with members, by programs that are compiled once. What is stored of a checkpoint is a
few numbers a component.

An effect is a share of the gate at that checkpoint or, where the gate is smaller than it takes to act right,
of that much. So shares of early checkpoints are small because the gate is, not because the component does
little of it. A curve does *not* show what a component computes. A fingerprint shows what it attends and
responds to, not what that is used for.
"""

from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.history.fingerprints import (
    FIGURES,
    FingerprintScenes,
    fingerprint_scenes,
    fingerprints_from,
    record_responses,
)
from analysis.patching.checkpoint import PAIRS, CheckpointMeasurer
from analysis.patching.shapley import shapley_values
from curricula.world.contrasts import Pair, window
from curricula.world.world import ROLES, World
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import from_arrays
from organisms.model.transformer import Organism
from organisms.storage.loading import load, secret_goals_of
from organisms.storage.manifest import Entry
from organisms.storage.run import Run

GROUP = 4
"""number of checkpoints in one call of a program"""
WORKING_NATS = 2 * log(9)
"""logit difference from one answer at a probability of 0.9 to the other: the least gate to act by"""


class RoleChange(NamedTuple):
    """A component comes to serve a role, or leaves it. Numbers are of checkpoints, components and roles."""

    checkpoint: int
    last_old: int
    """the last checkpoint at which it surely had not"""
    first_new: int
    """the first at which it surely had"""
    component: int
    role: int
    comes: bool
    is_event: bool
    """is it more than a drift across a threshold?"""


class Trajectories(NamedTuple):
    """What components do, checkpoint by checkpoint. NaN where a member's checkpoint is of an earlier attempt,
    which was reseeded."""

    steps: list[int]
    phases: list[str]
    share: Float[np.ndarray, "checkpoint member role component"]
    error: Float[np.ndarray, "checkpoint member role component"]
    """standard error of the share over pairs"""
    nats: Float[np.ndarray, "checkpoint member role"]
    """the gate: mean over pairs of what patching everything does"""
    fingerprints: Float[np.ndarray, "checkpoint member component figure"]
    """see `analysis.history.fingerprints`"""


def trajectories(
    run: Run, config: RunConfig, entries: Sequence[Entry] | None = None, seed: int = 1
) -> Trajectories:
    """Effects and fingerprints at each of a run's checkpoints, or at those of some entries. seed: of the
    pairs."""
    entries = run.entries() if entries is None else entries
    with jax.default_matmul_precision("highest"):
        secret_goals = secret_goals_of(run)
        inputs = _inputs(CheckpointMeasurer(load(run, config, entries[0]), config, secret_goals, seed))
        groups = [_measured(run, config, group, inputs) for group in _groups(entries)]
    measured = (np.concatenate(parts)[: len(entries)] for parts in zip(*groups, strict=True))
    final = np.stack([final_attempt(run, entry) for entry in entries])  # [checkpoint member]
    numbers = [
        np.where(np.expand_dims(final, tuple(range(2, values.ndim))), values, np.nan) for values in measured
    ]
    return Trajectories([entry.step for entry in entries], [entry.phase for entry in entries], *numbers)


def final_attempt(run: Run, entry: Entry) -> Bool[np.ndarray, " member"]:
    """Which members of a checkpoint became the organisms of the end? A reseeded member was another organism
    until then."""
    return np.asarray(entry.extra["attempts"]) == np.asarray(run.summary()["reseeded"]["attempts"])


def _groups(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries in groups of one size; the last one filled up with its last."""
    for start in range(0, len(entries), GROUP):
        group = list(entries[start : start + GROUP])
        yield group + group[-1:] * (GROUP - len(group))


@program_cache(maxsize=8)
def _programs(world: World, config: OrganismConfig):
    """Compiled once: Shapley values of pairs of either role, and fingerprints, of checkpoints and members
    side by side."""
    over_rows, stretch = Layout.of(jax.device_count()).over_rows, window(world, "watched")

    def measured(organism: Organism, pairs: Pair, orders: Array) -> tuple[Array, Array]:
        return shapley_values(organism, config, pairs, orders, stretch)

    responses = lambda organism, pairs: record_responses(organism, world, config, pairs)  # noqa: E731
    return over_rows(measured), over_rows(responses)


class _Inputs(NamedTuple):
    """Scenes and orders of every checkpoint; the leading axis is checkpoints and members of a group."""

    pairs: Pair
    """of characters, then of self"""
    orders: Array
    """in which components are patched"""
    scenes: FingerprintScenes


def _inputs(measurer: CheckpointMeasurer) -> _Inputs:
    pairs = _joined([measurer.minimal_pairs(role, "watched", 0) for role in ROLES])
    orders = jnp.concatenate([measurer.shapley_orders(n) for n in range(len(ROLES))], axis=1)
    tiled = lambda tree: jax.tree.map(lambda leaf: jnp.tile(leaf, (GROUP, *[1] * (leaf.ndim - 1))), tree)  # noqa: E731
    scenes = fingerprint_scenes(measurer)
    return _Inputs(tiled(pairs), tiled(orders), scenes._replace(pairs=tiled(scenes.pairs)))


def _joined(parts: Sequence[Pair]) -> Pair:
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=1), *parts)


def _measured(run: Run, config: RunConfig, entries: Sequence[Entry], inputs: _Inputs) -> list[np.ndarray]:
    """Shares, their errors, gates and fingerprints [checkpoint, member, ...] of one group."""
    effects, responses = _programs(config.curriculum.world, config.organism)
    arrays = [run.parameters(entry) for entry in entries]
    stacked = {name: np.concatenate([parameters[name] for parameters in arrays]) for name in arrays[0]}
    organisms = from_arrays(stacked, config.curriculum.world, config.organism)
    values, totals = jax.device_get(effects(organisms, inputs.pairs, inputs.orders))
    recorded = jax.device_get(responses(organisms, inputs.scenes.pairs))
    shape = len(entries), config.members
    values = values.astype(np.float64).reshape(*shape, len(ROLES), PAIRS, -1)
    totals = totals.astype(np.float64).reshape(*shape, len(ROLES), PAIRS)
    figures = fingerprints_from(recorded, inputs.scenes).reshape(*shape, -1, len(FIGURES))
    return [*gate_shares(values, totals), totals.mean(-1), figures]


def gate_shares(
    values: Float[np.ndarray, "*any pair component"], totals: Float[np.ndarray, "*any pair"]
) -> tuple[Float[np.ndarray, "*any component"], Float[np.ndarray, "*any component"]]:
    """Shares of the gate (see the top of this file) from nats a pair, with their standard errors over pairs.

    The share is a ratio of sums; its error that of the ratio where the gate is whole, else that of the mean.
    """
    amount, gate = totals.shape[-1], totals.mean(-1)
    whole = (gate >= WORKING_NATS)[..., None]
    denominator = np.where(whole[..., 0], gate, WORKING_NATS)[..., None]
    share = values.mean(-2) / denominator
    # In pairs in which everything does more, components do more as well: no error where the gate is whole.
    deviation = np.where(
        whole[..., None],
        values - share[..., None, :] * totals[..., None],
        values - values.mean(-2, keepdims=True),
    )
    return share, np.sqrt((deviation**2).sum(-2) / (amount * (amount - 1))) / denominator
