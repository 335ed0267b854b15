"""Background load: how many cores did other processes keep busy meanwhile? Measurements of a shared machine
say little, and a bench has to report it."""

import os
import time
from pathlib import Path

STATISTICS = Path("/proc/stat")
BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


class BackgroundLoad:
    """Compares what the whole machine computed with what this process and its ended children did."""

    def __init__(self):
        self.start, self.machine_start = time.monotonic(), machine_seconds()
        self.process_start = process_seconds()

    def cores(self) -> float | None:
        """Cores that other processes kept busy on average since the start; None where the system has no
        statistics."""
        machine = machine_seconds()
        if machine is None or self.machine_start is None:
            return None
        rest = (machine - self.machine_start) - (process_seconds() - self.process_start)
        return max(0.0, rest) / max(time.monotonic() - self.start, 1e-9)


def machine_seconds() -> float | None:
    """Seconds that all cores together computed since the system started."""
    if not STATISTICS.exists():
        return None
    ticks = dict(zip(FIELDS, map(int, STATISTICS.read_text().split("\n", 1)[0].split()[1:]), strict=False))
    return sum(ticks[name] for name in BUSY) / os.sysconf("SC_CLK_TCK")


def process_seconds() -> float:
    """Seconds that this process and those of its children that have ended computed."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
