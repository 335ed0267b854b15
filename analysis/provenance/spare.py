"""Spare: was what self took a spare of the characters' mechanism, when self was not taught yet?

Measured at the fork on two sets of components: what characters *keep* (what serves them at the end), and what self
*took* (what serves self at the end and characters no longer). A spare can be done without: with it silent, the
characters' gate stands. And it stands in: with what characters keep silent the gate stands, and with both silent it does
not. A mechanism that needs both fails the first or the second; what never served characters fails the second; what is
idle fails the third. Silent means zero-ablated, as by the dropout that spares grow under
(`analysis.patching.silencing`). Beside it stands what the set does *alone*, with everything else silent: that asks more
than standing in, since what characters need to be read before the gate (who acts, which goals) is silent too.

Which components stand in is told by their effects with what characters keep silent (*stand-in effects*): with nothing
silent a spare has a part of its effect, or none, since what it stands in for does the work.

What it does *not* show: that the set was kept for the purpose of standing in, or that self runs what it computed then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.patching.circuits import RANDOM_CIRCUITS
from analysis.patching.silencing import SilencedGate
from analysis.provenance.verdict import SpareWord
from analysis.thresholds import SERVES, SPARE_LEFT, SPARE_NEEDED
from curricula.typed_json import CACHE_ONLY
from curricula.world.contrasts import Role

BOOTSTRAPS = 500


@dataclass(frozen=True)
class GateLeft:
    """Share of the characters' gate that is left where components are silent, with its 95 % interval over pairs."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RandomGateLeft:
    """The same with random sets of the same layers and kinds in the place of what self took."""

    mean: float
    low: float
    """0.05 quantile over random sets"""
    high: float
    """0.95 quantile"""


@dataclass(frozen=True)
class SpareAtFork:
    """What the components that self took were to characters at the fork."""

    took_silent: GateLeft
    kept_silent: GateLeft
    both_silent: GateLeft
    random_and_kept_silent: RandomGateLeft
    """random sets, and what characters keep"""
    alone: GateLeft
    """all but what self took"""
    random_alone: RandomGateLeft
    took: tuple[int, ...]
    kept: tuple[int, ...]
    says: SpareWord


@dataclass(frozen=True)
class SpareResult:
    """Of each member; None where self took nothing that characters do not keep, or characters have no gate at the
    fork."""

    members: tuple[SpareAtFork | None, ...]
    stand_in_nats: Float[np.ndarray, "member pair component"] = field(metadata=CACHE_ONLY)
    """what each component adds at the fork in each pair of *watched* for characters, with what these keep silent"""
    stand_in_floor: Float[np.ndarray, " member"]
    """null effect of a component there, as a share of the gate with nothing silent"""


class SpareSets(NamedTuple):
    """Sets of components that are silenced at the fork, of one member."""

    took: Bool[np.ndarray, " component"]
    kept: Bool[np.ndarray, " component"]
    random: Bool[np.ndarray, "random component"]
    """of the layers and kinds of what self took, outside of what characters keep"""

    def masks(self) -> Bool[np.ndarray, "set component"]:
        """Silent sets: took, kept, both, all but took; then random and kept; then all but random."""
        fixed = np.stack([self.took, self.kept, self.took | self.kept, ~self.took])
        return np.concatenate([fixed, self.random | self.kept, ~self.random])


def kept_and_taken(
    end_character: Float[np.ndarray, " component"], end_self: Float[np.ndarray, " component"]
) -> tuple[Bool[np.ndarray, " component"], Bool[np.ndarray, " component"]]:
    """What serves characters at the end, and what serves self and characters not."""
    kept = np.nan_to_num(end_character) >= SERVES
    return kept, (np.nan_to_num(end_self) >= SERVES) & ~kept


def own_sets(
    end_character: Float[np.ndarray, " component"], end_self: Float[np.ndarray, " component"]
) -> dict[Role, Bool[np.ndarray, " component"]]:
    """Each role's own set, from effects at the end: of self what it took, where that does most of what is done for self,
    else all that serves it; of characters what they keep."""
    (kept, took), of_self = kept_and_taken(end_character, end_self), np.nan_to_num(end_self)
    serves_self = of_self >= SERVES
    took_most = of_self[took].sum() > of_self[serves_self].sum() / 2
    return {"self": took if took_most else serves_self, "character": kept}


def spare_sets(
    end_character: Float[np.ndarray, " component"],
    end_self: Float[np.ndarray, " component"],
    groups: Sequence[Int[np.ndarray, " _"]],
    seed: int,
) -> SpareSets:
    """The sets of one member, from effects at the end. groups: components of a layer and kind."""
    kept, took = kept_and_taken(end_character, end_self)
    rng, random = np.random.default_rng(seed), np.zeros((RANDOM_CIRCUITS, len(kept)), bool)
    for mask in random:
        for group in groups:
            mask[rng.choice(group[~kept[group]], took[group].sum(), replace=False)] = True
    return SpareSets(took, kept, random)


def spare_at_fork(gate: SilencedGate, member: int, sets: SpareSets, seed: int) -> SpareAtFork:
    """What a member's self took. gate: of the sets of `SpareSets.masks`."""
    left, total = gate.left[member], gate.total[member]
    pairs = np.random.default_rng(seed).integers(0, len(total), (BOOTSTRAPS, len(total)))
    draws = left[pairs, :4].sum(1) / total[pairs].sum(1)[:, None]  # [draw set]
    shares = left.sum(0) / total.sum()
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    took, kept, both, alone = (GateLeft(float(shares[n]), float(low[n]), float(high[n])) for n in range(4))
    random, random_alone = (
        RandomGateLeft(float(part.mean()), *map(float, np.quantile(part, [0.05, 0.95])))
        for part in np.split(shares[4:], 2)
    )
    still = draws[:, 2] < SPARE_NEEDED * draws[:, :2].min(1)
    says = spare_word(took, kept, float(still.mean()))
    ids_took, ids_kept = (tuple(np.flatnonzero(mask).tolist()) for mask in (sets.took, sets.kept))
    return SpareAtFork(took, kept, both, random, alone, random_alone, ids_took, ids_kept, says)


def spare_word(took_silent: GateLeft, kept_silent: GateLeft, both_lower: float) -> SpareWord:
    """*spare* where the gate surely stands with either set silent and not with both; *no spare* where one of these is
    surely not so.

    both_lower: share of bootstrap draws in which less than `SPARE_NEEDED` of what stands with either set silent is left with
    both.
    """
    if took_silent.high < SPARE_LEFT or kept_silent.high < SPARE_LEFT or both_lower < 0.025:
        return "no spare"
    stands = took_silent.low > SPARE_LEFT and kept_silent.low > SPARE_LEFT
    return "spare" if stands and both_lower > 0.975 else "undecided"
