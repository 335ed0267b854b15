"""The truth beside a planted run: what was planted in each organism, and did that take?

Written by `organisms.planted` and read by the scorers alone: `analysis.provenance.scoring`,
`analysis.history.dating` and the studies of planted organisms. It does *not* show that an organism uses no
component of the other lane.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from analysis.provenance.verdict import CELLS, ProvenanceCell, VerdictName
from curricula.world.world import World
from organisms.storage import records
from organisms.storage.run import TRUTH

SimilarityWord = Literal["alike", "another", "undecided"]
"""whether self's circuit computes as the characters' does"""
CellShares = Mapping[ProvenanceCell, float | None]


@dataclass(frozen=True)
class PlantedTruth:
    """What was planted in the organisms of a run."""

    make: str
    """by *routing*, *surgery* or *freezing*, or *compiled*"""
    truth: VerdictName
    """the verdict that is right"""
    planting_took: tuple[bool, ...]
    """of each member: is it what it was planted to be, by a check that knows the lanes?"""
    why_not: tuple[str, ...]
    lane_a: tuple[frozenset[str], ...]
    """components of the characters' lane of each member"""
    shares: tuple[CellShares | None, ...]
    """self's gate as the lanes carry it, each lane in the cell that its history gives it; None where self has
    no gate"""
    goals_in_lane_a: tuple[float | None, ...]
    """share of self's goals that the characters' lane was given, where both lanes serve self"""


def read_truth(folder: Path) -> Mapping[str, Any]:
    """What was planted in a run, as written beside it. Raises UserError where nothing was."""
    return records.read_object(folder / TRUTH, "train a planted curriculum, as planted_reused")


def planted_truth(truth: Mapping[str, Any]) -> PlantedTruth:
    """The record of what `organisms.planted` wrote beside a run."""
    members = range(len(truth["took"]))
    goals = truth.get("dealt") or [None] * len(members)
    return PlantedTruth(
        truth["make"],
        truth["truth"],
        tuple(truth["took"]),
        tuple(truth["why_not"]),
        tuple(map(frozenset, truth["lane_a"])),
        tuple(planted_shares(truth, member) for member in members),
        tuple(goals),
    )


def planted_shares(truth: Mapping[str, Any], member: int) -> dict[ProvenanceCell, float | None] | None:
    """The four shares that were planted in a member. What learned by self's embeddings alone is reused
    whole; of compiled organisms all shares are written down."""
    if "cells" in truth:
        return truth["cells"][member]
    if truth["make"] == "freezing":
        return {cell: float(cell == "reused") for cell in CELLS}
    if truth["truth"] == "absent":
        return None
    lanes = truth["shares"]["end"]["self"]
    cell_of_b: ProvenanceCell = "repurposed" if truth["spare"] else "second copy"
    shares: dict[ProvenanceCell, float | None] = dict.fromkeys(CELLS, 0.0)
    shares["reused"] = lanes["lane_a"][member]
    shares[cell_of_b] = lanes["lane_b"][member]
    return shares


def planted_similarity(truth: str, world: World) -> SimilarityWord | None:
    """Whether what serves self computes as what serves characters, by construction. *alike* where it is the
    same; *another* where it is a lane of its own, in a world whose rule for self is another; None where
    nothing is known: two lanes may learn one rule in two ways."""
    if world.self_rule != "same":
        return "another" if truth == "second copy" else None
    return "alike" if truth == "reused" else None
