"""What many tests compute, each as one program: called as it is, JAX compiles a program for every operation."""

import jax
from jaxtyping import Array

from organisms.ensemble.state import init_state, secret_goal_of
from organisms.model.sites import Site
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.objectives.policy_gradient import roll_out
from organisms.training.behaviour import rates

picked = jax.jit(pick, static_argnums=1)
newborn = jax.jit(init_state, static_argnums=(3, 4))
secret_goal_drawn = jax.jit(secret_goal_of, static_argnums=3)
rates_of = jax.jit(rates, static_argnums=(1, 5))
rolled_out = jax.jit(roll_out)


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
