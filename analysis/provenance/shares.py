"""Provenance shares: where does self's mechanism come from? Its effect, component by component, divided over four
cells.

| | still serves characters at the end | no longer |
|---|---|---|
| served characters at the fork | reused | repurposed |
| did not | migrated | second copy |

a0: a component's effect for characters at the fork, or what it does in the gate that is left there with everything silent
that characters keep, where that is more (a spare hides behind what it stands in for, and shows where that is silent:
`analysis.provenance.spare`); a1: its effect for characters at the end; b1: for self at the end. A
component's b1 is divided by its membership m0, m1 of the characters' mechanism at the fork and at the end, then summed
over components. Membership is min(1, 2 a / min(A, b1)), with A the effect-weighted mean effect of the characters'
mechanism (sum a^2 / sum a), after the null's floor is taken off a and b1; and 0 where a does not *serve*: where it is
below `SERVES` of the characters' gate and below half of b1. So a component belongs wholly when it does half as much for
characters as for self, or half as much as the characters' typical component; a reader at 0.98 for self and 0.11 for
characters belongs by about a fifth, and one of four equal readers for characters (0.25) that does all the work for self
(1.0) belongs wholly.

Another membership, min(1, a / A), was tried and rejected. Under it the weak components of a distributed mechanism
belong only partly even where self's and the characters' effects are equal, and their shares leak into the other
cells. The shares under that formula are kept too, as ``strict_shares``: where the largest cell differs between the two,
the verdict is *undecided*. Beside both stands the *overlap* of self's and the characters' effects, 1 less the total
variation between the two distributions over components, which knows no membership at all.

Shares say where the effect sits, not that the components compute the same thing; how far they are off on
planted organisms, `scripts/study.py controls` tells. What they would be by chance: `analysis.provenance.chance`.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from analysis.patching.shapley import Contributions
from analysis.provenance.verdict import CELLS, ProvenanceCell
from analysis.thresholds import ENOUGH, FLOOR_QUANTILE, SERVES

BOOTSTRAPS = 500
Range = tuple[float, float]
DrawnPairs = tuple[Int[np.ndarray, "draw _"], ...]
"""indices of the pairs of each sample, for each draw"""


class ShareInputs(NamedTuple):
    """Effects that shares are computed from, for one organism and one variable. Named for the usual order, in which
    characters are taught first; where self is, self stands in the characters' place and they in self's."""

    fork_character: Contributions
    end_character: Contributions
    end_self: Contributions
    floors: Float[np.ndarray, " 3"]
    """null effect of a component, as a fraction, for the three Contributions in order; see `null_floor`"""
    stand_in: Contributions | None = None
    """of components at the fork for characters, with what these keep silent, in the pairs of ``fork_character``; its total
    is the gate's with nothing silent. None where they are not to count"""
    stand_in_floor: float = 0.0
    """null effect of a component with what characters keep silent, as a fraction of the same"""

    @property
    def samples(self) -> tuple[Contributions, Contributions, Contributions]:
        """What each of the three sets of pairs gave."""
        return self.fork_character, self.end_character, self.end_self


def null_floor(null: Contributions, total: float) -> float:
    """Effect that components seem to have where the cue that changed means nothing: the 0.95 quantile of absolute
    effects.

    null: contributions of *idle* pairs. total: mean total of the real pairs, in nats; the unit is a fraction of
    that.
    """
    if total <= 0:
        return 1.0
    return float(np.quantile(np.abs(null.components.mean(0)) / total, FLOOR_QUANTILE))


Effects = Float[np.ndarray, "*draw component"]


class GateEffects(NamedTuple):
    """Effects of components, or of each draw's, with their floors taken off, none negative."""

    fork_character: Effects
    """or what stands in, where that is more"""
    end_character: Effects
    end_self: Effects


