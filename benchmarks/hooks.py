"""How fast are components patched with PyTorch's hooks, as people do it? One intervention, one forward pass
with hooks on the way."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import Tensor  # pyright: ignore[reportMissingImports]

from benchmarks.machine import cores
from benchmarks.pytorch_model import Twin

Site = tuple[int, str]
"""a layer, and the name of the module whose inputs are patched"""


class Hooks:
    """The worker that makes the interventions of `benchmarks.patching` again. Donors are recorded
    beforehand."""

    def __init__(self, path: str, device: str):
        torch.set_num_threads(cores())
        with np.load(Path(path)) as found:
            self.given = dict(found)
        self.device, sizes = device, (int(self.given["heads"]), int(self.given["layers"]))
        decision = self.given["pair decision"]
        self.twins = [
            Twin(
                {name: value[member] for name, value in self._parameters().items()},
                *sizes,
                np.unique(decision),
            ).to(device)
            for member in range(len(decision))
        ]
        self.moment = np.searchsorted(np.unique(decision), decision)
        self.compared = [tuple(map(int, row)) for row in self.given["compared"]]
        self.scenes: dict[tuple[int, ...], tuple[Tensor, dict[Site, Tensor], float]] = {}
        with torch.inference_mode():
            for member, pair, _ in self.compared:
                giver, base = (self._tokens(name, member, pair) for name in ("first", "second"))
                self.scenes[member, pair] = (
                    base,
                    self._record(member, giver),
                    self._difference(member, pair, base),
                )

    def _parameters(self) -> dict[str, np.ndarray]:
        return {
            name.removeprefix("parameter "): v
            for name, v in self.given.items()
            if name.startswith("parameter ")
        }

    def _tokens(self, name: str, member: int, pair: int) -> Tensor:
        return torch.tensor(
            self.given[f"pair {name}"][member, pair][None], dtype=torch.int64, device=self.device
        )

    def _record(self, member: int, tokens: Tensor) -> dict[Site, Tensor]:
        """What flows into the modules that read the components' outputs."""
        kept: dict[Site, Tensor] = {}
        handles = []
        for layer, block in enumerate(self.twins[member].blocks):
            for name in ("output", "out_of_neurons"):
                keep = lambda _, inputs, site=(layer, name): kept.__setitem__(site, inputs[0].clone())  # noqa: E731
                handles.append(getattr(block, name).register_forward_pre_hook(keep))
        self.twins[member](tokens)
        for handle in handles:
            handle.remove()
        return kept

    def _difference(self, member: int, pair: int, tokens: Tensor) -> float:
        logits = self.twins[member](tokens)[0, self.moment[member, pair]]
        second, first = (int(self.given[f"pair {name}_answer"][member, pair]) for name in ("second", "first"))
        return float(logits[second] - logits[first])

    def intervene(self, member: int, pair: int, chosen: int) -> float:
        """The logit difference with a set of components patched."""
        base, donor, _ = self.scenes[member, pair]
        mask = self.given["masks"][member, chosen].reshape(int(self.given["layers"]), -1)
        handles = []
        for layer, block in enumerate(self.twins[member].blocks):
            for name, columns in self._columns(block, mask[layer]):
                handles.append(
                    getattr(block, name).register_forward_pre_hook(_swap(donor[layer, name], columns))
                )
        found = self._difference(member, pair, base)
        for handle in handles:
            handle.remove()
        return found

    def _columns(self, block: Any, mask: np.ndarray) -> list[tuple[str, list[slice]]]:
        """For each module whose inputs are patched, the columns of the masked components."""
        heads, blocks = block.heads, int(self.given["neuron_blocks"])
        parts = {
            "output": (mask[:heads], block.output.in_features // heads),
            "out_of_neurons": (mask[heads:], block.out_of_neurons.in_features // blocks),
        }
        return [
            (name, [slice(index * width, (index + 1) * width) for index in np.flatnonzero(of)])
            for name, (of, width) in parts.items()
            if of.any()
        ]

    def measure(self, seconds: float) -> dict[str, Any]:
        """Interventions made and the seconds that they took; and how far they are from the batched ones, in
        nats."""
        found: dict[tuple[int, ...], float] = {}
        count, begun = 0, time.perf_counter()
        with torch.inference_mode():
            while not count or time.perf_counter() - begun < seconds:
                which = self.compared[count % len(self.compared)]
                found[which] = self.intervene(*which)
                count += 1
        taken = time.perf_counter() - begun
        removed = {which: self.scenes[which[:2]][2] - value for which, value in found.items()}
        apart = max(abs(nats - float(self.given["values"][which])) for which, nats in removed.items())
        return {"interventions": count, "seconds": taken, "largest_difference_nats": apart}


def _swap(donor: Tensor, columns: list[slice]) -> Callable[..., tuple[Tensor]]:
    """A hook that puts the donor's columns into what flows into a module."""

    def hook(_: torch.nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        patched = inputs[0].clone()
        for chosen in columns:
            patched[..., chosen] = donor[..., chosen]
        return (patched,)

    return hook
