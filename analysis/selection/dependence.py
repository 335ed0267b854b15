"""Dependence within groups: do organisms that are grown anew from one fork end alike?

If an outcome of each organism is an independent coin, the count of a group of n is binomial. *Overdispersion* is Pearson's
chi-squared over its degrees of freedom, 1 for binomial counts; the *intraclass correlation* is the beta-binomial's,
(overdispersion - 1) / (n - 1), 0 for binomial counts and 1 where all of a group end alike. It is below 0 where
counts differ less from group to group than chance would have it, and is not cut off there, so that its interval means something.

Source: Williams 1982, "Extra-binomial variation in logistic linear models" (moment estimator, equal group sizes). Null:
outcomes dealt among all organisms at random.

What it does *not* show: what a group's organisms have in common.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.selection.law import group_rows
from analysis.selection.outcomes import GrownOrganisms
from analysis.statistics import Interval

BOOTSTRAP_DRAWS = 1000
"""of groups"""
PERMUTATIONS = 1000


class GroupBootstrap(NamedTuple):
    """A statistic, and what it is of samples whose groups were drawn again."""

    value: float
    draws: Float[np.ndarray, " draw"]

    @property
    def interval(self) -> Interval:
        """The value and its percentile interval."""
        return percentile_interval(self.value, self.draws.tolist())

    @property
    def p(self) -> float:
        """Twice the smaller share of draws on either side of 0, at least 1 of their number and at most 1."""
        finite = self.draws[np.isfinite(self.draws)]
        tail = min((finite <= 0).sum(), (finite >= 0).sum())
        return float(min(1.0, 2 * (tail + 1) / (len(finite) + 1)))


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


def pearson_overdispersion(
    counts: Int[np.ndarray, "*draw group"], sizes: Int[np.ndarray, "*draw group"]
) -> Float[np.ndarray, "*draw"]:
    """Pearson's chi-squared of counts under one common share, over its degrees of freedom. NaN of fewer than two groups, or
    where all organisms or none have the outcome."""
    groups, total = counts.shape[-1], np.maximum(sizes.sum(-1), 1)
    share = (counts.sum(-1) / total)[..., None]
    variance = np.maximum(sizes * share * (1 - share), 1e-12)
    squares = (counts - sizes * share) ** 2 / variance
    varies = (share[..., 0] > 0) & (share[..., 0] < 1) & (groups > 1)
    return np.where(varies, squares.sum(-1) / max(groups - 1, 1), np.nan)


def within_group_correlation(
    counts: Int[np.ndarray, "*draw group"], sizes: Int[np.ndarray, "*draw group"]
) -> Float[np.ndarray, "*draw"]:
    """The beta-binomial's intraclass correlation by moments; NaN where groups have one organism each."""
    typical = sizes.mean(-1) - 1
    return np.where(
        typical > 0, (pearson_overdispersion(counts, sizes) - 1) / np.maximum(typical, 1e-12), np.nan
    )


def measured_dependence(
    outcome: Bool[np.ndarray, " organism"], group: Int[np.ndarray, " organism"], seed: int = 0
) -> Dependence:
    """Overdispersion and correlation of an outcome within groups."""
    rng = np.random.default_rng(seed)
    counts, sizes = group_counts(outcome, group)
    overdispersion, p = float(pearson_overdispersion(counts, sizes)), float("nan")
    drawn = rng.integers(len(counts), size=(BOOTSTRAP_DRAWS, len(counts)))
    if np.isfinite(overdispersion):
        dealt = rng.multivariate_hypergeometric(sizes, counts.sum(), size=PERMUTATIONS)
        larger = pearson_overdispersion(dealt, np.broadcast_to(sizes, dealt.shape)) >= overdispersion - 1e-9
        p = float(1 + larger.sum()) / (1 + PERMUTATIONS)
    correlations = GroupBootstrap(
        float(within_group_correlation(counts, sizes)), within_group_correlation(counts[drawn], sizes[drawn])
    )
    return Dependence(len(counts), overdispersion, correlations.interval, p)


def percentile_interval(value: float, draws: list[float]) -> Interval:
    """A value and the percentile interval of its bootstrap draws; draws without a number are left out."""
    finite = np.asarray(draws, float)[np.isfinite(draws)] if len(draws) else np.zeros(0)
    if len(finite) < 2:
        return value, float("nan"), float("nan")
    low, high = np.quantile(finite, [0.025, 0.975])
    return value, float(low), float(high)


def bootstrap_over_groups(
    statistic: Callable[..., Float[np.ndarray, "*draw"]], *samples: GrownOrganisms, seed: int = 0
) -> GroupBootstrap:
    """A statistic of several samples, and of as many that are drawn again with replacement, by groups.

    statistic: of a table of counts [draw, group, share] of each sample (`GrownOrganisms.table`). samples: of the same number of
    groups each, which belong together in the order of their numbers: a drawn group is drawn in every sample.
    """
    tables = [sample.table() for sample in samples]
    groups = len(tables[0])
    drawn = np.random.default_rng(seed).integers(max(groups, 1), size=(BOOTSTRAP_DRAWS, groups))
    value = float(statistic(*tables))
    if groups < 2:
        return GroupBootstrap(value, np.zeros(0))
    return GroupBootstrap(value, statistic(*(table[drawn] for table in tables)))
