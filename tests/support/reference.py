"""What should an organism compute? The forward pass once more, in float64 loops over heads and positions,
from its published arrays.

Written from the model's description (pre-norm without affine parameters, learned positions, tanh-GELU,
biases, untied unembedding) and not from its code; nothing here imports jax.
"""

from collections.abc import Mapping
from math import pi, sqrt

import numpy as np

Key = tuple[int, str, int | tuple[int, int]]
"""(layer, "head", index) or (layer, "neurons", (first, last + 1)); a slice is no dictionary key before Python
3.12."""


def member_arrays(arrays: Mapping[str, np.ndarray], member: int = 0) -> dict[str, np.ndarray]:
    """One member of what `organisms.model.parameter_names.to_arrays` gives, in float64."""
    return {name: np.asarray(value[member], np.float64) for name, value in arrays.items()}


def forward(
    arrays: Mapping[str, np.ndarray],
    tokens: np.ndarray,
    patches: Mapping[Key, np.ndarray] | None = None,
    blocks: int = 1,
) -> tuple[np.ndarray, dict[Key, np.ndarray]]:
    """Logits [position, vocabulary] and the outputs of all heads [position, width] and blocks of neurons
    [position, neurons].

    arrays: of one organism, by TransformerLens names. patches: outputs that take the place of the computed
    ones, under the same keys; a block of neurons may be any range. blocks: into how many each layer's neurons
    are divided in what comes back. What comes back is what flowed on, patches included.
    """
    patches, found = dict(patches or {}), {}
    residual = np.stack(
        [arrays["embed.W_E"][token] + arrays["pos_embed.W_pos"][n] for n, token in enumerate(tokens)]
    )
    layers = sum(name.endswith("attn.W_Q") for name in arrays)
    for layer in range(layers):
        part = {
            name.removeprefix(f"blocks.{layer}."): a
            for name, a in arrays.items()
            if name.startswith(f"blocks.{layer}.")
        }
        inputs = np.stack([_norm(row) for row in residual])
        written = np.tile(part["attn.b_O"], (len(tokens), 1))
        for head in range(len(part["attn.W_Q"])):
            output = patches.pop((layer, "head", head), None)
            if output is None:
                output = _head(part, head, inputs)
            found[layer, "head", head] = output
            written += output @ part["attn.W_O"][head]
        residual = residual + written
        neurons = _gelu(np.stack([_norm(row) for row in residual]) @ part["mlp.W_in"] + part["mlp.b_in"])
        for key in [key for key in patches if key[:2] == (layer, "neurons")]:
            neurons[:, slice(*key[2])] = patches.pop(key)
        size = neurons.shape[1] // blocks
        for block in range(blocks):
            found[layer, "neurons", (block * size, (block + 1) * size)] = neurons[
                :, block * size : (block + 1) * size
            ].copy()
        residual = residual + neurons @ part["mlp.W_out"] + part["mlp.b_out"]
    if patches:
        raise KeyError(f"no such components: {sorted(patches, key=str)}")
    return np.stack([_norm(row) for row in residual]) @ arrays["unembed.W_U"] + arrays["unembed.b_U"], found


def _head(part: Mapping[str, np.ndarray], head: int, inputs: np.ndarray) -> np.ndarray:
    query, key, value = (inputs @ part[f"attn.W_{x}"][head] + part[f"attn.b_{x}"][head] for x in "QKV")
    rows = []
    for position in range(len(inputs)):
        scores = np.array(
            [query[position] @ key[source] / sqrt(query.shape[1]) for source in range(position + 1)]
        )
        weights = np.exp(scores - scores.max())
        weights = weights / weights.sum()
        rows.append(sum(weight * value[source] for source, weight in enumerate(weights)))
    return np.stack(rows)


def _norm(row: np.ndarray) -> np.ndarray:
    return (row - np.mean(row)) / np.sqrt(np.var(row) + 1e-5)


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
