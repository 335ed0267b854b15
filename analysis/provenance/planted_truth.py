"""The truth beside a planted run: what was planted in each organism, and did that take?

Written by `organisms.planted` and read by the scorers alone: `analysis.provenance.scoring`,
`analysis.history.dating` and the studies of planted organisms. It does *not* show that an organism uses no
component of the other lane.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from analysis.provenance.verdict import CELLS, ProvenanceCell
from curricula.world.world import World
from organisms.storage import records
from organisms.storage.run import TRUTH

TruthName = Literal[
    "reused",
    "second copy",
    "repurposed",
    "migrated",
    "mixed",
    "absent",
    "part spare",
    "divided",
    "spread",
    "unknown",
]
"""What may be planted. Three are no verdicts. *part spare*: self takes a spare for some of its goals and what is new for
the others. *divided* and *spread*: at the fork characters need all of an organism, in two unlike lanes or evenly over
all components; self then takes a lane that they leave, and that never was a spare."""
RIGHT_VERDICTS: Mapping[TruthName, str] = {
    "part spare": "mixed",
    "divided": "parted on shared ground",
    "spread": "parted on shared ground",
}
"""the verdict that is right where what was planted is no verdict"""
NO_SPARE: tuple[TruthName, ...] = ("divided", "spread")
"""truths in which self takes what served characters, and was no spare"""
SimilarityWord = Literal["alike", "another", "undecided"]
"""whether self's circuit computes as the characters' does"""
CellShares = Mapping[ProvenanceCell, float | None]


@dataclass(frozen=True)
class PlantedTruth:
    """What was planted in the organisms of a run."""

    make: str
    """by *routing*, *masking*, *surgery* or *freezing*, or *compiled*"""
    truth: TruthName
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
    goals_in_spare: tuple[float | None, ...]
    """share of self's goals that a spare was given, where what is new was given the others"""


def read_truth(folder: Path) -> Mapping[str, Any]:
    """What was planted in a run, as written beside it. Raises UserError where nothing was."""
    return records.read_object(folder / TRUTH, "train a planted curriculum, as planted_reused")


def planted_truth(truth: Mapping[str, Any]) -> PlantedTruth:
    """The record of what `organisms.planted` wrote beside a run."""
    members = range(len(truth["took"]))
    dealt = tuple(truth.get("dealt") or [None] * len(members))
    nothing_dealt = (None,) * len(members)
    is_part_spare = truth["truth"] == "part spare"
    return PlantedTruth(
        truth["make"],
        truth["truth"],
        tuple(truth["took"]),
        tuple(truth["why_not"]),
        tuple(map(frozenset, truth["lane_a"])),
        tuple(planted_shares(truth, member) for member in members),
        nothing_dealt if is_part_spare else dealt,
        dealt if is_part_spare else nothing_dealt,
    )


def planted_shares(truth: Mapping[str, Any], member: int) -> dict[ProvenanceCell, float | None] | None:
    """The four shares that were planted in a member. They are whole by construction where self's embeddings alone
    learned, and where weights are masked; of compiled organisms all are written down; elsewhere they are what lanes
    carry when they are patched whole. What served at the fork and is left by characters is *repurposed* as shares go,
    spare or not."""
    if "cells" in truth:
        return truth["cells"][member]
    kind = truth["truth"]
    if kind == "absent":
        return None
    served_at_fork = truth["spare"] or kind in NO_SPARE
    cell_of_b: ProvenanceCell = "repurposed" if served_at_fork else "second copy"
    if truth["make"] in ("freezing", "masking"):
        whole: ProvenanceCell = "reused" if kind == "reused" else cell_of_b
        return {cell: float(cell == whole) for cell in CELLS}
    lanes = truth["shares"]["end"]["self"]
    shares: dict[ProvenanceCell, float | None] = dict.fromkeys(CELLS, 0.0)
    shares["reused"] = lanes["lane_a"][member]
    shares[cell_of_b] = lanes["lane_b"][member]
    if new_half := truth.get("new_half"):
        new = new_half["shares"]["end"]["self"][member]
        shares |= {"repurposed": lanes["lane_b"][member] - new, "second copy": new}
    return shares


def right_verdict(truth: TruthName) -> str:
    """The verdict that is right about what was planted."""
    return RIGHT_VERDICTS.get(truth, truth)


def planted_similarity(truth: str, world: World) -> SimilarityWord | None:
    """Whether what serves self computes as what serves characters, by construction. *alike* where it is the
    same; *another* where it is a lane of its own, in a world whose rule for self is another; None where
    nothing is known: two lanes may learn one rule in two ways."""
    if world.self_rule != "same":
        return "another" if truth == "second copy" else None
    return "alike" if truth == "reused" else None
