"""Clocks: how long does a call take? Calls are timed repeatedly.

Best and median stand side by side everywhere: the best is what the program can do, the median is what it does
on this machine now.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

LONG_SECONDS = 10.0


def repeat(call: Callable[[], Any], seconds: float) -> list[float]:
    """Seconds that each call took; calls until all together took ``seconds``, at least once. The call
    has to wait for its results."""
    durations: list[float] = []
    while not durations or sum(durations) + durations[-1] < seconds:
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return durations


def turn(call: Callable[[], Any], seconds: float) -> list[float]:
    """Seconds that each call took, after a first call that does not count: the system may have taken memory
    away from a process that waited for other turns. A long first call counts, since such delays are a small
    part of it."""
    first = repeat(call, 0.0)
    return first if first[0] > LONG_SECONDS else repeat(call, seconds)


def median_of_rounds(rounds: Sequence[Sequence[float]]) -> float | None:
    """The median over rounds of each round's median; None without a round."""
    return median(median(durations) for durations in rounds) if rounds else None


def shortest_of_rounds(rounds: Sequence[Sequence[float]]) -> float | None:
    """The shortest call of all rounds; None without a round."""
    return min(min(durations) for durations in rounds) if rounds else None
