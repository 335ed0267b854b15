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
    """Nats by which patching each component, from the other scene, moves the act: mean over pairs and both ways.

    All components that one hook sees are patched in one batch [component, scene, position].
    """
    get = lambda field: pairs[f"{role}_watched.{field}"][:PAIRS].long()  # noqa: E731
    first, second = get("first"), get("second")
    scenes = torch.cat((first, second))  # [scene, position]; the other scene of the pair is the donor
    count, decision = len(first), get("decision").repeat(2)
    answers = get("first_answer").repeat(2), get("second_answer").repeat(2)

    def difference(logits):
        """Second answer less first, nats [scene]."""
        rows = torch.arange(len(scenes))
        at = logits[rows, decision]
        return at[rows, answers[1]] - at[rows, answers[0]]

    unpatched, seen = model.run_with_cache(scenes)
    before = difference(unpatched)
    whole = (before[count:] - before[:count]).mean().item()
    towards = torch.ones(2 * count)
    towards[count:] = -1
    places = {name: place(name, organism["sizes"]) for name in organism["components"]}
    moved = {}
    for hook in dict.fromkeys(hook for hook, _ in places.values()):
        parts = {name: part for name, (at, part) in places.items() if at == hook}
        donor = seen[hook].roll(count, 0)

        def patch(activation, hook, parts=parts, donor=donor):
            activation = activation.clone().unflatten(0, (len(parts), len(scenes)))
            for index, part in enumerate(parts.values()):
                # [scene, position, head, width], or [.., neuron]
                activation[index, :, :, part] = donor[:, :, part]
            return activation.flatten(0, 1)

        batch = scenes.repeat(len(parts), 1)
        patched = model.run_with_hooks(batch, fwd_hooks=[(hook, patch)]).unflatten(0, (len(parts), -1))
        for name, logits in zip(parts, patched, strict=True):
            moved[name] = (towards * (difference(logits) - before)).mean().item()
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
