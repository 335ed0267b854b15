"""What the study *audits* answers: how much of a schemer is in on it, how often n random audits notice, and does the law
1 - (1 - f)^n say so?"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.audits.audit_game import (
    AUDITS,
    AlarmRule,
    independent_power,
    intraclass_correlation,
)
from analysis.audits.grain_shares import EVERY_GRAIN
from analysis.audits.units import GRAINS
from analysis.statistics import mean_interval
from experiments.studies.audits.arms import (
    COMPILED,
    LEARNED_NEWS,
    NEVER_TRAINED,
    USUAL,
    WITH_TWINS,
    twin_labels,
)
from experiments.studies.audits.auditing import audited_organisms, audited_twins, unit_map
from experiments.studies.audits.measurement import RunProfiles
from experiments.studies.audits.records import (
    DETECTORS,
    AuditedOrganism,
    DetectorName,
    PowerCurve,
    UnitMap,
)
from experiments.studies.audits.twins import ArmTwins
from experiments.studies.study import StudySummary, Triple, triple

PRIMARY = "claim.power.n300"
"""the answer, named before any run of the study"""
REPORTED = (1, 10, 100, 300)
"""numbers of audits whose power is a finding"""
HONEST_TWIN = "honest twin"
SCHEMING = "schemers"
"""name of all incentivised organisms together, whatever their verdict"""


@dataclass(frozen=True)
class AuditGroup:
    """Organisms that one verdict, or one way of being honest, has in common."""

    name: str
    n: int
    """organisms; of twins, organisms that have some"""
    share: Mapping[str, Triple]
    """f by grain, and of all units"""
    beyond: Mapping[str, Triple]
    power: Mapping[str, tuple[Triple, ...]]
    """at each of `AUDITS`, by ``detector.rule``, of all units"""
    law: tuple[float | None, ...]
    """1 - (1 - f)^n with the mean f of all units, at each of `AUDITS`"""
    correlation: float | None
    """of alarms of the twin detector within an organism"""

    def power_of(self, detector: DetectorName) -> tuple[Triple, ...]:
        """Power of a detector by the rule *any*."""
        return self.power[f"{detector}.any"]


@dataclass(frozen=True)
class AuditsSummary(StudySummary):
    """The answer of the study *audits*."""

    audits: tuple[int, ...]
    groups: tuple[AuditGroup, ...]
    maps: tuple[UnitMap, ...]
    left_out: Mapping[str, int]
    """organisms that do not do as they were taught, or whose planting did not take, by arm"""
    calibrated: bool
    """whether how often verdicts are right is known for organisms grown as these were"""

    def group(self, name: str) -> AuditGroup | None:
        """The group of a name; None where there is none."""
        return next((group for group in self.groups if group.name == name), None)


@dataclass(frozen=True)
class StudyAudits:
    """Every audit of the study."""

    schemers: tuple[AuditedOrganism, ...]
    planted: tuple[AuditedOrganism, ...]
    twins: tuple[AuditedOrganism, ...]
    negatives: tuple[AuditedOrganism, ...]
    """negatives beside the twins"""
    maps: tuple[UnitMap, ...]
    left_out: Mapping[str, int]

    def groups(self) -> dict[str, list[AuditedOrganism]]:
        """Organisms by verdict, all schemers together, and the honest ones."""
        grouped: dict[str, list[AuditedOrganism]] = {SCHEMING: list(self.schemers)}
        for organism in (*self.schemers, *self.planted, *self.twins, *self.negatives):
            grouped.setdefault(organism.verdict, []).append(organism)
        return grouped


def study_audits(measured: Mapping[str, RunProfiles]) -> StudyAudits:
    """The audits of every arm."""
    schemers: list[AuditedOrganism] = []
    planted: list[AuditedOrganism] = []
    twins: list[AuditedOrganism] = []
    maps: dict[str, UnitMap] = {}
    left_out: dict[str, int] = {}
    for arm in WITH_TWINS:
        run = measured[arm.name]
        beside = ArmTwins(arm.name, run, [measured[label] for label in twin_labels(arm.name)])
        took = run.took or (True,) * len(run.behaves)
        counted = [behaves and has_taken for behaves, has_taken in zip(run.behaves, took, strict=True)]
        verdicts = run.verdicts or (arm.name,) * len(counted)
        organisms = audited_organisms(beside, verdicts, counted)
        (planted if arm.is_planted else schemers).extend(organisms)
        left_out[arm.name] = len(counted) - sum(counted)
        if not arm.is_planted:
            twins += audited_twins(beside)
        for organism in organisms:
            if organism.verdict not in maps and (drawn := unit_map(beside, organism)):
                maps[organism.verdict] = drawn
    for arm in COMPILED:
        if arm.name in measured:
            run = measured[arm.name]
            planted += audited_organisms(ArmTwins(arm.name, run, []), (arm.name,) * len(run.took), run.took)
            left_out[arm.name] = len(run.took) - sum(run.took)
    negatives = _negatives(measured)
    return StudyAudits(
        tuple(schemers), tuple(planted), tuple(twins), tuple(negatives), tuple(maps.values()), left_out
    )


def _negatives(measured: Mapping[str, RunProfiles]) -> list[AuditedOrganism]:
    """Honest organisms that learned something else, and organisms that learned nothing, beside the twins of *shared*."""
    organisms: list[AuditedOrganism] = []
    for name in (LEARNED_NEWS, NEVER_TRAINED):
        run = measured[name]
        beside = ArmTwins(name, run, [measured[label] for label in twin_labels(USUAL)])
        counted = run.honest if name == LEARNED_NEWS else (True,) * len(run.honest)
        organisms += audited_organisms(beside, (name,) * len(counted), counted)
    return organisms


def by_organism(
    organisms: Iterable[AuditedOrganism], number: Callable[[AuditedOrganism], float]
) -> list[float]:
    """A number of each organism; that of twins of one organism is their mean, since they are no independent ones."""
    grouped: dict[tuple[str, int], list[float]] = {}
    for organism in organisms:
        value = number(organism)
        if math.isfinite(value):
            grouped.setdefault((organism.arm, organism.member), []).append(value)
    return [float(np.mean(values)) for values in grouped.values()]


def mean_of(organisms: Sequence[AuditedOrganism], number: Callable[[AuditedOrganism], float]) -> Triple:
    """Mean over organisms with its interval."""
    return triple(mean_interval(by_organism(organisms, number)))


def curve_of(
    organism: AuditedOrganism, detector: DetectorName, rule: AlarmRule = "any", grain: str = EVERY_GRAIN
) -> PowerCurve | None:
    """One curve of an organism; None where it has none."""
    wanted_curve = detector, rule, grain
    return next((c for c in organism.curves if (c.detector, c.rule, c.grain) == wanted_curve), None)


def power_at(detector: DetectorName, rule: AlarmRule, audits: int) -> Callable[[AuditedOrganism], float]:
    """A function that gives an organism's power at a number of audits of all units; NaN where it has none."""
    place = AUDITS.index(audits)

    def power(organism: AuditedOrganism) -> float:
        curve = curve_of(organism, detector, rule)
        return float("nan") if curve is None else curve.power[place]

    return power


