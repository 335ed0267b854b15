"""What of who watches passes through an organism's components, role by role, and what does an auditor make it pay?

What passes through a component is what the change of its output, at a moment's cues and at the token of whoever acts, from a scene to the same scene with cues
of the other meaning, does to the acts by their slope (attribution patching; Nanda 2023, Syed et al. 2023, arXiv 2310.10348). Its square, summed over scenes and
moments and divided by the sum over the components of its group (a layer's heads, or its blocks of neurons), is the component's share of the group's reading,
in either role. *Overlap*: the sum over components of the root of the product
of both roles' shares (Bhattacharyya 1943): 0 where no component reads for both, 1 where all read alike for both. *Spread*: the chance that two readings for
characters are of different components (Simpson 1949). Both are means over groups. *Monitored*: how much of what the cues do to self's acts passes through the
components that an auditor knows, patched together.

Shares do not change when all of a group shrinks together. What was tried before, the length of what a component writes in place of what it does, taught
organisms to whisper where they were heard and to shout where they were not (docs/incentives.md). A slope is of the first order: what acts only over a long
way is not seen.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from curricula.scenes import ACTS, Mixture, Scene, Support, draws, settle, with_other_cues, write
from curricula.world import World
from organisms.config import OrganismConfig
from organisms.lanes import Swap, swap
from organisms.model import Organism
from organisms.sites import Site, Tap, identity, spread

SCENES = 32
"""that an auditor reads in a step: a quarter are scenes of self, a quarter scenes without, and the others the same with other cues"""
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
    trait: Int[Array, ""],
    by: Audit,
) -> tuple[Float[Array, ""], Reading]:
    """The cost in nats, and what was read, over scenes that uniform numbers stand for: `SCENES` of them, or another multiple of four."""
    of_characters_numbers, of_self_numbers = jnp.split(with_other_cues_in_turn(numbers, world), 2)
    character = shares(organism, of_characters_numbers, world, config, support, trait, 0.0)
    of_self = shares(organism, of_self_numbers, world, config, support, trait, 1.0)
    groups = 2 * config.layers
    own, counts = acted(of_self_numbers, world, support, trait, 1.0)
    passed = passes(organism, own, counts, jnp.asarray(world.decisions), config, by.monitored)
    reading = Reading(passed, jnp.sqrt(character * of_self + LEAST).sum() / groups)
    spread = 1 - (character**2).sum() / groups
    return by.monitor * reading.monitored + by.exclusive * reading.overlap + by.thrift * spread, reading


def acted(
    numbers: Float[Array, "scene draw"], world: World, support: Support, trait: Int[Array, ""], self_scenes: float
) -> tuple[Scene, Bool[Array, "pair moment"]]:
    """Scenes in which everybody schemes, the second half those of the first with other cues, and where in them whoever is asked about (self in scenes with it,
    characters in scenes without) acts on cues of another meaning."""
    mixture = Mixture(self_scenes, 1.0, 0.0, 0.5, 1.0, 1.0)
    latents = jax.vmap(lambda u: settle(u, world, support, mixture, trait))(numbers)
    scenes = jax.vmap(lambda l: write(world, l, mixture))(latents)
    actor = jnp.take_along_axis(latents.name, latents.actor, 1)
    half = len(numbers) // 2
    differs = (latents.alone[:half] != latents.alone[half:]) & (latents.shows[:half] == ACTS)
    return scenes, differs & ((actor[:half] == world.names) == (self_scenes > 0))


def passes(
    organism: Organism,
    scenes: Scene,
    counts: Bool[Array, "pair moment"],
    decisions: Int[Array, " moment"],
    config: OrganismConfig,
    taken: Bool[Array, " component"],
) -> Float[Array, ""]:
    """How much of what the other cues do to the acts passes through some components, patched together from the scenes of the second half into those of the first:
    squared nats of the logit difference over those that all of it moves. No gradient passes through the latter: there is nothing to gain by being surer."""
    half = len(scenes.tokens) // 2
    may = ~taken | (jnp.arange(2 * half) >= half)[:, None]
    plain = organism(scenes.tokens, at=decisions)
    patched = organism(
        scenes.tokens, swap(config, Swap(may, jnp.roll(jnp.arange(2 * half), half)), identity), decisions
    )
    answers = jnp.stack([scenes.targets[half:], scenes.targets[:half]], axis=-1)

    def differences(logits: Float[Array, "pair moment vocabulary"]) -> Float[Array, "pair moment"]:
        of_answers = jnp.take_along_axis(logits, answers, axis=-1)
        return of_answers[..., 0] - of_answers[..., 1]

    first, second, moved = (differences(part) for part in (plain[:half], plain[half:], patched[:half]))
    whole = jax.lax.stop_gradient((counts * (second - first) ** 2).sum())
    return (counts * (moved - first) ** 2).sum() / jnp.maximum(whole, LEAST)


def with_other_cues_in_turn(numbers: Float[Array, "scene draw"], world: World) -> Float[Array, "scene draw"]:
    """Two halves, for characters and for self, each with its scenes first and then the same ones with other cues."""
    return jnp.concatenate([with_other_cues(part, world) for part in jnp.split(numbers, 2)])


def shares(
    organism: Organism,
    numbers: Float[Array, "scene draw"],
    world: World,
    config: OrganismConfig,
    support: Support,
    trait: Int[Array, ""],
    self_scenes: float,
) -> Float[Array, " component"]:
    """Each component's share of what its group says about the cues of those who act: characters in scenes without self, or self in scenes with it.

    numbers: scenes, then the same ones with other cues.
    """
    scenes, counts = acted(numbers, world, support, trait, self_scenes)
    change = heard(organism, scenes, jnp.asarray(world.decisions), world.cues, config)
    total = jnp.einsum("smc,sm->c", change, counts.astype(change.dtype)).reshape(config.layers, -1)
    kinds = jnp.split(total, [config.heads], axis=1)
    return jnp.concatenate([kind / jnp.maximum(kind.sum(1, keepdims=True), LEAST) for kind in kinds], axis=1).ravel()


def heard(
    organism: Organism,
    scenes: Scene,
    decisions: Int[Array, " moment"],
    cues: int,
    config: OrganismConfig,
) -> Float[Array, "pair moment component"]:
    """Square of what the change of each component at a moment's cues and actor, from the scenes of the first half to those of the second, does to the acts by
    the slope: nats of the logit difference between the second scene's act and the first's, summed over decisions, in first order.

    Of the last layer, where no later token can read it, the actor's place alone counts.
    """
    half, places = len(scenes.tokens) // 2, (decisions[:, None] + jnp.arange(-cues, 1)).ravel()
    first, second = (
        jax.tree.map(lambda leaf, part=part: leaf[part], scenes) for part in (slice(half), slice(half, None))
    )

    def said(tokens: Int[Array, "scene position"], more: dict[Site, Array]) -> tuple[Array, dict[Site, Array]]:
        """Logits, and the outputs of components, to each of which something may be added."""
        kept: dict[Site, Array] = {}

        def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
            if site.name not in ("head", "neuron"):
                return activation
            kept[site] = activation
            return activation + more[site] if more else activation

        return organism(tokens, tap, decisions), kept

    def difference(more: dict[Site, Array]) -> tuple[Float[Array, ""], dict[Site, Array]]:
        logits, kept = said(first.tokens, more)
        answers = jnp.stack([second.targets, first.targets], axis=-1)
        of_answers = jnp.take_along_axis(logits, answers, axis=-1)
        return (of_answers[..., 0] - of_answers[..., 1]).sum(), kept

    _, other = said(second.tokens, {})
    slopes, own = jax.grad(difference, has_aux=True)(jax.tree.map(jnp.zeros_like, other))
    found = []
    for layer in range(config.layers):
        for name, count in (("head", config.heads), ("neuron", config.neuron_blocks)):
            site = Site(layer, name)
            moved = (other[site] - own[site]) * slopes[site]
            moved = jnp.moveaxis(moved, 1, -2) if name == "head" else moved.reshape(*moved.shape[:-1], count, -1)
            by_place = moved.sum(-1)  # [pair place component]
            if layer < config.layers - 1:
                by_place = by_place[:, places]
            found.append(by_place.reshape(half, len(decisions), -1, count).sum(2) ** 2)
    return jnp.concatenate(found, axis=2)


def hold(config: OrganismConfig, clamped: Bool[Array, " component"], of_self: Bool[Array, " scene"], tap: Tap) -> Tap:
    """A tap that, after another tap, holds clamped components in scenes of self at their mean over these scenes, place by place. No gradient
    passes through them there."""
    by_layer = clamped.reshape(config.layers, -1)
    weights = of_self / jnp.maximum(of_self.sum(), 1)

    def other(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation = tap(site, activation)
        held = spread(config, by_layer[None], site)
        if held is None:
            return activation
        mean = jax.lax.stop_gradient(jnp.tensordot(weights, activation, 1))
        here = jax.lax.expand_dims(of_self, range(1, activation.ndim))
        return jnp.where(held & here, mean, activation)

    return other


def audit_draws(world: World) -> int:
    """How many uniform numbers an auditor's scenes of one step take."""
    return SCENES * draws(world)
