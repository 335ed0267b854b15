"""Dependence within groups: do organisms that are grown anew from one fork end alike?

If an outcome of each organism is an independent coin, the count of a group of n is binomial. *Overdispersion* is Pearson's
chi-squared over its degrees of freedom, 1 for binomial counts; the *intraclass correlation* is the beta-binomial's,
(overdispersion - 1) / (n - 1), 0 for binomial counts and 1 where all of a group end alike. It is below 0 where groups are more alike
than chance, and is not cut off there, so that its interval means something.

Source: Williams 1982, "Extra-binomial variation in logistic linear models" (moment estimator, equal group sizes). Null:
outcomes dealt among all organisms at random.

What it does *not* show: what a group's organisms have in common.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from analysis.selection.law import group_rows
from analysis.selection.outcomes import GrownOrganisms
from analysis.statistics import Interval

BOOTSTRAP_DRAWS = 1000
"""of groups"""
PERMUTATIONS = 1000


@dataclass(frozen=True)
class Dependence:
    """How much alike one outcome is within groups."""

    groups: int
    overdispersion: float
    correlation: Interval
    """within groups; percentile interval of a bootstrap over groups"""
    p: float
    """chance of an overdispersion as large where outcomes are dealt at random"""


def group_counts(
    outcome: Bool[np.ndarray, " organism"], group: Int[np.ndarray, " organism"]
) -> tuple[Int[np.ndarray, " group"], Int[np.ndarray, " group"]]:
    """How many of each group have an outcome, and how many there are."""
    rows = group_rows(group)
    return np.array([outcome[row].sum() for row in rows]), np.array([len(row) for row in rows])


def pearson_overdispersion(counts: Int[np.ndarray, " group"], sizes: Int[np.ndarray, " group"]) -> float:
    """Pearson's chi-squared of counts under one common share, over its degrees of freedom. NaN of fewer than two groups, or
    where all organisms or none have the outcome."""
    share = counts.sum() / sizes.sum() if sizes.sum() else np.nan
    if len(counts) < 2 or not 0 < share < 1:
        return float("nan")
    squares = (counts - sizes * share) ** 2 / (sizes * share * (1 - share))
    return float(squares.sum() / (len(counts) - 1))


def within_group_correlation(counts: Int[np.ndarray, " group"], sizes: Int[np.ndarray, " group"]) -> float:
    """The beta-binomial's intraclass correlation by moments; NaN where groups have one organism each."""
    typical = sizes.mean() if len(sizes) else 0.0
    if typical <= 1:
        return float("nan")
    return (pearson_overdispersion(counts, sizes) - 1) / float(typical - 1)


def measured_dependence(
    outcome: Bool[np.ndarray, " organism"], group: Int[np.ndarray, " organism"], seed: int = 0
) -> Dependence:
    """Overdispersion and correlation of an outcome within groups."""
    rng = np.random.default_rng(seed)
    counts, sizes = group_counts(outcome, group)
    overdispersion = pearson_overdispersion(counts, sizes)
    draws = rng.integers(len(counts), size=(BOOTSTRAP_DRAWS, len(counts))) if len(counts) else []
    correlations = [within_group_correlation(counts[draw], sizes[draw]) for draw in draws]
    p = float("nan")
    if np.isfinite(overdispersion):
        dealt_counts = rng.multivariate_hypergeometric(sizes, counts.sum(), size=PERMUTATIONS)
        dealt = [pearson_overdispersion(dealt_count, sizes) for dealt_count in dealt_counts]
        p = (1 + sum(value >= overdispersion - 1e-12 for value in dealt)) / (1 + PERMUTATIONS)
    value = within_group_correlation(counts, sizes)
    return Dependence(len(counts), overdispersion, percentile_interval(value, correlations), p)


def percentile_interval(value: float, draws: list[float]) -> Interval:
    """A value and the percentile interval of its bootstrap draws; draws without a number are left out."""
    finite = np.asarray(draws, float)[np.isfinite(draws)] if len(draws) else np.zeros(0)
    if len(finite) < 2:
        return value, float("nan"), float("nan")
    low, high = np.quantile(finite, [0.025, 0.975])
    return value, float(low), float(high)


def group_bootstrap(
    statistic: Callable[..., float], *samples: GrownOrganisms, draws: int = BOOTSTRAP_DRAWS, seed: int = 0
) -> Interval:
    """A statistic of several samples with its percentile interval by a bootstrap over groups.

    samples: of the same number of groups each, which belong together in the order of their numbers: a drawn group is drawn in
    every sample.
    """
    rng = np.random.default_rng(seed)
    rows = [group_rows(sample.group) for sample in samples]
    groups = len(rows[0])
    resampled: list[float] = []
    for _ in range(draws if groups > 1 else 0):
        drawn = rng.integers(groups, size=groups)
        redrawn = (
            sample.of_rows([of_sample[group] for group in drawn])
            for sample, of_sample in zip(samples, rows, strict=True)
        )
        resampled.append(statistic(*redrawn))
    return percentile_interval(statistic(*samples), resampled)
