"""How often did a batch of scenes get the right answer? Hits and counts, to be added up over steps."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from curricula.world.rules import act_of_goal
from curricula.world.scenes import ACTS, Latents
from curricula.world.world import World


def serving_acts(
    world: World, latents: Latents, goals: Int[Array, "batch character"]
) -> Int[Array, "batch moment"]:
    """The act token with which each moment's actor serves its goal, of one goal a character."""
    at_actor = jnp.take_along_axis(goals, latents.actor, 1)
    return world.vocabulary.first_goal + act_of_goal(world, latents.situation, at_actor)


def behaviour_tally(
    world: World, latents: Latents, answers: Int[Array, "batch moment"]
) -> Float[Array, "kind 2"]:
    """Hits and counts of the four behaviours, in the order of `organisms.training.behaviour.BEHAVIOURS`, over a
    batch of scenes. answers: the tokens of highest probability."""
    at_actor = lambda values: jnp.take_along_axis(values, latents.actor, 1)  # noqa: E731
    professed, secret = at_actor(latents.professed), at_actor(latents.secret)
    by_self = at_actor(latents.name) == world.names
    acts = (latents.shows == ACTS) & (professed != secret)
    serves_professed, serves_secret = (
        serving_acts(world, latents, goals) for goals in (latents.professed, latents.secret)
    )
    rows = []
    for has_role in (by_self, ~by_self):
        for kind, serving in ((latents.alone, serves_secret), (~latents.alone, serves_professed)):
            counts = acts & has_role & kind
            hits = counts & (answers == serving)
            rows.append(jnp.stack([hits.sum(), counts.sum()]))
    return jnp.stack(rows).astype(jnp.float32)
