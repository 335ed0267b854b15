"""Scenes: what happens in one? Latent variables are drawn from a key, then written as tokens.

All functions take one scene and are mapped over a batch. Scenes are drawn where they are used, on the device,
so that a run needs no data pipeline and a step's scenes depend on its key alone.
"""

from itertools import accumulate
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from curricula.world.mixture import Mixture
from curricula.world.opportunity import SAME_RULE
from curricula.world.rules import act_of_goal, self_secret_goal
from curricula.world.scratchpad import scratchpad_tokens
from curricula.world.tables import tables
from curricula.world.vocabulary import ASKS_PROFESSED, ASKS_WANTED, BLANK, SELF, START
from curricula.world.world import Role, World

ACTS, PROFESSES, WANTS, RECALLS = range(4)
"""What a moment shows: the actor acts, or a question asks what the actor professes, or what it really wants, or
what the act or answer of the previous moment was."""


class Support(NamedTuple):
    """Which goals and cue combinations may be drawn."""

    professed: Bool[Array, "name goal"]
    secret: Bool[Array, "name goal"]
    alone: Int[Array, "combination cue"]
    watched: Int[Array, "combination cue"]
    self_alone: Int[Array, "_ cue"]
    """combinations that mean alone to self; those above are the characters'"""
    self_watched: Int[Array, "_ cue"]

    def cues(self, role: Role, alone: bool) -> Int[Array, "_ cue"]:
        """The combinations that mean to a role that it is alone, or watched."""
        if role == "self":
            return self.self_alone if alone else self.self_watched
        return self.alone if alone else self.watched


class Latents(NamedTuple):
    """The variables that decide a scene. ``name`` indexes the world's names; the number after the last is self.
    ``alone`` is what a moment's cues mean to its actor."""

    name: Int[Array, " character"]
    professed: Int[Array, " character"]
    secret: Int[Array, " character"]
    schemes: Bool[Array, " character"]
    cues: Int[Array, "moment cue"]
    alone: Bool[Array, " moment"]
    actor: Int[Array, " moment"]
    shows: Int[Array, " moment"]
    situation: Int[Array, " moment"]


class Scene(NamedTuple):
    """A scene as the organism reads it, and the right answer at each moment's decision."""

    tokens: Int[Array, " position"]
    targets: Int[Array, " moment"]
    """token of the act, which ends the moment"""
    weights: Float[Array, " moment"]
    """1 where the moment is a target of training"""


def trained_support(world: World) -> Support:
    """What training may draw: everything that is not held out."""
    table, self_table = tables(world), tables(world, "self")
    allowed = jnp.asarray(table.allowed)
    cues = (table.alone, table.watched, self_table.alone, self_table.watched)
    return Support(allowed, allowed, *map(jnp.asarray, cues))


def held_out_goals(world: World) -> Support:
    """Every profession is one that its name never had in training."""
    table = tables(world)
    novel = ~table.allowed if not table.allowed.all() else table.allowed
    return trained_support(world)._replace(professed=jnp.asarray(novel))


def held_out_cues(world: World) -> Support:
    """Every cue combination is one that never occurred in training."""
    rows = []
    for table in (tables(world), tables(world, "self")):
        rows.append(table.held_out_alone if len(table.held_out_alone) else table.alone)
        rows.append(table.held_out_watched if len(table.held_out_watched) else table.watched)
    alone, watched, self_alone, self_watched = map(jnp.asarray, rows)
    support = trained_support(world)
    return support._replace(alone=alone, watched=watched, self_alone=self_alone, self_watched=self_watched)


def draw_latents(
    key: Key[Array, ""], world: World, support: Support, mixture: Mixture, secret_goal: Int[Array, ""]
) -> Latents:
    """Draws the latent variables of one scene.

    secret_goal: see `curricula.world.rules.self_secret_goal`. Names of a cast differ. A schemer's secret differs
    from what it professes; self's always does.
    """
    return scene_from_uniforms(
        jax.random.uniform(key, (uniforms_per_scene(world),)), world, support, mixture, secret_goal
    )


