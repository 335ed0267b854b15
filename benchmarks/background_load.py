"""Was anybody else computing on this machine meanwhile? Measurements of a shared machine say little, and it
should be told."""

import os
import time
from pathlib import Path

STATISTICS = Path("/proc/stat")
BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


class Neighbours:
    """Compares what the whole machine computed with what this process and its ended children did."""

    def __init__(self):
        self.begun, self.all, self.own = time.monotonic(), machine_seconds(), own_seconds()

    def cores(self) -> float | None:
        """Cores that others kept busy on average since the start; None where the system does not tell."""
        now = machine_seconds()
        if now is None or self.all is None:
            return None
        others = (now - self.all) - (own_seconds() - self.own)
        return max(0.0, others) / max(time.monotonic() - self.begun, 1e-9)


def machine_seconds() -> float | None:
    """Seconds that all cores together computed since the system started."""
    if not STATISTICS.exists():
        return None
    ticks = dict(zip(FIELDS, map(int, STATISTICS.read_text().split("\n", 1)[0].split()[1:]), strict=False))
    return sum(ticks[name] for name in BUSY) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """Seconds that this process and those of its children that have ended computed."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