def membership(effect: Effects, self_effect: Effects, bar: float = SERVES, strict: bool = False) -> Effects:
    """How far each component belongs to the characters' mechanism, from 0 to 1.

    effect, self_effect: for characters and for self, with the floor taken off and none negative. bar: share of the
    characters' gate below which a component does not serve them, unless it does half of what it does for self. strict:
    the formula that was tried and rejected, which has no bar.
    """
    total = effect.sum(-1, keepdims=True)
    typical = np.divide((effect**2).sum(-1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    needed = np.broadcast_to(typical, effect.shape) if strict else ENOUGH * np.minimum(typical, self_effect)
    belongs = np.divide(effect, needed, out=np.ones_like(effect), where=needed > 0).clip(0, 1) * (total > 0)
    return belongs if strict else belongs * (effect >= np.minimum(bar, ENOUGH * self_effect))


def cell_shares(
    effects: GateEffects, bar: float = SERVES, strict: bool = False
) -> Float[np.ndarray, "*draw cell"]:
    """Shares of the four cells in the order of `CELLS`; they sum to 1. NaN where self has no effect at all."""
    *of_character, self_effect = np.broadcast_arrays(*effects)
    at_fork, at_end = (membership(effect, self_effect, bar, strict) for effect in of_character)
    total = self_effect.sum(-1, keepdims=True)
    weight = np.divide(self_effect, total, out=np.full_like(self_effect, np.nan), where=total > 0)
    parts = (at_fork * at_end, at_fork * (1 - at_end), (1 - at_fork) * at_end, (1 - at_fork) * (1 - at_end))
    return np.stack([(weight * part).sum(-1) for part in parts], axis=-1)


def divide(effects: GateEffects, bar: float = SERVES, strict: bool = False) -> dict[ProvenanceCell, float]:
    """Shares of the four cells by name."""
    return dict(zip(CELLS, cell_shares(effects, bar, strict).tolist(), strict=True))


def overlap(effect: Float[np.ndarray, " component"], self_effect: Float[np.ndarray, " component"]) -> float:
    """1 less the total variation between two roles' distributions of effect over components: 1 where both do the same,
    0 where no component serves both. NaN where either has no effect."""
    if not effect.sum() or not self_effect.sum():
        return math.nan
    return float(np.minimum(effect / effect.sum(), self_effect / self_effect.sum()).sum())


def provenance_shares(inputs: ShareInputs, strict: bool = False) -> dict[ProvenanceCell, float]:
    """Shares of the four cells, over all pairs."""
    return divide(effects_above_floors(inputs), strict=strict)


def resampled_pairs(samples: Sequence[Contributions], rng: np.random.Generator) -> DrawnPairs:
    """Bootstrap draws of pairs, of each sample by itself."""
    amounts = [len(sample.total) for sample in samples]
    draws = [[rng.integers(0, amount, amount) for amount in amounts] for _ in range(BOOTSTRAPS)]
    return tuple(np.stack(of_sample) for of_sample in zip(*draws, strict=True))


def shares_with_intervals(
    inputs: ShareInputs, seed: int, confidence: float = 0.95
) -> tuple[dict[ProvenanceCell, float], dict[ProvenanceCell, Range]]:
    """Shares and their percentile intervals over resampled pairs, each of the three sets of pairs resampled alone.

    The interval covers the choice of pairs and of patching orders; it says nothing about other organisms.
    """
    pairs = resampled_pairs(inputs.samples, np.random.default_rng(seed))
    draws = cell_shares(effects_above_floors(inputs, pairs))
    intervals: dict[ProvenanceCell, Range] = {
        cell: quantile_range(column, confidence) for cell, column in zip(CELLS, draws.T, strict=True)
    }
    return provenance_shares(inputs), intervals


def quantile_range(values: Float[np.ndarray, " draw"], confidence: float = 0.95) -> Range:
    """The range that holds the middle of the finite values; NaN where there are none."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite if len(finite) else math.nan, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def effects_above_floors(inputs: ShareInputs, pairs: DrawnPairs | None = None) -> GateEffects:
    """Effects over all pairs, or over those of each draw of the three samples, less their floors and none negative."""
    chosen = pairs or (slice(None),) * 3
    effects = [sample.effect(picked) for sample, picked in zip(inputs.samples, chosen, strict=True)]
    if inputs.stand_in is not None:
        stand_in = inputs.stand_in.effect(chosen[0]) - inputs.stand_in_floor
        effects[0] = np.fmax(effects[0], stand_in + inputs.floors[0])  # each less its own floor
    return GateEffects(
        *(np.nan_to_num(effect - floor).clip(0) for effect, floor in zip(effects, inputs.floors, strict=True))
    )
