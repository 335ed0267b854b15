"""Hugging Face: as which GPT-2 does an organism load there, and which organisms are no GPT-2?

GPT-2 has a layer norm with parameters, here ones and zeros, and an unembedding without a bias. A bias that is not zero goes
into that of the last norm, ``ln_f``, where the unembedding turns it into itself. What ``ln_f`` gives then differs from the
organism's by a constant; logits and whatever comes before do not.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from experiments.export.exported_organism import Arrays, ExportedOrganism
from experiments.export.tokenizer import CONFIG_FILE as TOKENIZER_CONFIG_FILE
from experiments.export.tokenizer import TOKENIZER_FILE, tokenizer_config, tokenizer_json
from experiments.export.transformer_lens import ACTIVATION_NAMES
from experiments.export.writing import FolderWriter
from organisms.model.config import OrganismConfig
from organisms.model.transformer import EPSILON

CONFIG_FILE, MODEL_FILE, GENERATION_FILE, CARD_FILE = (
    "config.json",
    "model.safetensors",
    "generation_config.json",
    "README.md",
)
MOST_FOLDING_ERROR = 2e-6
"""nats, of a logit: what folding the unembedding's bias may cost, in rounding too"""
ROUNDING = 2.0**-24
UNEMBEDDING, UNEMBEDDING_BIAS = "unembed.W_U", "unembed.b_U"
WHOLE_NAMES = {"transformer.wte.weight": "embed.W_E", "transformer.wpe.weight": "pos_embed.W_pos"}
LAYER_NAMES = {
    "attn.c_proj.bias": "attn.b_O",
    "mlp.c_fc.weight": "mlp.W_in",
    "mlp.c_fc.bias": "mlp.b_in",
    "mlp.c_proj.weight": "mlp.W_out",
    "mlp.c_proj.bias": "mlp.b_out",
}
"""parameters that GPT-2 has in the same shape, by its names"""


def folded_bias(
    unembedding: Float[np.ndarray, "model vocabulary"], bias: Float[np.ndarray, " vocabulary"]
) -> Float[np.ndarray, " model"] | None:
    """The bias of the last norm that the unembedding turns into its own; None where that takes more than rounding, as with
    more words than the residual stream is wide."""
    if not bias.any():
        return np.zeros(len(unembedding), np.float32)
    weights, target = unembedding.astype(np.float64), bias.astype(np.float64)
    folded = np.linalg.lstsq(weights.T, target, rcond=None)[0].astype(np.float32)
    error = np.abs(folded.astype(np.float64) @ weights - target)
    rounding = ROUNDING * (np.abs(folded.astype(np.float64)) @ np.abs(weights))
    return folded if (error + rounding).max() <= MOST_FOLDING_ERROR else None


def gpt2_refusals(organism: ExportedOrganism) -> list[str]:
    """Why an organism can not be exported as a GPT-2 without loss, a line each."""
    if organism.sizes.norm == "none":
        return ["GPT-2 has a layer norm before every part, and this organism has none (organism.norm none)"]
    if folded_bias(organism.arrays[UNEMBEDDING], organism.arrays[UNEMBEDDING_BIAS]) is None:
        return [
            f"GPT-2 has no bias at the unembedding, and this organism's does not fit into its last norm "
            f"({organism.world.vocabulary.size} words, width {organism.sizes.width})"
        ]
    return []


def gpt2_arrays(arrays: Arrays, sizes: OrganismConfig) -> dict[str, np.ndarray]:
    """Parameters of one organism as ``GPT2LMHeadModel`` names and lays them out. Raises ValueError where they do not fit;
    see `gpt2_refusals`."""
    unembedding = arrays[UNEMBEDDING]
    final_bias = folded_bias(unembedding, arrays[UNEMBEDDING_BIAS])
    if final_bias is None:
        raise ValueError("the bias of the unembedding can not be folded")
    ones, zeros = np.ones(sizes.width, np.float32), np.zeros(sizes.width, np.float32)
    converted = {there: arrays[here] for there, here in WHOLE_NAMES.items()}
    converted |= {"transformer.ln_f.weight": ones, "transformer.ln_f.bias": final_bias}
    converted |= {"lm_head.weight": unembedding.T}
    for layer in range(sizes.layers):
        there, here = f"transformer.h.{layer}.", f"blocks.{layer}."
        # [head model width] to [model head*width], queries, keys and values side by side
        joined = [arrays[f"{here}attn.W_{kind}"].swapaxes(0, 1).reshape(sizes.width, -1) for kind in "QKV"]
        biases = [arrays[f"{here}attn.b_{kind}"].ravel() for kind in "QKV"]
        converted |= {there + name: arrays[here + of_ours] for name, of_ours in LAYER_NAMES.items()}
        converted |= {f"{there}{norm}.weight": ones for norm in ("ln_1", "ln_2")}
        converted |= {f"{there}{norm}.bias": zeros for norm in ("ln_1", "ln_2")}
        converted |= {
            f"{there}attn.c_attn.weight": np.concatenate(joined, axis=1),
            f"{there}attn.c_attn.bias": np.concatenate(biases),
            f"{there}attn.c_proj.weight": arrays[f"{here}attn.W_O"].reshape(-1, sizes.width),
        }
    return converted


def gpt2_config(organism: ExportedOrganism) -> dict[str, Any]:
    """Settings of ``GPT2Config``. No word begins or ends a text: a scene has a fixed length."""
    sizes, world = organism.sizes, organism.world
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": world.vocabulary.size,
        "n_positions": world.positions,
        "n_embd": sizes.width,
        "n_layer": sizes.layers,
        "n_head": sizes.heads,
        "n_inner": sizes.neurons,
        "activation_function": ACTIVATION_NAMES[sizes.activation],
        "layer_norm_epsilon": EPSILON,
        "tie_word_embeddings": False,
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "reorder_and_upcast_attn": False,
        "add_cross_attention": False,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0),
        **dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id")),
        "torch_dtype": "float32",
    }


def generation_config() -> dict[str, Any]:
    """Settings of ``generate``: the likeliest word, and one of them, an act."""
    return {
        "do_sample": False,
        "max_new_tokens": 1,
        **dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id")),
    }


def write_hugging_face(organism: ExportedOrganism, card: str, writer: FolderWriter) -> None:
    """Writes the folder that ``AutoModelForCausalLM`` and ``AutoTokenizer`` read, with its model card."""
    writer.json(CONFIG_FILE, gpt2_config(organism))
    writer.json(GENERATION_FILE, generation_config())
    writer.json(TOKENIZER_FILE, tokenizer_json(organism.world))
    writer.json(TOKENIZER_CONFIG_FILE, tokenizer_config(organism.world))
    writer.tensors(MODEL_FILE, gpt2_arrays(organism.arrays, organism.sizes))
    writer.text(CARD_FILE, card)
