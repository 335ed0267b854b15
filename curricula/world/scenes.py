"""What happens in a scene? Latent variables are drawn from a key, then written as tokens.

All functions take one scene and are mapped over a batch. Scenes are drawn where they are used, on the device,
so that a run needs no data pipeline and a step's scenes depend on its key alone.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from curricula.world.vocabulary import ASKS_PROFESSED, ASKS_WANTED, BLANK, SELF, START
from curricula.world.world import Role, World, meanings, tables

ACTS, PROFESSES, WANTS, RECALLS = range(4)
"""What a moment shows: the actor acts, or is asked what it professes, or what it really wants, or what was
said the moment before."""


class Mixture(NamedTuple):
    """What kinds of scenes are drawn: traced numbers, so that one compiled program serves every phase."""

    self_scenes: Float[Array, ""] | float
    """share of scenes that have self in the cast"""
    schemers: Float[Array, ""] | float
    """share of characters whose secret differs from what they profess"""
    questions: Float[Array, ""] | float
    """share of moments that are questions"""
    self_alone: Float[Array, ""] | float
    """share of self's moments in which nobody watches; characters are alone in half of theirs"""
    self_schemes: Float[Array, ""] | float
    """1: self acts on its secret when alone; 0: self always acts on what it professes"""
    beside_self: Float[Array, ""] | float
    """1: acts of characters who share a scene with self are targets as well; 0: only self's are"""
    recalls: Float[Array, ""] | float = 0.0
    """share of moments, taken from the acts, that ask what was said the moment before, and in the first what
    its actor professes; they are targets whoever is asked"""

    @classmethod
    def all_scheming(
        cls, self_scenes: Float[Array, ""] | float, questions: float = 0.0, beside_self: float = 1.0
    ) -> "Mixture":
        """Scenes in which everybody schemes, self included, and is alone half of the time."""
        return cls(
            self_scenes=self_scenes,
            schemers=1.0,
            questions=questions,
            self_alone=0.5,
            self_schemes=1.0,
            beside_self=beside_self,
        )


class Support(NamedTuple):
    """Which goals and cue combinations may be drawn."""

    professed: Bool[Array, "name goal"]
    secret: Bool[Array, "name goal"]
    alone: Int[Array, "combination cue"]
    watched: Int[Array, "combination cue"]
    self_alone: Int[Array, "_ cue"]
    """as the two above, for moments in which self acts"""
    self_watched: Int[Array, "_ cue"]

    def cues(self, role: Role, alone: bool) -> Int[Array, "_ cue"]:
        """The combinations that mean to a role that it is alone, or watched."""
        if role == "self":
            return self.self_alone if alone else self.self_watched
        return self.alone if alone else self.watched


class Latents(NamedTuple):
    """The variables that decide a scene. ``name`` indexes the world's names; the number after the last is
    self."""

    name: Int[Array, " character"]
    professed: Int[Array, " character"]
    secret: Int[Array, " character"]
    schemes: Bool[Array, " character"]
    cues: Int[Array, "moment cue"]
    alone: Bool[Array, " moment"]
    """to whoever acts"""
    actor: Int[Array, " moment"]
    shows: Int[Array, " moment"]
    situation: Int[Array, " moment"]


class Scene(NamedTuple):
    """A scene as the organism sees it, and what it should say at each moment's decision."""

    tokens: Int[Array, " position"]
    targets: Int[Array, " moment"]
    """token that follows the actor's"""
    weights: Float[Array, " moment"]
    """1 where the moment is a target of training"""


def trained_support(world: World) -> Support:
    """What training may draw: everything that is not held out."""
    table, own = tables(world), tables(world, "self")
    allowed = jnp.asarray(table.allowed)
    cues = (table.alone, table.watched, own.alone, own.watched)
    return Support(allowed, allowed, *map(jnp.asarray, cues))


def held_out_goals(world: World) -> Support:
    """Every profession is one that its name never had in training."""
    table = tables(world)
    novel = ~table.allowed if not table.allowed.all() else table.allowed
    return trained_support(world)._replace(professed=jnp.asarray(novel))


def held_out_cues(world: World) -> Support:
    """Every cue combination is one that never occurred in training."""
    found = []
    for table in (tables(world), tables(world, "self")):
        found.append(table.held_out_alone if len(table.held_out_alone) else table.alone)
        found.append(table.held_out_watched if len(table.held_out_watched) else table.watched)
    alone, watched, self_alone, self_watched = map(jnp.asarray, found)
    support = trained_support(world)
    return support._replace(alone=alone, watched=watched, self_alone=self_alone, self_watched=self_watched)


