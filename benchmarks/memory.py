"""How much memory did this process take? What the system and the devices say.

The compiler takes more than a small ensemble does, and what it frees stays with the process unless it is
handed back; so the peak can be forgotten once a program is compiled, to see what running it takes.
"""

import ctypes
import re
import resource
import sys
from pathlib import Path

import jax

STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak() -> int:
    """The most bytes that this process held since it started or forgot."""
    if STATUS.exists():
        return _of_status("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def held() -> int:
    """Bytes that this process holds now; on systems that do not tell, the most that it ever held."""
    return _of_status("VmRSS") if STATUS.exists() else peak()


def forget_peak() -> bool:
    """Hands free memory back to the system and starts the peak afresh. False where the system cannot do
    that."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        REFERENCES.write_text("5")
    except OSError:
        return False
    return True


def peak_on_devices() -> int | None:
    """The most bytes that arrays ever took on the devices of this process; None where devices do not say, as
    CPUs."""
    stats = [device.memory_stats() for device in jax.local_devices()]
    return sum(found["peak_bytes_in_use"] for found in stats if found) if all(stats) else None


def _of_status(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", STATUS.read_text(), re.M)
    assert found, f"{STATUS} says no {name}"
    return int(found[1]) * 1024
