"""Does what read the cues for a mode still read them? An organism that no longer shows it hands what its
gate's components hold to the organism that did.

The components are those of the ancestor's gate for self (`analysis.forgetting.restoration.gate_of`). What
they hold before their output weights, in a scene in which self is alone or watched, is patched into the
ancestor's run of another scene; how far the ancestor's act follows is a share of what its own cues do
(`analysis.patching.interchange`). *Within* is the same from the ancestor itself. The gate *stands* where the
share is at least `OF_HOME` of that: half of its signal or more is left, in the form that its ancestor
understood. Else it is *gone*, or says it in another way. Nothing is said where the ancestor hands over too
little to itself (`CARRIES`), or where random sets of the same layers and kinds hand over as much as a
standing gate has to.

Unlike a saving in relearning it asks nothing of how easily a mode is learned. It does *not* show that a
standing gate does its work: half of a signal may be too little to turn an act, and the output weights, which
are the ancestor's here, may have changed (`analysis.forgetting.restoration` hands back both). Nor does it
show whose it is: where characters share the mechanism it may stand for their sake.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Int

from analysis.patching import circuits
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import PAIRS, cross_role_pairs, exchanges
from analysis.provenance.verdict import CARRIES, OF_HOME
from analysis.statistics import jsonable, mean_interval
from organisms.model.transformer import Organism
from organisms.training.config import RunConfig

RULES = {"of_home": OF_HOME, "carries": CARRIES, "pairs": PAIRS, "random": circuits.RANDOM_CIRCUITS}
"""by which it is told: what was found by others is measured again"""


def standing(
    now: Organism,
    ancestors: Organism,
    config: RunConfig,
    secret_goals: Int[np.ndarray, " row"],
    gates: Bool[np.ndarray, "row component"],
    seed: int,
) -> list[dict[str, Any]]:
    """For each row what its gate's components hand to the ancestor (*stands*), what the ancestor's own do
    (*within*), the most that random sets of the same layers and kinds hand over (*random*), and whether it
    *says* standing, gone, or nothing.

    now, ancestors: organisms [row, ...], each beside the one that it was.
    """
    survey = CheckpointMeasurer(ancestors, config, secret_goals, seed)
    scenes = cross_role_pairs(
        survey.world, survey.member_keys(AnalysisStream.CIRCUIT_INTACT), survey.secret_goals
    )
    masks = np.stack([circuits.random_sets(survey.config, np.flatnonzero(gate), seed) for gate in gates])
    with jax.default_matmul_precision("highest"):
        found = [
            exchanges(
                ancestors, donors, survey.world, survey.config, scenes.scene_pairs("self", "self"), masks
            ).share()
            for donors in (now, ancestors)
        ]
    return [
        {"stands": float(share[0]), "within": float(within[0]), "random": float(share[1:].max())}
        | {"says": say(float(share[0]), float(within[0]), float(share[1:].max()))}
        for share, within in zip(*found, strict=True)
    ]


def say(stands: float, within: float, random: float) -> str | None:
    """*standing* or *gone*; None where the ancestor itself hands over too little, where random sets hand over
    as much, or nothing is known."""
    if not within >= CARRIES or np.isnan(stands) or not random < OF_HOME * within:
        return None
    return "standing" if stands >= OF_HOME * within else "gone"


def summed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean shares over organisms with their intervals, and how many of those of whom anything is said still
    stand."""
    says = [row["says"] for row in rows]
    means = {
        name: jsonable(mean_interval(row[name] for row in rows)) for name in ("stands", "within", "random")
    }
    return means | {"standing": says.count("standing"), "told": len(says) - says.count(None)}


def told_apart(planted: Mapping[str, Sequence[str | None]]) -> dict[str, int]:
    """How many planted cases are called what they are. planted: what is said of those that are *suppressed*
    (should stand), and of those that are *gone*; where nothing is said that is not right."""
    right = planted["suppressed"].count("standing") + planted["gone"].count("gone")
    return {"right": right, "n": sum(map(len, planted.values()))}