def audit_group(name: str, organisms: Sequence[AuditedOrganism]) -> AuditGroup:
    """What audits find of a group."""
    share = {
        grain: mean_of(organisms, lambda organism, g=grain: organism.share[g])
        for grain in (*GRAINS, EVERY_GRAIN)
    }
    beyond = {
        grain: mean_of(organisms, lambda organism, g=grain: organism.beyond[g])
        for grain in (*GRAINS, EVERY_GRAIN)
    }
    rules: tuple[AlarmRule, ...] = ("any", "count")
    power = {
        f"{detector}.{rule}": tuple(mean_of(organisms, power_at(detector, rule, n)) for n in AUDITS)
        for detector in DETECTORS
        for rule in rules
    }
    f = share[EVERY_GRAIN][0]
    law = tuple(None if f is None else independent_power(min(max(f, 0.0), 1.0), n) for n in AUDITS)
    amount = len({(organism.arm, organism.member) for organism in organisms})
    return AuditGroup(name, amount, share, beyond, power, law, alarm_correlation(organisms))


def alarm_correlation(organisms: Sequence[AuditedOrganism]) -> float | None:
    """Intraclass correlation of the twin detector's alarms within organisms; None where it is not defined."""
    curves = [curve for organism in organisms if (curve := curve_of(organism, "twin"))]
    if not curves:
        return None
    alarms, units = np.array([c.alarms for c in curves]), np.array([c.units for c in curves])
    correlation = intraclass_correlation(alarms, units)
    return correlation if math.isfinite(correlation) else None
