"""How sure may one be of a number, given this few organisms?

The organism is the unit: one number per independently grown organism goes in, and organisms are what is drawn
again. What an interval here does *not* show: how far curricula, worlds or sizes that were never grown would
lie from these. Of few organisms, bootstrap intervals are narrower than they should be, so n stands beside
every one.
"""

import math
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

FEW_ORGANISMS = 8
"""fewer than this in a cell support no claim"""

Interval = tuple[float, float, float]
"""value, low, high; NaN where there is none"""
RESAMPLES = 9999
"""sign flips behind a p value, where not all of them are counted"""


def numbers(values: Iterable[float | int | None]) -> list[float]:
    """The values that are there: without None and without what is not finite."""
    return [float(value) for value in values if value is not None and math.isfinite(value)]


def mean_interval(values: Iterable[float | int | None], confidence: float = 0.95, seed: int = 0) -> Interval:
    """The mean over organisms and its bootstrap interval: (mean, low, high).

    values: one per organism; None and NaN are dropped. Equal values give (v, v, v), which says that nothing
    varied here and not that nothing would; a single organism has a mean and no interval; none has neither.
    Where BCa is degenerate (its acceleration or bias correction is not finite) the percentile interval is
    returned in its place.

    Source: Efron 1987, "Better bootstrap confidence intervals", through `scipy.stats.bootstrap`.
    """
    kept = np.asarray(numbers(values))
    if not len(kept):
        return math.nan, math.nan, math.nan
    mean = float(kept.mean())
    if len(kept) < 2:
        return mean, math.nan, math.nan
    if np.ptp(kept) <= 1e-12 * np.abs(kept).max():
        return (same := float(kept[0])), same, same
    low, high = _bootstrap_ends(kept.tobytes(), mean, confidence, seed)
    return mean, low, high


@lru_cache(maxsize=4096)
def _bootstrap_ends(values: bytes, mean: float, confidence: float, seed: int) -> tuple[float, float]:
    """Low and high end around the mean of some float64 values. Studies ask for the same interval in rows, findings and pages."""
    low, high = math.nan, math.nan
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = stats.bootstrap(
                (np.frombuffer(values),),
                np.mean,
                confidence_level=confidence,
                method=method,
                rng=np.random.default_rng(seed),
            ).confidence_interval
        low, high = float(found.low), float(found.high)
        if low <= mean <= high:
            break
    return low, high


def ratio_interval(first: Sequence[float | int], second: Sequence[float | int]) -> Interval:
    """The geometric mean of ``first / second`` over pairs and its bootstrap interval, which is that of the mean logarithm;
    see `mean_interval`. All values are above 0."""
    logarithms = [math.log(above / below) for above, below in zip(first, second, strict=True)]
    value, low, high = (math.exp(end) for end in mean_interval(logarithms))
    return value, low, high


def count_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """The share `successes / n` of organisms and its Wilson interval: (share, low, high); NaN where n is 0.

    ``count_interval(5, 5)`` is about (1, 0.57, 1): five of five does not show that all do.

    Source: Wilson 1927, through `scipy.stats.binomtest`.
    """
    if n == 0:
        return math.nan, math.nan, math.nan
    found = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return successes / n, float(found.low), float(found.high)


def auroc(scores: Float[np.ndarray, " case"], positive: Bool[np.ndarray, " case"]) -> float:
    """Chance that a random positive case scores above a random negative one, ties counted half; NaN where all cases are of a kind.

    Source: Mann and Whitney 1947, through `scipy.stats.mannwhitneyu`.
    """
    if not positive.any() or positive.all():
        return math.nan
    wins = stats.mannwhitneyu(scores[positive], scores[~positive]).statistic
    return float(wins / (int(positive.sum()) * int((~positive).sum())))


def sign_flip_p(differences: Float[np.ndarray, " member"]) -> float:
    """Two-sided chance of a mean as far from 0 under random signs. Source: Fisher 1935, through
    `scipy.stats.permutation_test`."""
    differences = np.asarray(numbers(differences))
    if len(differences) < 2 or not differences.any():
        return 1.0
    test = stats.permutation_test(
        (differences, np.zeros_like(differences)),
        lambda first, second, axis: (first - second).mean(axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def jsonable(values: Iterable[float]) -> list[float | int | None]:
    """The numbers, with None (null in JSON) for what is not finite."""
    return [float(value) if math.isfinite(value) else None for value in values]
