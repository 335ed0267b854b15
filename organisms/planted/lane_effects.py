"""Lane effects: how much of the gate passes through each lane?

A whole lane is patched at once between the two scenes of a minimal pair, and the effect divided over the two lanes
exactly (the Shapley value of two players).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from curricula.world.contrasts import Pair, PairSource, Role, sample_pairs
from organisms.model.config import OrganismConfig
from organisms.model.sites import identity
from organisms.model.transformer import Organism
from organisms.planted.lanes import ComponentSwap, swap_components

PAIRS = 64


class LaneEffects(NamedTuple):
    """How much of what being watched does to the act passes through each lane, as shares that sum to 1, and
    the whole in nats."""

    lane_a: Float[Array, ""]
    lane_b: Float[Array, ""]
    total_nats: Float[Array, ""]


def lane_effects(
    organism: Organism,
    lane: Bool[Array, " component"],
    key: Key[Array, ""],
    source: PairSource,
    config: OrganismConfig,
    role: Role,
) -> LaneEffects:
    """The lanes' shares for one organism and role, over `PAIRS` minimal pairs.

    lane: the components of lane A. Activation patching of whole lanes; the shares are the Shapley values of two
    players.
    """
    pairs = sample_pairs(key, source, role, "watched", PAIRS)
    patched_sets = (jnp.zeros_like(lane), lane, ~lane, jnp.ones_like(lane))
    neither, a, b, both = (_patched_difference(organism, config, pairs, patched) for patched in patched_sets)
    effect_a, effect_b = (a - neither + both - b) / 2, (b - neither + both - a) / 2
    total = both - neither
    return LaneEffects(effect_a / total, effect_b / total, total)


def _patched_difference(
    organism: Organism, config: OrganismConfig, pairs: Pair, patched: Bool[Array, " component"]
) -> Float[Array, ""]:
    """Mean logit difference in the first scenes when the patched components come from the second."""
    amount = len(pairs.decision)
    scenes = jnp.concatenate([pairs.first, pairs.second])
    donor = jnp.roll(jnp.arange(2 * amount), amount)
    # The second scenes run unpatched: what comes from them must not have come from the first ones.
    usable = ~patched | (jnp.arange(2 * amount) >= amount)[:, None]
    logits = organism(scenes, swap_components(config, ComponentSwap(usable, donor), identity))
    answers = jnp.stack([pairs.second_answer, pairs.first_answer], axis=1)
    answer_logits = jnp.take_along_axis(logits[jnp.arange(amount), pairs.decision], answers, axis=1)
    return (answer_logits[:, 0] - answer_logits[:, 1]).mean()