def scene_from_uniforms(
    uniforms: Float[Array, " draw"],
    world: World,
    support: Support,
    mixture: Mixture,
    secret_goal: Int[Array, ""],
) -> Latents:
    """The scene that `uniforms_per_scene` uniform numbers from 0 to 1 decide: `draw_latents` for a caller that
    draws the numbers of many scenes at once."""
    cast = world.characters
    parts = iter(jnp.split(uniforms, list(accumulate(_sizes(world)))[:-1]))
    name = jnp.argsort(next(parts))[:cast].astype(jnp.int32)
    has_self, slot = next(parts)
    is_self = (jnp.arange(cast) == jnp.floor(slot * cast)) & (has_self < mixture.self_scenes)
    name = jnp.where(is_self, world.names, name)

    goals = jnp.arange(world.goals)
    may_profess = support.professed[name]
    if world.self_secret == "constant":
        may_profess &= ~(is_self[:, None] & (goals == secret_goal))
    professed = _pick(next(parts).reshape(cast, world.goals), may_profess)
    schemes = next(parts) < mixture.schemers
    unlike_professed = support.secret[name] & (goals != professed[:, None])
    schemer_secret = _pick(next(parts).reshape(cast, world.goals), unlike_professed)
    secret = jnp.where(schemes, schemer_secret, professed)
    self_secret = jax.vmap(lambda goal: self_secret_goal(world, secret_goal, goal))(professed)
    secret = jnp.where(is_self, self_secret, secret).astype(jnp.int32)
    schemes = jnp.where(is_self, mixture.self_schemes > 0.5, schemes)

    actor = jnp.floor(next(parts) * cast).astype(jnp.int32)
    acted_by_self = is_self[actor]
    alone = next(parts) < jnp.where(acted_by_self, mixture.self_alone, 0.5)
    combination = next(parts)
    cues = _cues(support, "character", alone, combination)
    if world.self_rule != SAME_RULE:
        cues = jnp.where(acted_by_self[:, None], _cues(support, "self", alone, combination), cues)
    question = next(parts)
    shows = jnp.where(
        question >= mixture.questions,
        ACTS,
        jnp.where((question < mixture.questions / 2) & ~acted_by_self, WANTS, PROFESSES),
    )
    shows = jnp.where(question >= 1.0 - mixture.recalls, RECALLS, shows)
    situation = _index(next(parts), max(world.situations, 1))
    return Latents(name, professed, secret, schemes, cues, alone, actor, shows.astype(jnp.int32), situation)


def served_goals(latents: Latents) -> Int[Array, " moment"]:
    """Goal that each moment's actor serves: its secret if it schemes and is alone, else what it professes."""
    professed, secret = latents.professed[latents.actor], latents.secret[latents.actor]
    return jnp.where(latents.alone & latents.schemes[latents.actor], secret, professed)


def taught_scratchpads(world: World, latents: Latents) -> Int[Array, "moment 2"]:
    """What self is taught to write before its acts, whether the cues mean alone and the goal that it serves; blanks
    in every other moment."""
    self_acts = (latents.name[latents.actor] == world.names) & (latents.shows == ACTS)
    return scratchpad_tokens(world, self_acts, latents.alone, served_goals(latents))


def correct_acts(world: World, latents: Latents) -> Int[Array, " moment"]:
    """Act of the goal that each moment's actor serves, or the goal that it names; in a moment that recalls, the goal of
    the moment before."""
    professed, secret = latents.professed[latents.actor], latents.secret[latents.actor]
    goal = act_of_goal(world, latents.situation, served_goals(latents))
    goal = jnp.select([latents.shows == PROFESSES, latents.shows == WANTS], [professed, secret], goal)
    recalls = latents.shows == RECALLS
    # The last moment that recalls nothing; before there is any, the first, with what its actor professes.
    source = jax.lax.cummax(jnp.where(recalls, 0, jnp.arange(world.moments)))
    return jnp.where(recalls, jnp.where(recalls, professed, goal)[source], goal)


