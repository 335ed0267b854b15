"""PyTorch as a baseline: how fast does it train the same organism? One at a time, on all cores, its scenes
ready in memory, in its own best ways."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from benchmarks.clocks import repeat, turn
from benchmarks.machine import cores
from benchmarks.pytorch_model import PyTorchModel, cross_entropy

VARIANTS = ("eager", "compiled", "pruned_eager", "pruned_compiled")
CUDA_VARIANTS = ("reduce_overhead", "pruned_reduce_overhead")
BLOCK_SECONDS = 0.2
"""steps are timed in blocks about this long, since a single one may be too short to time"""


class PyTorchTraining:
    """An organism in training; a step draws no scene, keeps no metric and waits for no number."""

    def __init__(self, material: dict[str, np.ndarray], variant: str, device: str):
        arrays = {
            name.removeprefix("parameter "): value
            for name, value in material.items()
            if name.startswith("parameter ")
        }
        pruned = variant.startswith("pruned")
        sizes = int(material["heads"]), int(material["layers"]), material["decisions"]
        self.model = PyTorchModel(arrays, *sizes, pruned=pruned).to(device)
        self.tokens = torch.tensor(material["tokens"], dtype=torch.int64, device=device)
        self.targets = torch.tensor(material["targets"], dtype=torch.int64, device=device)
        self.weights = torch.tensor(material["weights"], device=device)
        self.rates = material["learning_rates"].tolist()
        self.clip, self.steps = float(material["clip"]), 0
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=self.rates[0],
            betas=(0.9, float(material["second_moment"])),
            weight_decay=float(material["weight_decay"]),
            fused=True,
        )
        self.loss: Callable[..., Any] = lambda tokens, targets, weights: cross_entropy(
            self.model(tokens), targets, weights
        )
        if not variant.endswith("eager"):
            mode = "reduce-overhead" if variant.endswith("reduce_overhead") else None
            self.loss = torch.compile(self.loss, mode=mode)

    def step(self) -> torch.Tensor:
        """One step; the loss before it, on the device."""
        index = self.steps % len(self.tokens)
        self.optimiser.param_groups[0]["lr"] = self.rates[self.steps % len(self.rates)]
        loss = self.loss(self.tokens[index], self.targets[index], self.weights[index])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.steps += 1
        return loss.detach()


class PyTorchBaseline:
    """The worker that trains PyTorch's variants of a scale, in turn with others."""

    def __init__(self, path: str, device: str):
        self.device = device
        torch.set_num_threads(cores())
        if device == "cuda":
            if not torch.cuda.is_available():
                raise RuntimeError("this PyTorch has no CUDA, so it can not be compared on this device")
            torch.set_float32_matmul_precision("high")
        with np.load(Path(path)) as file:
            self.material = dict(file)
        self.trainings: dict[str, PyTorchTraining] = {}
        self.block: dict[str, int] = {}

    def describe(self) -> dict[str, Any]:
        variants = VARIANTS + (CUDA_VARIANTS if self.device == "cuda" else ())
        precision = torch.get_float32_matmul_precision()
        return {
            "variants": variants,
            "threads": torch.get_num_threads(),
            "float32_matmul_precision": precision,
        }

    def prepare(self, variant: str) -> dict[str, float]:
        """Compiles what is to be compiled and takes the first steps. Returns how far the first loss is from
        ours, in nats."""
        start = time.perf_counter()
        training = PyTorchTraining(self.material, variant, self.device)
        first = float(training.step())
        for _ in range(2):
            training.step()
        self.wait()
        duration = time.perf_counter() - start
        self.trainings[variant] = training
        step = min(repeat(self._steps(variant, 1), BLOCK_SECONDS))
        self.block[variant] = max(1, round(BLOCK_SECONDS / step))
        return {
            "seconds_to_start": duration,
            "loss_difference_nats": abs(first - float(self.material["first_loss_nats"])),
        }

    def measure(self, variant: str, seconds: float) -> list[float]:
        """Seconds that a step took in each of some blocks of steps."""
        size = self.block[variant]
        return [duration / size for duration in turn(self._steps(variant, size), seconds)]

    def _steps(self, variant: str, count: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(count):
                self.trainings[variant].step()
            self.wait()

        return run

    def wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()
