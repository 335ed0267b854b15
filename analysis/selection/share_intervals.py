"""Intervals of shares: how sure is a share of organisms, where those of one group end alike?

Organisms of one fork are no independent draws. So many of them say as much as fewer that are independent: the *effective
number* is n over the *design effect*, the variance of the share between groups over that of independent draws, at least 1. The
interval is Wilson's with the effective number, made smaller since the variance is of few groups. Where all organisms or none
have the outcome no variance can be seen; then every group counts as one.

Source: Kish 1965, *Survey Sampling*, (design effect); Korn and Graubard 1998, "Confidence intervals for proportions with small
expected number of positive counts estimated from survey data" (effective number, and Student's t). Of many organisms that share
nothing it is about `analysis.statistics.count_interval`.

They cover less often where few organisms have the outcome: about 0.9 of the time where one of ten has it and 34 groups of six are
half alike (`tests/analysis/selection/test_share_intervals.py`).

What they do *not* show: what other groups than those of this run would do, if they were chosen otherwise.
"""

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Int
from scipy import stats

from analysis.selection.dependence import group_counts
from analysis.selection.outcomes import OUTCOMES, SHARES, GrownOrganisms, Outcome, Share
from analysis.statistics import Interval


def design_effect(counts: Int[np.ndarray, " group"], sizes: Int[np.ndarray, " group"]) -> float:
    """Variance of a share between groups over that of independent organisms, at least 1; where all or none have the outcome, or
    there is one group, the mean size of a group."""
    groups, n = len(sizes), int(sizes.sum())
    share = counts.sum() / n
    if groups < 2 or share in (0.0, 1.0):
        return n / groups
    between = groups / (groups - 1) * ((counts - share * sizes) ** 2).sum() / n**2
    return max(1.0, float(between / (share * (1 - share) / (n - 1))))


def grouped_share_interval(
    outcome: Bool[np.ndarray, " organism"], group: Int[np.ndarray, " organism"], confidence: float = 0.95
) -> Interval:
    """The share of organisms with an outcome, and its interval over groups: (share, low, high); NaN of no organism."""
    if not len(outcome):
        return math.nan, math.nan, math.nan
    counts, sizes = group_counts(outcome, group)
    n, share = len(outcome) / design_effect(counts, sizes), float(outcome.mean())
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    if 0.0 < share < 1.0 and len(counts) > 1:
        n *= (z / float(stats.t.ppf(0.5 + confidence / 2, len(counts) - 1))) ** 2
    centre, scale = (share + z**2 / (2 * n)) / (1 + z**2 / n), 1 + z**2 / n
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / scale
    return share, max(0.0, centre - half), min(1.0, centre + half)


def share_intervals(organisms: GrownOrganisms) -> Mapping[Share, Interval]:
    """Each share of all grown organisms with its interval over groups."""
    masks = zip(SHARES, organisms.share_masks(), strict=True)
    return {share: grouped_share_interval(mask, organisms.group) for share, mask in masks}


def caught_by_outcome(organisms: GrownOrganisms) -> Mapping[Outcome, Interval]:
    """Share of each kind of organism that is caught: of schemers the power, of honest ones the false alarms."""
    kinds = dict(zip(OUTCOMES, (organisms.schemes, organisms.honest, organisms.between), strict=True))
    return {
        outcome: grouped_share_interval(organisms.caught[kind], organisms.group[kind])
        for outcome, kind in kinds.items()
    }
