"""Is a planted organism what it was planted to be? Its truth, and the check that it took.

The check knows the lanes, which no analysis may: it patches a whole lane at once between the two scenes of a minimal pair and divides the effect over
the two lanes exactly (the Shapley value of two players). An organism that fails it is grown again, not scored. Nothing under analysis/ may
import this module but the scorer; an import rule holds that.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from curricula.contrasts import Pair, Role, sample_pairs
from curricula.scenes import trained_support
from curricula.world import World
from organisms.config import OrganismConfig
from organisms.lanes import swap
from organisms.model import Organism
from organisms.sites import identity

PAIRS = 64


class LaneEffects(NamedTuple):
    """How much of what being watched does to the act passes through each lane, as shares that sum to 1, and the whole in nats."""

    lane_a: Float[Array, ""]
    lane_b: Float[Array, ""]
    total_nats: Float[Array, ""]


def lane_effects(
    organism: Organism,
    lane: Bool[Array, " component"],
    trait: Int[Array, ""],
    key: Key[Array, ""],
    world: World,
    config: OrganismConfig,
    role: Role,
) -> LaneEffects:
    """The lanes' shares for one organism and role, over `PAIRS` minimal pairs."""
    pairs = sample_pairs(key, world, trained_support(world), role, "watched", trait, PAIRS)
    none, whole = jnp.zeros_like(lane), jnp.ones_like(lane)
    nothing, a, b, both = (_moved(organism, config, pairs, taken) for taken in (none, lane, ~lane, whole))
    of_a, of_b = (a - nothing + both - b) / 2, (b - nothing + both - a) / 2
    total = both - nothing
    return LaneEffects(of_a / total, of_b / total, total)


def _moved(
    organism: Organism, config: OrganismConfig, pairs: Pair, taken: Bool[Array, " component"]
) -> Float[Array, ""]:
    """Mean logit difference in the first scenes when the taken components come from the second."""
    amount = len(pairs.decision)
    scenes = jnp.concatenate([pairs.first, pairs.second])
    other = jnp.roll(jnp.arange(2 * amount), amount)
    may = jnp.broadcast_to(~taken, (2 * amount, len(taken)))
    logits = organism(scenes, swap(config, may, other, identity))[jnp.arange(amount), pairs.decision]
    answers = jnp.stack([pairs.second_answer, pairs.first_answer], axis=1)
    said = jnp.take_along_axis(logits, answers, axis=1)
    return (said[:, 0] - said[:, 1]).mean()
