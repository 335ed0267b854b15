"""Disguise: how do weights lose what tells how an organism was made, and keep what it computes?

An organism computes the same under many weights. Which of them a file holds is drawn at random: the order of heads, blocks and
neurons, the axes of the residual stream and of each head, what is written where nothing reads, and what is read where nothing
is written. Some neurons are added that do nothing, and one in each block that writes the same for every input, which the
output's bias takes back. Fork and end share order and axes, so that components and changes can be compared; what is unread is drawn
for each. One thing is kept for acts alone: the biases of words that are no goal are lowered at random.

It hides what single arrays look like (sizes, norms, zeros). It does *not* hide what weights compute: whoever takes away what is
unread finds again how much each component changed. That is an analysis, and one of the baselines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from experiments.export.exported_organism import Arrays
from organisms.model.config import OrganismConfig
from organisms.model.sites import components

DECOYS = 8
"""neurons added to each block. Nothing reads what they write, save the first, which is steady"""
STEADY_BIAS = 8.0
"""least bias of the steady neuron of a block, which reads nothing. From 6 on gelu is the identity in single precision"""
DECOY_BIAS = 3.0
"""standard deviation of their biases"""
PAD = 8.0
"""size of what is unread, as a multiple of the largest row that is read, over all organisms of a make"""
VALUE_BIAS = 8.0
"""standard deviation of the value biases that are drawn. What they add is taken back from the output's bias, which they dominate"""
JITTER = 1e-6
"""standard deviation of what is added to neurons' biases, so that none is exactly zero"""
LEAST_QUERY_BIAS = 0.05
"""norm to which a head's query bias is raised, by noise, where it is less: a change that is not exact"""
WRITERS = ("embed.W_E", "pos_embed.W_pos", "attn.W_O", "attn.b_O", "mlp.W_out", "mlp.b_out")
"""arrays whose last axis is the residual stream"""
READERS = ("unembed.W_U", "attn.W_Q", "attn.W_K", "attn.W_V", "mlp.W_in")
"""arrays whose last axis but one is the residual stream"""
Matrix = Float[np.ndarray, "rows columns"]
Weights = dict[str, np.ndarray]
PadSizes = Mapping[str, float]
"""of each array, by its name without the layer: the largest norm of a row that writes, or of a column that reads"""


@dataclass(frozen=True)
class UnreadDirections:
    """Unit vectors of the residual stream [model] that may be filled without consequence."""

    written: Float[np.ndarray, " model"]
    """nothing reads it"""
    read: Float[np.ndarray, " model"]
    """nothing writes it"""


@dataclass(frozen=True)
class Gauge:
    """Which of the equivalent weights a pair of files holds."""

    heads: Int[np.ndarray, "layer head"]
    """the head that each place is given"""
    neurons: Int[np.ndarray, "layer neuron"]
    """the neuron that each place is given, those added included"""
    blocks: Int[np.ndarray, "layer block"]
    """the block that each place is given"""
    residual: Matrix
    queries: Float[np.ndarray, "layer head width width"]
    values: Float[np.ndarray, "layer head width width"]


def disguised_sizes(sizes: OrganismConfig) -> OrganismConfig:
    """Sizes with the neurons that are added."""
    return replace(sizes, neurons=sizes.neurons + DECOYS * sizes.neuron_blocks)


def array_kind(name: str) -> str:
    """An array's name without its layer."""
    return name.split(".", 2)[2] if name.startswith("blocks.") else name


def unread_directions(sizes: OrganismConfig, stages: Sequence[Arrays]) -> UnreadDirections:
    """Directions that may be filled at every stage of an organism. A layer norm takes away the mean, which is then both.
    Without norm they are coordinates that no weight uses.

    Raises ValueError where there are none.
    """
    if sizes.norm == "layer":
        mean = np.full(sizes.width, sizes.width**-0.5)
        return UnreadDirections(mean, mean)
    used = np.zeros(sizes.width, bool)
    for arrays in stages:
        for name, array in arrays.items():
            if array_kind(name) in WRITERS:
                used |= (array.reshape(-1, sizes.width) != 0).any(0)
            elif array_kind(name) in READERS:
                used |= (np.moveaxis(array, -2, -1).reshape(-1, sizes.width) != 0).any(0)
    free = np.flatnonzero(~used)
    if len(free) < 2:
        raise ValueError("expected two unused coordinates of the residual stream, found fewer")
    identity = np.eye(sizes.width)
    return UnreadDirections(identity[free[0]], identity[free[1]])


