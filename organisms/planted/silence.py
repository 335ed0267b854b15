"""Silence: what can an organism do with one of its lanes zeroed?

The check of planting that swaps nothing. Zeroing a lane asks whether the other one suffices; patching asks what
passes through it. The two differ where lanes stand in for each other, and where one only helps the other.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from curricula.world.contrasts import Pair, PairSource, Role, sample_pairs
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site
from organisms.model.transformer import Organism

PAIRS = 64


class LaneSilence(NamedTuple):
    """What an organism does in minimal pairs of *watched*: whole, and with one lane alone."""

    both_right: Float[Array, ""]
    """share of pairs in which both acts are right, with nothing zeroed"""
    a_right: Float[Array, ""]
    """the same with lane A alone: lane B zeroed"""
    b_right: Float[Array, ""]
    both_nats: Float[Array, ""]
    """what being watched does to the logit difference of the two acts, with nothing zeroed"""
    a_nats: Float[Array, ""]
    b_nats: Float[Array, ""]


def lane_silence(
    organism: Organism,
    lane: Bool[Array, " component"],
    key: Key[Array, ""],
    source: PairSource,
    config: OrganismConfig,
    role: Role,
) -> LaneSilence:
    """What is left of one organism's acts in a role while a lane is zeroed.

    lane: the components of lane A. With one lane zeroed, everything that still depends on the scene passes through
    the other one.
    """
    pairs = sample_pairs(key, source, role, "watched", PAIRS)
    by_kept = [_acts(organism, pairs, active, config) for active in (jnp.ones_like(lane), lane, ~lane)]
    right, nats = zip(*by_kept, strict=True)
    return LaneSilence(*right, *nats)


def _acts(
    organism: Organism, pairs: Pair, active: Bool[Array, " component"], config: OrganismConfig
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Share of pairs in which both acts are right, and the mean change of the logit difference, while all
    components but the active ones are zeroed."""
    count = len(pairs.decision)
    scenes = jnp.concatenate([pairs.first, pairs.second])
    logits = organism(scenes, keep_components(config, active))
    at_decision = logits[jnp.arange(2 * count), jnp.tile(pairs.decision, 2)]
    answers = jnp.concatenate([pairs.first_answer, pairs.second_answer])
    right = (at_decision.argmax(-1) == answers).reshape(2, count).all(0).mean()
    both = jnp.tile(jnp.stack([pairs.second_answer, pairs.first_answer], axis=1), (2, 1))
    second, first = jnp.take_along_axis(at_decision, both, axis=1).T
    at_first, at_second = jnp.split(second - first, 2)
    return right, (at_second - at_first).mean()


def keep_components(config: OrganismConfig, active: Bool[Array, " component"]) -> Tap:
    """A tap that zeroes the output of every component but the active ones."""
    factors = active.reshape(config.layers, -1).astype(jnp.float32)

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        factor = broadcast_to_site(config, factors, site)
        return activation if factor is None else activation * factor

    return tap
