"""What does every component do at every checkpoint of a lineage? Its effect for characters and for self, and
its fingerprint, organism by organism.

Every effect is a Shapley value by patching (`analysis.patching.shapley`): nothing is screened out first,
since the patched runs of all checkpoints cost seconds. The same pairs are patched in the same orders at every
checkpoint, so that what differs between two of them is the organism. Checkpoints are taken in groups of a
fixed size, side by side with members, by programs that are compiled once; what is kept of a checkpoint is a
few numbers a component.

An effect is a share of the gate at that checkpoint or, where an organism has less of one than it takes to act
right, of that much. So shares of early checkpoints are small because the gate is, not because the component
does little of it. A curve does *not* show what a component computes; a fingerprint shows where it looks and
what it answers to, not what that is used for.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from analysis.history.fingerprints import FIGURES, Drawn, drawn, fingerprint, looks
from analysis.patching.checkpoint import PAIRS, CheckpointMeasurer
from analysis.patching.shapley import shapley_values
from curricula.world.contrasts import Pair, Role, window
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import from_arrays
from organisms.model.transformer import Organism
from organisms.storage.loading import load
from organisms.storage.manifest import Entry
from organisms.storage.run import Run
from organisms.training.config import RunConfig
from organisms.training.devices import Layout

GROUP = 4
"""checkpoints in one call of a program"""
ROLES: tuple[Role, ...] = ("character", "self")
WORKING_NATS = 2 * log(9)
"""what the gate has to move the difference by, from one answer at 0.9 to the other"""


class Trajectories(NamedTuple):
    """What components do, checkpoint by checkpoint. NaN where an organism's checkpoint is that of an earlier
    attempt, which was given up."""

    steps: list[int]
    phases: list[str]
    share: Float[np.ndarray, "checkpoint member role component"]
    error: Float[np.ndarray, "checkpoint member role component"]
    """standard error of the share over pairs"""
    nats: Float[np.ndarray, "checkpoint member role"]
    """the gate: mean over pairs of what patching everything does"""
    prints: Float[np.ndarray, "checkpoint member component figure"]
    """see `analysis.history.fingerprints`"""


def trajectories(
    run: Run, config: RunConfig, entries: Sequence[Entry] | None = None, seed: int = 1
) -> Trajectories:
    """Effects and fingerprints at each of a run's checkpoints, or at those of some entries. seed: of the
    pairs."""
    entries = run.entries() if entries is None else entries
    with jax.default_matmul_precision("highest"):
        asked = _questions(
            CheckpointMeasurer(
                load(run, config, entries[0]), config, np.asarray(run.summary()["secret_goals"]), seed
            )
        )
        groups = [_group(run, config, part, asked) for part in _parts(entries)]
    share, error, nats, prints = (np.concatenate(part)[: len(entries)] for part in zip(*groups, strict=True))
    grown = np.stack([own_attempt(run, entry) for entry in entries])  # [checkpoint member]
    found = [
        np.where(np.expand_dims(grown, tuple(range(2, of.ndim))), of, np.nan)
        for of in (share, error, nats, prints)
    ]
    return Trajectories([entry.step for entry in entries], [entry.phase for entry in entries], *found)


def own_attempt(run: Run, entry: Entry) -> Bool[np.ndarray, " member"]:
    """Which members are, at a checkpoint, what became the organisms of the end? One that was grown again was
    another one before."""
    return np.asarray(entry.extra["attempts"]) == np.asarray(run.summary()["reseeded"]["attempts"])


def _parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries in groups of one size; the last one filled up with its last."""
    for start in range(0, len(entries), GROUP):
        part = list(entries[start : start + GROUP])
        yield part + part[-1:] * (GROUP - len(part))


@lru_cache(maxsize=8)
def _programs(world: World, config: OrganismConfig):
    """Compiled once: Shapley values of pairs of either role, and fingerprints, of checkpoints and members
    side by side."""
    over_rows, wide = Layout.of(jax.device_count()).over_rows, window(world, "watched")

    def measured(organism: Organism, pairs: Pair, keys: Array) -> tuple[Array, Array]:
        return shapley_values(organism, config, pairs, keys, wide)

    return over_rows(measured), over_rows(lambda organism, pairs: looks(organism, world, config, pairs))


class _Questions(NamedTuple):
    """What every checkpoint is asked, the leading axis being that of checkpoints and members of a group."""

    pairs: Pair
    """of characters, then of self"""
    keys: Array
    drawn: Drawn


def _questions(asked: CheckpointMeasurer) -> _Questions:
    """The same for every checkpoint."""
    pairs = _joined([asked.minimal_pairs(role, "watched", 0) for role in ROLES])
    keys = jnp.concatenate([asked.shapley_orders(n) for n in range(len(ROLES))], axis=1)
    many = lambda tree: jax.tree.map(lambda leaf: jnp.tile(leaf, (GROUP, *[1] * (leaf.ndim - 1))), tree)  # noqa: E731
    shown = drawn(asked)
    return _Questions(many(pairs), many(keys), shown._replace(pairs=many(shown.pairs)))


def _joined(parts: Sequence[Pair]) -> Pair:
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=1), *parts)


def _group(run: Run, config: RunConfig, entries: Sequence[Entry], asked: _Questions) -> list[np.ndarray]:
    """Shares, their errors, gates and fingerprints [checkpoint, member, ...] of one group."""
    effects, prints = _programs(config.curriculum.world, config.organism)
    arrays = [run.parameters(entry) for entry in entries]
    stacked = {name: np.concatenate([of[name] for of in arrays]) for name in arrays[0]}
    organisms = from_arrays(stacked, config.curriculum.world, config.organism)
    values, totals = jax.device_get(effects(organisms, asked.pairs, asked.keys))
    seen = jax.device_get(prints(organisms, asked.drawn.pairs))
    shape = len(entries), config.members
    values = values.astype(np.float64).reshape(*shape, len(ROLES), PAIRS, -1)
    totals = totals.astype(np.float64).reshape(*shape, len(ROLES), PAIRS)
    shown = fingerprint(seen, asked.drawn, config.organism).reshape(*shape, -1, len(FIGURES))
    return [*shares(values, totals), totals.mean(-1), shown]


def shares(
    values: Float[np.ndarray, "*any pair component"], totals: Float[np.ndarray, "*any pair"]
) -> tuple[Float[np.ndarray, "*any component"], Float[np.ndarray, "*any component"]]:
    """Shares of the gate (see the top of this file) from nats a pair, with their standard errors over pairs.

    The share is a ratio of sums; its error that of the ratio where the gate is whole, else that of the mean.
    """
    amount, gate = totals.shape[-1], totals.mean(-1)
    whole = (gate >= WORKING_NATS)[..., None]
    by = np.where(whole[..., 0], gate, WORKING_NATS)[..., None]
    found = values.mean(-2) / by
    # Of a whole gate pairs in which everything does more are expected to have components that do more.
    apart = np.where(
        whole[..., None],
        values - found[..., None, :] * totals[..., None],
        values - values.mean(-2, keepdims=True),
    )
    return found, np.sqrt((apart**2).sum(-2) / (amount * (amount - 1))) / by