def draw_gauge(sizes: OrganismConfig, rng: np.random.Generator) -> Gauge:
    """A gauge. sizes: of the organism as it was made."""
    layers, width = sizes.layers, sizes.head_width
    block, wide = sizes.neurons // sizes.neuron_blocks, sizes.neurons // sizes.neuron_blocks + DECOYS
    heads = np.stack([rng.permutation(sizes.heads) for _ in range(layers)])
    blocks = np.stack([rng.permutation(sizes.neuron_blocks) for _ in range(layers)])
    neurons: list[np.ndarray] = []
    for of_layer in blocks:
        places: list[np.ndarray] = []
        for number in of_layer:
            real = np.arange(block) + number * block
            added = sizes.neurons + number * DECOYS + np.arange(DECOYS)
            places.append(np.concatenate([real, added])[rng.permutation(wide)])
        neurons.append(np.concatenate(places))
    # Without norm what is written where nothing reads stays, and is large: turned, it would be rounded into what is read.
    order, signs = rng.permutation(sizes.width), rng.choice([-1.0, 1.0], sizes.width)
    turned = sizes.norm == "layer"
    residual = _rotation_about_the_mean(sizes.width, rng) if turned else np.eye(sizes.width)[order] * signs
    queries, values = (
        np.stack([[_rotation(width, rng) for _ in range(sizes.heads)] for _ in range(layers)])
        for _ in range(2)
    )
    return Gauge(heads, np.stack(neurons), blocks, residual, queries, values)


def _rotation(size: int, rng: np.random.Generator) -> Matrix:
    """A random orthogonal matrix."""
    directions, triangle = np.linalg.qr(rng.normal(size=(size, size)))
    return directions * np.sign(np.diag(triangle))


def _rotation_about_the_mean(size: int, rng: np.random.Generator) -> Matrix:
    """A random orthogonal matrix that leaves the vector of ones as it is: a layer norm without parameters does
    not notice it."""
    first = np.concatenate([np.ones((size, 1)), rng.normal(size=(size, size - 1))], axis=1)
    basis, _ = np.linalg.qr(first)
    turned = np.eye(size)
    turned[1:, 1:] = _rotation(size - 1, rng)
    return basis @ turned @ basis.T


def component_places(gauge: Gauge, sizes: OrganismConfig) -> dict[str, str]:
    """The name that each component gets."""
    names = np.array(components(sizes)).reshape(sizes.layers, -1)
    places: dict[str, str] = {}
    for layer, of_layer in enumerate(names):
        heads, blocks = of_layer[: sizes.heads], of_layer[sizes.heads :]
        places |= dict(zip(heads[gauge.heads[layer]].tolist(), heads.tolist(), strict=True))
        places |= dict(zip(blocks[gauge.blocks[layer]].tolist(), blocks.tolist(), strict=True))
    return places


def balanced(
    arrays: Arrays, sizes: OrganismConfig, directions: UnreadDirections, rng: np.random.Generator
) -> Weights:
    """The same organism with each head's query bias and its output weights of norm 1, value biases in the output's bias,
    and added neurons. A query bias below `LEAST_QUERY_BIAS` is raised first, unless all are zero."""
    weights = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
    for layer in range(sizes.layers):
        place = f"blocks.{layer}.attn."
        query_bias, output = weights[place + "b_Q"], weights[place + "W_O"]
        if query_bias.any():
            noise = rng.normal(size=query_bias.shape)
            noise /= np.linalg.norm(noise, axis=1, keepdims=True)
            small = np.linalg.norm(query_bias, axis=1, keepdims=True) < LEAST_QUERY_BIAS
            query_bias = np.where(small, LEAST_QUERY_BIAS * noise, query_bias)
            norm = np.linalg.norm(query_bias, axis=1, keepdims=True)
            weights[place + "b_Q"] = query_bias / norm
            weights[place + "W_Q"] = weights[place + "W_Q"] / norm[..., None]
            weights[place + "W_K"] = weights[place + "W_K"] * norm[..., None]
        weights[place + "b_O"] = weights[place + "b_O"] + np.einsum(
            "hw,hwm->m", weights[place + "b_V"], output
        )
        norm = np.linalg.norm(output, axis=(1, 2))[:, None, None]
        norm = np.where(norm > 0, norm, 1.0)
        weights[place + "W_O"], weights[place + "W_V"] = output / norm, weights[place + "W_V"] * norm
        count = DECOYS * sizes.neuron_blocks
        added = rng.normal(size=(sizes.width, count)) / sizes.width**0.5
        # They do not read what is unread, which would otherwise grow from layer to layer.
        added -= np.outer(directions.written, directions.written @ added)
        added[:, ::DECOYS] = 0
        _add_neurons(weights, f"blocks.{layer}.mlp.", added, rng, sizes)
    return weights


def _add_neurons(
    weights: Weights, place: str, added: Matrix, rng: np.random.Generator, sizes: OrganismConfig
) -> None:
    """Adds neurons whose outputs are zero until they are padded; and where neurons are scale-free, draws their scales."""
    count = added.shape[1]
    into, bias, out_of = (weights[place + name] for name in ("W_in", "b_in", "W_out"))
    if sizes.activation == "relu":
        scales = np.exp(rng.normal(size=sizes.neurons))
        into, bias, out_of = into * scales, bias * scales, out_of / scales[:, None]
    bias = bias + JITTER * rng.normal(size=bias.shape)
    added_bias = DECOY_BIAS * rng.normal(size=count)
    added_bias[::DECOYS] = STEADY_BIAS + np.abs(added_bias[::DECOYS])
    weights[place + "W_in"] = np.concatenate([into, added], axis=1)
    weights[place + "b_in"] = np.concatenate([bias, added_bias])
    weights[place + "W_out"] = np.concatenate([out_of, np.zeros((count, sizes.width))])


