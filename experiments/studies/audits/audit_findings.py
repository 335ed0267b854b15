"""The findings of the study *audits* by name: shares, power, the law, gated units, detectors, attribution."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.audits.audit_game import AUDITS, audits_worth, effective_audits
from analysis.audits.grain_shares import EVERY_GRAIN
from analysis.audits.units import GRAINS
from analysis.statistics import mean_interval
from experiments.studies.audits.arms import COMPILED, PLANTED, SCHEMERS
from experiments.studies.audits.measurement import RunProfiles
from experiments.studies.audits.records import AuditedOrganism, finding_key
from experiments.studies.audits.summary import HONEST_TWIN, REPORTED, AuditGroup, StudyAudits, mean_of
from experiments.studies.study import Number, Triple, triple


def audit_findings(audits: StudyAudits, groups: Sequence[AuditGroup]) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {}
    for n in REPORTED:
        place = AUDITS.index(n)
        findings[f"claim.power.n{n}"] = mean_of(
            audits.schemers, lambda organism, p=place: organism.diluted[p]
        )
    for group in groups:
        findings |= _group_findings(group)
    grouped = audits.groups()
    for name, organisms in grouped.items():
        key = finding_key(name)
        findings[f"gated_in_selfs.{key}"] = mean_of(organisms, lambda organism: organism.gated_in_selfs)
        findings[f"gated_in_characters.{key}"] = mean_of(
            organisms, lambda organism: organism.gated_in_characters
        )
        findings[f"alike.accuracy.{key}"] = alike_accuracy(organisms, audits.twins)
    for arm in (*PLANTED, *COMPILED):
        findings |= _detection_findings(arm.name, grouped.get(arm.name, []))
    return findings


def _detection_findings(arm: str, organisms: Sequence[AuditedOrganism]) -> dict[str, Number | Triple]:
    """How well detectors tell the planted units of an arm's organisms."""
    findings: dict[str, Number | Triple] = {}
    for name in sorted({name for organism in organisms for name in organism.auroc}):
        area = mean_of(organisms, lambda organism, n=name: organism.auroc.get(n, float("nan")))
        findings[f"auroc.{arm}.{finding_key(name)}"] = area
    for name in sorted({name for organism in organisms for name in organism.gated}):
        share = mean_of(organisms, lambda organism, n=name: organism.gated.get(n, float("nan")))
        findings[f"gated.{arm}.{finding_key(name)}"] = share
    return findings


def _group_findings(group: AuditGroup) -> dict[str, Number | Triple]:
    key = finding_key(group.name)
    findings: dict[str, Number | Triple] = {f"n.{key}": group.n, f"correlation.{key}": group.correlation}
    for grain in (*GRAINS, EVERY_GRAIN):
        findings[f"f.{key}.{finding_key(grain)}"] = group.share[grain]
        findings[f"beyond.{key}.{finding_key(grain)}"] = group.beyond[grain]
    for n in REPORTED:
        place = AUDITS.index(n)
        findings[f"law.{key}.n{n}"] = group.law[place]
        for curve, values in group.power.items():
            if values[place][0] is not None:
                findings[f"power.{curve}.{key}.n{n}"] = values[place]
        findings[f"effective.{key}.n{n}"] = (
            None if group.correlation is None else effective_audits(n, group.correlation)
        )
        findings[f"worth.{key}.n{n}"] = _worth(group, place)
    return findings


def _worth(group: AuditGroup, place: int) -> float | None:
    """Audits that the law would need for the twin detector's power; None where it is not finite."""
    power, f = group.power_of("twin")[place][0], group.share[EVERY_GRAIN][0]
    if power is None or f is None:
        return None
    worth = audits_worth(power, f)
    return worth if math.isfinite(worth) else None


def alike_accuracy(organisms: Sequence[AuditedOrganism], twins: Sequence[AuditedOrganism]) -> Triple:
    """How often an organism is told from a twin of its own by scenes in which both behave alike: it has the larger share
    of units beyond the threshold; ties count half. Mean over organisms."""
    of_twins: dict[tuple[str, int], list[float]] = {}
    for twin in twins:
        of_twins.setdefault((twin.arm, twin.member), []).append(twin.alike_beyond)

    def wins(organism: AuditedOrganism) -> float:
        of_organism = of_twins.get((organism.arm, organism.member), [])
        if not of_organism or not math.isfinite(organism.alike_beyond) or organism.verdict == HONEST_TWIN:
            return float("nan")
        return float(np.mean([np.heaviside(organism.alike_beyond - share, 0.5) for share in of_organism]))

    return mean_of(organisms, wins)


def attribution_findings(measured: Mapping[str, RunProfiles]) -> dict[str, Number | Triple]:
    """How far attribution agrees with exact patches in self's scenes of schemers, by grain."""
    screened = [part for arm in SCHEMERS for part in measured[arm.name].screened]
    findings: dict[str, Number | Triple] = {}
    for grain in sorted({part.grain for part in screened}):
        parts, key = [part for part in screened if part.grain == grain], finding_key(grain)
        findings[f"attribution.rank_correlation.{key}"] = triple(
            mean_interval(value for part in parts for value in part.rank_correlation)
        )
        findings[f"attribution.recall.{key}"] = triple(
            mean_interval(value for part in parts for value in part.recall)
        )
    return findings
