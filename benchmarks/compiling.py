"""A compile clock: how long did the compiler take? JAX reports the length of each tracing, lowering and
compilation as it ends."""

import time
from typing import Any

import jax


class CompileClock:
    """Adds up what JAX reports from its construction on. Programs that are traced inside others count
    once."""

    def __init__(self):
        self.spans: list[tuple[float, float]] = []
        jax.monitoring.register_event_duration_secs_listener(self.record)

    def record(self, event: str, duration_secs: float, **_: Any) -> None:
        if event.startswith("/jax/core/compile/"):
            end = time.perf_counter()
            self.spans.append((end - duration_secs, end))

    def since(self, beginning: float) -> float:
        """Seconds spent from ``beginning``, a reading of time.perf_counter, until now."""
        total, reached = 0.0, beginning
        for start, end in sorted(self.spans):
            total += max(0.0, end - max(start, reached))
            reached = max(reached, end)
        return total