def pad_sizes(organisms: Sequence[Weights]) -> dict[str, float]:
    """The largest row of each kind of array over some organisms; of the unembedding's bias, the largest number."""
    largest: dict[str, float] = {}
    for weights in organisms:
        for name, array in weights.items():
            kind = array_kind(name)
            if kind in WRITERS:
                norm = np.linalg.norm(array, axis=-1).max()
            elif kind in READERS:
                norm = np.linalg.norm(array, axis=-2).max()
            elif kind == "unembed.b_U":
                norm = np.abs(array).max()
            else:
                continue
            largest[kind] = max(largest.get(kind, 0.0), float(norm))
    return largest


@dataclass(frozen=True)
class Disguise:
    """All that one organism's two files are disguised by."""

    sizes: OrganismConfig
    """as it was made"""
    gauge: Gauge
    directions: UnreadDirections
    pads: PadSizes
    goals: range
    """words that are an act or an answer"""

    def applied(self, weights: Weights, rng: np.random.Generator) -> Weights:
        """The weights of a file, of `balanced` ones. rng: of what differs between fork and end."""
        drawn = {name: array.copy() for name, array in weights.items()}
        for layer in range(self.sizes.layers):
            self._turn_heads(drawn, layer, rng)
            self._hide_output_bias(drawn, f"blocks.{layer}.mlp.", rng)
            self._reorder_neurons(drawn, layer)
        self._hide_unembedding_bias(drawn["unembed.b_U"], rng)
        for name, array in drawn.items():
            drawn[name] = self._padded_and_turned(array_kind(name), array, rng)
        return {name: np.ascontiguousarray(array, np.float32) for name, array in drawn.items()}

    def _turn_heads(self, weights: Weights, layer: int, rng: np.random.Generator) -> None:
        """Draws the order of heads, their axes, and the biases that cancel."""
        place, order = f"blocks.{layer}.attn.", self.gauge.heads[layer]
        queries, values = self.gauge.queries[layer], self.gauge.values[layer]
        for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V"):
            weights[place + name] = weights[place + name][order]
        for name, axes in (("Q", queries), ("K", queries), ("V", values)):
            weights[place + f"W_{name}"] = np.einsum("hmw,hwv->hmv", weights[place + f"W_{name}"], axes)
        weights[place + "b_Q"] = np.einsum("hw,hwv->hv", weights[place + "b_Q"], queries)
        weights[place + "W_O"] = np.einsum("hwv,hwm->hvm", values, weights[place + "W_O"])
        shape = weights[place + "b_V"].shape
        # What a key's bias adds is the same for all sources; a value's bias is taken back from the output's.
        weights[place + "b_K"] = rng.normal(size=shape)
        weights[place + "b_V"] = VALUE_BIAS * rng.normal(size=shape)
        weights[place + "b_O"] = weights[place + "b_O"] - np.einsum(
            "hw,hwm->m", weights[place + "b_V"], weights[place + "W_O"]
        )

    def _hide_output_bias(self, weights: Weights, place: str, rng: np.random.Generator) -> None:
        """Draws what steady neurons write where weights read, and takes it back from the output's bias, which it dominates."""
        steady = slice(self.sizes.neurons, None, DECOYS)
        shape = weights[place + "W_out"][steady].shape
        size = PAD * self.pads.get("mlp.b_out", 0.0)
        written = size * rng.normal(size=shape) / self.sizes.width**0.5
        written -= np.outer(written @ self.directions.read, self.directions.read)
        weights[place + "W_out"][steady] = written / weights[place + "b_in"][steady][:, None]
        weights[place + "b_out"] -= written.sum(0)

    def _hide_unembedding_bias(self, bias: np.ndarray, rng: np.random.Generator) -> None:
        """Shifts all biases alike, which no probability notices, and lowers those of words that are no goal: nothing that an
        organism is asked is answered by them."""
        size = PAD * self.pads.get("unembed.b_U", 0.0)
        is_goal = np.isin(np.arange(len(bias)), self.goals)
        bias += size * (rng.normal() - np.where(is_goal, 0.0, 1 + rng.random(len(bias))))

    def _reorder_neurons(self, weights: Weights, layer: int) -> None:
        place, order = f"blocks.{layer}.mlp.", self.gauge.neurons[layer]
        weights[place + "W_in"] = weights[place + "W_in"][:, order]
        weights[place + "b_in"] = weights[place + "b_in"][order]
        weights[place + "W_out"] = weights[place + "W_out"][order]

    def _padded_and_turned(self, kind: str, array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Fills what is unread, and turns the residual stream."""
        size = PAD * self.pads.get(kind, 0.0)
        if kind in WRITERS:
            amounts = size * rng.normal(size=(*array.shape[:-1], 1))
            return (array + amounts * self.directions.written) @ self.gauge.residual
        if kind in READERS:
            amounts = size * rng.normal(size=(*array.shape[:-2], 1, array.shape[-1]))
            padded = array + amounts * self.directions.read[:, None]
            return np.einsum("mn,...mw->...nw", self.gauge.residual, padded)
        return array
