"""Rates of the study *handles*: which handle holds which provenance, and can handles tell provenances apart?

A handle *holds* self where it does at least half (`analysis.handles.telling.HOLDS`) of what it could: a location takes that
share of self's gate, a probe recovers that share of the gap, a direction moves that share of the gate. The bar and the primary
endpoint were fixed before any organism of these seeds was looked at.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float
from scipy import stats

from analysis.handles.locations import LocationKind
from analysis.handles.makers import CHARACTER_MAKERS, CharacterMaker
from analysis.handles.results import MemberHandles
from analysis.handles.telling import cell_by_handles, holds, repurposed_by_fork
from analysis.handles.transfer_probe import gap_recovered
from analysis.statistics import count_interval, mean_interval, sign_flip_p
from experiments.studies.handles.arms import HANDLE_SOURCES, HandleSource
from experiments.studies.handles.measurement import HandledOrganism
from experiments.studies.study import Triple, triple

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
    by_chance: Triple | None
    """the same of their nulls: the means over random sets, over probes of random labels, over random directions"""
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


ShareOfSelf = Callable[[MemberHandles, HandleKind, CharacterMaker], float]
"""how much of what it could a handle does on self, or its null"""


def handle_share(handles: MemberHandles, handle: HandleKind, maker: CharacterMaker) -> float:
    """How much of what it could a handle does on self."""
    if handle == "location":
        return handles.lesion(maker, PRIMARY_LOCATION).share
    return handles.probe(maker).reading.gap if handle == "probe" else handles.steered(maker).moved


def chance_share(handles: MemberHandles, handle: HandleKind, maker: CharacterMaker) -> float:
    """The same of the handle's null."""
    if handle == "location":
        return handles.lesion(maker, PRIMARY_LOCATION).by_chance
    if handle == "direction":
        return handles.steered(maker).random_moved
    probe = handles.probe(maker)
    return gap_recovered(probe.random_auroc, probe.reading.self_auroc)


def grouped(organisms: Sequence[HandledOrganism]) -> dict[HandleGroup, list[HandledOrganism]]:
    """Organisms that count, by group: planted, incentivised, negative, and by provenance within."""
    groups: dict[HandleGroup, list[HandledOrganism]] = {}
    for source in HANDLE_SOURCES:
        for organism in organisms:
            if organism.counts and organism.source == source:
                groups.setdefault(HandleGroup(source, organism.provenance), []).append(organism)
    return groups


def finite_shares(
    organisms: Sequence[HandledOrganism], handle: HandleKind, share: ShareOfSelf
) -> Float[np.ndarray, "organism maker"]:
    """What the fork's and the end's handle, or their nulls, do on each organism of which both were measured."""
    shares = np.array(
        [[share(organism.handles, handle, maker) for maker in CHARACTER_MAKERS] for organism in organisms]
    )
    return shares[np.isfinite(shares).all(1)]


def holding_rate(group: HandleGroup, organisms: Sequence[HandledOrganism], handle: HandleKind) -> HoldingRate:
    """How often the fork's and the end's handle hold the organisms of a group."""
    measured, null = (finite_shares(organisms, handle, share) for share in (handle_share, chance_share))
    holding_pairs, null_pairs = (
        [tuple(map(holds, pair)) for pair in pairs.tolist()] for pairs in (measured, null)
    )
    expected, n = PREDICTED_HOLDS.get(group.provenance), len(measured)
    differences = measured[:, 0] - measured[:, 1]
    by_fork, by_end = (
        triple(count_interval(sum(pair[side] is True for pair in holding_pairs), n)) for side in range(2)
    )
    return HoldingRate(
        group.source,
        group.provenance,
        handle,
        n,
        by_fork,
        by_end,
        triple(count_interval(holding_pairs.count(expected), n)) if expected else None,
        triple(count_interval(null_pairs.count(expected), len(null))) if expected else None,
        triple(mean_interval(differences)),
        sign_flip_p(differences),
        None,
    )


def with_false_discovery_control(rates: Sequence[HoldingRate]) -> list[HoldingRate]:
    """The rates with p values corrected for their number, save for the primary endpoint, which has none."""
    secondary = [rate for rate in rates if f"fork_less_end.{rate.name}" != PRIMARY and rate.n > 1]
    if not secondary:
        return list(rates)
    corrected = dict(
        zip(
            (rate.name for rate in secondary),
            stats.false_discovery_control([r.p for r in secondary]),
            strict=True,
        )
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


def told_apart(groups: Mapping[HandleGroup, Sequence[HandledOrganism]], share: ShareOfSelf) -> Triple:
    """Share of planted organisms, repurposed or second copies, that the fork's location alone names right, or that its
    random sets do."""
    right: list[bool] = []
    for group, organisms in groups.items():
        if group.source == "planted" and group.provenance in ("repurposed", "second copy"):
            for organism in organisms:
                called = repurposed_by_fork(share(organism.handles, "location", "fork"))
                right.append(called is not None and called == (group.provenance == "repurposed"))
    return triple(count_interval(sum(right), len(right)))


def told_cells(organisms: Sequence[HandledOrganism]) -> dict[str, int]:
    """What both locations point to, organisms by cell; *nothing* where one was not measured."""
    cells = (
        cell_by_handles(*(handle_share(organism.handles, "location", maker) for maker in CHARACTER_MAKERS))
        for organism in organisms
    )
    return dict(Counter(cell or "nothing" for cell in cells).most_common())
