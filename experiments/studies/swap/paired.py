"""Paired differences of the study *swap*: in one and the same fork, where does a role's share lie in one arm
and in another?

Every statistic is paired by organism: the same member, grown from the same fork on the same scenes, in two
arms. All grown forks are the denominator. Where an organism of either arm does not act as taught, or has no
effect above the floor, its fork counts as unchanged (0).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from analysis.statistics import mean_interval, sign_flip_p
from curricula.world.contrasts import Role
from experiments.studies.study import Triple, triple
from experiments.studies.swap.arms import COSTS, HALVES, WATCH_ARMS, Cost, Watch, WatchArm
from experiments.studies.swap.effects import WatchMeasurement

PRIMARY = "self_in_watched_half.overlap"
"""share of self's effect in a half, where that half is watched less where the other one is; mean over all
grown forks. Named before the default seed was looked at"""
EXPECTED_BELOW = -0.5
"""for the primary endpoint"""
SHOWN_ROLES: tuple[Role, Role] = ("self", "character")
"""in the order in which tables and figures show them"""


class PairedContrast(NamedTuple):
    """Two arms of the same forks, and the components in which a role's share is compared."""

    name: str
    watch: Watch
    baseline: Watch
    cost: Cost
    role: Role
    place: Literal["first half", "watched"]
    """*watched*: what the first of the two arms watches"""


def _contrasts() -> list[PairedContrast]:
    halves = [
        PairedContrast(f"{role}_in_watched_half.{cost}", *HALVES, cost, role, "first half")
        for cost in COSTS
        for role in SHOWN_ROLES
    ]
    beside_nobody: list[PairedContrast] = []
    for cost in COSTS:
        if WatchArm("nobody", cost) not in WATCH_ARMS:
            continue
        for role in SHOWN_ROLES:
            beside_nobody += [
                PairedContrast(
                    f"{role}_in_first_half_by_sham.{cost}", "sham", "nobody", cost, role, "first half"
                ),
                PairedContrast(f"{role}_in_sham.{cost}", "sham", "nobody", cost, role, "watched"),
                PairedContrast(f"{role}_in_circuit.{cost}", "circuit", "nobody", cost, role, "watched"),
            ]
    return halves + beside_nobody


CONTRASTS: Sequence[PairedContrast] = _contrasts()
"""Of the halves: share in the first half, first watched less second watched. The mirror image, share in the
second half with the second watched less the first, is the same number, since the two halves are all there is.
Others: watched less nobody; a sham watch is not expected to change which half is used
(*in_first_half_by_sham*)."""


@dataclass(frozen=True)
class PairedChange:
    """A role's share in some components, in one arm less another."""

    name: str
    role: Role
    cost: Cost
    mean: Triple
    """over all grown forks"""
    among_behaving: Triple
    """over the forks whose organisms act as taught, with a share, in both arms"""
    n_behaving: int
    p: float
    """chance of a mean as far from 0 if signs were random"""
    corrected_p: float | None
    """by Benjamini and Hochberg 1995, among all but the primary endpoint; None for that"""


def shares_within(
    effects: Float[np.ndarray, "member component"], places: Bool[np.ndarray, "member component"]
) -> Float[np.ndarray, " member"]:
    """Share of each member's effects that lies in some components; NaN where there is no effect.

    effects: above their floors, none negative.
    """
    total = effects.sum(1)
    return np.divide((effects * places).sum(1), total, out=np.full(len(total), np.nan), where=total > 0)


def paired_difference(
    first: Float[np.ndarray, " member"],
    second: Float[np.ndarray, " member"],
    behaves: Bool[np.ndarray, " member"],
) -> Float[np.ndarray, " member"]:
    """First less second of every fork; 0 where either has no share, or does not behave."""
    return np.where(behaves & np.isfinite(first) & np.isfinite(second), first - second, 0.0)


def paired_changes(
    measured: Mapping[str, WatchMeasurement], first_half: Bool[np.ndarray, " component"]
) -> list[PairedChange]:
    """Every contrast of the study, with p values that are corrected for their number."""
    changes: list[PairedChange] = []
    for contrast in CONTRASTS:
        arm, baseline = (
            measured[WatchArm(watch, contrast.cost).name] for watch in (contrast.watch, contrast.baseline)
        )
        places = arm.watched if contrast.place == "watched" else np.tile(first_half, (len(arm.verdicts), 1))
        first, second = (
            shares_within(side.end.of_role(contrast.role)[-1], places) for side in (arm, baseline)
        )
        behaves = behaving(arm) & behaving(baseline)
        differences = paired_difference(first, second, behaves)
        counted = behaves & np.isfinite(first - second)
        changes.append(
            PairedChange(
                contrast.name,
                contrast.role,
                contrast.cost,
                triple(mean_interval(differences)),
                triple(mean_interval(differences[counted])),
                int(counted.sum()),
                sign_flip_p(differences),
                None,
            )
        )
    return with_corrected_p(changes)


def with_corrected_p(changes: Sequence[PairedChange]) -> list[PairedChange]:
    """The changes, all but the primary endpoint with a p value corrected for their number."""
    further = [change for change in changes if change.name != PRIMARY]
    corrected = iter(stats.false_discovery_control([change.p for change in further]).tolist())
    return [
        change if change.name == PRIMARY else replace(change, corrected_p=float(next(corrected)))
        for change in changes
    ]


def behaving(arm: WatchMeasurement) -> Bool[np.ndarray, " member"]:
    """Which organisms of an arm act as taught."""
    return np.array([verdict != "absent" for verdict in arm.verdicts])
