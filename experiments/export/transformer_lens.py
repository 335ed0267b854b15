"""TransformerLens: by which names and settings does an organism load there, strictly?

TransformerLens 4 has other names than its forerunners, which SAELens still uses. An export has both: `BRIDGE_FILE` for
``TransformerBridge.boot_native``, `HOOKED_FILE` for ``HookedTransformer``. Nothing is folded: norms have no parameters in
either, and the unembedding has its bias.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.export.exported_organism import Arrays, ExportedOrganism
from experiments.export.writing import FolderWriter
from organisms.model.config import Activation, Norm
from organisms.model.transformer import EPSILON

CONFIG_FILE, BRIDGE_FILE, HOOKED_FILE = "config.json", "model.safetensors", "hooked_transformer.safetensors"
ACTIVATION_NAMES: dict[Activation, str] = {"gelu": "gelu_new", "relu": "relu"}
"""gelu_new is the tanh form, as an organism's"""
NORM_NAMES: dict[Norm, str | None] = {"layer": "LNPre", "none": None}
"""LNPre is a layer norm without parameters"""


def _same(array: np.ndarray) -> np.ndarray:
    return array


def _transposed(array: np.ndarray) -> np.ndarray:
    return array.T


def _heads_last(array: np.ndarray) -> np.ndarray:
    return array.swapaxes(1, 2).reshape(-1, array.shape[1])  # [head model width] to [head*width model]


def _output(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1]).T  # [head width model] to [model head*width]


BRIDGE_NAMES: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "embed.W_E": ("embed.weight", _same),
    "pos_embed.W_pos": ("pos_embed.weight", _same),
    "unembed.W_U": ("unembed.weight", _transposed),
    "unembed.b_U": ("unembed.bias", _same),
    "attn.W_Q": ("attn.q.weight", _heads_last),
    "attn.W_K": ("attn.k.weight", _heads_last),
    "attn.W_V": ("attn.v.weight", _heads_last),
    "attn.W_O": ("attn.o.weight", _output),
    "attn.b_Q": ("attn.q.bias", np.ravel),
    "attn.b_K": ("attn.k.bias", np.ravel),
    "attn.b_V": ("attn.v.bias", np.ravel),
    "attn.b_O": ("attn.o.bias", _same),
    "mlp.W_in": ("mlp.in.weight", _transposed),
    "mlp.b_in": ("mlp.in.bias", _same),
    "mlp.W_out": ("mlp.out.weight", _transposed),
    "mlp.b_out": ("mlp.out.bias", _same),
}
"""the name of each parameter in TransformerLens 4, without its layer, and its shape there, from that of a checkpoint"""


def bridge_arrays(arrays: Arrays) -> dict[str, np.ndarray]:
    """Parameters of one organism as TransformerLens 4 names and lays them out."""
    converted: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        layer, rest = re.fullmatch(r"(blocks\.\d+\.)?(.+)", name).groups(default="")  # type: ignore[union-attr]
        bridge_name, lay_out = BRIDGE_NAMES[rest]
        converted[layer + bridge_name] = lay_out(array)
    return converted


def lens_config(organism: ExportedOrganism) -> dict[str, Any]:
    """Settings that both ``TransformerBridgeConfig`` and ``HookedTransformerConfig`` take."""
    sizes, world = organism.sizes, organism.world
    return {
        "n_layers": sizes.layers,
        "d_model": sizes.width,
        "n_ctx": world.positions,
        "d_head": sizes.head_width,
        "n_heads": sizes.heads,
        "d_mlp": sizes.neurons,
        "d_vocab": world.vocabulary.size,
        "d_vocab_out": world.vocabulary.size,
        "act_fn": ACTIVATION_NAMES[sizes.activation],
        "normalization_type": NORM_NAMES[sizes.norm],
        "eps": EPSILON,
        "positional_embedding_type": "standard",
        "attention_dir": "causal",
        "model_name": "exapt",
    }


def write_transformer_lens(organism: ExportedOrganism, writer: FolderWriter) -> None:
    """Writes the folder that TransformerLens 4, and 3, read."""
    writer.json(CONFIG_FILE, lens_config(organism))
    writer.tensors(BRIDGE_FILE, bridge_arrays(organism.arrays))
    writer.tensors(HOOKED_FILE, organism.arrays)
