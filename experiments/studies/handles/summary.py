"""What the study *handles* answers: which handle holds which provenance, and can handles tell provenances apart?

A handle *holds* self where it does at least half (`analysis.handles.telling.HOLDS`) of what it could: a location takes that
share of self's gate, a probe recovers that share of the gap, a direction moves that share of the gate. The bar and the primary
endpoint were fixed before any organism of these seeds was looked at.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from scipy import stats

from analysis.handles.locations import LOCATION_KINDS, LocationKind
from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS, CharacterMaker
from analysis.handles.results import MemberHandles
from analysis.handles.telling import cell_by_handles, holds, repurposed_by_fork
from analysis.handles.transfer_probe import READ_TOKENS
from analysis.statistics import count_interval, mean_interval, numbers, sign_flip_p
from experiments.studies.handles.arms import HANDLE_SOURCES, HandleSource
from experiments.studies.handles.measurement import HandleArmMeasurement, HandledOrganism
from experiments.studies.study import Number, StudySummary, Triple, triple

HandleKind = Literal["location", "probe", "direction"]
HANDLE_KINDS: tuple[HandleKind, ...] = get_args(HandleKind)
PRIMARY_LOCATION: LocationKind = "silent core"
"""the location that the endpoint and the rates of holding are of: chosen before fresh seeds, since a core by patching may leave a
backup out"""
PRIMARY = "fork_less_end.incentivised.repurposed.location"
"""share of self's gate that the fork's location takes, less what the end's takes, in organisms that nobody planted and whose
verdict is repurposed"""
PREDICTED_HOLDS: Mapping[str, tuple[bool, bool]] = {
    "reused": (True, True),
    "repurposed": (True, False),
    "second copy": (False, False),
}
"""whether the fork's and the end's handle hold self, by provenance"""


@dataclass(frozen=True)
class HandleGroup:
    """Organisms of one kind and provenance."""

    source: HandleSource
    provenance: str

    @property
    def name(self) -> str:
        """As part of a finding's name."""
        return f"{self.source}.{self.provenance.replace(' ', '_')}"


@dataclass(frozen=True)
class OrganismHandles:
    """One organism's share by handle, for pictures and tables; None where there is no number."""

    arm: str
    member: int
    source: HandleSource
    provenance: str
    location: tuple[float | None, ...]
    """share of self's gate that the location from the fork, the end and self takes"""
    probe: tuple[float | None, ...]
    """gap recovered by the probe from the fork and the end"""
    auroc: tuple[float | None, ...]
    """of these probes on self, and of one from self"""
    direction: tuple[float | None, ...]
    """share of self's gate that the direction from the fork, the end and self moves"""
    core: tuple[float | None, ...]
    """as for locations, by cores that were found by patching"""


@dataclass(frozen=True)
class HoldingRate:
    """How often the handles of one kind hold self, in one group."""

    source: HandleSource
    provenance: str
    handle: HandleKind
    n: int
    fork: Triple
    """share of organisms that the fork's holds"""
    end: Triple
    predicted: Triple | None
    """share in which both do as predicted; None where nothing was predicted"""
    difference: Triple
    """what the fork's does, less what the end's does, mean over organisms"""
    p: float
    """by random signs"""
    corrected_p: float | None
    """by false discovery control over all but the primary endpoint; None for that one"""

    @property
    def name(self) -> str:
        """As findings name it."""
        return f"{HandleGroup(self.source, self.provenance).name}.{self.handle}"


@dataclass(frozen=True)
class HandlesSummary(StudySummary):
    """The answer of the study *handles*."""

    counts: Mapping[str, int]
    """organisms by group"""
    planting_failed: Mapping[str, int]
    """planted organisms that are not what they were planted to be, by arm: they count nowhere"""
    rates: Sequence[HoldingRate]
    told: Mapping[str, Mapping[str, int]]
    """what both locations point to, by group"""
    organisms: Sequence[OrganismHandles]
    scenes: Sequence["ShownScene"]


