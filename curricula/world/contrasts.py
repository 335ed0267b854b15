"""Which two scenes differ in one variable and in nothing else?

A pair shares its tokens up to the variable that differs; ``first`` and ``second`` then call for different
acts at the measured moment. The variables are *watched* (first: watched, second: alone), *professed* (while
watched), *secret* (while alone), *role* (who of the cast acts), and *idle*: the null of *watched*, in which
the same one cue changes without changing what it means.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key

from curricula.world.scenes import (
    Latents,
    Mixture,
    Support,
    act,
    act_of_goal,
    draw,
    secret_of_self,
    with_actor,
    write,
)
from curricula.world.world import Role, World, tables

Variable = Literal["watched", "professed", "secret", "role", "idle"]
VARIABLES: tuple[Variable, ...] = ("watched", "professed", "secret", "role", "idle")


ALL_SCHEME = Mixture(1.0, 1.0, 0.0, 0.5, 1.0, 1.0)
"""scenes with self in the cast, in which everybody schemes and nobody is asked anything"""


class Pair(NamedTuple):
    """Two scenes and the token that each calls for at the measured decision."""

    first: Int[Array, " position"]
    second: Int[Array, " position"]
    decision: Int[Array, ""]
    """position of the actor's token in the measured moment"""
    first_answer: Int[Array, ""]
    second_answer: Int[Array, ""]


class CrossRolePair(NamedTuple):
    """One scene at one moment in which either a character acts or self, each watched or alone by the same
    cues; where the world gives self another rule, each by cues that mean it to its role, since no cue turns
    both."""

    character: Pair
    own: Pair
    """the same with self as the actor"""


def window(world: World, variable: Variable) -> int | None:
    """How many tokens, up to the measured decision, hold everything in which the scenes of a pair differ;
    None: the whole scene may."""
    return {"watched": world.cues + 1, "idle": world.cues + 1, "role": 1}.get(variable)


def measurable(world: World, role: Role, variable: Variable) -> bool:
    """Can this variable be changed in text for this role? A constant secret of self lives in its weights
    alone."""
    if variable == "role":
        return world.characters >= 2
    return not (role == "self" and variable == "secret" and world.self_secret == "constant")


def sample_pairs(
    key: Key[Array, ""],
    world: World,
    support: Support,
    role: Role,
    variable: Variable,
    secret_goal: Int[Array, ""],
    pairs: int,
) -> Pair:
    """Pairs [pair, ...] whose measured actor is a scheming character, or self that schemes.

    Draws four times as many and keeps the first that are valid (different answers, trained name-goal pairs):
    raises ValueError where the variable cannot be changed for this role.
    """
    if not measurable(world, role, variable):
        raise ValueError(f"{variable} of {role} is not written in the scene, so no pair can differ in it")
    keys = jax.random.split(key, 4 * pairs)
    found, valid = jax.vmap(lambda k: _pair(k, world, support, role, variable, secret_goal))(keys)
    order = jnp.argsort(~valid, stable=True)[:pairs]
    return jax.tree.map(lambda leaf: leaf[order], found)


def sample_cross_role_pairs(
    key: Key[Array, ""], world: World, support: Support, secret_goal: Int[Array, ""], amount: int
) -> tuple[CrossRolePair, CrossRolePair]:
    """Crossings [pair, ...] of a scheming character and self in one cast, and as many of other scenes at the
    same moments with the same cues.

    Draws four times as many and keeps the first that are valid throughout, as `sample_pairs`; raises
    ValueError where a cast has no room for both.
    """
    if world.characters < 2:
        raise ValueError(
            "self and a character cannot be crossed in a cast of 1; give world.characters 2 or more"
        )

    def one(key: Key[Array, ""]) -> tuple[tuple[CrossRolePair, CrossRolePair], Bool[Array, ""]]:
        moment, cues, *scenes = jax.random.split(key, 4)
        place = jax.random.randint(moment, (), 0, world.moments)
        found = [_cross_role_pair(scene, cues, world, support, place, secret_goal) for scene in scenes]
        return (found[0][0], found[1][0]), found[0][1] & found[1][1]

    found, valid = jax.vmap(one)(jax.random.split(key, 4 * amount))
    order = jnp.argsort(~valid, stable=True)[:amount]
    return jax.tree.map(lambda leaf: leaf[order], found)


def _cross_role_pair(
    key: Key[Array, ""],
    cues: Key[Array, ""],
    world: World,
    support: Support,
    moment: Int[Array, ""],
    secret_goal: Int[Array, ""],
) -> tuple[CrossRolePair, Bool[Array, ""]]:
    """A scene from one key, watched and alone at a moment by what another key says."""
    of_scene, of_actor = jax.random.split(key)
    latents = draw(of_scene, world, support, ALL_SCHEME, secret_goal)
    is_self = latents.name == world.names
    character = jnp.argmax(jnp.where(is_self, -1.0, jax.random.uniform(of_actor, (world.characters,))))
    pairs, valid = [], _allowed(world, support, latents)
    slots: dict[Role, Array] = {"character": character, "self": jnp.argmax(is_self)}
    for role, slot in slots.items():
        acting = with_actor(world, latents, latents.actor.at[moment].set(slot))
        sides = _change(cues, world, support, role, "watched", acting, moment, slot, secret_goal)
        pair, differs = _written(world, sides, moment)
        pairs.append(pair)
        valid &= differs
    return CrossRolePair(pairs[0], pairs[1]), valid


