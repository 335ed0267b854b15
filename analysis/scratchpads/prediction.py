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
    return float(_correlations(_moments(*_pooled_ranks(predicted)).sum(0)))


def within_correlation(predicted: PredictedLifetimes) -> float:
    """The correlation of ranks that are taken, and centred, within each cell."""
    return float(_correlations(_moments(*_ranks_within(predicted)).sum(0)))


def correlation_intervals(predicted: PredictedLifetimes, seed: int = 0) -> tuple[Interval, Interval]:
    """The pooled correlation and the one within cells, each with its 95 % interval. Organisms without a finite figure are left
    out. Ranks are taken once, and organisms drawn again with theirs."""
    predicted = predicted.rows(np.isfinite(predicted.figure))
    origins, group = np.unique(predicted.origin, return_inverse=True)
    amount = len(origins)
    drawn = np.random.default_rng(seed).integers(amount, size=(PREDICTION_DRAWS, amount)) if amount else None
    intervals = []
    for ranks in (_pooled_ranks(predicted), _ranks_within(predicted)):
        moments = _moments(*ranks)
        by_origin = np.zeros((amount, moments.shape[1]))
        np.add.at(by_origin, group, moments)
        value = float(_correlations(moments.sum(0)))
        draws = np.empty(0) if drawn is None or amount < 2 else _correlations(by_origin[drawn].sum(1))
        finite = draws[np.isfinite(draws)]
        low, high = (
            np.quantile(finite, [0.025, 0.975]) if np.isfinite(value) and len(finite) else (np.nan,) * 2
        )
        intervals.append((value, float(low), float(high)))
    return intervals[0], intervals[1]


def _pooled_ranks(predicted: PredictedLifetimes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ranks of figures and lifetimes, and the weight of each organism."""
    count = len(predicted.figure)
    return rankdata(predicted.figure), rankdata(predicted.lifetime), np.ones(count)


def _ranks_within(predicted: PredictedLifetimes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same within cells, centred; organisms of small cells weigh nothing."""
    figures, lifetimes, weights = np.zeros((3, len(predicted.figure)))
    for cell in np.unique(predicted.cell):
        inside = predicted.cell == cell
        if inside.sum() >= LEAST_IN_CELL:
            figures[inside] = _centred_ranks(predicted.figure[inside])
            lifetimes[inside] = _centred_ranks(predicted.lifetime[inside])
            weights[inside] = 1
    return figures, lifetimes, weights


def _centred_ranks(values: Float[np.ndarray, " organism"]) -> Float[np.ndarray, " organism"]:
    ranks = rankdata(values)
    return (ranks - ranks.mean()) / len(ranks)


def _moments(
    first: np.ndarray, second: np.ndarray, weight: np.ndarray
) -> Float[np.ndarray, "organism moment"]:
    """What a correlation is made of, organism by organism."""
    terms = (np.ones_like(first), first, second, first * first, second * second, first * second)
    return weight[:, None] * np.stack(terms, 1)


def _correlations(moments: Float[np.ndarray, "*draw moment"]) -> Float[np.ndarray, "*draw"]:
    """Pearson's, of summed moments; NaN where either varies in nothing, or where there are too few organisms."""
    count, first, second, first_square, second_square, product = np.moveaxis(moments, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variances = (first_square - first**2 / count) * (second_square - second**2 / count)
        enough = (count >= LEAST_IN_CELL) & (variances > 1e-9 * first_square * second_square)
        return np.asarray(np.where(enough, (product - first * second / count) / np.sqrt(variances), np.nan))
