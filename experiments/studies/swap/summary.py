"""What the study *swap* says: does self's mechanism lie wherever the auditor does not look, in one and the
same fork?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from analysis.provenance.verdict import CELLS, SHARED_GROUND, VERDICTS, VerdictName
from analysis.statistics import count_interval, mean_interval
from curricula.errors import SystemFailure
from curricula.world.contrasts import Role
from experiments.studies.study import Number, StudySummary, Triple, triple
from experiments.studies.swap.arms import WATCH_ARMS, Cost, Watch, WatchArm
from experiments.studies.swap.effects import WatchMeasurement
from experiments.studies.swap.paired import PRIMARY, SHOWN_ROLES, PairedChange, behaving, shares_within


@dataclass(frozen=True)
class ForkShares:
    """One organism of an arm. A share is None where a role has no effect above the floor."""

    member: int
    verdict: VerdictName
    behaves: bool
    self_in_first: float | None
    """share of self's effect in the first half of every layer"""
    character_in_first: float | None
    self_in_watched: float | None
    """share of self's effect in what the auditor watched; None where nobody watched"""
    character_in_watched: float | None
    common: float | None
    """sum over components of the smaller of both roles' shares: 1 where they are alike, 0 where they have
    none in common"""


@dataclass(frozen=True)
class WatchArmSummary:
    """What came of one arm. Rates are of all grown organisms."""

    watch: Watch
    cost: Cost
    n: int
    fork_sha256: str
    reseeded_failed: int
    """organisms that missed the characters' criterion at every attempt"""
    behaves: Triple
    verdicts: Mapping[VerdictName, int]
    rates: Mapping[VerdictName, Triple]
    self_in_first: Triple
    character_in_first: Triple
    self_in_watched: Triple
    character_in_watched: Triple
    common: Triple
    organisms: Sequence[ForkShares]


@dataclass(frozen=True)
class HalfCourse:
    """Share of a role's effect in the first half, from the fork on, for an arm."""

    watch: Watch
    cost: Cost
    role: Role
    steps: Sequence[int]
    """since the fork"""
    shares: Sequence[Sequence[float | None]]
    """[member][checkpoint]"""


@dataclass(frozen=True)
class SwapSummary(StudySummary):
    """The answer of the study *swap*."""

    expected_below: float
    calibrated: bool
    """were verdicts scored on planted organisms of this size in this world?"""
    plan: str
    arms: Mapping[str, WatchArmSummary]
    changes: Sequence[PairedChange]
    courses: Sequence[HalfCourse]


def require_same_forks(measured: Mapping[str, WatchMeasurement]) -> None:
    """Raises SystemFailure where arms did not begin with the same organisms, so that nothing is paired."""
    forks = {name: arm.fork_sha256 for name, arm in measured.items()}
    if len(set(forks.values())) > 1:
        listed = ", ".join(f"{name} {sha256[:12]}" for name, sha256 in forks.items())
        raise SystemFailure(
            f"arms: expected the same organisms at the fork of all, got {listed}; delete the runs of this "
            "study and give the command again"
        )


def summarise_watch_arm(
    arm: WatchArm, measurement: WatchMeasurement, first_half: Bool[np.ndarray, " component"]
) -> WatchArmSummary:
    """What came of one arm."""
    organisms = _fork_shares(measurement, first_half)
    counts, n = Counter(measurement.verdicts), len(organisms)
    means = {
        name: triple(mean_interval(getattr(organism, name) for organism in organisms))
        for name in (
            "self_in_first",
            "character_in_first",
            "self_in_watched",
            "character_in_watched",
            "common",
        )
    }
    return WatchArmSummary(
        arm.watch,
        arm.cost,
        n,
        measurement.fork_sha256,
        measurement.reseeded_failed,
        triple(count_interval(sum(organism.behaves for organism in organisms), n)),
        {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]},
        {verdict: triple(count_interval(counts[verdict], n)) for verdict in (*CELLS, SHARED_GROUND)},
        **means,
        organisms=organisms,
    )


def _fork_shares(
    measurement: WatchMeasurement, first_half: Bool[np.ndarray, " component"]
) -> list[ForkShares]:
    roles = [measurement.end.of_role(role)[-1] for role in SHOWN_ROLES]
    watched = measurement.watched
    in_first = [shares_within(effects, np.broadcast_to(first_half, effects.shape)) for effects in roles]
    anybody = np.where(watched.any(1), 1.0, np.nan)
    in_watched = [shares_within(effects, watched) * anybody for effects in roles]
    with np.errstate(invalid="ignore"):
        common = np.minimum(*(effects / effects.sum(1, keepdims=True) for effects in roles)).sum(1)
    behaves = behaving(measurement)
    return [
        ForkShares(
            member,
            measurement.verdicts[member],
            bool(behaves[member]),
            *(_finite_or_none(shares[member]) for shares in (*in_first, *in_watched, common)),
        )
        for member in range(len(behaves))
    ]


def _finite_or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def half_courses(
    measured: Mapping[str, WatchMeasurement], first_half: Bool[np.ndarray, " component"]
) -> list[HalfCourse]:
    """Who was in which half when, for the arms whose course was measured."""
    courses: list[HalfCourse] = []
    for arm in WATCH_ARMS:
        course = measured[arm.name].course
        if course is None:
            continue
        for role in SHOWN_ROLES:
            effects = course.of_role(role)
            places = np.broadcast_to(first_half, effects.shape[1:])
            shares = np.stack([shares_within(at_checkpoint, places) for at_checkpoint in effects], axis=1)
            members = [[_finite_or_none(share) for share in of_member] for of_member in shares]
            courses.append(HalfCourse(arm.watch, arm.cost, role, course.steps, members))
    return courses


def swap_findings(
    arms: Mapping[str, WatchArmSummary], changes: Sequence[PairedChange]
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {change.name: change.mean for change in changes}
    findings |= {f"{change.name}.behaving": change.among_behaving for change in changes}
    findings |= {
        f"corrected_p.{change.name}": change.corrected_p for change in changes if change.name != PRIMARY
    }
    for name, arm in arms.items():
        findings[f"behaves.{name}"] = arm.behaves
        findings |= {f"rate.{name}.{verdict.replace(' ', '_')}": rate for verdict, rate in arm.rates.items()}
        findings[f"common.{name}"] = arm.common
    return findings
