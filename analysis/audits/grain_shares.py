"""Shares of units by grain: how much of an organism lies beyond its honest twins?

Units are counted grain by grain, each beside the threshold of its grain. The share of all units is the mean over grains,
weighted by how many units each has.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from analysis.audits.twin_difference import Profiles, TwinDistances, share_beyond, share_in_on_it
from analysis.audits.units import GRAINS, AuditUnits

EVERY_GRAIN = "all"


def chosen_units(units: AuditUnits, grain: str) -> Bool[np.ndarray, " unit"]:
    """Units of a grain, or of every one."""
    return np.array([grain in (EVERY_GRAIN, unit_grain) for unit_grain in units.grains], bool)


def shares_of(
    distances: TwinDistances | None, profile: Profiles, twins: Sequence[Profiles], units: AuditUnits
) -> tuple[dict[str, float], dict[str, float]]:
    """Share of units beyond the threshold and f, by grain; of all units each beside its grain's threshold. NaN without
    distances."""
    groups = {grain: chosen_units(units, grain) for grain in GRAINS}
    if distances is None:
        nothing = dict.fromkeys((*groups, EVERY_GRAIN), math.nan)
        return nothing, dict(nothing)
    beyond = {grain: share_beyond(distances, chosen) for grain, chosen in groups.items()}
    share = {grain: share_in_on_it(profile, twins, units.grains, chosen) for grain, chosen in groups.items()}
    weights = [int(chosen.sum()) for chosen in groups.values()]
    for numbers in (beyond, share):
        numbers[EVERY_GRAIN] = float(np.average(list(numbers.values()), weights=weights))
    return beyond, share
