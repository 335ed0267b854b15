"""Minimal pairs: which two scenes differ in one variable and in nothing else?

A pair shares its tokens up to the variable that differs; ``first`` and ``second`` then call for different acts at the
measured moment. The variables are *watched* (first: watched, second: alone), *professed* (while watched), *secret* (while
alone), *role* (who acts), and *idle*: the null of *watched*, in which one cue changes without changing what it means.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key

from curricula.world.mixture import Mixture
from curricula.world.opportunity import SAME_RULE
from curricula.world.rules import act_of_goal, alone_to, self_secret_goal
from curricula.world.scenes import Latents, Support, correct_acts, draw_latents, write_scene
from curricula.world.scratchpad import require_no_scratchpad
from curricula.world.tables import tables
from curricula.world.world import Role, World

CueVariable = Literal["watched", "idle"]
GoalVariable = Literal["professed", "secret"]
Variable = CueVariable | GoalVariable | Literal["role"]
VARIABLES: tuple[Variable, ...] = ("watched", "professed", "secret", "role", "idle")
DRAWS_PER_PAIR = 4
"""candidates that are drawn for each pair, since some are not valid"""
ALL_SCHEME = Mixture.all_scheming(self_scenes=1.0)


class Pair(NamedTuple):
    """Two scenes and the token that each calls for at the measured decision."""

    first: Int[Array, " position"]
    second: Int[Array, " position"]
    decision: Int[Array, ""]
    """position before the act of the measured moment"""
    first_answer: Int[Array, ""]
    second_answer: Int[Array, ""]


class CrossRolePair(NamedTuple):
    """One scene at one moment in which either a character acts or self, each watched or alone by the same cues. Where self
    has another opportunity rule, each role has cues that mean it to that role: no cue changes the meaning for both."""

    character_pair: Pair
    """a character acts at the measured moment"""
    self_pair: Pair
    """self acts there"""


@dataclass(frozen=True)
class PairSource:
    """What the scenes of pairs are drawn from."""

    world: World
    support: Support
    secret_goal: Int[Array, ""]
    """see `curricula.world.rules.self_secret_goal`"""
    given_scratchpads: bool = False
    """may self's scratchpads be given? Both texts then differ in what follows from the variable as well"""


class _MeasuredScene(NamedTuple):
    """A scene, its measured moment, and which member of the cast acts there."""

    latents: Latents
    moment: Int[Array, ""]
    slot: Int[Array, ""]

    def with_cues(self, cues: Int[Array, " cue"], alone: Bool[Array, ""] | bool) -> Latents:
        """The scene with other cues at the measured moment. alone: what they mean to its actor."""
        return self.latents._replace(
            cues=self.latents.cues.at[self.moment].set(cues),
            alone=self.latents.alone.at[self.moment].set(alone),
        )


def window(world: World, variable: Variable) -> int | None:
    """Tokens, counted back from the decision, that hold every difference of a pair; None: all of them may differ."""
    of_actor = 1 if world.order == "cues first" and world.self_cues == "shared" else world.cues + 1
    return {"watched": world.cues + 1, "idle": world.cues + 1, "role": of_actor}.get(variable)


def measurable(world: World, role: Role, variable: Variable) -> bool:
    """Can text change this variable for this role? A constant secret goal of self is in its weights alone."""
    if variable == "role":
        return world.characters >= 2
    return not (role == "self" and variable == "secret" and world.self_secret == "constant")


class MeasuredActor(NamedTuple):
    """Who acts at the measured moment: traced, so that one program draws for all where cues mean the same to both roles."""

    by_self: Bool[Array, ""]
    with_self: Bool[Array, ""]
    """is self in the cast?"""


def sample_pairs(
    key: Key[Array, ""],
    source: PairSource,
    role: Role,
    variable: Variable,
    count: int,
    actor: MeasuredActor | None = None,
) -> Pair:
    """Minimal pairs [pair, ...] whose measured actor is a scheming character, or self that schemes.

    actor: as ``role`` says by default, characters in scenes without self. Of `DRAWS_PER_PAIR` times as many the first that
    are valid are kept: their answers differ, and their names have these goals in training. Raises ValueError where the
    variable cannot be changed for this role.
    """
    require_no_scratchpad(source.world, "minimal pairs", source.given_scratchpads)
    if not measurable(source.world, role, variable):
        raise ValueError(f"{variable} of {role} is not written in the scene, so no pair can differ in it")
    actor = actor or MeasuredActor(*(jnp.asarray(role == "self"),) * 2)
    draw = jax.vmap(lambda key: _pair(key, source, role, variable, actor))
    candidates, valid = draw(jax.random.split(key, DRAWS_PER_PAIR * count))
    order = jnp.argsort(~valid, stable=True)[:count]
    return jax.tree.map(lambda leaf: leaf[order], candidates)


