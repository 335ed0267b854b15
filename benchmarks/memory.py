"""Memory: how much did this process take, by what the system and the devices report?

The compiler takes more than a small ensemble does, and what it frees stays with the process unless it is
handed back; so the peak can be reset once a program is compiled, to see what running it takes.
"""

import ctypes
import re
import resource
import sys
from pathlib import Path

import jax

STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_bytes() -> int:
    """The most bytes that this process held since it started or since `reset_peak`."""
    if STATUS.exists():
        return _of_status("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def held_bytes() -> int:
    """Bytes that this process holds now; on systems that do not report it, the most that it ever held."""
    return _of_status("VmRSS") if STATUS.exists() else peak_bytes()


def reset_peak() -> bool:
    """Hands free memory back to the system and starts the peak afresh. False where the system cannot do
    that."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        REFERENCES.write_text("5")
    except OSError:
        return False
    return True


def peak_on_devices() -> int | None:
    """The most bytes that arrays ever took on the devices of this process; None where devices do not report
    it, as CPUs."""
    stats = [device.memory_stats() for device in jax.local_devices()]
    return sum(device["peak_bytes_in_use"] for device in stats if device) if all(stats) else None


def _of_status(name: str) -> int:
    line = re.search(rf"^{name}:\s+(\d+) kB", STATUS.read_text(), re.M)
    assert line, f"{STATUS} has no {name}"
    return int(line[1]) * 1024
