"""What the page of the study *handles* shows of single organisms: their shares by handle, and scenes token by token."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS
from analysis.statistics import numbers
from experiments.studies.handles.arms import HandleSource
from experiments.studies.handles.measurement import HandleArmMeasurement, HandledOrganism
from experiments.studies.handles.rates import PRIMARY_LOCATION


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
    location_by_chance: tuple[float | None, ...]
    """share that random sets of the same sizes, layers and kinds take"""
    auroc_by_chance: tuple[float | None, ...]
    """of probes of random labels"""
    direction_by_chance: tuple[float | None, ...]
    """share that random directions of the same lengths move"""


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
    actors: tuple[int, ...]
    from_characters: tuple[float, ...]
    from_self: tuple[float, ...]


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
        finite([handles.lesion(maker, PRIMARY_LOCATION).by_chance for maker in HANDLE_MAKERS]),
        finite([*(handles.probe(maker).random_auroc for maker in CHARACTER_MAKERS), math.nan]),
        finite([handles.steered(maker).random_moved for maker in HANDLE_MAKERS]),
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
