"""Limits of the card: what is it, and how fast are large matrix products on it, by precision?"""

from collections.abc import Iterator

import jax

from benchmarks.gpu_check.plan import Settings
from benchmarks.gpu_check.rows import DeviceRow, LimitRow, Row
from benchmarks.limits import Limits
from benchmarks.products import large
from curricula.errors import UserError


def measure_limits(settings: Settings) -> Iterator[Row]:
    """The device, and the fastest product of each precision. Raises UserError where a whole check finds no
    GPU."""
    about, device = Limits().describe(), jax.devices()[0]
    if device.platform == "cpu" and not settings.short:
        raise UserError(
            "expected a GPU, jax finds a CPU alone; give --short --out FOLDER to try the check out here"
        )
    stats = device.memory_stats() or {}
    yield DeviceRow(device.platform, about["device"], about["devices"], stats.get("bytes_limit"))
    for precision, best in large(settings.sizes.matrices, settings.sizes.turn_seconds).items():
        yield LimitRow(precision, best["flops_per_second"], best["size"])
