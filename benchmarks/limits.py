"""Limits of the machine: what does JAX find here, and what is the most that it can do? Also writes what
PyTorch works on."""

from pathlib import Path
from typing import Any

import jax

from benchmarks.machine import cores, processor
from benchmarks.material import write_material
from benchmarks.products import large
from curricula.catalogue.building_blocks import Scale


class Limits:
    """The worker that is called first, and once more at the end."""

    def describe(self) -> dict[str, Any]:
        device = jax.devices()[0]
        return {
            "device": f"{processor()}, {cores()} cores" if device.platform == "cpu" else device.device_kind,
            "platform": device.platform,
            "devices": jax.device_count(),
        }

    def large(self, sizes: list[int], seconds: float) -> dict[str, dict[str, Any]]:
        """See `benchmarks.products.large`."""
        return large(tuple(sizes), seconds)

    def write_material(self, path: str, scale: Scale, seed: int) -> None:
        """See `benchmarks.material`; done here so that no JAX runs in PyTorch's process."""
        write_material(Path(path), scale, seed)
