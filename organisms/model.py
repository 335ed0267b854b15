"""What is an organism? A decoder-only transformer: pre-norm without affine parameters, learned positions, tanh-GELU, biases, untied
unembedding. The choice exports to TransformerLens and to Hugging Face's GPT-2 without loss.

Einsum letters: h head, m model, w width (of a head), p position, s source, n neuron, v vocabulary. Parameters are stacked over
layers, so that a component is an index. The forward pass takes one sequence: batches, members and interventions are vmaps.
"""

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from organisms.config import OrganismConfig
from organisms.sites import Site, Tap, identity

EPSILON = 1e-5


class Organism(nnx.Module):
    """A transformer as a plain pytree: jax.jit, vmap, grad and tree.map take it as it is.

    Calling it with tokens [position] gives logits [position, vocabulary]. Weights start normal with standard deviation
    initial_scale / sqrt(inputs), the two that write to the residual stream divided by sqrt(2 * layers) (Radford et al. 2019,
    GPT-2, section 2.3); embeddings as if the width were their inputs, so that each has about unit norm; biases at zero.
    """

    def __init__(self, config: OrganismConfig, vocabulary: int, positions: int, key: Key[Array, ""]):
        layers, heads, model, width = config.layers, config.heads, config.width, config.head_width
        keys = iter(jax.random.split(key, 9))

        def normal(inputs: int, *shape: int) -> nnx.Param:
            return nnx.Param(config.initial_scale * inputs**-0.5 * jax.random.normal(next(keys), shape))

        def zeros(*shape: int) -> nnx.Param:
            return nnx.Param(jnp.zeros(shape))

        depth = 2 * layers
        self.embedding = normal(model, vocabulary, model)
        self.position = normal(model, positions, model)
        self.query = normal(model, layers, heads, model, width)
        self.query_bias = zeros(layers, heads, width)
        self.key = normal(model, layers, heads, model, width)
        self.key_bias = zeros(layers, heads, width)
        self.value = normal(model, layers, heads, model, width)
        self.value_bias = zeros(layers, heads, width)
        self.output = normal(model * depth, layers, heads, width, model)
        self.output_bias = zeros(layers, model)
        self.into_neurons = normal(model, layers, model, config.neurons)
        self.neuron_bias = zeros(layers, config.neurons)
        self.out_of_neurons = normal(config.neurons * depth, layers, config.neurons, model)
        self.mlp_bias = zeros(layers, model)
        self.unembedding = normal(model, model, vocabulary)
        self.unembedding_bias = zeros(vocabulary)

    def __call__(self, tokens: Int[Array, " position"], tap: Tap = identity) -> Float[Array, "position vocabulary"]:
        residual = tap(Site(-1, "embedding"), self.embedding[...][tokens] + self.position[...][: len(tokens)])
        for layer in range(self.query.shape[0]):
            residual = tap(Site(layer, "residual"), residual)
            residual = residual + self.attention(layer, normalise(residual), tap)
            residual = residual + self.mlp(layer, normalise(residual), tap)
        final = tap(Site(-1, "final"), normalise(residual))
        return final @ self.unembedding[...] + self.unembedding_bias[...]

    def attention(self, layer: int, inputs: Float[Array, "position model"], tap: Tap) -> Float[Array, "position model"]:
        """What a layer's heads write to the residual stream."""
        weights = jnp.concatenate([self.query[layer], self.key[layer], self.value[layer]])
        biases = jnp.concatenate([self.query_bias[layer], self.key_bias[layer], self.value_bias[layer]])
        heads = len(weights) // 3
        projected = jnp.einsum("pm,hmw->hpw", inputs, weights) + biases[:, None]
        query = tap(Site(layer, "query"), projected[:heads])
        key = tap(Site(layer, "key"), projected[heads : 2 * heads])
        value = tap(Site(layer, "value"), projected[2 * heads :])
        scores = jnp.einsum("hpw,hsw->hps", query, key) / query.shape[-1] ** 0.5
        causal = jnp.tril(jnp.ones(scores.shape[-2:], bool))
        pattern = tap(Site(layer, "pattern"), jax.nn.softmax(jnp.where(causal[None], scores, -jnp.inf), axis=-1))
        head = tap(Site(layer, "head"), jnp.einsum("hps,hsw->hpw", pattern, value))
        return jnp.einsum("hpw,hwm->pm", head, self.output[layer]) + self.output_bias[layer]

    def mlp(self, layer: int, inputs: Float[Array, "position model"], tap: Tap) -> Float[Array, "position model"]:
        """What a layer's neurons write to the residual stream."""
        neuron = jax.nn.gelu(inputs @ self.into_neurons[layer] + self.neuron_bias[layer], approximate=True)
        return tap(Site(layer, "neuron"), neuron) @ self.out_of_neurons[layer] + self.mlp_bias[layer]


def normalise(residual: Float[Array, "position model"]) -> Float[Array, "position model"]:
    """Layer norm without affine parameters."""
    centred = residual - residual.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