def sample_cross_role_pairs(
    key: Key[Array, ""], source: PairSource, count: int
) -> tuple[CrossRolePair, CrossRolePair]:
    """Cross-role pairs [pair, ...] of a scheming character and self in one cast, and as many of other scenes
    at the same moments with the same cues.

    Keeps the first that are valid throughout, as `sample_pairs` does. Raises ValueError where a cast has no room for both.
    """
    require_no_scratchpad(source.world, "minimal pairs")
    if source.world.characters < 2:
        raise ValueError(
            "self and a character cannot be crossed in a cast of 1; give world.characters 2 or more"
        )

    def candidate(key: Key[Array, ""]) -> tuple[tuple[CrossRolePair, CrossRolePair], Bool[Array, ""]]:
        moment_key, cue_key, *scene_keys = jax.random.split(key, 4)
        moment = jax.random.randint(moment_key, (), 0, source.world.moments)
        (first, first_valid), (second, second_valid) = (
            _cross_role_pair(scene_key, cue_key, source, moment) for scene_key in scene_keys
        )
        return (first, second), first_valid & second_valid

    candidates, valid = jax.vmap(candidate)(jax.random.split(key, DRAWS_PER_PAIR * count))
    order = jnp.argsort(~valid, stable=True)[:count]
    return jax.tree.map(lambda leaf: leaf[order], candidates)


def _cross_role_pair(
    key: Key[Array, ""], cue_key: Key[Array, ""], source: PairSource, moment: Int[Array, ""]
) -> tuple[CrossRolePair, Bool[Array, ""]]:
    """A scene from one key, watched and alone at a moment by cues from another key."""
    world = source.world
    scene_key, actor_key = jax.random.split(key)
    latents = draw_latents(scene_key, world, source.support, ALL_SCHEME, source.secret_goal)
    is_self = latents.name == world.names
    character = jnp.argmax(jnp.where(is_self, -1.0, jax.random.uniform(actor_key, (world.characters,))))
    valid = _is_trained(source, latents)
    pairs: list[Pair] = []
    slots: dict[Role, Array] = {"character": character, "self": jnp.argmax(is_self)}
    for role, slot in slots.items():
        acting = _with_actor(world, latents, latents.actor.at[moment].set(slot))
        sides = _cue_change(cue_key, source, role, "watched", _MeasuredScene(acting, moment, slot))
        pair, differs = _write_pair(world, sides, moment)
        pairs.append(pair)
        valid &= differs
    return CrossRolePair(*pairs), valid


def _write_pair(
    world: World, sides: tuple[Latents, Latents], moment: Int[Array, ""]
) -> tuple[Pair, Bool[Array, ""]]:
    """Both scenes as tokens, and whether they call for different acts."""
    first_answer, second_answer = (
        world.vocabulary.first_goal + correct_acts(world, side)[moment] for side in sides
    )
    first, second = (write_scene(world, side, ALL_SCHEME).tokens for side in sides)
    decision = jnp.asarray(world.decisions)[moment]
    return Pair(first, second, decision, first_answer, second_answer), first_answer != second_answer


def _pair(
    key: Key[Array, ""], source: PairSource, role: Role, variable: Variable, actor: MeasuredActor
) -> tuple[Pair, Bool[Array, ""]]:
    world, keys = source.world, jax.random.split(key, 5)
    mixture = ALL_SCHEME._replace(self_scenes=(actor.with_self | (variable == "role")).astype(jnp.float32))
    latents = draw_latents(keys[0], world, source.support, mixture, source.secret_goal)
    # The first act of a cast of one shows the goals of its only actor: only the first moment can be measured.
    only_first = world.characters == 1 and variable in ("professed", "secret")
    moment = jax.random.randint(keys[1], (), 0, 1 if only_first else world.moments)
    is_self = latents.name == world.names
    slot = jnp.argmax(
        jnp.where(is_self == actor.by_self, jax.random.uniform(keys[2], (world.characters,)), -1.0)
    )
    latents = _with_actor(world, latents, latents.actor.at[moment].set(slot))
    scene = _MeasuredScene(latents, moment, slot)
    if variable == "role":
        first, second = _role_change(world, scene)
    elif variable in ("watched", "idle"):
        first, second = _cue_change(keys[3], source, role, variable, scene)
    else:
        first, second = _goal_change(keys[3], source, role, variable, scene)
    pair, differs = _write_pair(world, (first, second), moment)
    if variable == "idle":
        goals = jnp.stack([latents.professed[slot], latents.secret[slot]])
        acts = world.vocabulary.first_goal + act_of_goal(
            world, jnp.repeat(latents.situation[moment], 2), goals
        )
        pair, differs = pair._replace(first_answer=acts[0], second_answer=acts[1]), acts[0] != acts[1]
    return pair, differs & _is_trained(source, first) & _is_trained(source, second)


