"""How long did the compiler take? JAX tells the length of each tracing, lowering and compilation as it
ends."""

import time
from typing import Any

import jax


class CompileClock:
    """Adds up what JAX tells from now on. Programs that are traced inside others count once."""

    def __init__(self):
        self.spans: list[tuple[float, float]] = []
        jax.monitoring.register_event_duration_secs_listener(self.hear)

    def hear(self, event: str, duration_secs: float, **_: Any) -> None:
        if event.startswith("/jax/core/compile/"):
            now = time.perf_counter()
            self.spans.append((now - duration_secs, now))

    def since(self, begun: float) -> float:
        """Seconds spent from ``begun``, a reading of time.perf_counter, until now."""
        total, reached = 0.0, begun
        for start, end in sorted(self.spans):
            total += max(0.0, end - max(start, reached))
            reached = max(reached, end)
        return total
