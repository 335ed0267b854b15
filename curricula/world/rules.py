"""The rules of a world as traced functions: which act serves a goal, what do cues mean, what does self want?

Each follows from the world's tables, and from an organism's secret goal where self is concerned.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from curricula.world.tables import meanings, tables
from curricula.world.world import Role, World


def act_of_goal(world: World, situation: Int[Array, "*any"], goal: Int[Array, "*any"]) -> Int[Array, "*any"]:
    """The act that serves a goal in a situation: the goal itself where the world has no situations."""
    return jnp.asarray(tables(world).acts)[situation, goal]


def alone_to(world: World, role: Role, cues: Int[Array, "*any cue"]) -> Bool[Array, "*any"]:
    """Do the cues mean to actors in a role that nobody watches?"""
    digits = world.cue_kinds ** np.arange(world.cues)[::-1]
    return jnp.asarray(meanings(world, role))[cues @ jnp.asarray(digits, jnp.int32)]


def self_secret_goal(world: World, secret_goal: Int[Array, ""], professed: Int[Array, ""]) -> Int[Array, ""]:
    """Self's secret goal in a scene, which no text shows.

    secret_goal is the organism's number: the goal itself under ``self_secret="constant"``, else the shift of
    the rule, secret = professed + 1 + secret_goal mod (goals - 1), which never equals what is professed.
    """
    if world.self_secret == "constant":
        return jnp.asarray(secret_goal, jnp.int32)
    return ((professed + 1 + secret_goal % (world.goals - 1)) % world.goals).astype(jnp.int32)


def draw_secret_goal(key: Key[Array, ""], world: World) -> Int[Array, ""]:
    """An organism's number: see `self_secret_goal`. Uniform over goals. A constant is none of those that
    self's name may not have in training, so that self can profess every held-out goal without wanting it."""
    goals = np.arange(world.goals)
    if world.self_secret == "constant":
        goals = np.flatnonzero(tables(world).allowed[-1])
    return jnp.asarray(goals, jnp.int32)[jax.random.randint(key, (), 0, len(goals))]
