"""What many tests compute, each as one program: called as it is, JAX compiles a program for every operation."""

from functools import partial

import jax
from jaxtyping import Array

from curricula.world.world import World
from organisms.ensemble.state import init_state, secret_goal_of
from organisms.model.sites import Site
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.objectives.rollout import ActMoments, roll_out
from organisms.training.behaviour import rates

picked = jax.jit(pick, static_argnums=1)
newborn = jax.jit(init_state, static_argnums=(3, 4))
secret_goal_drawn = jax.jit(secret_goal_of, static_argnums=3)
rates_of = jax.jit(rates, static_argnums=(1, 5))


@partial(jax.jit, static_argnums=0)
def rolled_out(world: World, organism: Organism, tokens: Array, moments: ActMoments, key: Array) -> Array:
    """Scenes with self's acts sampled by an organism on which nothing acts."""
    return roll_out(organism, tokens, moments, world.decisions, key)


@jax.jit
def logits_of(organism: Organism, tokens: Array, positions: Array | None = None) -> Array:
    """What an organism says in scenes [..., position], everywhere or at some positions."""
    return organism(tokens, positions=positions)


@jax.jit
def seen(organism: Organism, tokens: Array) -> dict[Site, Array]:
    """Every activation under its site; fails where a site comes twice."""
    found: dict[Site, Array] = {}

    def tap(site: Site, activation: Array) -> Array:
        assert site not in found
        found[site] = activation
        return activation

    organism(tokens, tap)
    return found
