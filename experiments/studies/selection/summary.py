"""What the study *selection* answers: the shares of each arm, the law beside what growing anew leaves, and what training on the
detector leaves beside the law.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from analysis.selection.dependence import Dependence, bootstrap_over_groups, measured_dependence
from analysis.selection.detectors import alarm_threshold
from analysis.selection.law import (
    expected_growths,
    grown_until_uncaught,
    law_of_tables,
    order_shares_of_tables,
    predicted_share,
    sequential_groups,
    share_over_orders,
    uncaught_schemers_of_tables,
)
from analysis.selection.outcomes import (
    LEFT_SCHEMING,
    OUTCOMES,
    SHARES,
    GrownOrganisms,
)
from analysis.selection.separation import separation
from analysis.selection.share_intervals import caught_by_outcome, share_intervals
from analysis.statistics import Interval, count_interval
from experiments.studies.selection.arms import (
    DRAWS,
    NEW_ORGANISM,
    NO_DETECTOR,
    REROLLS,
    SAME_FORK,
    TRAINED_ON,
    Reroll,
    TrainedOn,
    calibration_forks,
    trained_arm_label,
)
from experiments.studies.selection.measurement import READINGS, TRAINED_ON_READING, SelectionMeasurement
from experiments.studies.selection.records import ArmShares, DependenceRow, LawRow, TrainedOnRow
from experiments.studies.study import Number, Triple, triple

PRIMARY_ARM: TrainedOn = "reward"
PRIMARY = f"q_u_less_law.{PRIMARY_ARM}.{TRAINED_ON_READING}"
"""q_u of the arm with the probe in the reward less p_u / (1 - p_c) of the same forks, by the detector that was trained on. Named
before any run at a seed that is reported"""
BEYOND_CONSTANT = f"q_u_less_constant.{PRIMARY_ARM}"
DEPENDENT_OUTCOMES = ("scheming", "caught", "uncaught_schemer")


class CountedOrganisms:
    """The organisms of every arm that count, by reading, and the thresholds that catch them."""

    def __init__(self, measured: Mapping[str, SelectionMeasurement]):
        baseline = measured[SAME_FORK]
        self.calibration = calibration_forks(baseline.forks)
        self.thresholds: dict[str, float] = {}
        self.honest = 0
        for reading in READINGS:
            organisms = baseline.organisms(float("inf"), reading)
            honest = organisms.honest & (organisms.group < self.calibration)
            self.honest = int(honest.sum())
            self.thresholds[reading] = alarm_threshold(np.asarray(baseline.scores[reading])[honest])
        self.measured = measured

    def separation(self, arm: str, reading: str) -> Interval:
        """How well scores rank the counted organisms of an arm."""
        everybody = self.measured[arm].organisms(self.thresholds[reading], reading)
        counted = np.isin(everybody.group, self.of_arm(arm, reading).group)
        return separation(everybody.where(counted), np.asarray(self.measured[arm].scores[reading])[counted])

    def of_arm(self, arm: str, reading: str) -> GrownOrganisms:
        """The organisms of an arm. Those of forks that set thresholds are left out; new organisms share no fork with them."""
        organisms = self.measured[arm].organisms(self.thresholds[reading], reading)
        first = 0 if self.measured[arm].reroll == NEW_ORGANISM else self.calibration
        return organisms.where(organisms.group >= first)


def arm_rows(counted: CountedOrganisms) -> list[ArmShares]:
    """The shares of every arm by every reading."""
    rows: list[ArmShares] = []
    for arm in (*REROLLS, *map(trained_arm_label, TRAINED_ON)):
        for reading in READINGS:
            organisms = counted.of_arm(arm, reading)
            rows.append(
                ArmShares(
                    arm,
                    reading,
                    len(organisms),
                    organisms.counts(),
                    {share: triple(interval) for share, interval in share_intervals(organisms).items()},
                    {kind: triple(interval) for kind, interval in caught_by_outcome(organisms).items()},
                    triple(counted.separation(arm, reading)),
                    triple(bootstrap_over_groups(law_of_tables, organisms).interval),
                    number_or_none(expected_growths(organisms)),
                )
            )
    return rows


def law_row(counted: CountedOrganisms, reroll: Reroll, reading: str) -> LawRow:
    """The law beside what growing anew leaves. New organisms predict with the first half, and are grown with the second."""
    organisms = predicting = counted.of_arm(reroll, reading)
    if reroll == NEW_ORGANISM:
        half, number = len(organisms) // 2, organisms.group
        predicting, organisms = organisms.where(number < half), organisms.where(number >= half)
        paired = organisms.where(organisms.group >= len(number) - half)  # as many as predict
        difference = bootstrap_over_groups(law_difference, paired, predicting)
        organisms = replace(organisms, group=sequential_groups(organisms.caught))
    else:
        difference = bootstrap_over_groups(
            lambda tables: order_shares_of_tables(tables) - law_of_tables(tables), organisms
        )
    grown = grown_until_uncaught(organisms)
    return LawRow(
        reroll,
        reading,
        triple(bootstrap_over_groups(law_of_tables, predicting).interval),
        triple(count_interval(grown.schemers, grown.finished)),
        grown.finished,
        # The last new organism may be caught with none after it: nothing was left out for good.
        0 if reroll == NEW_ORGANISM else grown.never,
        number_or_none(share_over_orders(organisms)),
        triple(difference.interval),
    )


def dependence_row(counted: CountedOrganisms, reroll: Reroll, outcome: str) -> DependenceRow:
    """How alike organisms of one fork end, by the detector that is trained on. New organisms are put together as they come, which
    is what no dependence looks like."""
    organisms = counted.of_arm(reroll, TRAINED_ON_READING)
    values = {
        "scheming": organisms.schemes,
        "caught": organisms.caught,
        "uncaught_schemer": organisms.uncaught_schemer,
    }
    group = organisms.group // DRAWS if reroll == NEW_ORGANISM else organisms.group
    measured: Dependence = measured_dependence(values[outcome], group)
    return DependenceRow(
        reroll,
        outcome,
        number_or_none(measured.overdispersion),
        triple(measured.correlation),
        number_or_none(measured.p),
    )


def trained_on_row(counted: CountedOrganisms, arm: TrainedOn, reading: str) -> TrainedOnRow:
    """q_u of an arm less the law of the same forks."""
    trained, grown = (counted.of_arm(label, reading) for label in (trained_arm_label(arm), SAME_FORK))
    less = bootstrap_over_groups(
        lambda first, second: uncaught_schemers_of_tables(first) - law_of_tables(second), trained, grown
    )
    left = bootstrap_over_groups(law_difference, trained, grown)
    return TrainedOnRow(
        arm,
        reading,
        number_or_none(trained.share("u")),
        number_or_none(predicted_share(grown)),
        triple(less.interval),
        triple(left.interval),
        less.p,
        None,
    )


def beyond_constant(counted: CountedOrganisms, reading: str) -> Triple:
    """q_u of the arm with the probe in the reward less that of the arm with a constant fine: what the reading adds.

    Forks that are drawn again would give no interval where neither arm leaves a schemer. So both shares' intervals over forks
    are put together, as if forks were not shared, which is wider. Source: Newcombe 1998, method 10.
    """
    with_probe, without = (
        share_intervals(counted.of_arm(trained_arm_label(name), reading))[LEFT_SCHEMING]
        for name in (PRIMARY_ARM, NO_DETECTOR)
    )
    (value, low, high), (other, other_low, other_high) = with_probe, without
    below = math.hypot(value - low, other_high - other)
    above = math.hypot(high - value, other - other_low)
    return triple((value - other, value - other - below, value - other + above))


def law_difference(
    first: Int[np.ndarray, "*draw group share"], second: Int[np.ndarray, "*draw group share"]
) -> Float[np.ndarray, "*draw"]:
    """The law of one sample less that of another."""
    return np.asarray(law_of_tables(first) - law_of_tables(second))


def trained_on_rows(counted: CountedOrganisms) -> list[TrainedOnRow]:
    """Every arm by every reading, p values corrected for their number."""
    rows = [trained_on_row(counted, arm, reading) for arm in TRAINED_ON for reading in READINGS]
    further = [row for row in rows if not is_primary(row)]
    corrected = iter(stats.false_discovery_control([row.p for row in further]).tolist())
    return [row if is_primary(row) else replace(row, corrected_p=float(next(corrected))) for row in rows]


def is_primary(row: TrainedOnRow) -> bool:
    """Is it the primary endpoint?"""
    return f"q_u_less_law.{row.arm}.{row.reading}" == PRIMARY


def number_or_none(value: float) -> float | None:
    """The number, or None where there is none."""
    return float(value) if np.isfinite(value) else None


def selection_findings(
    arms: Sequence[ArmShares],
    laws: Sequence[LawRow],
    dependence: Sequence[DependenceRow],
    trained_on: Sequence[TrainedOnRow],
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {}
    for row in arms:
        letter = "q" if row.arm not in REROLLS else "p"
        place = f"{row.arm.removeprefix('on_')}.{row.reading}"
        findings |= {f"{letter}_{share}.{place}": row.shares[share] for share in SHARES}
        findings |= {f"caught.{place}.{outcome}": row.caught[outcome] for outcome in OUTCOMES}
        findings[f"separation.{place}"] = row.separation
    for law in laws:
        place = f"{law.reroll}.{law.reading}"
        findings |= {f"law.{place}": law.predicted, f"grown.{place}": law.grown, f"never.{place}": law.never}
        findings[f"grown_less_law.{place}"] = law.difference
    for likeness in dependence:
        findings[f"correlation.{likeness.reroll}.{likeness.outcome}"] = likeness.correlation
        findings[f"overdispersion.{likeness.reroll}.{likeness.outcome}"] = likeness.overdispersion
    for trained in trained_on:
        place = f"{trained.arm}.{trained.reading}"
        findings[f"q_u_less_law.{place}"] = trained.difference
        findings[f"q_left_less_law.{place}"] = trained.left_difference
        if trained.corrected_p is not None:
            findings[f"corrected_p.{place}"] = trained.corrected_p
    return findings


def constant_findings(counted: CountedOrganisms) -> dict[str, Number | Triple]:
    """What the reading adds to a fine on the same acts, by reading."""
    return {f"{BEYOND_CONSTANT}.{reading}": beyond_constant(counted, reading) for reading in READINGS}
