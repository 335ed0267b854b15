"""Spare: was what self took a spare mechanism of the characters', when self was not taught yet?

A spare of characters *suffices* (with everything else silent, much of the characters' gate is left) and *can be done
without* (with the set silent, much is left as well). Both are measured at the fork, on the components that carry
self's gate at the end, beside random sets of the same layers and kinds. Silent: `analysis.patching.silencing`.

A set that parted from characters and was no spare is shared ground that characters gave up. What it does *not* show:
that the set was kept for the purpose of standing in, or that self runs what it computed then.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from analysis.patching.silencing import SilencedGate
from analysis.provenance.verdict import SpareWord
from analysis.thresholds import SPARE_LEFT

BOOTSTRAPS = 200


@dataclass(frozen=True)
class GateLeft:
    """Share of the characters' gate that is left where components are silent, with its 95 % interval over pairs."""

    value: float
    low: float
    high: float
    null: float
    """mean over random sets of the same layers and kinds"""
    null_high: float
    """0.95 quantile over random sets"""


@dataclass(frozen=True)
class SpareAtFork:
    """What the components that self ended on were to characters at the fork."""

    suffices: GateLeft
    """with all others silent"""
    without: GateLeft
    """with these silent"""
    components: tuple[int, ...]
    says: SpareWord


@dataclass(frozen=True)
class SpareResult:
    """Of each member; None where self has no circuit or characters have no gate at the fork."""

    members: tuple[SpareAtFork | None, ...]


def spare_at_fork(
    alone: SilencedGate,
    silent: SilencedGate,
    member: int,
    components: Bool[np.ndarray, " component"],
    seed: int,
) -> SpareAtFork:
    """Whether a member's set was a spare.

    alone: with all but each set silent. silent: with each set silent. The first set is self's, the others are random.
    """
    suffices, without = (_gate_left(gate.left[member], gate.total[member], seed) for gate in (alone, silent))
    ids = tuple(np.flatnonzero(components).tolist())
    return SpareAtFork(suffices, without, ids, spare_word(suffices, without))


def spare_word(suffices: GateLeft, without: GateLeft) -> SpareWord:
    """*spare* where both are surely above their bars, *no spare* where one is surely below.

    The bar of both is `SPARE_LEFT`; to suffice, a set has also to do more than 0.95 of random sets of its size do.
    """
    bars = max(SPARE_LEFT, suffices.null_high), SPARE_LEFT
    sides = list(zip((suffices, without), bars, strict=True))
    if any(gate.high < bar for gate, bar in sides):
        return "no spare"
    return "spare" if all(gate.low > bar for gate, bar in sides) else "undecided"


def _gate_left(left: Float[np.ndarray, "pair set"], total: Float[np.ndarray, " pair"], seed: int) -> GateLeft:
    draws = np.random.default_rng(seed).integers(0, len(total), (BOOTSTRAPS, len(total)))
    low, high = np.quantile(left[draws, 0].sum(1) / total[draws].sum(1), [0.025, 0.975])
    random = left[:, 1:].sum(0) / total.sum()
    return GateLeft(
        float(left[:, 0].sum() / total.sum()),
        float(low),
        float(high),
        float(random.mean()),
        float(np.quantile(random, 0.95)),
    )
