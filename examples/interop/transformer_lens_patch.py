"""Patch one head of an exported organism with TransformerLens 4: python transformer_lens_patch.py EXPORT/member0-end"""

import json
import sys

import pyarrow.parquet
import torch
from safetensors.torch import load_file
from transformer_lens.model_bridge import TransformerBridge

folder, layer, head = sys.argv[1], 1, 0
with open(f"{folder}/transformer_lens/config.json") as config:
    model = TransformerBridge.boot_native(json.load(config))
model.load_state_dict(load_file(f"{folder}/transformer_lens/model.safetensors"), strict=True)
pair = pyarrow.parquet.read_table(f"{folder}/data/pairs.parquet").to_pylist()[0]
print(pair["role"], pair["variable"])
first, second = (torch.tensor([pair[side]]) for side in ("first", "second"))
hook = f"blocks.{layer}.attn.hook_z"
_, donor = model.run_with_cache(second)
print(donor[hook].shape, hook in donor, [k for k in donor if "blocks.0" in k])


def patch(z, hook):
    z[:, :, head] = donor[f"blocks.{layer}.attn.hook_z"][:, :, head]
    return z


lo = model.run_with_hooks(first, fwd_hooks=[(hook, patch)])[0, pair["decision"]]
l0 = model(first)[0, pair["decision"]]
f = lambda l: (l[pair["second_answer"]] - l[pair["first_answer"]]).item()
print(f(l0), pair["first_difference_nats"], f(lo) - f(l0))
print(model.blocks[0].mlp)
