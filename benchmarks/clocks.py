"""How long did it take? Calls timed again and again.

Best and median stand side by side everywhere: the best is what the program can do, the median is what it does
on this machine now.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

LONG_SECONDS = 10.0


def repeat(call: Callable[[], Any], seconds: float) -> list[float]:
    """Seconds that each call took; calls again until all together took ``seconds``, at least once. The call
    has to wait for its results."""
    taken: list[float] = []
    while not taken or sum(taken) + taken[-1] < seconds:
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return taken


def turn(call: Callable[[], Any], seconds: float) -> list[float]:
    """As `repeat`, after a call that does not count: the system may have taken memory away from a process
    that waited for the others' turns. It does count where it is a long one, of which such things are a small
    part."""
    first = repeat(call, 0.0)
    return first if first[0] > LONG_SECONDS else repeat(call, seconds)


def median_of_rounds(rounds: Sequence[Sequence[float]]) -> float | None:
    """The median over rounds of each round's median; None without a round."""
    return median(median(taken) for taken in rounds) if rounds else None


def least_of_rounds(rounds: Sequence[Sequence[float]]) -> float | None:
    """The least of all rounds; None without a round."""
    return min(min(taken) for taken in rounds) if rounds else None
