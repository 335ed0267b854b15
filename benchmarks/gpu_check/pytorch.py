"""PyTorch on the card: how fast does it train the same organisms, compiled, one at a time and stacked?

Its process has the card to itself. Products may be rounded to TensorFloat-32, as JAX's are by default.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from benchmarks.clocks import repeat, turn
from benchmarks.gpu_check.plan import Cell, Settings
from benchmarks.gpu_check.rows import PyTorchRow, Row
from benchmarks.pytorch_baseline import PyTorchTraining
from benchmarks.pytorch_ensemble import PyTorchEnsemble
from benchmarks.workers import FULL
from curricula.errors import SystemFailure

BLOCK_SECONDS = 0.2
"""steps are timed in blocks about this long"""
LEAST_SECONDS = 35.0
"""that compiling one more program may take; with less time left it is not begun"""


def measure_pytorch(settings: Settings) -> Iterator[Row]:
    """A row a cell, as long as there is time.

    Raises SystemFailure where this PyTorch has no CUDA although the check is a whole one, where nothing was
    measured, or where a cell failed for another reason than memory.
    """
    deadline = time.monotonic() + settings.seconds
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not settings.short:
        raise SystemFailure("this PyTorch has no CUDA, so it can not be compared on this device")
    torch.set_float32_matmul_precision("high")
    measured, failures = 0, []
    for cell in settings.sizes.pytorch:
        if deadline - time.monotonic() < (0 if settings.short else LEAST_SECONDS):
            yield PyTorchRow(*cell, not_measured="time ran out")
            continue
        try:
            row = measure_stack(cell, settings, device)
            measured += 1
        except Exception as error:
            text = (str(error).splitlines() or [type(error).__name__])[0][:200]
            full = any(sign in f"{type(error).__name__} {error}" for sign in FULL)
            row = PyTorchRow(*cell, not_measured="does not fit into memory" if full else text)
            failures += [] if full else [f"{cell[0]} x {cell[1]}: {text}"]
            if device == "cuda":
                torch.cuda.empty_cache()
        yield row
    if failures or not measured:
        raise SystemFailure("; ".join(failures) or "nothing could be measured")


def measure_stack(cell: Cell, settings: Settings, device: str) -> PyTorchRow:
    """One scale with one number of members; one alone is trained as PyTorch users do it, without a stack."""
    scale, members = cell
    with np.load(Path(settings.folder) / f"{scale}.npz") as file:
        material = dict(file)
    torch.compiler.reset()
    start = time.perf_counter()
    training: Any = (
        PyTorchTraining(material, settings.sizes.torch_variant, device)
        if members == 1
        else PyTorchEnsemble(material, members, device, settings.sizes.torch_compiler)
    )
    first = training.step().flatten()[0].item()
    steps(training, 2, device)
    begun = time.perf_counter() - start
    block = max(1, round(BLOCK_SECONDS / min(repeat(lambda: steps(training, 1, device), BLOCK_SECONDS))))
    durations = turn(lambda: steps(training, block, device), settings.sizes.turn_seconds)
    return PyTorchRow(
        scale,
        members,
        organism_steps_per_second=members * block / median(durations),
        seconds_to_start=begun,
        loss_difference_nats=abs(first - float(material["first_loss_nats"])),
    )


def steps(training: Any, count: int, device: str) -> None:
    """Some steps, waited for."""
    for _ in range(count):
        training.step()
    if device == "cuda":
        torch.cuda.synchronize()
