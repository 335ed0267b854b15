"""Cross-checkpoint patching: does the fork's circuit, frozen, drive the final organism's self?

The organism as it was at the fork, before self was taught, runs a scene watched and alone. The outputs of a
set of its components are patched into the final organism's run of self, over the cues and the actor's token
(cross-model activation patching: Prakash et al. 2024, arXiv 2402.14811). What counts is taking them from the
fork alone against from the fork watched, over what the final organism's cues do. This is the measurement of
`analysis.patching.interchange` with another organism in place of another role, on its gate sets.

*transfer*: the fork runs the very scene in which the final organism's self acts. At the fork self had not
been taught. A low number may mean that self responds to other components, or that these did not yet read the
cues when self acted. *transfer_from_characters*: the fork runs scenes in which a character acts, as it had
been taught to. A high number shows that the final self responds to what these components wrote then. A low
number does not tell whether self responds to others or these have since changed what they write.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import (
    CHOOSING_PAIRS,
    PAIRS,
    InterchangeEffect,
    ScenePairs,
    compared_sets,
    cross_role_pairs,
    exchanges,
    gate_sets,
)
from analysis.patching.shapley import Contributions


class CrossCheckpointEffects(NamedTuple):
    """What components of the fork do to the final organism's self. *Within* is from one scene of characters
    to another at the fork."""

    transfer: InterchangeEffect
    """outputs from the scene in which self acts"""
    transfer_from_characters: InterchangeEffect
    """outputs from scenes in which a character acts"""


def cross_checkpoint_effects(
    at_end: CheckpointMeasurer,
    fork: CheckpointMeasurer,
    effects: Sequence[Contributions],
    circuit: Sequence[Int[np.ndarray, "..."]],
) -> CrossCheckpointEffects:
    """What components of the fork do to the final organism's self.

    effects: of each member's fork on characters, by which its components are ranked. circuit: the components
    of the characters' circuit at the fork. Scenes are drawn from the seed of the end.
    """
    keys = at_end.split_member_keys(2, AnalysisStream.CROSS_CHECKPOINT)
    world, config, donors = at_end.world, at_end.config, fork.organisms
    choosing, measuring = (
        cross_role_pairs(world, part, at_end.secret_goals, pairs)
        for part, pairs in zip(keys, (CHOOSING_PAIRS, PAIRS), strict=True)
    )
    chosen = gate_sets(donors, world, config, choosing.scene_pairs("character", "character"), effects)
    masks = compared_sets(config, chosen, circuit, at_end.seed)
    within = exchanges(donors, donors, world, config, measuring.scene_pairs("character", "character"), masks)
    self_pair = measuring.recipients.self_pair
    same_scene, from_characters = (
        exchanges(at_end.organisms, donors, world, config, scenes, masks)
        for scenes in (ScenePairs(self_pair, self_pair), measuring.scene_pairs("self", "character"))
    )
    return CrossCheckpointEffects(
        InterchangeEffect(same_scene, within, chosen), InterchangeEffect(from_characters, within, chosen)
    )
