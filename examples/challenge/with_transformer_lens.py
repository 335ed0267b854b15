"""A baseline of the sealed challenge with TransformerLens alone: where does patching find self, and did characters use that?

python examples/challenge/with_transformer_lens.py PACK SUBMISSION.json

Each component of each organism is patched from the other scene of a minimal pair. Of self's effect at the end, the share that lies
on components that characters use too is *reused*; of the rest, the share that they used at the fork is *repurposed*. Exapt is
not imported.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformer_lens.model_bridge import TransformerBridge

USED = 0.05  # of the whole effect, from which on a component counts as used
LABELS = "reused", "second copy", "repurposed"
PAIRS = 24


def load(folder, stage):
    """The organism at the fork or at the end."""
    model = TransformerBridge.boot_native(json.loads((folder / "config.json").read_text()))
    model.load_state_dict(load_file(folder / f"{stage}.safetensors"), strict=True)
    return model


def place(name, sizes):
    """Where a component's output is seen, and which heads or neurons it is."""
    kind = "M" if "M" in name else "H"  # as L1H0, or L1M0 for a block of neurons
    layer, number = map(int, name[1:].split(kind))
    if kind == "H":
        return f"blocks.{layer}.attn.hook_z", slice(number, number + 1)
    size = sizes["neurons"] // sizes["neuron_blocks"]
    return f"blocks.{layer}.mlp.hook_post", slice(number * size, (number + 1) * size)


def effects(model, organism, pairs, role):
    """Nats by which patching each component, from the other scene, moves the act: mean over pairs and both ways."""
    get = lambda field: pairs[f"{role}_watched.{field}"][:PAIRS].long()  # noqa: E731
    sides, answers = (get("first"), get("second")), (get("first_answer"), get("second_answer"))
    rows, decision = torch.arange(len(sides[0])), get("decision")

    def difference(logits):
        logits = logits[rows, decision]
        return logits[rows, answers[1]] - logits[rows, answers[0]]

    runs = [model.run_with_cache(side) for side in sides]
    moved = dict.fromkeys(organism["components"], 0.0)
    for name in moved:
        hook, part = place(name, organism["sizes"])
        for way in (0, 1):
            donor = runs[1 - way][1][hook]

            def patch(activation, hook, part=part, donor=donor):
                activation = activation.clone()
                activation[:, :, part] = donor[:, :, part]  # [pair, position, head, width] or [.., neuron]
                return activation

            patched = model.run_with_hooks(sides[way], fwd_hooks=[(hook, patch)])
            change = (difference(patched) - difference(runs[way][0])).mean().item()
            moved[name] += (1 - 2 * way) * change / 2
    whole = (difference(runs[1][0]) - difference(runs[0][0])).mean().item()
    return {name: max(value, 0.0) / whole if whole > 0 else 0.0 for name, value in moved.items()}


def answer(folder, organism):
    """What is submitted of one organism."""
    pairs = load_file(folder / "pairs.safetensors")
    with torch.no_grad():
        fork, end = load(folder, "fork"), load(folder, "end")
        of_self, at_end = (effects(end, organism, pairs, role) for role in ("self", "character"))
        at_fork = effects(fork, organism, pairs, "character")
    weights = dict.fromkeys(LABELS, 0.02)
    for name, effect in of_self.items():
        label = LABELS[0] if at_end[name] >= USED else LABELS[2] if at_fork[name] >= USED else LABELS[1]
        weights[label] += effect
    probabilities = {label: weight / sum(weights.values()) for label, weight in weights.items()}
    return {"probabilities": probabilities, "shares": {**probabilities, "migrated": 0.0}, "scores": of_self}


def main(pack, submission):
    torch.set_num_threads(2)
    record = json.loads((pack / "pack.json").read_text())
    answers = {name: answer(pack / "organisms" / name, each) for name, each in record["organisms"].items()}
    content = {"pack": record["truth_sha256"], "name": "TransformerLens alone", "organisms": answers}
    submission.write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
