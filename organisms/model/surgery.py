"""Surgery: an organism with components ablated or copied. Every operation returns a new organism."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool

from organisms.model.config import OrganismConfig
from organisms.model.sites import by_head_and_neuron
from organisms.model.transformer import Organism


def pick(organisms: Organism, member: int) -> Organism:
    """One member of a stacked ensemble."""
    return jax.tree.map(lambda leaf: leaf[member], organisms)


def freeze_all_but_self(
    previous: Organism, updated: Organism, only_self: jax.Array | float, tokens: Sequence[int]
) -> Organism:
    """The updated organism, or, where ``only_self`` is 1, the previous one with the updated embeddings of self's
    tokens."""
    organism = jax.tree.map(lambda old, new: jnp.where(only_self > 0.5, old, new), previous, updated)
    self_tokens = jnp.array(tokens)
    organism.embedding[...] = organism.embedding[...].at[self_tokens].set(updated.embedding[self_tokens])
    return organism


def zero_ablate_head(organism: Organism, layer: int, head: int) -> Organism:
    """Zero ablation of a head: it writes nothing to the residual stream any more."""
    return _with_head_parameter(organism, "output", layer, head, organism.output[layer, head] * 0)


def zero_ablate_neurons(organism: Organism, layer: int, neurons: slice) -> Organism:
    """Zero ablation of a range of neurons: they write nothing to the residual stream any more."""
    clone = nnx.clone(organism)
    clone.out_of_neurons[...] = clone.out_of_neurons[...].at[layer, neurons].set(0)
    return clone


def zero_ablate_components(
    organisms: Organism, sets: Bool[np.ndarray, "member component"], config: OrganismConfig
) -> Organism:
    """The organisms [member, ...] with a set of components of each zero-ablated."""
    heads, neurons = by_head_and_neuron(config, sets.reshape(len(sets), config.layers, -1))
    clone = nnx.clone(organisms)
    clone.output[...] = jnp.where(heads[..., None, None], 0, clone.output[...])
    clone.out_of_neurons[...] = jnp.where(neurons[..., None], 0, clone.out_of_neurons[...])
    return clone


def copy_head(organism: Organism, layer: int, source: int, target: int) -> Organism:
    """The head at ``target`` becomes the one at ``source``, of the same layer: what both write is written
    twice."""
    for name in ("query", "query_bias", "key", "key_bias", "value", "value_bias", "output"):
        organism = _with_head_parameter(organism, name, layer, target, getattr(organism, name)[layer, source])
    return organism


def _with_head_parameter(organism: Organism, name: str, layer: int, head: int, value: jax.Array) -> Organism:
    clone = nnx.clone(organism)
    parameter = getattr(clone, name)
    parameter[...] = parameter[...].at[layer, head].set(value)
    return clone
