"""Reading weights: what do an organism's weights compute, whatever a disguise did to its files?

What is unread is taken away, and what components write for every input alike is put where no component writes it: zero ablation
then takes from a component what it says, and no constant that another one cancels. Heads and neurons are compared by products that
no change of axes or scale alters. This is what a disguise can not hide, since it is what the weights compute.
"""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from experiments.challenge.disguise import READERS, WRITERS, array_kind
from organisms.model.config import OrganismConfig
from organisms.model.transformer import ACTIVATIONS

STEADY = 1e-4
"""neurons whose weights are shorter than this share of their bias are steady: they write the same for every input"""
Arrays64 = Mapping[str, np.ndarray]


def without_unread(arrays: Mapping[str, np.ndarray], sizes: OrganismConfig) -> dict[str, np.ndarray]:
    """The same organism with zeros where nothing reads, or nothing is written."""
    weights = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
    if sizes.norm == "layer":
        for name, array in weights.items():
            if array_kind(name) in WRITERS:
                weights[name] = array - array.mean(-1, keepdims=True)
            elif array_kind(name) in READERS:
                weights[name] = array - array.mean(-2, keepdims=True)
        return weights
    # Axes are in another order there, and not turned.
    is_read, is_written = (np.zeros(sizes.width, bool) for _ in range(2))
    for name, array in weights.items():
        if array_kind(name) in WRITERS:
            is_written |= (array.reshape(-1, sizes.width) != 0).any(0)
        elif array_kind(name) in READERS:
            is_read |= (np.moveaxis(array, -2, -1).reshape(-1, sizes.width) != 0).any(0)
    for name, array in weights.items():
        if array_kind(name) in WRITERS:
            weights[name] = array * is_read
        elif array_kind(name) in READERS:
            weights[name] = array * is_written[:, None]
    return weights


def without_constants(arrays: Mapping[str, np.ndarray], sizes: OrganismConfig) -> dict[str, np.ndarray]:
    """The same organism without what is unread, and with zero value biases and silent steady neurons: what they write is in the
    biases of outputs."""
    weights = without_unread(arrays, sizes)
    for layer in range(sizes.layers):
        attention, neurons = f"blocks.{layer}.attn.", f"blocks.{layer}.mlp."
        values = weights[attention + "b_V"]
        weights[attention + "b_O"] = weights[attention + "b_O"] + np.einsum(
            "hw,hwm->m", values, weights[attention + "W_O"]
        )
        weights[attention + "b_V"] = np.zeros_like(values)
        reads = np.linalg.norm(weights[neurons + "W_in"], axis=0)
        bias = jnp.asarray(weights[neurons + "b_in"])
        is_steady = reads < STEADY * np.abs(weights[neurons + "b_in"])
        written = np.where(is_steady, np.asarray(ACTIVATIONS[sizes.activation](bias), np.float64), 0.0)
        out_of = weights[neurons + "W_out"]
        weights[neurons + "b_out"] = weights[neurons + "b_out"] + written @ out_of
        weights[neurons + "W_out"] = np.where(is_steady[:, None], 0.0, out_of)
    return weights


def component_changes(
    fork: Arrays64, end: Arrays64, sizes: OrganismConfig
) -> Float[np.ndarray, " component"]:
    """How much each component changed, from 0 to 1: the length of the change over the sum of both lengths. 0 where a component
    is empty at both."""
    before, after = without_unread(fork, sizes), without_unread(end, sizes)
    by_layer: list[np.ndarray] = []
    for layer in range(sizes.layers):
        place = f"blocks.{layer}."
        heads = np.zeros((3, sizes.heads))
        for first, second in (("attn.W_Q", "attn.W_K"), ("attn.W_V", "attn.W_O")):
            products = [_head_product(arrays, place, first, second) for arrays in (before, after)]
            heads += _squares(*products, axes=(1, 2))
        # Each neuron as the product of what it reads and what it writes.
        reads = [arrays[place + "mlp.W_in"].T for arrays in (before, after)]
        writes = [arrays[place + "mlp.W_out"] for arrays in (before, after)]
        lengths = [(r**2).sum(1) * (w**2).sum(1) for r, w in zip(reads, writes, strict=True)]
        alike = (reads[0] * reads[1]).sum(1) * (writes[0] * writes[1]).sum(1)
        neurons = np.stack([(lengths[0] + lengths[1] - 2 * alike).clip(0), *lengths])
        blocks = neurons.reshape(3, sizes.neuron_blocks, -1).sum(2)
        by_layer.append(np.concatenate([heads, blocks], axis=1))
    moved, was, became = np.sqrt(np.concatenate(by_layer, axis=1))
    total = was + became
    return np.divide(moved, total, out=np.zeros_like(moved), where=total > 1e-6 * total.max())


def _head_product(
    arrays: Arrays64, place: str, first: str, second: str
) -> Float[np.ndarray, "head model model"]:
    """What a head reads by, or moves, as a map of the residual stream."""
    other = arrays[place + second]
    return arrays[place + first] @ (other.swapaxes(1, 2) if second == "attn.W_K" else other)


def _squares(before: np.ndarray, after: np.ndarray, axes: tuple[int, ...]) -> Float[np.ndarray, "3 head"]:
    return np.stack([(part**2).sum(axes) for part in (after - before, before, after)])