@dataclass(frozen=True)
class ShownScene:
    """A scene read token by token; see `analysis.handles.token_reading`."""

    arm: str
    provenance: str
    site: str
    sentences: tuple[str, ...]
    words: tuple[str, ...]
    alone: tuple[bool, ...]
    by_self: tuple[bool, ...]
    from_characters: tuple[float, ...]
    from_self: tuple[float, ...]


def handle_share(handles: MemberHandles, handle: HandleKind, maker: CharacterMaker) -> float:
    """How much of what it could a handle does on self."""
    if handle == "location":
        return handles.lesion(maker, PRIMARY_LOCATION).share
    return handles.probe(maker).reading.gap if handle == "probe" else handles.steered(maker).moved


def grouped(organisms: Sequence[HandledOrganism]) -> dict[HandleGroup, list[HandledOrganism]]:
    """Organisms that count, by group: planted, incentivised, negative, and by provenance within."""
    groups: dict[HandleGroup, list[HandledOrganism]] = {}
    for source in HANDLE_SOURCES:
        for organism in organisms:
            if organism.counts and organism.source == source:
                groups.setdefault(HandleGroup(source, organism.provenance), []).append(organism)
    return groups


def holding_rate(group: HandleGroup, organisms: Sequence[HandledOrganism], handle: HandleKind) -> HoldingRate:
    """How often the fork's and the end's handle hold the organisms of a group."""
    shares = np.array(
        [[handle_share(each.handles, handle, maker) for maker in CHARACTER_MAKERS] for each in organisms]
    )
    measured = shares[np.isfinite(shares).all(1)]
    held = [(bool(holds(fork)), bool(holds(end))) for fork, end in measured]
    expected, n = PREDICTED_HOLDS.get(group.provenance), len(measured)
    differences = measured[:, 0] - measured[:, 1]
    by_fork, by_end = (triple(count_interval(sum(pair[side] for pair in held), n)) for side in range(2))
    return HoldingRate(
        group.source,
        group.provenance,
        handle,
        n,
        by_fork,
        by_end,
        triple(count_interval(held.count(expected), n)) if expected else None,
        triple(mean_interval(differences)),
        sign_flip_p(differences),
        None,
    )


def with_false_discovery_control(rates: Sequence[HoldingRate]) -> list[HoldingRate]:
    """The rates with p values corrected for their number, save for the primary endpoint, which has none."""
    others = [rate for rate in rates if f"fork_less_end.{rate.name}" != PRIMARY and rate.n > 1]
    if not others:
        return list(rates)
    corrected = dict(
        zip((rate.name for rate in others), stats.false_discovery_control([r.p for r in others]), strict=True)
    )
    return [
        replace(rate, corrected_p=float(corrected[rate.name])) if rate.name in corrected else rate
        for rate in rates
    ]


def holding_rates(groups: Mapping[HandleGroup, Sequence[HandledOrganism]]) -> list[HoldingRate]:
    """Every kind of handle in every group of organisms that have a gate of their own."""
    rates = [
        holding_rate(group, organisms, handle)
        for group, organisms in groups.items()
        if group.source != "negative"
        for handle in HANDLE_KINDS
    ]
    return with_false_discovery_control(rates)


def told_apart(groups: Mapping[HandleGroup, Sequence[HandledOrganism]]) -> Triple:
    """Share of planted organisms, repurposed or second copies, that the fork's location alone names right."""
    right: list[bool] = []
    for group, organisms in groups.items():
        if group.source == "planted" and group.provenance in ("repurposed", "second copy"):
            for organism in organisms:
                said = repurposed_by_fork(handle_share(organism.handles, "location", "fork"))
                right.append(said is not None and said == (group.provenance == "repurposed"))
    return triple(count_interval(sum(right), len(right)))


def told_cells(organisms: Sequence[HandledOrganism]) -> dict[str, int]:
    """What both locations point to, organisms by cell; *nothing* where one was not measured."""
    cells = (
        cell_by_handles(*(handle_share(each.handles, "location", maker) for maker in CHARACTER_MAKERS))
        for each in organisms
    )
    return dict(Counter(cell or "nothing" for cell in cells).most_common())


