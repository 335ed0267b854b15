import sys

from nnsight import NNsight
from pyarrow.parquet import read_table
from torch import tensor
from transformers import AutoModelForCausalLM

folder, layer, head = sys.argv[1], 1, 0  # as RUN/export/member0-end
model = NNsight(AutoModelForCausalLM.from_pretrained(f"{folder}/hugging_face"))
pair = read_table(f"{folder}/data/pairs.parquet").to_pylist()[0]
width = model.config.n_embd // model.config.n_head
place = slice(head * width, (head + 1) * width)
with model.trace(tensor([pair["second"]])):
    donor = model.transformer.h[layer].attn.c_proj.input[..., place].save()
with model.trace(tensor([pair["first"]])):
    model.transformer.h[layer].attn.c_proj.input[..., place] = donor
    logits = model.lm_head.output[0, pair["decision"]].save()
difference = logits[pair["second_answer"]] - logits[pair["first_answer"]]
print(f"{difference.item() - pair['first_difference_nats']:.5f}")
