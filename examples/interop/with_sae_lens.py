import json
import sys
from pathlib import Path

from pyarrow.parquet import read_table
from sae_lens import HookedSAETransformer, StandardSAE, StandardSAEConfig
from sae_lens.saes.sae import SAEMetadata
from safetensors.torch import load_file
from torch import tensor
from transformer_lens import HookedTransformerConfig

folder, hook, head = sys.argv[1], "blocks.1.attn.hook_z", 0  # as RUN/export/member0-end
config = HookedTransformerConfig(**json.loads(Path(f"{folder}/transformer_lens/config.json").read_text()))
model = HookedSAETransformer(config)
model.load_state_dict(load_file(f"{folder}/transformer_lens/hooked_transformer.safetensors"), strict=False)
place = SAEMetadata(hook_name="blocks.1.hook_resid_pre")
sae = StandardSAE(StandardSAEConfig(model.cfg.d_model, 64, metadata=place))  # untrained: take your own
pair = read_table(f"{folder}/data/pairs.parquet").to_pylist()[0]
donor = model.run_with_cache(tensor([pair["second"]]))[1][hook][:, :, head]


def patch(z, hook):
    z[:, :, head] = donor
    return z


with model.saes(saes=[sae], use_error_term=True):
    logits = model.run_with_hooks(tensor([pair["first"]]), fwd_hooks=[(hook, patch)])[0, pair["decision"]]
difference = logits[pair["second_answer"]] - logits[pair["first_answer"]]
print(f"{difference.item() - pair['first_difference_nats']:.5f}")
