import json
import sys

from pyarrow.parquet import read_table
from safetensors.torch import load_file
from torch import tensor
from transformer_lens.model_bridge import TransformerBridge

folder, hook, head = sys.argv[1], "blocks.1.attn.hook_z", 0  # as RUN/export/member0-end
with open(f"{folder}/transformer_lens/config.json") as config:
    model = TransformerBridge.boot_native(json.load(config))
model.load_state_dict(load_file(f"{folder}/transformer_lens/model.safetensors"), strict=True)
pair = read_table(f"{folder}/data/pairs.parquet").to_pylist()[0]
donor = model.run_with_cache(tensor([pair["second"]]))[1][hook][:, :, head]


def patch(z, hook):
    z[:, :, head] = donor
    return z


logits = model.run_with_hooks(tensor([pair["first"]]), fwd_hooks=[(hook, patch)])[0, pair["decision"]]
difference = logits[pair["second_answer"]] - logits[pair["first_answer"]]
print(f"{difference.item() - pair['first_difference_nats']:.5f}")
