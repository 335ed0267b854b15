"""An organism: a decoder-only transformer, pre-norm without affine parameters, learned positions,
tanh-GELU, biases, untied unembedding. The choice exports to TransformerLens and to Hugging Face's GPT-2
without loss. Compiled organisms have no norm, and ReLU (see `organisms.model.config.OrganismConfig`).

Einsum letters: h head, m model, w width (of a head), p position, s source, n neuron, v vocabulary. Parameters
are stacked over layers, so that a component is an index. The forward pass takes a scene or a batch of scenes;
members and interventions are vmaps.
"""

from collections.abc import Callable
from functools import partial
from itertools import accumulate
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int, Key

from organisms.model.config import Activation, Norm, OrganismConfig
from organisms.model.sites import Site, Tap, identity

EPSILON = 1e-5
ACTIVATIONS: dict[Activation, Callable[[Array], Array]] = {
    "gelu": partial(jax.nn.gelu, approximate=True),
    "relu": jax.nn.relu,
}


class Past(NamedTuple):
    """Keys and values of the tokens before a stretch of a scene, for the tokens of the stretch to attend to."""

    key: Float[Array, "layer head position width"]
    """keys of the whole scene; those from ``start`` on are not read"""
    value: Float[Array, "layer head position width"]
    start: Int[Array, ""]
    """position of the stretch's first token"""


class Organism(nnx.Module):
    """A transformer as a plain pytree: jax.jit, vmap, grad and tree.map take it as it is.

    Calling it with tokens [position] gives logits [position, vocabulary]; tokens may have leading batch axes.
    ``positions`` selects those whose logits are returned: the last layer then computes its queries and neurons
    there alone, and its sites have those positions only. With a ``past``, tokens [stretch], without batch
    axes, are some of a scene's, the sites have those positions only, and ``positions`` counts from the
    stretch's first; the sources of a pattern are those of the past, then the stretch's own.

    Weights start normal with standard deviation initial_scale / sqrt(inputs), the two that write to the
    residual stream divided by sqrt(2 * layers) (Radford et al. 2019, GPT-2, section 2.3); embeddings as if
    the width were their inputs, so that each has about unit norm; biases at zero.
    """

    def __init__(self, config: OrganismConfig, vocabulary: int, positions: int, key: Key[Array, ""]):
        layers, heads, model, width = config.layers, config.heads, config.width, config.head_width
        self.norm: Norm = config.norm
        self.activation: Activation = config.activation
        shapes = {
            "embedding": (vocabulary, model),
            "position": (positions, model),
            "query": (layers, heads, model, width),
            "key": (layers, heads, model, width),
            "value": (layers, heads, model, width),
            "output": (layers, heads, width, model),
            "into_neurons": (layers, model, config.neurons),
            "out_of_neurons": (layers, config.neurons, model),
            "unembedding": (model, vocabulary),
        }
        sizes = [prod(shape) for shape in shapes.values()]
        # One draw for all, since each draw takes a CPU half a second to compile.
        parts = jnp.split(jax.random.normal(key, (sum(sizes),)), list(accumulate(sizes[:-1])))
        drawn = {name: part.reshape(shapes[name]) for name, part in zip(shapes, parts, strict=True)}

        def normal(name: str, inputs: int) -> nnx.Param[Array]:
            return nnx.Param(config.initial_scale * inputs**-0.5 * drawn[name])

        def zeros(*shape: int) -> nnx.Param[Array]:
            return nnx.Param(jnp.zeros(shape))

        depth = 2 * layers
        self.embedding = normal("embedding", model)
        self.position = normal("position", model)
        self.query = normal("query", model)
        self.query_bias = zeros(layers, heads, width)
        self.key = normal("key", model)
        self.key_bias = zeros(layers, heads, width)
        self.value = normal("value", model)
        self.value_bias = zeros(layers, heads, width)
        self.output = normal("output", model * depth)
        self.output_bias = zeros(layers, model)
        self.into_neurons = normal("into_neurons", model)
        self.neuron_bias = zeros(layers, config.neurons)
        self.out_of_neurons = normal("out_of_neurons", config.neurons * depth)
        self.mlp_bias = zeros(layers, model)
        self.unembedding = normal("unembedding", model)
        self.unembedding_bias = zeros(vocabulary)

    def __call__(
        self,
        tokens: Int[Array, "*batch position"],
        tap: Tap = identity,
        positions: Int[Array, " moment"] | None = None,
        past: Past | None = None,
    ) -> Float[Array, "*batch selected vocabulary"]:
        start, stretch = 0 if past is None else past.start, tokens.shape[-1]
        place = jax.lax.dynamic_slice_in_dim(self.position[...], start, stretch)
        residual = tap(Site(-1, "embedding"), self.embedding[...][tokens] + place)
        return self.from_layer(0, residual, tap, positions, past)

    def from_layer(
        self,
        first: int,
        residual: Float[Array, "*batch position model"],
        tap: Tap = identity,
        positions: Int[Array, " moment"] | None = None,
        past: Past | None = None,
    ) -> Float[Array, "*batch selected vocabulary"]:
        """Logits from the residual stream that enters a layer; where there is no such layer, that which the
        last one leaves at the selected positions."""
        layers = self.query.shape[0]
        for layer in range(first, layers):
            residual = tap(Site(layer, "residual"), residual)
            selected = positions if layer == layers - 1 else None
            attended = self.attention(layer, self.normalised(residual), tap, selected, past)
            residual = (residual if selected is None else residual[..., selected, :]) + attended
            residual = residual + self.mlp(layer, self.normalised(residual), tap)
        final = tap(Site(-1, "final"), self.normalised(residual))
        return product(final, self.unembedding[...]) + self.unembedding_bias[...]

    def attention(
        self,
        layer: int,
        inputs: Float[Array, "*batch position model"],
        tap: Tap,
        selected: Int[Array, " moment"] | None,
        past: Past | None,
    ) -> Float[Array, "*batch selected model"]:
        """What a layer's heads write to the residual stream, at the selected positions (None: at all)."""
        if selected is None:
            query, key, value = self.project(layer, inputs, ("query", "key", "value"))
        else:
            (query,) = self.project(layer, inputs[..., selected, :], ("query",))
            key, value = self.project(layer, inputs, ("key", "value"))
        query = tap(Site(layer, "query"), query)
        key = tap(Site(layer, "key"), key)
        value = tap(Site(layer, "value"), value)
        is_past = jnp.arange(inputs.shape[-2]) <= jnp.arange(inputs.shape[-2])[:, None]
        scores = _scores(query, key, is_past if selected is None else is_past[selected])
        if past is not None:
            is_before = (jnp.arange(past.key.shape[-2]) < past.start)[None]
            scores = jnp.concatenate([_scores(query, past.key[layer], is_before), scores], axis=-1)
        pattern = tap(Site(layer, "pattern"), jax.nn.softmax(scores, axis=-1))
        if past is None:
            head = jnp.einsum("...hps,...hsw->...hpw", pattern, value)
        else:
            to_past, to_stretch = jnp.split(pattern, [past.value.shape[-2]], axis=-1)
            head = jnp.einsum("hps,hsw->hpw", to_past, past.value[layer])
            head = head + jnp.einsum("hps,hsw->hpw", to_stretch, value)
        return self.write_heads(layer, tap(Site(layer, "head"), head))

    def write_heads(
        self, layer: int, head: Float[Array, "*batch head position width"]
    ) -> Float[Array, "*batch position model"]:
        """What a layer's heads write to the residual stream, from their outputs."""
        together = jnp.swapaxes(head, -3, -2)  # [*batch position head width]
        output = self.output[layer]
        together = together.reshape(*together.shape[:-2], -1)
        return product(together, output.reshape(-1, output.shape[-1])) + self.output_bias[layer]

    def project(
        self, layer: int, inputs: Float[Array, "*batch position model"], names: tuple[str, ...]
    ) -> list[Float[Array, "*batch head position width"]]:
        """The queries, keys or values of all heads, by one product."""
        weights = jnp.concatenate([getattr(self, name)[layer] for name in names])
        biases = jnp.concatenate([getattr(self, f"{name}_bias")[layer] for name in names])
        count, model, width = weights.shape
        flat = product(inputs, jnp.swapaxes(weights, 0, 1).reshape(model, -1)) + biases.ravel()
        by_head = jnp.swapaxes(flat.reshape(*flat.shape[:-1], count, width), -3, -2)
        return jnp.split(by_head, len(names), axis=-3)

    def mlp(
        self, layer: int, inputs: Float[Array, "*batch position model"], tap: Tap
    ) -> Float[Array, "*batch position model"]:
        """What a layer's neurons write to the residual stream."""
        neuron = tap(Site(layer, "neuron"), self.neurons(layer, inputs))
        return product(neuron, self.out_of_neurons[layer]) + self.mlp_bias[layer]

    def neurons(
        self, layer: int, inputs: Float[Array, "*batch position model"]
    ) -> Float[Array, "*batch position neuron"]:
        """Activations of a layer's neurons, after the nonlinearity."""
        return ACTIVATIONS[self.activation](
            product(inputs, self.into_neurons[layer]) + self.neuron_bias[layer]
        )

    def normalised(
        self, residual: Float[Array, "*batch position model"]
    ) -> Float[Array, "*batch position model"]:
        """What is read of the residual stream: its layer norm, or itself where the organism has none."""
        return normalise(residual) if self.norm == "layer" else residual


