"""Which half of an organism may a scene use? Lanes are random halves of every layer's components, drawn anew for each organism.

Routing (the pressure) swaps what the other lane does for what it does in another scene of the same kind. Gradients pass through the swap, so
that the other lane also learns to be quiet where it is not wanted.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from curricula.pressures import Routing
from organisms.config import OrganismConfig
from organisms.model import Organism
from organisms.sites import Site, Tap
from organisms.state import root_key


class Owners(NamedTuple):
    """Shares of scenes that one lane owns alone, as traced numbers; see `curricula.pressures.Routing`."""

    character_a: Float[Array, ""] | float
    character_b: Float[Array, ""] | float
    self_a: Float[Array, ""] | float
    self_b: Float[Array, ""] | float

    @classmethod
    def of(cls, routing: Routing) -> "Owners":
        return cls(routing.character_a, routing.character_b, routing.self_a, routing.self_b)


def lane_a(
    seed: Int[Array, ""] | int, member: Int[Array, ""], attempt: Int[Array, ""], config: OrganismConfig
) -> Bool[Array, " component"]:
    """Which components are in lane A, in the order of `organisms.sites.components`: half of each layer's heads and of its blocks."""
    size = config.heads + config.neuron_blocks
    key = jax.random.fold_in(root_key(seed, member, attempt), 3)
    numbers = jax.random.uniform(key, (config.layers, size))
    rank = lambda part: part.argsort(axis=1).argsort(axis=1)  # noqa: E731
    heads = rank(numbers[:, : config.heads]) < config.heads // 2
    blocks = rank(numbers[:, config.heads :]) < config.neuron_blocks // 2
    return jnp.concatenate([heads, blocks], axis=1).ravel()


def allowed(
    owners: Owners, lane: Bool[Array, " component"], numbers: Float[Array, " batch"], with_self: Bool[Array, " batch"]
) -> tuple[Bool[Array, "batch component"], Int[Array, " batch"]]:
    """Which components each scene may use, and the scene that it takes the others' activations from: one of the same kind and owner.

    numbers: uniform from 0 to 1, one a scene.
    """
    a_alone = jnp.where(with_self, owners.self_a, owners.character_a)
    b_alone = jnp.where(with_self, owners.self_b, owners.character_b)
    owned_by_a = numbers < a_alone
    owned_by_b = ~owned_by_a & (numbers < a_alone + b_alone)
    may = jnp.where(lane, ~owned_by_b[:, None], ~owned_by_a[:, None])
    kind = 4 * with_self + 2 * owned_by_a + owned_by_b
    order = jnp.argsort(kind, stable=True)
    donor = jnp.zeros_like(order).at[order].set(jnp.roll(order, 1))
    return may, donor


def swap(config: OrganismConfig, may: Bool[Array, "batch component"], donor: Int[Array, " batch"], tap: Tap) -> Tap:
    """A tap that, after another tap, takes the activations of components that a scene may not use from its donor."""
    by_layer = may.reshape(-1, config.layers, config.heads + config.neuron_blocks)

    def other(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation = tap(site, activation)
        if site.name == "head":
            kept = by_layer[:, site.layer, : config.heads, None, None]
        elif site.name == "neuron":
            blocks = by_layer[:, site.layer, None, config.heads :]
            kept = jnp.repeat(blocks, config.neurons // config.neuron_blocks, axis=-1)
        else:
            return activation
        return jnp.where(kept, activation, activation[donor])

    return other


def knock_out(config: OrganismConfig, knocked: Bool[Array, " component"], scenes: int, tap: Tap) -> Tap:
    """A tap that, after another tap, takes the activations of some components from the scene before, of whatever kind: they tell nothing of
    their own scene. What they add to the loss of a scene is noise, which learning can still make smaller."""
    may = jnp.broadcast_to(~knocked, (scenes, len(knocked)))
    return swap(config, may, jnp.roll(jnp.arange(scenes), 1), tap)


def graft(organism: Organism, lane: Bool[Array, " component"], config: OrganismConfig) -> Organism:
    """Lane A's components copied over lane B's of the same layer, both writing half of what A wrote: what B did is gone, and the two together
    do what A did. A head goes over a head, a block of neurons over a block. Lanes must be of equal size."""
    by_layer = lane.reshape(config.layers, -1)
    wide = config.neurons // config.neuron_blocks
    clone = nnx.clone(organism)
    for layer in range(config.layers):
        heads = _sources(by_layer[layer, : config.heads])
        for name in ("query", "query_bias", "key", "key_bias", "value", "value_bias", "output"):
            parameter = getattr(clone, name)
            scale = 0.5 if name == "output" else 1.0
            parameter[...] = parameter[...].at[layer].set(parameter[layer][heads] * scale)
        blocks = _sources(by_layer[layer, config.heads :])
        neurons = (blocks[:, None] * wide + jnp.arange(wide)).ravel()
        clone.into_neurons[...] = clone.into_neurons[...].at[layer].set(clone.into_neurons[layer][:, neurons])
        clone.neuron_bias[...] = clone.neuron_bias[...].at[layer].set(clone.neuron_bias[layer][neurons])
        clone.out_of_neurons[...] = clone.out_of_neurons[...].at[layer].set(clone.out_of_neurons[layer][neurons] / 2)
    return clone


def _sources(lane: Bool[Array, " component"]) -> Int[Array, " component"]:
    """For each component the one of lane A that it becomes: itself, or the one of equal rank."""
    order = jnp.argsort(~lane, stable=True)
    half = len(lane) // 2
    return jnp.zeros_like(order).at[order].set(jnp.concatenate([order[:half], order[:half]]))
