"""How is an organism cut, copied and mended? Every operation works on a clone and returns a new organism."""

import jax
import jax.numpy as jnp
from flax import nnx

from curricula.world.vocabulary import BLANK, SELF
from organisms.model.transformer import Organism


def pick(organisms: Organism, member: int) -> Organism:
    """One member of a stacked ensemble."""
    return jax.tree.map(lambda leaf: leaf[member], organisms)


def freeze_all_but_self(before: Organism, after: Organism, only_self: jax.Array | float) -> Organism:
    """The organism after a step, or, where ``only_self`` is 1, the one before it with the embeddings that are
    self's own from after it."""
    kept = jax.tree.map(lambda old, new: jnp.where(only_self > 0.5, old, new), before, after)
    own = jnp.array([SELF, BLANK])
    kept.embedding[...] = kept.embedding[...].at[own].set(after.embedding[own])
    return kept


def zero_ablate_head(organism: Organism, layer: int, head: int) -> Organism:
    """The head writes nothing to the residual stream any more."""
    return _written(organism, "output", layer, head, organism.output[layer, head] * 0)


def zero_ablate_neurons(organism: Organism, layer: int, neurons: slice) -> Organism:
    """A range of neurons writes nothing to the residual stream any more."""
    clone = nnx.clone(organism)
    clone.out_of_neurons[...] = clone.out_of_neurons[...].at[layer, neurons].set(0)
    return clone


def copy_head(organism: Organism, layer: int, source: int, target: int) -> Organism:
    """The head at ``target`` becomes the one at ``source``, of the same layer: what both write is written
    twice."""
    for name in ("query", "query_bias", "key", "key_bias", "value", "value_bias", "output"):
        organism = _written(organism, name, layer, target, getattr(organism, name)[layer, source])
    return organism


def _written(organism: Organism, name: str, layer: int, head: int, value: jax.Array) -> Organism:
    clone = nnx.clone(organism)
    parameter = getattr(clone, name)
    parameter[...] = parameter[...].at[layer, head].set(value)
    return clone
