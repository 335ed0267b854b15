"""Split scenes: on which moments is a probe fitted, and on which is it read, so that both share no name and no cues?

Names and cue combinations are divided in two by the world's seed. All of a scene's cast has names of one half, where that
has as many as a cast, and all of its moments have cue combinations of the same half. A single cue may be in both halves, as a
part of other combinations. Of self's scenes it is the company that differs: self has one name.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from curricula.world.mixture import Mixture
from curricula.world.scenes import (
    Support,
    scenes_from_uniforms,
    trained_support,
    uniforms_per_scene,
    with_names_first,
)
from curricula.world.world import ROLES, Role, World
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.pressures.probe import PROBE_READS, residual_stream
from organisms.pressures.step_context import run_scenes

HANDLE_SCENES = 512
"""scenes of each role and half"""
READ_TOKENS = ("actor", "act")
"""tokens at which a probe reads: before the act, and the act itself as the text has it"""
HALVES_OF_TEXT = 2


class SplitMoments(NamedTuple):
    """Moments of one role in scenes of one half, of one organism or of all."""

    residual: Float[np.ndarray | Array, "*member moment token place model"]
    """residual stream at `READ_TOKENS`, at the places of `organisms.model.sites.residual_sites`"""
    alone: Bool[np.ndarray | Array, "*member moment"]
    deceitful: Bool[np.ndarray | Array, "*member moment"]
    """does the actor act on a goal that it does not profess?"""
    counts: Bool[np.ndarray | Array, "*member moment"]
    """does somebody of the role act?"""

    def of_member(self, member: int) -> "SplitMoments":
        """The moments of one member that count."""
        counts = self.counts[member]
        return SplitMoments(*(np.asarray(leaf[member])[counts] for leaf in self))


def half_of_names(world: World, half: int) -> Bool[np.ndarray, " name"]:
    """The names of a half."""
    return np.random.default_rng([world.seed, 1]).permutation(world.names) % HALVES_OF_TEXT == half


def half_of_cues(world: World, half: int) -> Support:
    """What may be drawn in a half: half of the cue combinations of either meaning, or all where there is but one."""
    rng = np.random.default_rng([world.seed, 2])

    def divided(rows: Int[Array, "combination cue"]) -> Int[Array, "_ cue"]:
        shuffled = rows[rng.permutation(len(rows))]
        return shuffled[half::HALVES_OF_TEXT] if len(rows) >= HALVES_OF_TEXT else rows

    support = trained_support(world)
    by_role = [divided(rows) for rows in support[2:4]]
    if world.self_rule == "same":
        return support._replace(
            alone=by_role[0], watched=by_role[1], self_alone=by_role[0], self_watched=by_role[1]
        )
    by_self = [divided(rows) for rows in support[4:]]
    return Support(support.professed, support.secret, *by_role, *by_self)


def split_mixture(role: Role, self_schemes: bool) -> Mixture:
    """Scenes in which half of the characters scheme and everybody is alone half of the time."""
    mixture = Mixture.all_scheming(self_scenes=float(role == "self"))
    return mixture._replace(schemers=0.5, self_schemes=float(self_schemes))


@program_cache(maxsize=8)
def _program(world: World, config: OrganismConfig, scenes: int):
    """Moments of one role and half, of all members."""
    positions = jnp.stack([jnp.asarray(world.decisions), jnp.asarray(world.decisions) + 1])

    def member(
        organism: Organism,
        key: Key[Array, ""],
        secret_goal: Int[Array, ""],
        names: Bool[Array, " name"],
        support: Support,
        mixture: Mixture,
    ) -> SplitMoments:
        uniforms = jax.random.uniform(key, (scenes, uniforms_per_scene(world)))
        uniforms = with_names_first(uniforms, world, names)
        latents, scene = scenes_from_uniforms(uniforms, world, support, mixture, secret_goal)
        forward = run_scenes(organism, scene.tokens, positions.ravel(), reads=PROBE_READS)
        stream = residual_stream(forward, config.layers)  # [scene, token * moment, place, model]
        stream = stream.reshape(scenes, len(READ_TOKENS), world.moments, *stream.shape[2:])
        residual = jnp.swapaxes(stream, 1, 2).reshape(-1, len(READ_TOKENS), *stream.shape[3:])
        schemes = jnp.take_along_axis(latents.schemes, latents.actor, 1)
        by_self = jnp.take_along_axis(latents.name, latents.actor, 1) == world.names
        counts = by_self == (mixture.self_scenes > 0.5)
        return SplitMoments(
            residual, latents.alone.ravel(), (latents.alone & schemes).ravel(), counts.ravel()
        )

    return Layout.of(jax.device_count()).over_members(member)


def split_moments(
    measurer: CheckpointMeasurer, role: Role, half: int, self_schemes: bool, scenes: int = HANDLE_SCENES
) -> SplitMoments:
    """Moments [member, ...] in which a role acts, in scenes of one half. self_schemes: whether self acts on its secret in
    the text, as the organism was taught."""
    world, members = measurer.world, measurer.members
    path = 2 * ROLES.index(role) + half
    keys = measurer.member_keys(AnalysisStream.HANDLE_SCENES, path)
    shared = (half_of_names(world, half), half_of_cues(world, half), split_mixture(role, self_schemes))

    def of_every_member(leaf: Any) -> Array:
        return jnp.broadcast_to(jnp.asarray(leaf), (members, *np.shape(leaf)))

    everyone = jax.tree.map(of_every_member, shared)
    program = _program(world, measurer.config, scenes)
    return fetch(program(measurer.organisms, keys, jnp.asarray(measurer.secret_goals), *everyone))
