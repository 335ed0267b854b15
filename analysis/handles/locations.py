"""Locations: does ablating the components that matter for characters take self's gate away?

A location is a set of components that an auditor finds on characters: the *core* of their circuit, which takes 0.9 of the gate
when it is resample-ablated (see `analysis.patching.circuits`); the *silent core*, the same by mean ablation; or the
*strongest* quarter of all components by their effect. The two cores differ where one mechanism stands behind another. A patched
component says the opposite of what it said, and may outvote its backup. One that is silent leaves the act to the backup, so that
both have to be in the core. Each location is resample-ablated in self's scenes at the end. Null: random sets of its
size, layers and kinds.

What it does *not* show: that characters and self need the same part of a component; nor that what was ablated decides
the act, since one component that reads the cues takes all that is computed after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float

from analysis.handles.makers import HandleMaker
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.circuits import FAITHFUL, LEAST_NATS, curve_sizes, random_sets
from analysis.patching.draws import PairDraw
from analysis.patching.silencing import silenced_gate
from analysis.provenance.corroboration import EvidenceLine, lesion_line
from curricula.world.contrasts import Role

LocationKind = Literal["core", "silent core", "strongest"]
LOCATION_KINDS: tuple[LocationKind, ...] = get_args(LocationKind)
STRONGEST_PART = 4
"""one in so many components belongs to the strongest"""


@dataclass(frozen=True)
class LocationLesion:
    """What resample-ablating one location does to self's gate at the end."""

    maker: HandleMaker
    kind: LocationKind
    components: tuple[int, ...]
    """empty where nothing was found"""
    line: EvidenceLine | None
    """share of self's gate that is taken, with its 95 % interval over pairs, beside random sets; None where there is no
    location, or self has no gate"""
    nats: float
    """taken from the logit difference, mean over pairs; NaN where there is no location"""
    covers: float
    """share of self's positive effects that lies on the location; NaN where self has no gate"""

    @property
    def share(self) -> float:
        """Share of self's gate that is taken; NaN where there is none."""
        return self.line.value if self.line else float("nan")

    @property
    def by_chance(self) -> float:
        """Mean share that random sets take; NaN where there is no location or no gate."""
        return self.line.null if self.line and self.line.null is not None else float("nan")


def quarter_of_largest_effect(
    effects: Float[np.ndarray, "member component"],
) -> Bool[np.ndarray, "member component"]:
    """The quarter of the components with the largest effects of each member, one at least; none where effects are NaN."""
    count = max(1, effects.shape[1] // STRONGEST_PART)
    ranks = np.argsort(np.argsort(-np.nan_to_num(effects), axis=1, kind="stable"), axis=1)
    return (ranks < count) & np.isfinite(effects).all(1, keepdims=True)


def core_components(
    cores: Sequence[Sequence[int]], component_count: int
) -> Bool[np.ndarray, "member component"]:
    """The cores as masks."""
    return np.stack([np.isin(np.arange(component_count), core) for core in cores])


def silent_cores(
    measurer: CheckpointMeasurer, role: Role, effects: Float[np.ndarray, "member component"]
) -> Bool[np.ndarray, "member component"]:
    """The smallest top of each member's ranking whose mean ablation takes `FAITHFUL` of a role's gate; none where there is
    no gate. effects: they rank."""
    sizes = curve_sizes(effects.shape[1])
    ranks = np.argsort(np.argsort(-np.nan_to_num(effects), axis=1, kind="stable"), axis=1)
    tops = ranks[:, None, :] < sizes[:, None]
    gate = silenced_gate(measurer, role, tops)
    removed = 1 - gate.share()  # [member size]
    has_gate = np.isfinite(effects).all(1) & (gate.total.mean(1) > LEAST_NATS)
    smallest = np.argmax(removed >= FAITHFUL, axis=1)
    reaches = (removed >= FAITHFUL).any(1) & has_gate
    return tops[np.arange(len(tops)), smallest] & reaches[:, None]


def covered_share(
    mask: Bool[np.ndarray, " component"], self_effects: Float[np.ndarray, " component"]
) -> float:
    """Share of self's positive effects that lies on a location; NaN where self has none."""
    positive = np.maximum(np.nan_to_num(self_effects), 0)
    total = positive.sum()
    return float(positive[mask].sum() / total) if total > 0 else float("nan")


def location_lesions(
    measurer: CheckpointMeasurer,
    maker: HandleMaker,
    kind: LocationKind,
    masks: Bool[np.ndarray, "member component"],
    self_effects: Float[np.ndarray, "member component"],
) -> list[LocationLesion]:
    """What a location of each member takes from its self, at the measurer's checkpoint."""
    chosen = [np.flatnonzero(mask) for mask in masks]
    sets = np.stack(
        [
            random_sets(measurer.config, components, measurer.seed + member)
            for member, components in enumerate(chosen)
        ]
    )
    removed, total = measurer.noising_effects("self", sets, PairDraw.HANDLE_LESIONS)
    lesions: list[LocationLesion] = []
    for member, components in enumerate(chosen):
        has_gate = total[member].mean() > LEAST_NATS
        line = lesion_line(removed[member], total[member], measurer.seed + member) if has_gate else None
        nats = float(removed[member][:, 0].mean()) if len(components) else float("nan")
        lesions.append(
            LocationLesion(
                maker,
                kind,
                tuple(components.tolist()),
                line if len(components) else None,
                nats,
                covered_share(masks[member], self_effects[member]) if has_gate else float("nan"),
            )
        )
    return lesions