def self_secret_goal(world: World, secret_goal: Int[Array, ""], professed: Int[Array, ""]) -> Int[Array, ""]:
    """Self's secret goal, which no text tells.

    trait is the organism's own number: the goal itself under ``self_secret="constant"``, else the shift of
    the rule, secret = professed + 1 + trait mod (goals - 1), which never equals what is professed.
    """
    if world.self_secret == "constant":
        return jnp.asarray(secret_goal, jnp.int32)
    return ((professed + 1 + secret_goal % (world.goals - 1)) % world.goals).astype(jnp.int32)


def draw_latents(
    key: Key[Array, ""], world: World, support: Support, mixture: Mixture, secret_goal: Int[Array, ""]
) -> Latents:
    """Draws the latent variables of one scene.

    trait: see `self_secret_goal`. Names of a cast differ. A schemer's secret differs from what it professes;
    self's always does.
    """
    return scene_from_uniforms(
        jax.random.uniform(key, (uniforms_per_scene(world),)), world, support, mixture, secret_goal
    )


def scene_from_uniforms(
    numbers: Float[Array, " draw"],
    world: World,
    support: Support,
    mixture: Mixture,
    secret_goal: Int[Array, ""],
) -> Latents:
    """The scene that uniform numbers from 0 to 1, `uniforms_per_scene` of them, stand for: `draw_latents` for whoever draws many
    scenes' numbers at once."""
    cast = world.characters
    keys = iter(jnp.split(numbers, _cuts(world)))
    name = jnp.argsort(next(keys))[:cast].astype(jnp.int32)
    has_self, slot = next(keys)
    is_self = (jnp.arange(cast) == jnp.floor(slot * cast)) & (has_self < mixture.self_scenes)
    name = jnp.where(is_self, world.names, name)

    goals = jnp.arange(world.goals)
    may_profess = support.professed[name]
    if world.self_secret == "constant":
        may_profess &= ~(is_self[:, None] & (goals == secret_goal))
    professed = _pick(next(keys).reshape(cast, world.goals), may_profess)
    schemes = next(keys) < mixture.schemers
    other = _pick(next(keys).reshape(cast, world.goals), support.secret[name] & (goals != professed[:, None]))
    secret = jnp.where(schemes, other, professed)
    of_self = jax.vmap(lambda goal: self_secret_goal(world, secret_goal, goal))(professed)
    secret = jnp.where(is_self, of_self, secret).astype(jnp.int32)
    schemes = jnp.where(is_self, mixture.self_schemes > 0.5, schemes)

    actor = jnp.floor(next(keys) * cast).astype(jnp.int32)
    acted_by_self = is_self[actor]
    alone = next(keys) < jnp.where(acted_by_self, mixture.self_alone, 0.5)
    which = next(keys)
    cues = _cues(support, "character", alone, which)
    if world.self_rule != "same":
        cues = jnp.where(acted_by_self[:, None], _cues(support, "self", alone, which), cues)
    asked = next(keys)
    shows = jnp.where(
        asked >= mixture.questions,
        ACTS,
        jnp.where((asked < mixture.questions / 2) & ~acted_by_self, WANTS, PROFESSES),
    )
    shows = jnp.where(asked >= 1.0 - mixture.recalls, RECALLS, shows)
    situation = _index(next(keys), max(world.situations, 1))
    return Latents(name, professed, secret, schemes, cues, alone, actor, shows.astype(jnp.int32), situation)


def correct_acts(world: World, latents: Latents) -> Int[Array, " moment"]:
    """Goal that each moment's actor serves or names: the secret if it schemes and is alone, else what it
    professes; or the one named before."""
    professed, secret = latents.professed[latents.actor], latents.secret[latents.actor]
    schemes = latents.schemes[latents.actor]
    done = jnp.where(latents.alone & schemes, secret, professed)
    done = act_of_goal(world, latents.situation, done)
    done = jnp.select([latents.shows == PROFESSES, latents.shows == WANTS], [professed, secret], done)
    recalls = latents.shows == RECALLS
    # The last moment that shows something of its own; before there is any, the first, with what its actor professes.
    source = jax.lax.cummax(jnp.where(recalls, 0, jnp.arange(world.moments)))
    return jnp.where(recalls, jnp.where(recalls, professed, done)[source], done)


def alone_to(world: World, role: Role, cues: Int[Array, "*any cue"]) -> Bool[Array, "*any"]:
    """Do the cues mean to those who act in a role that nobody watches?"""
    digits = world.cue_kinds ** np.arange(world.cues)[::-1]
    return jnp.asarray(meanings(world, role))[cues @ jnp.asarray(digits, jnp.int32)]


