"""Paired differences of the study *bitrot*: how much of its mode does an organism retain, less what its sibling does?

What an organism *retains* is the mean, over all readings of disuse after the first, of its *gate*, as a share of the gate when
disuse began. The gate of a reading is the lesser of two rates: acts on the secret when put alone, and on the profession when
watched. An organism that acts on its secret whoever watches has none. A pair is two organisms of equal number: children of one fork in two
groups, or one organism in two uses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from analysis.forgetting.retention import RetentionCell
from analysis.relearning.finetune import MODE, WATCHED_MODE
from analysis.statistics import mean_interval, sign_flip_p
from experiments.studies.bitrot.plan import GROUPS, PAIRS, RATES, USES, GroupName, RateName, Use
from experiments.studies.study import Triple, triple

PRIMARY = "retained.shared_sham_minus_separate.watched"
"""what an organism retains whose mechanism characters share, less what its sibling with a separate one retains, where as many
components were ablated while either learned and self is always watched; mean over the three rates. Named before any run"""
GATE = "self_gate"
"""the lesser of self's two rates; both have to hold"""


class DisuseArm(NamedTuple):
    """A group in a use."""

    group: GroupName
    use: Use


class RetainedContrast(NamedTuple):
    """Two arms of the same forks."""

    name: str
    first: DisuseArm
    second: DisuseArm
    rate: RateName | None
    """None: the mean over all rates"""


class ArmRetention(NamedTuple):
    """What the organisms of an arm retain."""

    retained: Mapping[RateName, Float[np.ndarray, " member"]]
    """by rate; NaN where an organism had no mode as disuse began"""
    has_mode: Bool[np.ndarray, " member"]
    counted: Bool[np.ndarray, " member"]
    """with the mechanism that the group is taken for"""


@dataclass(frozen=True)
class RetainedDifference:
    """What the organisms of one arm retain, less what their siblings in another do."""

    name: str
    first: str
    """group and use, as ``shared.watched``"""
    second: str
    rate: RateName | None
    n: int
    """pairs in which both have the mode by the mechanism that they are taken for"""
    mean: Triple
    n_grown: int
    mean_of_grown: Triple
    """over all that were grown, whatever their mechanism; a pair in which either did not do as taught when disuse began
    counts as 0, which draws the mean towards 0"""
    p: float
    """chance of a mean as far from 0 if signs were random"""
    corrected_p: float | None
    """by Benjamini and Hochberg 1995, among all but the primary endpoint; None for that"""


def _contrasts() -> list[RetainedContrast]:
    between = [
        (f"retained.{first}_minus_{second}.{use}", DisuseArm(first, use), DisuseArm(second, use))
        for first, second in PAIRS
        for use in USES
    ]
    within = [
        (f"retained.watched_minus_absent.{group}", DisuseArm(group, "watched"), DisuseArm(group, "absent"))
        for group in GROUPS
    ]
    return [
        RetainedContrast(name if rate is None else f"{name}.{rate}", first, second, rate)
        for name, first, second in between + within
        for rate in (None, *RATES)
    ]


CONTRASTS: Sequence[RetainedContrast] = _contrasts()


def with_gate(cell: RetentionCell) -> RetentionCell:
    """The cell, with the gate among its rates."""
    gate = np.minimum(cell.rates[MODE], cell.rates[WATCHED_MODE])
    return cell._replace(rates={**cell.rates, GATE: gate})


def retained_share(cell: RetentionCell) -> Float[np.ndarray, " organism"]:
    """Mean gate over the readings after the first, as a share of the first; NaN where that is 0."""
    rates = with_gate(cell).rates[GATE]
    first = rates[0]
    return np.divide(rates[1:].mean(0), first, out=np.full(len(first), np.nan), where=first > 0)


def paired_differences(arms: Mapping[DisuseArm, ArmRetention]) -> list[RetainedDifference]:
    """Every contrast of the study, with p values that are corrected for their number."""
    differences = [
        _difference(contrast, arms[contrast.first], arms[contrast.second]) for contrast in CONTRASTS
    ]
    further = [difference for difference in differences if difference.name != PRIMARY]
    corrected = iter(stats.false_discovery_control([difference.p for difference in further]).tolist())
    return [
        difference if difference.name == PRIMARY else replace(difference, corrected_p=float(next(corrected)))
        for difference in differences
    ]


def _difference(contrast: RetainedContrast, first: ArmRetention, second: ArmRetention) -> RetainedDifference:
    rates = tuple(RATES) if contrast.rate is None else (contrast.rate,)
    by_rate = np.mean([first.retained[rate] - second.retained[rate] for rate in rates], axis=0)
    counted = first.counted & second.counted
    able = first.has_mode & second.has_mode
    of_grown = np.where(able, np.nan_to_num(by_rate), 0.0)
    return RetainedDifference(
        contrast.name,
        ".".join(contrast.first),
        ".".join(contrast.second),
        contrast.rate,
        int(counted.sum()),
        triple(mean_interval(by_rate[counted])),
        len(by_rate),
        triple(mean_interval(of_grown)),
        sign_flip_p(by_rate[counted]) if counted.any() else 1.0,
        None,
    )
