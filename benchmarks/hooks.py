"""PyTorch's hooks: how fast are components patched with them, as is usual? One intervention, one forward pass
with hooks on the way."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import Tensor  # pyright: ignore[reportMissingImports]

from benchmarks.machine import cores
from benchmarks.pytorch_model import PyTorchModel

Site = tuple[int, str]
"""a layer, and the name of the module whose inputs are patched"""


class Hooks:
    """The worker that repeats the interventions of `benchmarks.patching`. Donors are recorded
    beforehand."""

    def __init__(self, path: str, device: str):
        torch.set_num_threads(cores())
        with np.load(Path(path)) as file:
            self.material = dict(file)
        self.device, sizes = device, (int(self.material["heads"]), int(self.material["layers"]))
        decision = self.material["pair decision"]
        self.models = [
            PyTorchModel(
                {name: value[member] for name, value in self._parameters().items()},
                *sizes,
                np.unique(decision),
            ).to(device)
            for member in range(len(decision))
        ]
        self.moment = np.searchsorted(np.unique(decision), decision)
        self.interventions = [tuple(map(int, row)) for row in self.material["compared"]]
        self.scenes: dict[tuple[int, ...], tuple[Tensor, dict[Site, Tensor], float]] = {}
        with torch.inference_mode():
            for member, pair, _ in self.interventions:
                donor, base = (self._tokens(name, member, pair) for name in ("first", "second"))
                self.scenes[member, pair] = (
                    base,
                    self._record(member, donor),
                    self._difference(member, pair, base),
                )

    def _parameters(self) -> dict[str, np.ndarray]:
        return {
            name.removeprefix("parameter "): v
            for name, v in self.material.items()
            if name.startswith("parameter ")
        }

    def _tokens(self, name: str, member: int, pair: int) -> Tensor:
        return torch.tensor(
            self.material[f"pair {name}"][member, pair][None], dtype=torch.int64, device=self.device
        )

    def _record(self, member: int, tokens: Tensor) -> dict[Site, Tensor]:
        """What flows into the modules that read the components' outputs."""
        inputs_by_site: dict[Site, Tensor] = {}
        handles = []
        for layer, block in enumerate(self.models[member].blocks):
            for name in ("output", "out_of_neurons"):
                keep = _recorder(inputs_by_site, (layer, name))
                handles.append(getattr(block, name).register_forward_pre_hook(keep))
        self.models[member](tokens)
        for handle in handles:
            handle.remove()
        return inputs_by_site

    def _difference(self, member: int, pair: int, tokens: Tensor) -> float:
        logits = self.models[member](tokens)[0, self.moment[member, pair]]
        second, first = (
            int(self.material[f"pair {name}_answer"][member, pair]) for name in ("second", "first")
        )
        return float(logits[second] - logits[first])

    def intervene(self, member: int, pair: int, chosen: int) -> float:
        """The logit difference with a set of components patched."""
        base, donor, _ = self.scenes[member, pair]
        mask = self.material["masks"][member, chosen].reshape(int(self.material["layers"]), -1)
        handles = []
        for layer, block in enumerate(self.models[member].blocks):
            for name, columns in self._columns(block, mask[layer]):
                handles.append(
                    getattr(block, name).register_forward_pre_hook(_swap(donor[layer, name], columns))
                )
        difference = self._difference(member, pair, base)
        for handle in handles:
            handle.remove()
        return difference

    def _columns(self, block: Any, mask: np.ndarray) -> list[tuple[str, list[slice]]]:
        """For each module whose inputs are patched, the columns of the masked components."""
        heads, blocks = block.heads, int(self.material["neuron_blocks"])
        parts = {
            "output": (mask[:heads], block.output.in_features // heads),
            "out_of_neurons": (mask[heads:], block.out_of_neurons.in_features // blocks),
        }
        return [
            (name, [slice(index * width, (index + 1) * width) for index in np.flatnonzero(masked)])
            for name, (masked, width) in parts.items()
            if masked.any()
        ]

    def measure(self, seconds: float) -> dict[str, Any]:
        """Interventions made and the seconds that they took; and how far they are from the batched ones, in
        nats."""
        differences: dict[tuple[int, ...], float] = {}
        count, start = 0, time.perf_counter()
        with torch.inference_mode():
            while not count or time.perf_counter() - start < seconds:
                intervention = self.interventions[count % len(self.interventions)]
                differences[intervention] = self.intervene(*intervention)
                count += 1
        duration = time.perf_counter() - start
        errors = [
            abs(self.scenes[key[:2]][2] - value - float(self.material["values"][key]))
            for key, value in differences.items()
        ]
        return {"interventions": count, "seconds": duration, "largest_difference_nats": max(errors)}


def _recorder(inputs_by_site: dict[Site, Tensor], site: Site) -> Callable[..., None]:
    """A hook that keeps what flows into a module."""

    def hook(_: torch.nn.Module, inputs: tuple[Tensor, ...]) -> None:
        inputs_by_site[site] = inputs[0].clone()

    return hook


def _swap(donor: Tensor, columns: list[slice]) -> Callable[..., tuple[Tensor]]:
    """A hook that puts the donor's columns into what flows into a module."""

    def hook(_: torch.nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        patched = inputs[0].clone()
        for chosen in columns:
            patched[..., chosen] = donor[..., chosen]
        return (patched,)

    return hook
