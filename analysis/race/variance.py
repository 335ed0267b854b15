"""The variance argument: does what explains a probe's score say what training on it will move?

The score of acts when alone varies between kinds of acts (secret, professed, another) and within them. Policy gradient, so the
argument goes, moves what explains most of the reward's variance: the act, where the probe is accurate.

What it does *not* show: that variance is the cause. Probes that were made worse differ in more than that.
"""

import math

import numpy as np
from jaxtyping import Float, Int

from analysis.statistics import Interval

SLOPE_DRAWS = 2000
"""of the bootstrap over organisms"""
VARIANCE_FLOOR = 1e-4
"""added to both variances before their ratio is taken: scores are between 0 and 1"""


def score_variances(scores: Float[np.ndarray, " act"], kinds: Int[np.ndarray, " act"]) -> tuple[float, float]:
    """The variance of scores that the kind of act explains, and what it leaves; they add up to the variance. NaN where there
    are no acts."""
    if not len(scores):
        return math.nan, math.nan
    means = np.zeros(len(scores))
    for kind in np.unique(kinds):
        means[kinds == kind] = scores[kinds == kind].mean()
    return float(means.var()), float((scores - means).var())


def log_variance_ratio(
    between: Float[np.ndarray, "*organism"], rest: Float[np.ndarray, "*organism"]
) -> Float[np.ndarray, "*organism"]:
    """Natural logarithm of the ratio of what the act explains to the rest, both above `VARIANCE_FLOOR`."""
    return np.log((between + VARIANCE_FLOOR) / (rest + VARIANCE_FLOOR))


def slope(x: Float[np.ndarray, "*point"], y: Float[np.ndarray, "*point"]) -> float:
    """The least-squares slope of y on x over points that have both; NaN where x does not vary."""
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if len(x) < 2 or np.ptp(x) == 0:
        return math.nan
    centred = x - x.mean()
    return float(centred @ y / (centred @ centred))


def slope_interval(
    x: Float[np.ndarray, "organism probe"], y: Float[np.ndarray, "organism probe"], seed: int = 0
) -> Interval:
    """The slope over all points and its 95 % percentile interval, with organisms drawn anew together with all of their
    probes."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(x), size=(SLOPE_DRAWS, len(x)))
    slopes = np.asarray([slope(x[rows], y[rows]) for rows in drawn])
    slopes = slopes[np.isfinite(slopes)]
    value = slope(x, y)
    if len(x) < 2 or not len(slopes):
        return value, math.nan, math.nan
    low, high = np.quantile(slopes, [0.025, 0.975])
    return value, float(low), float(high)
