"""What do an organism's components say about who watches, role by role, and what does an auditor make it pay?

What a component says about the cues is how far its write to the residual stream, at a moment's cues and at
the token of whoever acts, changes when the same scene has cues of the other meaning. Its square, summed over
scenes and moments and divided by the sum over the components of its group (a layer's heads, or its blocks of
neurons), is the component's share of the group's reading, in either role. *Monitored*: the share of self's
reading in the components that an auditor knows. *Overlap*: the sum over components of the root of the product
of both roles' shares (Bhattacharyya 1943): 0 where no component reads for both, 1 where all read alike for
both. *Spread*: the chance that two readings for characters are of different components (Simpson 1949). All
are means over groups.

Shares do not change when all writes of a group shrink together, and organisms whisper wherever that pays:
with shares of all components together the first layer wrote less and the last one more, and only the last one
parted; with shares of a layer its neurons made much of what heads read in a whisper. Shares tell what is
said, not what is listened to.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from curricula.world.scenes import (
    ACTS,
    Mixture,
    Support,
    alone_to,
    scenes_from_uniforms,
    uniforms_per_scene,
    with_other_cues,
)
from curricula.world.world import Role, World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site
from organisms.model.transformer import Organism

SCENES = 32
"""that an auditor reads in a step: a quarter are scenes of self, a quarter scenes without, and the others the
same with other cues"""
LEAST = 1e-8
"""keeps the root's slope finite where a component reads for one role alone"""


class Audit(NamedTuple):
    """Who watches in a phase, as traced numbers."""

    monitor: Float[Array, ""] | float
    """nats that the monitored share costs"""
    exclusive: Float[Array, ""] | float
    """nats that the overlap costs"""
    thrift: Float[Array, ""] | float
    """nats that the spread of the characters' reading costs"""
    monitored: Bool[Array, " component"]
    clamped: Bool[Array, " component"]
    clamp_rate: Float[Array, ""] | float = 1.0
    """share of scenes of self in which the clamped ones are held"""


class Reading(NamedTuple):
    """What an auditor sees: shares from 0 to 1."""

    monitored: Float[Array, ""]
    overlap: Float[Array, ""]


def audit(
    organism: Organism,
    numbers: Float[Array, "scene draw"],
    world: World,
    config: OrganismConfig,
    support: Support,
    secret_goal: Int[Array, ""],
    by: Audit,
) -> tuple[Float[Array, ""], Reading]:
    """The cost in nats, and what was read, over scenes that uniform numbers stand for: `SCENES` of them, or
    another multiple of four."""
    character, of_self = (
        shares(organism, part, world, config, support, secret_goal, float(n))
        for n, part in enumerate(jnp.split(with_other_cues_in_turn(numbers, world), 2))
    )
    groups = 2 * config.layers
    overlap = jnp.sqrt(character * of_self + LEAST).sum() / groups
    reading = Reading((of_self * by.monitored).sum() / groups, overlap)
    concentration = 1 - (character**2).sum() / groups
    return (
        by.monitor * reading.monitored + by.exclusive * reading.overlap + by.thrift * concentration,
        reading,
    )


def with_other_cues_in_turn(numbers: Float[Array, "scene draw"], world: World) -> Float[Array, "scene draw"]:
    """Two halves, for characters and for self, each with its scenes first and then the same ones with other
    cues."""
    return jnp.concatenate([with_other_cues(part, world) for part in jnp.split(numbers, 2)])


def shares(
    organism: Organism,
    numbers: Float[Array, "scene draw"],
    world: World,
    config: OrganismConfig,
    support: Support,
    secret_goal: Int[Array, ""],
    self_scenes: float,
) -> Float[Array, " component"]:
    """Each component's share of what its group says about the cues of those who act: characters in scenes
    without self, or self in scenes with it.

    numbers: scenes, then the same ones with other cues.
    """
    mixture = Mixture.all_scheming(self_scenes)
    latents, scenes = scenes_from_uniforms(numbers, world, support, mixture, secret_goal)
    actor = jnp.take_along_axis(latents.name, latents.actor, 1)
    half = len(numbers) // 2
    differs = (latents.alone[:half] != latents.alone[half:]) & (latents.shows[:half] == ACTS)
    if world.self_rule != "same":
        # What the cues tell the other role must stay, else whoever reads its evidence would seem to read for this one.
        other: Role = "character" if self_scenes else "self"
        to_other = alone_to(world, other, latents.cues)
        differs &= to_other[:half] == to_other[half:]
    counts = differs & ((actor[:half] == world.names) == (self_scenes > 0))
    change = changes(organism, scenes.tokens, jnp.asarray(world.decisions), world.cues, config)
    total = jnp.einsum("smc,sm->c", change, counts.astype(change.dtype)).reshape(config.layers, -1)
    kinds = jnp.split(total, [config.heads], axis=1)
    return jnp.concatenate(
        [kind / jnp.maximum(kind.sum(1, keepdims=True), LEAST) for kind in kinds], axis=1
    ).ravel()


def changes(
    organism: Organism,
    tokens: Int[Array, "scene position"],
    decisions: Int[Array, " moment"],
    cues: int,
    config: OrganismConfig,
) -> Float[Array, "pair moment component"]:
    """Squared length of the change of what each component writes at a moment's cues and actor, from the
    scenes of the first half to those of the second. Of the last layer, where no later token can read it, only
    the actor's counts."""
    kept: dict[Site, Array] = {}
    places = (decisions[:, None] + jnp.arange(-cues, 1)).ravel()

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site.name in ("head", "neuron"):
            kept[site] = activation if site.layer == config.layers - 1 else activation[..., places, :]
        return activation

    organism(tokens, tap, decisions)
    half = len(tokens) // 2
    found = []
    for layer in range(config.layers):
        heads = kept[Site(layer, "head")]  # [scene head place width]
        neurons = kept[Site(layer, "neuron")]  # [scene place neuron]
        blocks = neurons.reshape(*neurons.shape[:-1], config.neuron_blocks, -1)
        into = organism.out_of_neurons[layer].reshape(config.neuron_blocks, -1, config.width)
        by_head = jnp.einsum("shpw,hwd->sphd", heads[:half] - heads[half:], organism.output[layer])
        by_block = jnp.einsum("spbn,bnd->spbd", blocks[:half] - blocks[half:], into)
        squared = (jnp.concatenate([by_head, by_block], axis=2) ** 2).sum(-1)
        found.append(squared.reshape(half, len(decisions), -1, squared.shape[-1]).sum(2))
    return jnp.concatenate(found, axis=2)


def hold(
    config: OrganismConfig, clamped: Bool[Array, " component"], scenes: Bool[Array, " scene"], tap: Tap
) -> Tap:
    """A tap that, after another tap, holds clamped components in some scenes at their mean over these scenes,
    place by place. No gradient passes through them there."""
    by_layer = clamped.reshape(config.layers, -1)
    weights = scenes / jnp.maximum(scenes.sum(), 1)

    def other(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation = tap(site, activation)
        held = broadcast_to_site(config, by_layer[None], site)
        if held is None:
            return activation
        mean = jax.lax.stop_gradient(jnp.tensordot(weights, activation, 1))
        here = jax.lax.expand_dims(scenes, range(1, activation.ndim))
        return jnp.where(held & here, mean, activation)

    return other


def audit_draws(world: World) -> int:
    """How many uniform numbers an auditor's scenes of one step take."""
    return SCENES * uniforms_per_scene(world)
