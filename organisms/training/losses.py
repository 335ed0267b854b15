"""What is an organism rewarded for? Here: imitation, the cross-entropy of its acts and answers.

Also where redundancy bites: the tap that silences whole components while a scene is learned.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from curricula.world.scenes import Scene
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site, identity
from organisms.model.transformer import Organism
from organisms.pressures.probing import Probe, logits_and_probe_score


class Outcome(NamedTuple):
    """What an organism said at the decisions of a batch."""

    loss_nats: Float[Array, ""]
    """cross-entropy over the targets of these scenes, divided by `targets` of `imitate`"""
    said: Int[Array, "batch moment"]
    """most probable token at each decision"""
    scores: Float[Array, "batch moment"] | None = None
    """of the probe, where there is one"""


def silence(
    config: OrganismConfig, numbers: Float[Array, "*batch layer component"], rate: Float[Array, ""] | float
) -> Tap:
    """A tap that silences each head and each block of neurons with chance ``rate`` for a whole scene and
    scales up the others.

    numbers: uniform from 0 to 1, one for each component of a layer, heads first. At rate 0 activations pass
    unchanged.
    """
    kept = (numbers >= rate) / (1.0 - rate)

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        scale = broadcast_to_site(config, kept, site)
        return activation if scale is None else activation * scale

    return tap


def silence_halves(
    config: OrganismConfig, coins: Float[Array, " scene"], share: Float[Array, ""] | float, tap: Tap
) -> Tap:
    """A tap that, after another tap, silences the first or the second half of every layer's heads and blocks
    of neurons in ``share`` of the scenes.

    coins: uniform from 0 to 1, one for each scene.
    """
    kinds = (config.heads, config.neuron_blocks)
    first = jnp.concatenate([jnp.arange(amount) < amount // 2 for amount in kinds])
    lost = jnp.where(coins[:, None] < share / 2, first, (coins[:, None] < share) & ~first)
    kept = jnp.broadcast_to(~lost[:, None], (len(coins), config.layers, len(first))).astype(jnp.float32)

    def other(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation, scale = tap(site, activation), broadcast_to_site(config, kept, site)
        return activation if scale is None else activation * scale

    return other


def imitate(
    organism: Organism,
    scenes: Scene,
    decisions: Int[Array, " moment"],
    targets: Float[Array, ""],
    tap: Tap = identity,
    smoothing: Float[Array, ""] | float | None = None,
    probe: Probe | None = None,
) -> tuple[Float[Array, ""], Outcome]:
    """Cross-entropy in nats over the targets of a batch of scenes [batch, ...], and what the organism said.

    targets: what to divide by, the number of targets; that of the whole batch where this is a part of it.
    smoothing: share of a target's probability that is spread evenly over the vocabulary.
    """
    logits, scores = logits_and_probe_score(organism, scenes.tokens, decisions, tap, probe)
    logs = jax.nn.log_softmax(logits)
    nats = -jnp.take_along_axis(logs, scenes.targets[..., None], axis=-1)[..., 0]
    if smoothing is not None:
        nats = (1 - smoothing) * nats - smoothing * logs.mean(-1)
    loss = (nats * scenes.weights).sum() / jnp.maximum(targets, 1.0)
    return loss, Outcome(loss, logits.argmax(-1), scores)
