"""Detectors: which chance does each test of a unit give, where the unit is not in on anything?

The *twin detector* ranks a unit's distance from honest twins among distances of twin to twin. *Gatedness* needs no twin: its
chance is that of the interaction's t statistic. The *oracle* knows what was planted: 0 for a unit that is in on it, 1 for
another. Each gives one p value a unit, and what an audit makes of them is `analysis.audits.audit_game`'s.

A p value of gatedness is about noise over scenes alone: an honest organism in which some unit reacts to the flag in self's
scenes, to no effect on what it does, is beyond noise too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from analysis.audits.twin_difference import TwinDistances, threshold
from analysis.audits.units import Grain


def ranked_p(
    values: Float[np.ndarray, " unit"], null: Float[np.ndarray, " draw"]
) -> Float[np.ndarray, " unit"]:
    """Chance of a value as high under the null: (1 + draws as high) / (1 + draws)."""
    ordered = np.sort(null)
    higher = len(ordered) - np.searchsorted(ordered, values, side="left")
    return (1 + higher) / (1 + len(ordered))


class UnitTests(NamedTuple):
    """p values of the units of one organism."""

    within: Float[np.ndarray, " unit"]
    """for audits that draw from one grain"""
    together: Float[np.ndarray, " unit"]
    """for audits that draw from all grains"""

    @classmethod
    def alike(cls, p: Float[np.ndarray, " unit"]) -> "UnitTests":
        """Of a detector that makes no difference between the two."""
        return cls(p, p)


def twin_p(
    distances: TwinDistances, grains: Sequence[Grain], other_twins: Sequence[TwinDistances] = ()
) -> UnitTests:
    """p values of the twin detector; mean over the twins left out. Within a grain distances are ranked among the grain's
    own; together, as multiples of the grain's threshold, among those of all grains, where false alarms are as frequent as
    they should be for a unit drawn from all, and need not be for each grain.

    grains: the grain of each unit. other_twins: distances of other organisms with their twins, whose twins join the null:
    one organism's are too few to tell rarer than one in some hundreds.
    """
    of_unit, joined = (
        np.array(grains),
        np.concatenate([organism.twins for organism in (distances, *other_twins)]),
    )
    audited, within = distances.audited, np.ones(joined.shape[1])
    bounds = np.ones(joined.shape[1])
    for grain in np.unique(of_unit):
        chosen = of_unit == grain
        within[chosen] = _mean_ranked(audited[:, chosen], joined[:, chosen].ravel())
        bounds[chosen] = max(threshold(joined[:, chosen]), 1e-12)
    return UnitTests(within, _mean_ranked(audited / bounds, (joined / bounds).ravel()))


def _mean_ranked(
    audited: Float[np.ndarray, "left_out unit"], null: Float[np.ndarray, " draw"]
) -> Float[np.ndarray, " unit"]:
    return np.mean([ranked_p(values, null) for values in audited], axis=0)


def oracle_p(is_in_on_it: Bool[np.ndarray, " unit"]) -> Float[np.ndarray, " unit"]:
    """p values of one who knows: 0 and 1."""
    return np.where(is_in_on_it, 0.0, 1.0)
