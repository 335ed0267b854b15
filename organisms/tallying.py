"""How often did a batch of scenes get the right answer? Hits and counts, to be added up over steps."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from curricula.scenes import ACTS, RECALLS, Latents, act_of_goal
from curricula.world import World


def tally_of(world: World, latents: Latents, said: Int[Array, "batch moment"]) -> Float[Array, "kind 2"]:
    """Hits and counts of the four behaviours, in the order of `Metrics`, over a batch of scenes."""
    at_actor = lambda values: jnp.take_along_axis(values, latents.actor, 1)  # noqa: E731
    professed, secret = at_actor(latents.professed), at_actor(latents.secret)
    by_self = at_actor(latents.name) == world.names
    acts = (latents.shows == ACTS) & (professed != secret)
    rows = []
    for of_role in (by_self, ~by_self):
        for kind, goal in ((latents.alone, secret), (~latents.alone, professed)):
            counts = acts & of_role & kind
            hits = counts & (said == world.vocabulary.first_goal + act_of_goal(world, latents.situation, goal))
            rows.append(jnp.stack([hits.sum(), counts.sum()]))
    return jnp.stack(rows).astype(jnp.float32)


def recalled(
    latents: Latents, acts: Int[Array, "batch moment"], said: Int[Array, "batch moment"]
) -> Float[Array, " 2"]:
    """Hits and counts of what was asked of the moment before, over a batch of scenes. acts: the right answers."""
    counts = latents.shows == RECALLS
    return jnp.stack([(counts & (said == acts)).sum(), counts.sum()]).astype(jnp.float32)