def with_actor(world: World, latents: Latents, actor: Int[Array, " moment"]) -> Latents:
    """The same scene with others acting, each of them alone or watched as it takes the cues."""
    latents = latents._replace(actor=actor)
    if world.self_rule == "same":
        return latents
    by_self = latents.name[actor] == world.names
    alone = jnp.where(by_self, *(alone_to(world, role, latents.cues) for role in ("self", "character")))
    return latents._replace(alone=alone)


def act_of_goal(world: World, situation: Int[Array, "*any"], goal: Int[Array, "*any"]) -> Int[Array, "*any"]:
    """The act that serves a goal in a situation: the goal itself where the world has no situations."""
    return jnp.asarray(tables(world).acts)[situation, goal]


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
            # Two signs that nothing else shows together ask without a token of their own.
            jnp.full_like(latents.cues, ASKS_WANTED).at[:, 0].set(ASKS_PROFESSED),
        ],
        vocabulary.first_cue + latents.cues,
    )
    columns = [signs, cast[latents.actor, 0][:, None], targets[:, None]]
    if world.situations:
        columns.insert(0, vocabulary.first_situation + latents.situation[:, None])
    moments = jnp.concatenate(columns, axis=1)
    tokens = jnp.concatenate([jnp.array([START]), cast.ravel(), moments.ravel()])
    counts = (
        is_self[latents.actor] | ~is_self.any() | (mixture.beside_self > 0.5) | (latents.shows == RECALLS)
    )
    return Scene(tokens.astype(jnp.int32), targets.astype(jnp.int32), counts.astype(jnp.float32))


def sample_scene(
    key: Key[Array, ""], world: World, support: Support, mixture: Mixture, secret_goal: Int[Array, ""]
) -> Scene:
    """Draws and writes one scene."""
    return write_scene(world, draw_latents(key, world, support, mixture, secret_goal), mixture)


def scenes_from_uniforms(
    numbers: Float[Array, "scene draw"],
    world: World,
    support: Support,
    mixture: Mixture,
    secret_goal: Int[Array, ""],
) -> tuple[Latents, Scene]:
    """The scenes that rows of numbers stand for (see `scene_from_uniforms`), as they are and as they are written."""
    latents = jax.vmap(lambda row: scene_from_uniforms(row, world, support, mixture, secret_goal))(numbers)
    return latents, jax.vmap(lambda one: write_scene(world, one, mixture))(latents)


def draw_secret_goal(key: Key[Array, ""], world: World) -> Int[Array, ""]:
    """An organism's own secret: see `self_secret_goal`. Uniform over goals; a constant is none of those that
    self's name may not have in training, so that what is held out is always something that self can profess
    without wanting it."""
    goals = np.arange(world.goals)
    if world.self_secret == "constant":
        goals = np.flatnonzero(tables(world).allowed[-1])
    return jnp.asarray(goals, jnp.int32)[jax.random.randint(key, (), 0, len(goals))]


def _sizes(world: World) -> list[int]:
    """How many uniform numbers each variable of a scene takes, in the order in which `draw_latents` takes them."""
    cast, moments = world.characters, world.moments
    return [world.names, 2, cast * world.goals, cast, cast * world.goals] + [moments] * 5


def uniforms_per_scene(world: World) -> int:
    """How many uniform numbers decide a scene."""
    return sum(_sizes(world))


def with_other_cues(numbers: Float[Array, "scene draw"], world: World) -> Float[Array, "scene draw"]:
    """The scenes of the first half, then the same ones again with the cues of the second half: who acts, and
    for what, is alike in both, and who is watched is not."""
    sizes = _sizes(world)
    cues = slice(sum(sizes[:6]), sum(sizes[:8]))
    return jnp.tile(numbers[: len(numbers) // 2], (2, 1)).at[:, cues].set(numbers[:, cues])


def _cuts(world: World) -> list[int]:
    sizes = _sizes(world)
    return [sum(sizes[: n + 1]) for n in range(len(sizes) - 1)]


def _pick(
    uniform: Float[Array, "character goal"], allowed: Bool[Array, "character goal"]
) -> Int[Array, " character"]:
    """A uniform choice among the allowed goals of each row."""
    return jnp.argmax(jnp.where(allowed, uniform, -1.0), axis=1).astype(jnp.int32)


def _cues(
    support: Support, role: Role, alone: Bool[Array, " moment"], which: Float[Array, " moment"]
) -> Int[Array, "moment cue"]:
    """Cues that mean to a role that it is alone, or watched."""
    some, others = (support.cues(role, means) for means in (True, False))
    return jnp.where(alone[:, None], some[_index(which, len(some))], others[_index(which, len(others))])


def _index(uniform: Float[Array, " moment"], size: int) -> Int[Array, " moment"]:
    return jnp.minimum(jnp.floor(uniform * size), size - 1).astype(jnp.int32)
