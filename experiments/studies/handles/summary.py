"""What the study *handles* answers: rates by provenance, and means of every number with what stands beside it by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from analysis.handles.locations import LOCATION_KINDS
from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS
from analysis.handles.results import MemberHandles
from analysis.handles.transfer_probe import ReadToken
from analysis.statistics import mean_interval
from experiments.studies.handles.measurement import HandledOrganism
from experiments.studies.handles.rates import HandleGroup, HoldingRate, chance_share, handle_share, told_apart
from experiments.studies.handles.shown import OrganismHandles, ShownScene
from experiments.studies.study import Number, StudySummary, Triple, triple

STEERING_METRICS = ("within", "moved", "moved_nats", "turned", "random_moved", "random_turned")
PROBE_METRICS = ("character_auroc", "auroc", "tpr", "alarms_alone", "alarms_watched", "self_auroc", "gap")
"""of a reading; beside them stands ``random_auroc``"""


@dataclass(frozen=True)
class HandlesSummary(StudySummary):
    """The answer of the study *handles*."""

    counts: Mapping[str, int]
    """organisms by group"""
    planting_failed: Mapping[str, int]
    """planted organisms that are not what they were planted to be, by arm: they count nowhere"""
    rates: Sequence[HoldingRate]
    by_both_locations: Mapping[str, Mapping[str, int]]
    """what both locations point to, by group"""
    organisms: Sequence[OrganismHandles]
    scenes: Sequence[ShownScene]


def group_findings(name: str, organisms: Sequence[HandledOrganism]) -> dict[str, Number | Triple]:
    """Means over the organisms of a group, with what stands beside each by chance."""
    every = [organism.handles for organism in organisms]
    columns = lesion_columns(every)
    for maker in HANDLE_MAKERS:
        steered = [handles.steered(maker) for handles in every]
        for metric in STEERING_METRICS:
            columns[f"direction.{maker}.{metric}"] = [getattr(steering, metric) for steering in steered]
    for maker in CHARACTER_MAKERS:
        for token in get_args(ReadToken):
            probes = [handles.probe(maker, token) for handles in every]
            for metric in PROBE_METRICS:
                columns[f"probe.{maker}.{token}.{metric}"] = [
                    getattr(probe.reading, metric) for probe in probes
                ]
            columns[f"probe.{maker}.{token}.random_auroc"] = [probe.random_auroc for probe in probes]
    return {f"{name}.{key}": triple(mean_interval(values)) for key, values in columns.items()}


def lesion_columns(every: Sequence[MemberHandles]) -> dict[str, list[float]]:
    """What each location takes of each organism, by chance, beyond chance, in nats, and how much of self's effect it has."""
    columns: dict[str, list[float]] = {}
    for maker in HANDLE_MAKERS:
        for kind in LOCATION_KINDS:
            lesions = [handles.lesion(maker, kind) for handles in every]
            key = f"lesion.{maker}.{kind.replace(' ', '_')}"
            columns[key] = [lesion.share for lesion in lesions]
            columns[f"{key}.random"] = [lesion.by_chance for lesion in lesions]
            columns[f"{key}.beyond_random"] = [lesion.share - lesion.by_chance for lesion in lesions]
            columns[f"{key}.nats"] = [lesion.nats for lesion in lesions]
            columns[f"{key}.covers"] = [lesion.covers for lesion in lesions]
    return columns


def handle_findings(
    groups: Mapping[HandleGroup, Sequence[HandledOrganism]], rates: Sequence[HoldingRate]
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {}
    for rate in rates:
        findings[f"fork_less_end.{rate.name}"] = rate.difference
        findings[f"holds.fork.{rate.name}"], findings[f"holds.end.{rate.name}"] = rate.fork, rate.end
        if rate.predicted is not None:
            findings[f"as_predicted.{rate.name}"] = rate.predicted
        if rate.by_chance is not None:
            findings[f"as_predicted_by_chance.{rate.name}"] = rate.by_chance
        if rate.corrected_p is not None:
            findings[f"corrected_p.{rate.name}"] = rate.corrected_p
    for group, organisms in groups.items():
        findings |= group_findings(group.name, organisms)
    findings["told_apart_by_chance.planted"] = told_apart(groups, chance_share)
    findings["told_apart.planted"] = told_apart(groups, handle_share)
    return findings