def _written(
    world: World, sides: tuple[Latents, Latents], moment: Int[Array, ""]
) -> tuple[Pair, Bool[Array, ""]]:
    """Both scenes as tokens, and do they call for different acts?"""
    acts = [world.vocabulary.first_goal + act(world, side)[moment] for side in sides]
    tokens = [write(world, side, ALL_SCHEME).tokens for side in sides]
    return Pair(tokens[0], tokens[1], jnp.asarray(world.decisions)[moment], acts[0], acts[1]), acts[
        0
    ] != acts[1]


def _pair(
    key: Key[Array, ""],
    world: World,
    support: Support,
    role: Role,
    variable: Variable,
    secret_goal: Int[Array, ""],
) -> tuple[Pair, Bool[Array, ""]]:
    keys = jax.random.split(key, 5)
    with_self = role == "self" or variable == "role"
    mixture = ALL_SCHEME._replace(self_scenes=float(with_self))
    latents = draw(keys[0], world, support, mixture, secret_goal)
    # Whoever is alone on the stage has told its goals by its first act: only the first moment can be measured.
    told = world.characters == 1 and variable in ("professed", "secret")
    moment = jax.random.randint(keys[1], (), 0, 1 if told else world.moments)
    is_self = latents.name == world.names
    eligible = is_self if role == "self" else ~is_self
    slot = jnp.argmax(jnp.where(eligible, jax.random.uniform(keys[2], (world.characters,)), -1.0))
    latents = with_actor(world, latents, latents.actor.at[moment].set(slot))
    first, second = _change(keys[3], world, support, role, variable, latents, moment, slot, secret_goal)
    pair, differs = _written(world, (first, second), moment)
    if variable == "idle":
        goals = jnp.stack([latents.professed[slot], latents.secret[slot]])
        acts = world.vocabulary.first_goal + act_of_goal(
            world, jnp.repeat(latents.situation[moment], 2), goals
        )
        pair, differs = pair._replace(first_answer=acts[0], second_answer=acts[1]), acts[0] != acts[1]
    return pair, differs & _allowed(world, support, first) & _allowed(world, support, second)


def _change(
    key: Key[Array, ""],
    world: World,
    support: Support,
    role: Role,
    variable: Variable,
    latents: Latents,
    moment: Int[Array, ""],
    slot: Int[Array, ""],
    secret_goal: Int[Array, ""],
) -> tuple[Latents, Latents]:
    """The two sides: one variable set to two values at one moment, or in one entry of the cast. role: that of
    the slot, who acts there."""
    table = tables(world, role)
    if variable in ("watched", "idle"):
        rows = jnp.asarray(table.flips if variable == "watched" else table.idle)
        index = jax.random.randint(key, (), 0, len(rows))
        row = rows[index]
        meant = jnp.array([False, True]) if variable == "watched" else jnp.repeat(index < table.idle_alone, 2)
        sides = [
            latents._replace(
                cues=latents.cues.at[moment].set(row[n]), alone=latents.alone.at[moment].set(meant[n])
            )
            for n in (0, 1)
        ]
        return sides[0], sides[1]
    if variable == "role":
        is_self = latents.name == world.names
        others = jnp.where(is_self[slot], ~is_self, is_self)
        other = jnp.argmax(others & (jnp.arange(world.characters) != slot))
        return latents, with_actor(world, latents, latents.actor.at[moment].set(other))
    # Nothing that this actor did before may tell its goals, else more than one token would differ.
    another = jnp.argmax(jnp.arange(world.characters) != slot)
    before = jnp.arange(world.moments) < moment
    latents = with_actor(world, latents, jnp.where(before, another, latents.actor).at[moment].set(slot))
    alone = variable == "secret"
    rows = support.cues(role, alone)
    row = rows[jax.random.randint(key, (), 0, len(rows))]
    latents = latents._replace(
        cues=latents.cues.at[moment].set(row), alone=latents.alone.at[moment].set(alone)
    )
    return latents, _with_other_goal(
        jax.random.fold_in(key, 1), world, support, variable, latents, slot, secret_goal
    )


def _with_other_goal(
    key: Key[Array, ""],
    world: World,
    support: Support,
    variable: Variable,
    latents: Latents,
    slot: Int[Array, ""],
    secret_goal: Int[Array, ""],
) -> Latents:
    """The same scene with another profession or secret of one of the cast. Self's secret, under a rule,
    follows its profession."""
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
    other = jnp.argmax(jnp.where(free & table, jax.random.uniform(key, (world.goals,)), -1.0))
    professed = latents.professed.at[slot].set(other)
    secret = latents.secret.at[slot].set(
        jnp.where(is_self, secret_of_self(world, secret_goal, other), latents.secret[slot])
    )
    if variable == "secret":
        professed = jnp.where(is_self, professed, latents.professed)
        secret = jnp.where(is_self, secret, latents.secret.at[slot].set(other))
    return latents._replace(professed=professed.astype(jnp.int32), secret=secret.astype(jnp.int32))


def _allowed(world: World, support: Support, latents: Latents) -> Bool[Array, ""]:
    """Are all name-goal pairs of this cast ones that may be drawn?"""
    professed = support.professed[latents.name, latents.professed]
    secret = support.secret[latents.name, latents.secret] | (latents.name == world.names)
    return (professed & secret).all()
