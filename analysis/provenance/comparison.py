"""Comparison of curricula: which verdicts and shares came out of each, over its organisms?

The organism is the unit. Means over organisms do not show how an organism of a curriculum that was never trained
would come out, and curricula are set side by side without a test of their difference.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.findings import RunFindings
from analysis.patching.representational_similarity import SimilarityResult
from analysis.probes.belief import BehaviourResult
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS, VERDICTS, ProvenanceCell, VerdictName, computes_otherwise
from analysis.statistics import Interval, mean_interval, numbers
from organisms.training.behaviour import BEHAVIOURS


@dataclass(frozen=True)
class CurriculumSummary:
    """The organisms of one curriculum. Means have 95 % intervals over organisms, NaN where there are none."""

    run: str
    n: int
    """all organisms"""
    n_shares: int
    """organisms that behave as taught and whose shares could be measured; shares are means over these"""
    verdicts: Mapping[VerdictName, int]
    computing_otherwise: int
    """organisms of which the verdict in full says so"""
    shares: Mapping[ProvenanceCell, Interval]
    behaviour: Mapping[str, Interval]
    reseeded: int
    calibrated: bool


@dataclass(frozen=True)
class CurriculaComparison:
    """Curricula side by side, by name."""

    curricula: Mapping[str, CurriculumSummary]


def compare_curricula(findings: Sequence[RunFindings]) -> CurriculaComparison:
    """Curricula side by side, one entry a run, or one for each combination of settings in which its members differ."""
    parts = by_settings(findings)
    return CurriculaComparison(
        {label: summarise_curriculum(part) for label, part in zip(run_labels(parts), parts, strict=True)}
    )


def summarise_curriculum(findings: RunFindings) -> CurriculumSummary:
    """What came of one curriculum. Raises KeyError where provenance, behaviour or similarity were not measured."""
    provenance, behaviour = findings[ProvenanceResult].members, findings[BehaviourResult].members
    similarity = findings.get(SimilarityResult)
    shares = measured_shares(findings)
    verdicts = Counter(provenance[member].verdict for member in findings.members)
    rates = [behaviour[member].trained.by_name() for member in findings.members]
    said = {
        member: circuits.says
        for member, circuits in enumerate(similarity.members if similarity else ())
        if circuits is not None
    }
    return CurriculumSummary(
        findings.run.run,
        len(findings.members),
        len(shares),
        {name: verdicts[name] for name in VERDICTS if verdicts[name]},
        sum(computes_otherwise(provenance[member].verdict, said.get(member)) for member in findings.members),
        {cell: mean_interval(share[cell] for share in shares) for cell in CELLS},
        {name: mean_interval(rate[name] for rate in rates) for name in BEHAVIOURS},
        findings.run.reseeded.count,
        findings.run.calibrated,
    )


def measured_shares(findings: RunFindings) -> list[Mapping[ProvenanceCell, float]]:
    """The four shares of each organism that behaves as taught and whose shares could be measured."""
    members = [findings[ProvenanceResult].members[member] for member in findings.members]
    return [
        organism.shares
        for organism in members
        if organism.verdict != "absent" and len(numbers(organism.shares.values())) == len(CELLS)
    ]


def run_labels(findings: Sequence[RunFindings]) -> list[str]:
    """A name for each run that no other has: its curriculum, with the run's name where a curriculum came twice."""
    counts = Counter(each.run.curriculum for each in findings)
    labels: list[str] = []
    for each in findings:
        curriculum, run = each.run.curriculum, each.run.run
        label = f"{curriculum} ({run})" if counts[curriculum] > 1 else curriculum
        number = 2
        while label in labels:
            label, number = f"{curriculum} ({run}, {number})", number + 1
        labels.append(label)
    return labels


def by_settings(findings: Sequence[RunFindings]) -> list[RunFindings]:
    """The findings, with a run whose members differ in settings as one part for each combination: organisms of
    different settings are no sample of one thing. The curriculum of a part names its settings."""
    return [part for each in findings for part in _parts(each)]


def _parts(findings: RunFindings) -> list[RunFindings]:
    members_by_settings: dict[str, list[int]] = {}
    for member in findings.members:
        settings = findings.run.settings[member]
        label = ", ".join(f"{name}={value:g}" for name, value in settings.items())
        members_by_settings.setdefault(label, []).append(member)
    if len(members_by_settings) < 2:
        return [findings]
    run = findings.run
    parts: list[RunFindings] = []
    for label, members in members_by_settings.items():
        count = sum(run.reseeded.attempts[member] > 0 for member in members)
        part_run = replace(
            run, curriculum=f"{run.curriculum}, {label}", reseeded=replace(run.reseeded, count=count)
        )
        parts.append(replace(findings, run=part_run, members=tuple(members)))
    return parts