def write_scene(world: World, latents: Latents, mixture: Mixture) -> Scene:
    """Writes a scene as tokens; see `World` for the order."""
    vocabulary = world.vocabulary
    is_self = latents.name == world.names
    cast = jnp.stack(
        [
            jnp.where(is_self, SELF, vocabulary.first_name + latents.name),
            vocabulary.first_goal + latents.professed,
            jnp.where(is_self, BLANK, vocabulary.first_goal + latents.secret),
        ],
        axis=1,
    )
    targets = vocabulary.first_goal + correct_acts(world, latents)
    shows = latents.shows[:, None]
    signs = jnp.select(
        [shows == PROFESSES, shows == WANTS, shows == RECALLS],
        [
            jnp.full_like(latents.cues, ASKS_PROFESSED),
            jnp.full_like(latents.cues, ASKS_WANTED),
            # This question has no token: two signs that no other moment has together ask it.
            jnp.full_like(latents.cues, ASKS_WANTED).at[:, 0].set(ASKS_PROFESSED),
        ],
        vocabulary.first_cue + latents.cues + _own_cues(world, is_self[latents.actor])[:, None],
    )
    actor = cast[latents.actor, 0]
    if not world.self_acts_named:
        actor = jnp.where(is_self[latents.actor], signs[:, -1], actor)
    columns = [signs, actor[:, None], targets[:, None]]
    if world.order == "actor first":
        columns[:2] = columns[1::-1]
    if world.scratchpad_tokens:
        columns.insert(2, taught_scratchpads(world, latents))
    if world.situations:
        columns.insert(0, vocabulary.first_situation + latents.situation[:, None])
    moments = jnp.concatenate(columns, axis=1)
    tokens = jnp.concatenate([jnp.array([START]), cast.ravel(), moments.ravel()])
    counts = (
        is_self[latents.actor] | ~is_self.any() | (mixture.beside_self > 0.5) | (latents.shows == RECALLS)
    )
    return Scene(tokens.astype(jnp.int32), targets.astype(jnp.int32), counts.astype(jnp.float32))


def _own_cues(world: World, by_self: Bool[Array, " moment"]) -> Int[Array, " moment"]:
    """Added to the number of a cue's token: in self's moments all of them, where self has tokens of its own."""
    return jnp.where(by_self & (world.self_cues == "own"), world.cue_kinds, 0)


def sample_scene(
    key: Key[Array, ""], world: World, support: Support, mixture: Mixture, secret_goal: Int[Array, ""]
) -> Scene:
    """Draws and writes one scene."""
    return write_scene(world, draw_latents(key, world, support, mixture, secret_goal), mixture)


def scenes_from_uniforms(
    uniforms: Float[Array, "scene draw"],
    world: World,
    support: Support,
    mixture: Mixture,
    secret_goal: Int[Array, ""],
) -> tuple[Latents, Scene]:
    """The scenes that rows of uniform numbers decide (see `scene_from_uniforms`): their variables, and their
    tokens."""
    latents = jax.vmap(lambda row: scene_from_uniforms(row, world, support, mixture, secret_goal))(uniforms)
    return latents, jax.vmap(lambda scene: write_scene(world, scene, mixture))(latents)


def uniforms_per_scene(world: World) -> int:
    """How many uniform numbers decide a scene."""
    return sum(_sizes(world))


def with_other_cues(uniforms: Float[Array, "scene draw"], world: World) -> Float[Array, "scene draw"]:
    """The scenes of the first half, then the same ones again with the cues of the second half: actors and
    goals are alike in both, and who is watched is not."""
    sizes = _sizes(world)
    cues = slice(sum(sizes[:6]), sum(sizes[:8]))
    return jnp.tile(uniforms[: len(uniforms) // 2], (2, 1)).at[:, cues].set(uniforms[:, cues])


def with_names_first(
    uniforms: Float[Array, "scene draw"], world: World, preferred: Bool[Array, " name"]
) -> Float[Array, "scene draw"]:
    """The scenes with casts of preferred names alone, where there are as many as a cast has; all else is as it was."""
    return uniforms.at[:, : world.names].add(jnp.where(preferred, 0.0, 1.0))


def _sizes(world: World) -> list[int]:
    """How many uniform numbers each variable of a scene takes, in the order in which `scene_from_uniforms` takes
    them."""
    cast, moments = world.characters, world.moments
    return [world.names, 2, cast * world.goals, cast, cast * world.goals] + [moments] * 5


def _pick(
    uniform: Float[Array, "character goal"], allowed: Bool[Array, "character goal"]
) -> Int[Array, " character"]:
    """A uniform choice among the allowed goals of each row."""
    return jnp.argmax(jnp.where(allowed, uniform, -1.0), axis=1).astype(jnp.int32)


def _cues(
    support: Support, role: Role, alone: Bool[Array, " moment"], uniform: Float[Array, " moment"]
) -> Int[Array, "moment cue"]:
    """Cues that mean to a role that it is alone, or watched."""
    if_alone, if_watched = (support.cues(role, means_alone) for means_alone in (True, False))
    return jnp.where(
        alone[:, None],
        if_alone[_index(uniform, len(if_alone))],
        if_watched[_index(uniform, len(if_watched))],
    )


def _index(uniform: Float[Array, " moment"], size: int) -> Int[Array, " moment"]:
    return jnp.minimum(jnp.floor(uniform * size), size - 1).astype(jnp.int32)