def group_findings(name: str, organisms: Sequence[HandledOrganism]) -> dict[str, Number | Triple]:
    """Means over the organisms of a group, with what stands beside each by chance."""
    every = [each.handles for each in organisms]
    columns: dict[str, list[float]] = {}
    for maker in HANDLE_MAKERS:
        for kind in LOCATION_KINDS:
            lesions = [handles.lesion(maker, kind) for handles in every]
            key = f"lesion.{maker}.{kind.replace(' ', '_')}"
            columns[key] = [lesion.share for lesion in lesions]
            columns[f"{key}.random"] = [_null_of(lesion.line) for lesion in lesions]
            columns[f"{key}.nats"] = [lesion.nats for lesion in lesions]
            columns[f"{key}.covers"] = [lesion.covers for lesion in lesions]
        steered = [handles.steered(maker) for handles in every]
        for metric in ("within", "moved", "moved_nats", "turned", "random_moved", "random_turned"):
            columns[f"direction.{maker}.{metric}"] = [getattr(each, metric) for each in steered]
    for maker in CHARACTER_MAKERS:
        for token in READ_TOKENS:
            probes = [handles.probe(maker, token) for handles in every]  # pyright: ignore[reportArgumentType]
            for metric in (
                "character_auroc",
                "auroc",
                "tpr",
                "alarms_alone",
                "alarms_watched",
                "self_auroc",
                "gap",
            ):
                columns[f"probe.{maker}.{token}.{metric}"] = [
                    getattr(each.reading, metric) for each in probes
                ]
            columns[f"probe.{maker}.{token}.random_auroc"] = [each.random_auroc for each in probes]
    return {f"{name}.{key}": triple(mean_interval(values)) for key, values in columns.items()}


def _null_of(line: object) -> float:
    value = getattr(line, "null", None)
    return float("nan") if value is None else value


def handle_findings(
    groups: Mapping[HandleGroup, Sequence[HandledOrganism]], rates: Sequence[HoldingRate]
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {"told_apart.planted": told_apart(groups)}
    for rate in rates:
        findings[f"fork_less_end.{rate.name}"] = rate.difference
        findings[f"holds.fork.{rate.name}"], findings[f"holds.end.{rate.name}"] = rate.fork, rate.end
        if rate.predicted is not None:
            findings[f"as_predicted.{rate.name}"] = rate.predicted
        if rate.corrected_p is not None:
            findings[f"corrected_p.{rate.name}"] = rate.corrected_p
    for group, organisms in groups.items():
        findings |= group_findings(group.name, organisms)
    return findings


def shown_organism(organism: HandledOrganism) -> OrganismHandles:
    """An organism's numbers as the page needs them."""
    handles = organism.handles
    probes = [handles.probe(maker).reading for maker in CHARACTER_MAKERS]

    def finite(values: Sequence[float]) -> tuple[float | None, ...]:
        return tuple((numbers([value]) or [None])[0] for value in values)

    return OrganismHandles(
        organism.arm,
        organism.member,
        organism.source,
        organism.provenance,
        finite([handles.lesion(maker, PRIMARY_LOCATION).share for maker in HANDLE_MAKERS]),
        finite([reading.gap for reading in probes]),
        finite([*(reading.auroc for reading in probes), probes[-1].self_auroc]),
        finite([handles.steered(maker).moved for maker in HANDLE_MAKERS]),
        finite([handles.lesion(maker, "core").share for maker in HANDLE_MAKERS]),
    )


def shown_scenes(measured: Mapping[str, HandleArmMeasurement]) -> list[ShownScene]:
    """The first scene of every provenance."""
    scenes: dict[str, ShownScene] = {}
    for label, arm in measured.items():
        for reading in arm.readings:
            provenance = arm.organisms[reading.member].provenance
            fields = {name: value for name, value in vars(reading).items() if name != "member"}
            scenes.setdefault(provenance, ShownScene(f"{label}/{reading.member}", provenance, **fields))
    return list(scenes.values())