def _scores(
    query: Float[Array, "*batch head position width"],
    key: Float[Array, "*batch head source width"],
    may_attend: Bool[Array, "#position source"],
) -> Float[Array, "*batch head position source"]:
    """Attention scores before the softmax."""
    scores = jnp.einsum("...hpw,...hsw->...hps", query, key) / query.shape[-1] ** 0.5
    return jnp.where(jax.lax.expand_dims(may_attend, range(scores.ndim - 2)), scores, -jnp.inf)


def normalise(residual: Float[Array, "*batch position model"]) -> Float[Array, "*batch position model"]:
    """Layer norm without affine parameters."""
    centred = residual - residual.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + EPSILON)


@jax.custom_vjp
def product(
    inputs: Float[Array, "*batch inputs"], weights: Float[Array, "inputs outputs"]
) -> Float[Array, "*batch outputs"]:
    """Inputs times weights, with a gradient whose products XLA's CPU compiler runs at full speed.

    Its own choice transposes both sides of the weights' gradient, at a third to a half of the speed (measured
    on two AVX-512 cores). Reverse mode alone.
    """
    return inputs @ weights


def _product(inputs: Array, weights: Array) -> tuple[Array, tuple[Array, Array]]:
    return inputs @ weights, (inputs, weights)


def _product_gradient(operands: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    inputs, weights = operands
    fan_in, fan_out = weights.shape
    rows, slopes = inputs.reshape(-1, fan_in), gradient.reshape(-1, fan_out)
    over_rows = (((0,), (0,)), ((), ()))
    input_gradient = (slopes @ weights.T).reshape(inputs.shape)
    if fan_in <= fan_out:
        return input_gradient, jax.lax.dot_general(rows, slopes, over_rows)
    # The barrier keeps XLA from folding the transposition back into the slow form.
    return input_gradient, jax.lax.optimization_barrier(jax.lax.dot_general(slopes, rows, over_rows)).T


product.defvjp(_product, _product_gradient)
