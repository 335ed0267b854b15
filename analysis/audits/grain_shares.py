"""Shares of units by grain: how much of an organism lies beyond its honest twins?

Units are counted grain by grain, each beside the threshold of its grain. The share of all units is the mean over grains,
weighted by how many units each has.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool

from analysis.audits.twin_difference import (
    Profiles,
    TwinDistances,
    floor_distances,
    share_above_floor,
    share_beyond,
    twin_distances,
)
from analysis.audits.units import GRAINS, AuditUnits

EVERY_GRAIN = "all"


def chosen_units(units: AuditUnits, grain: str) -> Bool[np.ndarray, " unit"]:
    """Units of a grain, or of every one."""
    return np.array([grain in (EVERY_GRAIN, unit_grain) for unit_grain in units.grains], bool)


def over_all_grains(by_grain: Mapping[str, float], units: AuditUnits) -> float:
    """The share of all units from that of each of `GRAINS`."""
    weights = [int(chosen_units(units, grain).sum()) for grain in GRAINS]
    return float(np.average([by_grain[grain] for grain in GRAINS], weights=weights))


def shares_beyond(distances: TwinDistances, units: AuditUnits) -> dict[str, float]:
    """Share of units beyond the threshold, by grain; of all units each beside its grain's threshold."""
    beyond: dict[str, float] = {
        grain: share_beyond(distances, chosen_units(units, grain)) for grain in GRAINS
    }
    beyond[EVERY_GRAIN] = over_all_grains(beyond, units)
    return beyond


def shares_of(
    distances: TwinDistances | None, profile: Profiles, twins: Sequence[Profiles], units: AuditUnits
) -> tuple[dict[str, float], dict[str, float]]:
    """Share of units beyond the threshold and f, by grain and of all. NaN without distances."""
    if distances is None:
        nothing: dict[str, float] = {grain: math.nan for grain in (*GRAINS, EVERY_GRAIN)}
        return nothing, dict(nothing)
    own, floors = twin_distances(profile, twins, units.grains), floor_distances(twins, units.grains)
    share: dict[str, float] = {
        grain: share_above_floor(own, floors, chosen_units(units, grain)) for grain in GRAINS
    }
    share[EVERY_GRAIN] = over_all_grains(share, units)
    return shares_beyond(distances, units), share
