"""Survival of an unused mode: how long does a mode live once it is out of use? Kaplan-Meier over organisms,
some of which still have the mode at the end.

An organism's mode *dies* when its rate first falls to half of its rate as disuse began, interpolated linearly
between two readings. An organism whose mode has not died by the last reading is *censored*: the mode lived at
least that long. A mode that comes back has died all the same, so `share_kept` uses the last reading alone.
All curves and their intervals are SciPy's (`scipy.stats.ecdf` of `CensoredData`; Kaplan & Meier 1958).

What a half-life does *not* show: that modes die at random, as atoms do. It is the time by which half of the
organisms had lost their mode, and nothing more.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from analysis.statistics import Interval, count_interval

HALF = 0.5
"""share of its first rate at which a mode counts as dead"""
NO_INTERVAL: Interval = (math.nan, math.nan, math.nan)
"""a value that could not be measured"""


@dataclass(frozen=True)
class Lifetimes:
    """How long each organism kept a mode."""

    times: Float[np.ndarray, " organism"]
    """steps (or another clock) at which the mode died, or was last read"""
    died: Bool[np.ndarray, " organism"]
    """whether the mode died; a mode that did not is censored"""

    @property
    def n(self) -> int:
        """Number of organisms."""
        return len(self.times)


@dataclass(frozen=True)
class SurvivalCurve:
    """The share of organisms that still have the mode from each time on."""

    time: list[float]
    """start of each step of the curve; the first is 0"""
    alive: list[float]
    low: list[float]
    """lower end of the 95 % interval (log-log)"""
    high: list[float]


def lifetimes(times: Sequence[float], rates: Float[np.ndarray, "reading organism"]) -> Lifetimes:
    """The lifetime of each organism's mode. times: of the readings, the first as disuse began.

    ``lifetimes([0, 10, 20], [[1], [0.8], [0.3]])`` died at 16. Raises ValueError where a mode is absent at
    the first reading.
    """
    clock = np.asarray(times, float)
    if not (rates[0] > 0).all():
        raise ValueError("a mode that is not there at the first reading has no life to measure")
    share = rates / rates[0]
    lived = Lifetimes(np.full(share.shape[1], clock[-1]), (share <= HALF).any(0))
    for organism in np.flatnonzero(lived.died):
        first_low = int((share[:, organism] <= HALF).argmax())
        high, low = share[first_low - 1, organism], share[first_low, organism]
        begin, end = clock[first_low - 1], clock[first_low]
        lived.times[organism] = begin + (end - begin) * (high - HALF) / (high - low)
    return lived


def kaplan_meier(lived: Lifetimes) -> SurvivalCurve:
    """The share of organisms that still have the mode, from 1 at time 0, with its 95 % interval (log-log): a
    step at each time.

    Source: Kaplan & Meier 1958, through `scipy.stats.ecdf`.
    """
    if not lived.n:
        return SurvivalCurve([0.0], [math.nan], [math.nan], [math.nan])
    estimate = _survival_function(lived)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where all or none live the interval is not defined, and NaN
        within = estimate.confidence_interval(method="log-log")
    return SurvivalCurve(
        [0.0, *map(float, estimate.quantiles)],
        [1.0, *map(float, estimate.probabilities)],
        [1.0, *map(float, within.low.probabilities)],
        [1.0, *map(float, within.high.probabilities)],
    )


def half_life(lived: Lifetimes) -> Interval:
    """The time by which half of the organisms had lost the mode, with the ends of its 95 % interval.

    Infinite where fewer than half did; the true half-life is then beyond the last reading. A high end of
    infinity means that the interval is open above.

    Source: Brookmeyer & Crowley 1982.
    """
    if not lived.n:
        return NO_INTERVAL
    curve = kaplan_meier(lived)
    time, alive = np.asarray(curve.time), np.asarray(curve.alive)

    def first_at_half(shares: np.ndarray) -> float:
        reached = shares <= HALF + 1e-12
        return float(time[reached.argmax()]) if reached.any() else math.inf

    def end(shares: Sequence[float]) -> float:
        # Where the estimate is 0 the interval is not defined; the mode is dead in all organisms by then.
        defined = np.where(np.isnan(shares) & (alive == 0), 0.0, np.asarray(shares))
        return first_at_half(np.nan_to_num(defined, nan=1.0))

    value = first_at_half(alive)
    return value, min(end(curve.low), value), end(curve.high)


def _survival_function(lived: Lifetimes) -> Any:
    return stats.ecdf(_censored(lived)).sf


def _censored(lived: Lifetimes) -> stats.CensoredData:
    return stats.CensoredData(uncensored=lived.times[lived.died], right=lived.times[~lived.died])


def share_kept(rates: Float[np.ndarray, "reading organism"]) -> Interval:
    """The share of organisms whose rate at the last reading is above half of the first, with its Wilson
    interval."""
    return count_interval(int((rates[-1] > HALF * rates[0]).sum()), rates.shape[1])


def smallest_keeping_rate(rates: Sequence[float], shares: Sequence[Interval]) -> Interval:
    """The smallest exercise rate from which on most organisms kept the mode, with a bracket around it.

    rates: rising. shares: of organisms that kept the mode at each (`share_kept`). The low end is the largest
    rate that surely lost the mode (Wilson's interval wholly below a half; 0 where none did). The high end is
    the smallest rate that surely kept it, as all higher ones did. NaN where there is no such rate.
    """
    lost = [rate for rate, share in zip(rates, shares, strict=True) if share[2] < HALF]

    def smallest(position: int) -> float:
        holds = [share[position] > HALF for share in shares]
        first = next((n for n in range(len(holds)) if all(holds[n:])), None)
        return math.nan if first is None else float(rates[first])

    return smallest(0), float(max(lost, default=0.0)), smallest(1)
