"""What machine is this, and what is the most that it can do?"""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

from benchmarks.material import write_material
from benchmarks.products import large
from curricula.catalogue import Scale

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "torch")


class Limits:
    """The worker that knows the machine. It also writes what PyTorch works on, so that no JAX runs beside PyTorch in one process."""

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
        """See `benchmarks.material`."""
        write_material(Path(path), scale, seed)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def processor() -> str:
    """The name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def versions() -> dict[str, str | None]:
    """Versions of Python and of what the figures depend on; None where not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
