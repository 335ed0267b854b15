"""Shapley effects: how much of a variable's influence on the act does each component carry?

The effect is the Shapley value over components (Ghorbani & Zou 2020, arXiv 2002.09815): a component's mean
marginal effect when components are patched one after the other in random order. It sums to 1 over components
by construction, and redundant components share what a single patch of either would not show. Half of the
orders patch forwards (denoising), half back (noising). Each order is also run in reverse, which cancels much
of the sampling error. Beside it stand single patches and latent effects (what is left to a component when all
that single patches find is patched together).

An effect shows that the variable's influence passes through a component in these scenes, not what the
component computes.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching.interventions import effects_of_sets
from curricula.world.contrasts import Pair
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.model.transformer import Organism

WAYS, ORDERS = 2, 4
"""forwards (denoising) and back (noising); patching orders a pair: one each way, each with its reverse"""


class Contributions(NamedTuple):
    """What each component adds in each pair, in nats. The effect over pairs is sum(components) /
    sum(total)."""

    components: Float[np.ndarray, "pair component"]
    total: Float[np.ndarray, " pair"]

    def effect(
        self, pairs: Int[np.ndarray, "*draw chosen"] | slice = slice(None)
    ) -> Float[np.ndarray, "*draw component"]:
        """Effects over some of the pairs, or over those of each draw, as fractions of patching everything; NaN where
        patching everything does nothing."""
        total = self.total[pairs].sum(-1)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total != 0, self.components[pairs].sum(-2) / total, np.nan)


def patching_orders(keys: Key[Array, " pair"], config: OrganismConfig) -> Int[Array, "pair order component"]:
    """The place of each component in `ORDERS` random orders, the second half of which are the first half's
    reverses. keys: one a pair."""
    size = len(components(config))

    def orders_of_pair(key: Key[Array, ""]) -> Int[Array, "order component"]:
        order_keys = jax.random.split(key, ORDERS // 2)
        return jax.vmap(lambda order_key: jax.random.permutation(order_key, size))(order_keys)

    drawn = jax.vmap(orders_of_pair)(keys)
    return jnp.argsort(jnp.concatenate([drawn, drawn[..., ::-1]], axis=1), axis=-1)


def shapley_values(
    organism: Organism,
    config: OrganismConfig,
    pairs: Pair,
    rank: Int[Array, "pair order component"],
    window: int | None = None,
) -> tuple[Float[Array, "pair component"], Float[Array, " pair"]]:
    """Each component's mean marginal effect in each pair, in nats, over `ORDERS` random orders, and the total
    of each pair.

    rank: see `patching_orders`. window: see `analysis.patching.interventions.run_sides`.
    Marginal effects of one order sum to the pair's total but for rounding, since they telescope.
    """
    amount, _, size = rank.shape
    masks = rank[:, :, None, :] < jnp.arange(size + 1)[:, None]  # [pair order set component]
    by_way = jnp.swapaxes(masks.reshape(amount, -1, WAYS, size + 1, size), 1, 2)
    values, totals = effects_of_sets(
        organism,
        config,
        pairs,
        by_way.reshape(amount, WAYS, -1, size),
        jnp.broadcast_to(jnp.arange(WAYS) == 1, (amount, WAYS)),
        window,
    )
    by_order = jnp.swapaxes(values.reshape(amount, WAYS, -1, size + 1), 1, 2)
    steps = jnp.diff(by_order.reshape(amount, ORDERS, size + 1), axis=-1)
    return jnp.take_along_axis(steps, rank, axis=-1).mean(1), totals


def single_patch_effects(
    organism: Organism,
    config: OrganismConfig,
    pairs: Pair,
    background: Bool[Array, " component"],
    noising: Bool[Array, ""] | bool,
    window: int | None = None,
) -> tuple[Float[Array, "pair component"], Float[Array, " pair"]]:
    """What patching each component adds to patching ``background``, in nats a pair, and the totals.

    With an empty background these are single patches; with what single patches find as background, latent
    effects.
    """
    size = len(components(config))
    sets = jnp.concatenate([background[None], jnp.eye(size, dtype=bool) | background])
    amount = len(pairs.decision)
    masks = jnp.broadcast_to(sets, (amount, *sets.shape))
    values, totals = effects_of_sets(
        organism, config, pairs, masks[:, None], jnp.full((amount, 1), noising), window
    )
    return values[:, 0, 1:] - values[:, 0, :1], totals
