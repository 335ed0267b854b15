"""Interchange from an organism that lost a mode into its ancestor: do the components that read the cues for
the mode still read them?

The components are those of the ancestor's gate for self (`analysis.forgetting.restoration.GatedAncestors`).
Their activations before their output weights, in a scene in which self is alone or watched, are patched from
the organism into its ancestor's run of another scene. How far the ancestor's act follows, as a share of what
its own cues do, is the *transfer* (`analysis.patching.interchange`). *Within* is the transfer from the
ancestor itself. The gate is *intact* where the transfer is at least `OF_HOME` of that: half of its signal or
more is left, in the form that its ancestor reads. Otherwise the signal is *gone*, or has another form. No
state is given where the ancestor transfers too little from itself (`CARRIES`), or where random sets of the
same layers and kinds transfer as much as an intact gate has to.

Unlike a saving in relearning, it does not depend on how easily a mode is learned. It does *not* show that an
intact gate does its work: half of a signal may be too little to turn an act, and the output weights, which
are the ancestor's here, may have changed (`analysis.forgetting.restoration` patches both). Nor does it show
whose gate it is: where characters share the mechanism it may be intact for their sake.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import jax
import numpy as np

from analysis.forgetting.restoration import GatedAncestors
from analysis.patching import circuits
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import PAIRS, cross_role_pairs, exchanges
from analysis.statistics import Interval, mean_interval
from analysis.thresholds import CARRIES, OF_HOME
from organisms.model.transformer import Organism

GateState = Literal["intact", "gone"]


@dataclass(frozen=True)
class IntactnessRules:
    """The settings behind every `GateState`; a cached measurement counts only under the same ones."""

    of_home: float = OF_HOME
    carries: float = CARRIES
    pairs: int = PAIRS
    random_sets: int = circuits.RANDOM_CIRCUITS


@dataclass(frozen=True)
class GateTransfer:
    """What the gate's components of one organism transfer to its ancestor, as shares of what the ancestor's
    cues do."""

    transfer: float
    within: float
    """transfer from the ancestor to itself"""
    random: float
    """largest transfer of the random sets of the same layers and kinds"""
    state: GateState | None
    """None where nothing can be concluded"""


@dataclass(frozen=True)
class TransferSummary:
    """The gates of several organisms."""

    transfer: Interval
    """mean over organisms"""
    within: Interval
    random: Interval
    intact: int
    decided: int
    """number of organisms that have a state"""
    organisms: list[GateTransfer]


@dataclass(frozen=True)
class ClassifiedByGate:
    """How many planted cases have the state that they were given."""

    right: int
    n: int


def gate_transfers(current: Organism, ancestors: GatedAncestors, seed: int) -> list[GateTransfer]:
    """The transfer of each row's gate into its ancestor.

    current: organisms [row, ...], each beside its ancestor. seed: of the pairs of scenes and random sets.
    """
    measurer = CheckpointMeasurer(ancestors.organisms, ancestors.config, ancestors.secret_goals, seed)
    scenes = cross_role_pairs(
        measurer.world, measurer.member_keys(AnalysisStream.CIRCUIT_INTACT), measurer.secret_goals
    )
    masks = np.stack(
        [circuits.random_sets(measurer.config, np.flatnonzero(gate), seed) for gate in ancestors.gates]
    )
    with jax.default_matmul_precision("highest"):
        transfers, withins = (
            exchanges(
                ancestors.organisms,
                organisms,
                measurer.world,
                measurer.config,
                scenes.scene_pairs("self", "self"),
                masks,
            ).share()  # [row set], the gate before the random sets
            for organisms in (current, ancestors.organisms)
        )
    rows = [
        (float(transfer[0]), float(within[0]), float(transfer[1:].max()))
        for transfer, within in zip(transfers, withins, strict=True)
    ]
    return [GateTransfer(*row, gate_state(*row)) for row in rows]


def gate_state(transfer: float, within: float, random: float) -> GateState | None:
    """Whether a gate is intact or gone; None where the ancestor transfers too little from itself, where
    random sets transfer as much, or where a share is NaN."""
    if not within >= CARRIES or np.isnan(transfer) or not random < OF_HOME * within:
        return None
    return "intact" if transfer >= OF_HOME * within else "gone"


def summarise_transfers(rows: Sequence[GateTransfer]) -> TransferSummary:
    """Mean shares over organisms with their intervals, and how many gates with a state are intact."""
    states = [row.state for row in rows]
    return TransferSummary(
        transfer=mean_interval(row.transfer for row in rows),
        within=mean_interval(row.within for row in rows),
        random=mean_interval(row.random for row in rows),
        intact=states.count("intact"),
        decided=len(states) - states.count(None),
        organisms=list(rows),
    )


def classify_by_gate(
    suppressed: Sequence[GateState | None], gone: Sequence[GateState | None]
) -> ClassifiedByGate:
    """How many planted cases are classified as what they are: suppressed ones should be intact. No state is
    not right."""
    return ClassifiedByGate(suppressed.count("intact") + gone.count("gone"), len(suppressed) + len(gone))