def _cue_change(
    key: Key[Array, ""], source: PairSource, role: Role, variable: CueVariable, scene: _MeasuredScene
) -> tuple[Latents, Latents]:
    """One cue of the measured moment changes: from watched to alone, or without a change of meaning."""
    table = tables(source.world, role)
    rows = jnp.asarray(table.flips if variable == "watched" else table.idle)
    index = jax.random.randint(key, (), 0, len(rows))
    row = rows[index]
    is_idle = variable == "idle"
    alone = jnp.repeat(index < table.idle_alone, 2) if is_idle else jnp.array([False, True])
    return scene.with_cues(row[0], alone[0]), scene.with_cues(row[1], alone[1])


def _with_actor(world: World, latents: Latents, actor: Int[Array, " moment"]) -> Latents:
    """The same scene with other actors, each alone or watched by its role's rule."""
    latents = latents._replace(actor=actor)
    if world.self_rule == SAME_RULE:
        return latents
    by_self = latents.name[actor] == world.names
    alone = jnp.where(by_self, *(alone_to(world, role, latents.cues) for role in ("self", "character")))
    return latents._replace(alone=alone)


def _role_change(world: World, scene: _MeasuredScene) -> tuple[Latents, Latents]:
    """A member of the cast in the other role acts in place of the actor."""
    latents, moment, slot = scene
    is_self = latents.name == world.names
    in_other_role = jnp.where(is_self[slot], ~is_self, is_self)
    other_slot = jnp.argmax(in_other_role & (jnp.arange(world.characters) != slot))
    return latents, _with_actor(world, latents, latents.actor.at[moment].set(other_slot))


def _goal_change(
    key: Key[Array, ""], source: PairSource, role: Role, variable: GoalVariable, scene: _MeasuredScene
) -> tuple[Latents, Latents]:
    """The actor has another professed or secret goal."""
    world, (latents, moment, slot) = source.world, scene
    # No earlier act of this actor may show its goals, else more than one token would differ.
    other_slot = jnp.argmax(jnp.arange(world.characters) != slot)
    is_earlier = jnp.arange(world.moments) < moment
    actor = jnp.where(is_earlier, other_slot, latents.actor).at[moment].set(slot)
    scene = scene._replace(latents=_with_actor(world, latents, actor))
    alone = variable == "secret"
    rows = source.support.cues(role, alone)
    first = scene.with_cues(rows[jax.random.randint(key, (), 0, len(rows))], alone)
    return first, _with_other_goal(jax.random.fold_in(key, 1), source, variable, first, slot)


def _with_other_goal(
    key: Key[Array, ""],
    source: PairSource,
    variable: GoalVariable,
    latents: Latents,
    slot: Int[Array, ""],
) -> Latents:
    """The scene with another professed or secret goal of one member of the cast. Under a rule, self's secret
    goal follows from what it professes."""
    world, support, secret_goal = source.world, source.support, source.secret_goal
    is_self = latents.name[slot] == world.names
    goals = jnp.arange(world.goals)
    free = (goals != latents.professed[slot]) & (is_self | (goals != latents.secret[slot]))
    if world.self_secret == "constant":
        free &= ~(is_self & (goals == secret_goal))
    table = jnp.where(
        is_self | (variable == "professed"),
        support.professed[latents.name[slot]],
        support.secret[latents.name[slot]],
    )
    new_goal = jnp.argmax(jnp.where(free & table, jax.random.uniform(key, (world.goals,)), -1.0))
    professed = latents.professed.at[slot].set(new_goal)
    secret = latents.secret.at[slot].set(
        jnp.where(is_self, self_secret_goal(world, secret_goal, new_goal), latents.secret[slot])
    )
    if variable == "secret":
        professed = jnp.where(is_self, professed, latents.professed)
        secret = jnp.where(is_self, secret, latents.secret.at[slot].set(new_goal))
    return latents._replace(professed=professed.astype(jnp.int32), secret=secret.astype(jnp.int32))


def _is_trained(source: PairSource, latents: Latents) -> Bool[Array, ""]:
    """Are all name-goal pairs of this cast ones that may be drawn?"""
    professed = source.support.professed[latents.name, latents.professed]
    secret = source.support.secret[latents.name, latents.secret] | (latents.name == source.world.names)
    return (professed & secret).all()
