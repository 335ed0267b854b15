"""What made a run: which versions of which programs, on which kind of device?"""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import jax

from organisms.storage.manifest import MADE_BY, Entry

PACKAGES = ("exapt", "jax", "jaxlib", "flax", "optax", "numpy")


def versions() -> dict[str, str]:
    """The version of each package and of Python, the kind of device, and flags of the compiler; *unknown* for a package
    that runs without being installed."""
    by_name = {name: _version(name) for name in PACKAGES}
    device = jax.local_devices()[0]
    by_name |= {"python": platform.python_version(), "device": f"{device.platform} {device.device_kind}"}
    if flags := os.environ.get("XLA_FLAGS"):
        by_name["xla_flags"] = flags
    return by_name


def changes_since(entries: Sequence[Entry]) -> list[str]:
    """What is not as it was when a run was begun, and changes the last bits of what follows; a line each."""
    lines: list[str] = []
    noted, present = entries[0].extra.get(MADE_BY), versions()
    if noted and noted != present:
        differing = [
            f"{name} was {noted.get(name, 'not there')}, is {present.get(name, 'not there')}"
            for name in {**noted, **present}
            if noted.get(name) != present.get(name)
        ]
        lines.append(f"the last bits may change: {', '.join(differing)}")
    if (devices := entries[-1].extra["devices"]) != jax.local_device_count():
        lines.append(
            f"the last bits change with {jax.local_device_count()} devices; it was begun with {devices}"
        )
    return lines


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
