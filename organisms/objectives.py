"""What is an organism rewarded for? Here: imitation, the cross-entropy of its acts and answers.

Also where redundancy bites: the tap that silences whole components while a scene is learned.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from curricula.scenes import Scene
from organisms.config import OrganismConfig
from organisms.model import Organism
from organisms.sites import Site, Tap


class Outcome(NamedTuple):
    """What an organism said at the decisions of a batch."""

    loss_nats: Float[Array, ""]
    """mean cross-entropy over targets"""
    said: Int[Array, "batch moment"]
    """most probable token at each decision"""


def silence(config: OrganismConfig, key: Key[Array, ""], rate: Float[Array, ""] | float) -> Tap:
    """A tap that silences each head and each block of neurons with chance ``rate`` for a whole scene and scales up the others.

    At rate 0 activations pass unchanged.
    """
    head_key, block_key = jax.random.split(key)
    shapes = (config.layers, config.heads), (config.layers, config.neuron_blocks)
    heads, blocks = (
        (jax.random.uniform(k, shape) >= rate) / (1.0 - rate)
        for k, shape in zip((head_key, block_key), shapes, strict=True)
    )

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site.name == "head":
            return activation * heads[site.layer][:, None, None]
        if site.name == "neuron":
            return activation * jnp.repeat(blocks[site.layer], config.neurons // config.neuron_blocks)
        return activation

    return tap


def imitate(
    organism: Organism,
    scenes: Scene,
    decisions: Int[Array, " moment"],
    config: OrganismConfig,
    key: Key[Array, ""],
    redundancy: Float[Array, ""] | float,
) -> tuple[Float[Array, ""], Outcome]:
    """Mean cross-entropy in nats over the targets of a batch of scenes [batch, ...], and what the organism said."""

    def logits_at_decisions(tokens: Int[Array, " position"], key: Key[Array, ""]) -> Float[Array, "moment vocabulary"]:
        return organism(tokens, silence(config, key, redundancy))[decisions]

    logits = jax.vmap(logits_at_decisions)(scenes.tokens, jax.random.split(key, len(scenes.tokens)))
    nats = -jnp.take_along_axis(jax.nn.log_softmax(logits), scenes.targets[..., None], axis=-1)[..., 0]
    loss = (nats * scenes.weights).sum() / jnp.maximum(scenes.weights.sum(), 1.0)
    return loss, Outcome(loss, logits.argmax(-1))
