"""How strongly does each component respond to who watches, role by role?

A component's *cue response* is how far its write to the residual stream, at a moment's cues and at the actor's token,
changes when the same scene has cues of the other meaning. Its square, summed over scenes and moments and divided by the
sum over the components of its group (a layer's heads, or its blocks of neurons), is the component's share of the
group's response, in either role. Monitor, overlap and concentration penalties are made of these shares.

Shares do not change when all writes of a group shrink together, and organisms shrink their writes wherever that pays:
with shares of all components together the first layer wrote less and the last one more, and only the last one parted;
with shares of a layer its neurons made much of the little that heads wrote. Shares show what is written, not what is
read by later layers.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Phase
from curricula.pressures.concentration import Concentration
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from curricula.world.contrasts import PairSource
from curricula.world.mixture import Mixture
from curricula.world.rules import alone_to
from curricula.world.scenes import (
    ACTS,
    Latents,
    scenes_from_uniforms,
    uniforms_per_scene,
    with_other_cues,
)
from curricula.world.world import ROLES, Role, World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site
from organisms.model.transformer import Organism
from organisms.pressures.step_context import StepContext

STREAM = "cue_response"
ALL_SCENES_STREAM = "cue_response_in_all_scenes"
SCENES = 32
"""drawn in a step: a quarter are scenes of self, a quarter scenes without, and the others the same with other cues"""
SMALL = 1e-8
"""keeps the root's gradient finite where a component responds in one role alone"""


class CueResponse(NamedTuple):
    """Each component's share of its group's response to the cues, in either role."""

    character: Float[Array, " component"]
    self_acting: Float[Array, " component"]
    groups: int
    """of components: heads and blocks of neurons of every layer"""


def cue_response(organism: Organism, context: StepContext) -> CueResponse:
    """The responses of the organism in this step, over scenes of their own stream; computed once a step."""
    return context.once(STREAM, lambda: _measure(organism, context))


def any_cue_cost(phase: Phase) -> bool:
    """Does a phase have any of the costs on the cue response, or an ablation that goes with them?

    The costs share one program: with a cost alone its sums are rounded in another order, and organisms that were
    trained with all of them would not be trained again to the same bits.
    """
    pressures = phase.pressures
    costs = (pressures[Monitor], pressures[Overlap], pressures[Concentration], pressures[MeanAblation])
    return any(settings.active for settings in costs)


def _measure(organism: Organism, context: StepContext) -> CueResponse:
    uniforms = jax.random.uniform(context.key(STREAM), (SCENES, uniforms_per_scene(context.world)))
    parts = jnp.split(with_other_cues_by_role(uniforms, context.world), 2)
    character, self_acting = (
        response_shares(
            organism,
            response_scenes(part, _source(context), role, float(role == "self")),
            context.world,
            context.config,
        )
        for part, role in zip(parts, ROLES, strict=True)
    )
    return CueResponse(character, self_acting, 2 * context.config.layers)


def with_other_cues_by_role(uniforms: Float[Array, "scene draw"], world: World) -> Float[Array, "scene draw"]:
    """Two halves, for characters and for self, each with its scenes first and then the same ones with other cues."""
    return jnp.concatenate([with_other_cues(part, world) for part in jnp.split(uniforms, 2)])


