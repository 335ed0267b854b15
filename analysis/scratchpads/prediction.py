"""Prediction of half-lives: do organisms in which a figure is high lose their defection sooner, or later?

A rank correlation over organisms, with ties, so that all who outlived the training rank alike above the others. *Pooled*: over all arms and
widths, which differ in more than the figure. *Within*: of ranks among the organisms of one arm and width alone. The interval is a
bootstrap over groups of organisms that grew from one set of initial weights, since their arms are not independent.

A correlation does *not* show that the figure is why.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from analysis.statistics import Interval

PREDICTION_DRAWS = 999
LEAST_IN_CELL = 3
"""organisms of an arm and width below which they are left out of what is within"""


class PredictedLifetimes(NamedTuple):
    """A figure and a lifetime of each organism."""

    figure: Float[np.ndarray, " organism"]
    lifetime: Float[np.ndarray, " organism"]
    """that of the last reading, where the organism outlived it"""
    cell: Int[np.ndarray, " organism"]
    """number of its arm and width"""
    origin: Int[np.ndarray, " organism"]
    """number of the initial weights that it grew from"""

    def rows(self, chosen: np.ndarray) -> "PredictedLifetimes":
        """Some of the organisms, each as often as it is named."""
        return PredictedLifetimes(*(values[chosen] for values in self))


def pooled_correlation(predicted: PredictedLifetimes) -> float:
    """Spearman's, over all organisms; NaN where either is the same in all."""
    return _correlation(rankdata(predicted.figure), rankdata(predicted.lifetime))


def within_correlation(predicted: PredictedLifetimes) -> float:
    """The correlation of ranks that are taken, and centred, within each cell."""
    figures, lifetimes = [], []
    for cell in np.unique(predicted.cell):
        inside = predicted.cell == cell
        if inside.sum() >= LEAST_IN_CELL:
            figures.append(_centred_ranks(predicted.figure[inside]))
            lifetimes.append(_centred_ranks(predicted.lifetime[inside]))
    return _correlation(np.concatenate(figures), np.concatenate(lifetimes)) if figures else np.nan


def correlation_intervals(predicted: PredictedLifetimes, seed: int = 0) -> tuple[Interval, Interval]:
    """The pooled correlation and the one within cells, each with its 95 % interval. Organisms without a finite figure are left
    out."""
    predicted = predicted.rows(np.isfinite(predicted.figure))
    random = np.random.default_rng(seed)
    origins = np.unique(predicted.origin)
    members = [np.flatnonzero(predicted.origin == origin) for origin in origins]
    draws = []
    for _ in range(PREDICTION_DRAWS if len(origins) > 1 else 0):
        chosen = np.concatenate(
            [members[number] for number in random.integers(len(origins), size=len(origins))]
        )
        drawn = predicted.rows(chosen)
        draws.append((pooled_correlation(drawn), within_correlation(drawn)))
    pooled, within = pooled_correlation(predicted), within_correlation(predicted)
    ends = np.asarray(draws or [(np.nan, np.nan)]).T
    return _interval(pooled, ends[0]), _interval(within, ends[1])


def _interval(value: float, draws: Float[np.ndarray, " draw"]) -> Interval:
    finite = draws[np.isfinite(draws)]
    if not np.isfinite(value) or not len(finite):
        return float(value), np.nan, np.nan
    low, high = np.quantile(finite, [0.025, 0.975])
    # Resampling adds ties, which can move all draws to one side of a correlation near its bounds.
    return float(value), min(float(low), value), max(float(high), value)


def _centred_ranks(values: Float[np.ndarray, " organism"]) -> Float[np.ndarray, " organism"]:
    ranks = rankdata(values)
    return (ranks - ranks.mean()) / len(ranks)


def _correlation(first: Float[np.ndarray, " organism"], second: Float[np.ndarray, " organism"]) -> float:
    if len(first) < LEAST_IN_CELL or not np.ptp(first) or not np.ptp(second):
        return np.nan
    return float(np.corrcoef(first, second)[0, 1])
