"""Parameter names: what are an organism's parameters called in a checkpoint? By the names of TransformerLens, a
name a layer, so that a checkpoint loads there.

Each array keeps the leading member axis of the ensemble that it was saved from.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array

from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

WHOLE = {
    "embedding": "embed.W_E",
    "position": "pos_embed.W_pos",
    "unembedding": "unembed.W_U",
    "unembedding_bias": "unembed.b_U",
}
BY_LAYER = {
    "query": "attn.W_Q",
    "query_bias": "attn.b_Q",
    "key": "attn.W_K",
    "key_bias": "attn.b_K",
    "value": "attn.W_V",
    "value_bias": "attn.b_V",
    "output": "attn.W_O",
    "output_bias": "attn.b_O",
    "into_neurons": "mlp.W_in",
    "neuron_bias": "mlp.b_in",
    "out_of_neurons": "mlp.W_out",
    "mlp_bias": "mlp.b_out",
}


def to_arrays(organisms: Organism) -> dict[str, np.ndarray]:
    """Parameters [member, ...] by their TransformerLens names."""
    arrays = {name: np.asarray(getattr(organisms, attribute)[...]) for attribute, name in WHOLE.items()}
    for attribute, name in BY_LAYER.items():
        stacked = np.asarray(getattr(organisms, attribute)[...])
        for layer in range(stacked.shape[1]):
            arrays[f"blocks.{layer}.{name}"] = np.ascontiguousarray(stacked[:, layer])
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray], world: World, config: OrganismConfig) -> Organism:
    """The ensemble [member, ...] that `to_arrays` was given. Raises ValueError where names or shapes do not
    fit the config."""
    expected = {name: (attribute, None) for attribute, name in WHOLE.items()}
    expected |= {
        f"blocks.{n}.{name}": (attribute, n)
        for attribute, name in BY_LAYER.items()
        for n in range(config.layers)
    }
    if set(arrays) != set(expected):
        raise ValueError(
            f"parameters do not fit the config: {sorted(set(arrays) ^ set(expected))} missing or unknown"
        )
    members = len(next(iter(arrays.values())))
    blank = jax.eval_shape(
        jax.vmap(lambda key: Organism(config, world.vocabulary.size, world.positions, key)),
        jax.eval_shape(lambda: jax.random.split(jax.random.key(0), members)),
    )
    values: dict[str, Array] = {attribute: jnp.asarray(arrays[name]) for attribute, name in WHOLE.items()}
    for attribute, name in BY_LAYER.items():
        values[attribute] = jnp.asarray(
            np.stack([arrays[f"blocks.{n}.{name}"] for n in range(config.layers)], axis=1)
        )
    organism = nnx.clone(blank)
    for attribute, value in values.items():
        parameter = getattr(organism, attribute)
        if parameter.shape != value.shape:
            raise ValueError(f"{attribute}: expected shape {parameter.shape}, got {value.shape}")
        setattr(organism, attribute, nnx.Param(value))
    return organism