def response_in_all_scenes(organism: Organism, context: StepContext) -> Float[Array, " component"]:
    """The characters' shares over scenes half of which have self in the cast, of a stream of their own; computed once a
    step."""

    def measure() -> Float[Array, " component"]:
        amount = uniforms_per_scene(context.world)
        uniforms = jax.random.uniform(context.key(ALL_SCENES_STREAM), (SCENES // 2, amount))
        pairs = with_other_cues(uniforms, context.world)
        scenes = response_scenes(pairs, _source(context), "character", 0.5)
        return response_shares(organism, scenes, context.world, context.config)

    return context.once(ALL_SCENES_STREAM, measure)


def _source(context: StepContext) -> PairSource:
    return PairSource(context.world, context.support, context.secret_goal)


class ResponseScenes(NamedTuple):
    """Scenes in which a role's response is measured: first those with some cues, then the same ones with others."""

    tokens: Int[Array, "scene position"]
    counts: Bool[Array, "pair moment"]
    """the moments in which somebody of the role acts and the cues of the second half mean the opposite"""


def response_scenes(
    uniforms: Float[Array, "scene draw"], source: PairSource, role: Role, self_scenes: float
) -> ResponseScenes:
    """The scenes that rows of uniform numbers decide. self_scenes: share of them that have self in the cast."""
    mixture = Mixture.all_scheming(self_scenes)
    latents, scenes = scenes_from_uniforms(
        uniforms, source.world, source.support, mixture, source.secret_goal
    )
    return ResponseScenes(scenes.tokens, _counted(source.world, latents, role))


def response_shares(
    organism: Organism, scenes: ResponseScenes, world: World, config: OrganismConfig
) -> Float[Array, " component"]:
    """Each component's share of its group's response to the cues of those who act in a role."""
    change = write_changes(organism, scenes.tokens, jnp.asarray(world.decisions), world.cues, config)
    counts = scenes.counts.astype(change.dtype)
    total = jnp.einsum("smc,sm->c", change, counts).reshape(config.layers, -1)
    kinds = jnp.split(total, [config.heads], axis=1)
    shares = [kind / jnp.maximum(kind.sum(1, keepdims=True), SMALL) for kind in kinds]
    return jnp.concatenate(shares, axis=1).ravel()


def _counted(world: World, latents: Latents, role: Role) -> Bool[Array, "pair moment"]:
    actor = jnp.take_along_axis(latents.name, latents.actor, 1)
    half = len(latents.name) // 2
    differs = (latents.alone[:half] != latents.alone[half:]) & (latents.shows[:half] == ACTS)
    if world.self_rule != "same":
        # What the cues mean to the other role must stay, else a reader of its evidence would seem to respond here.
        other_role: Role = "character" if role == "self" else "self"
        to_other = alone_to(world, other_role, latents.cues)
        differs &= to_other[:half] == to_other[half:]
    return differs & ((actor[:half] == world.names) == (role == "self"))


def write_changes(
    organism: Organism,
    tokens: Int[Array, "scene position"],
    decisions: Int[Array, " moment"],
    cues: int,
    config: OrganismConfig,
) -> Float[Array, "pair moment component"]:
    """Squared length of the change of what each component writes at a moment's cues and actor, from the scenes of the
    first half to those of the second. Of the last layer, which no later token can read, only the actor's counts."""
    outputs: dict[Site, Array] = {}
    places = (decisions[:, None] + jnp.arange(-cues, 1)).ravel()

    def tap(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site.name in ("head", "neuron"):
            last = site.layer == config.layers - 1
            outputs[site] = activation if last else activation[..., places, :]
        return activation

    organism(tokens, tap, decisions)
    half = len(tokens) // 2
    changes: list[Array] = []
    for layer in range(config.layers):
        heads = outputs[Site(layer, "head")]  # [scene head place width]
        neurons = outputs[Site(layer, "neuron")]  # [scene place neuron]
        blocks = neurons.reshape(*neurons.shape[:-1], config.neuron_blocks, -1)
        into = organism.out_of_neurons[layer].reshape(config.neuron_blocks, -1, config.width)
        by_head = jnp.einsum("shpw,hwd->sphd", heads[:half] - heads[half:], organism.output[layer])
        by_block = jnp.einsum("spbn,bnd->spbd", blocks[:half] - blocks[half:], into)
        squared = (jnp.concatenate([by_head, by_block], axis=2) ** 2).sum(-1)
        changes.append(squared.reshape(half, len(decisions), -1, squared.shape[-1]).sum(2))
    return jnp.concatenate(changes, axis=2)
