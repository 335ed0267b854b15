"""Chance: what would provenance shares be if self's effect fell on components at random, or were of another variable?

*Dealt over all*: self's effects are permuted among all components of a layer and kind. A *reused* share is set beside
it. *Dealt over what characters leave*: only effects on components that serve characters no longer at the end are
permuted, and among such alone. It is the null of *repurposed* and *second copy*: any self that parts from
characters beats the first, since whatever it took is then one or the other. *Excess* is a share less its mean under
the second. *Unrelated*: the shares of another variable (what an actor professes) in the place of the gate.

A share beyond chance does *not* show that a spare was there: that is measured at the fork
(`analysis.provenance.spare`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from analysis.patching.shapley import Contributions
from analysis.provenance.shares import (
    BOOTSTRAPS,
    GateEffects,
    ShareInputs,
    cell_shares,
    divide,
    effects_above_floors,
    provenance_shares,
    quantile_range,
    resampled_pairs,
)
from analysis.provenance.verdict import CELLS, ProvenanceCell
from analysis.thresholds import SERVES

BARS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1)
"""shares of the characters' gate from which on a component serves them, for the curve of shares over the bar"""
Deal = Mapping[ProvenanceCell, tuple[float, float, float]]
"""mean of a cell's share over draws, and the range of 0.95 of them"""
Groups = Sequence[Int[np.ndarray, " _"]]
"""components of a layer and kind"""


@dataclass(frozen=True)
class BarShares:
    """The four shares where a component serves characters from another bar on."""

    bar: float
    shares: Mapping[ProvenanceCell, float]


@dataclass(frozen=True)
class Specificity:
    """Shares of an unrelated variable in the place of self's gate."""

    shares: Mapping[ProvenanceCell, float]
    difference: Mapping[ProvenanceCell, tuple[float, float, float]]
    """the gate's share less the unrelated variable's, with its 95 % interval over pairs"""


def shares_at_random(inputs: ShareInputs, groups: Groups, seed: int) -> Deal:
    """Shares if self's effects were dealt over all components of a layer and kind."""
    return _deal(effects_above_floors(inputs), groups, seed)


def shares_among_free(inputs: ShareInputs, groups: Groups, seed: int) -> Deal:
    """Shares if what self has on components that characters leave free at the end were dealt over these alone.

    Where a layer and kind has a single free component there is nothing to deal: its part of a share counts as chance.
    """
    effects = effects_above_floors(inputs)
    free = effects.end_character < SERVES
    return _deal(effects, [group[free[group]] for group in groups], seed)


def _deal(effects: GateEffects, groups: Groups, seed: int) -> Deal:
    rng = np.random.default_rng(seed)
    dealt: Float[np.ndarray, "draw component"] = np.tile(effects.end_self, (BOOTSTRAPS, 1))
    for draw in dealt:
        for group in groups:
            draw[group] = rng.permutation(effects.end_self[group])
    draws = cell_shares(effects._replace(end_self=dealt))
    return {
        cell: (float(np.mean(column)), *quantile_range(column))
        for cell, column in zip(CELLS, draws.T, strict=True)
    }


def shares_by_bar(inputs: ShareInputs) -> tuple[BarShares, ...]:
    """The shares for each of `BARS`."""
    effects = effects_above_floors(inputs)
    return tuple(BarShares(bar, divide(effects, bar)) for bar in BARS)


def specificity(
    inputs: ShareInputs, unrelated: Contributions, unrelated_floor: float, seed: int
) -> Specificity:
    """Shares of an unrelated variable in the place of the gate, and the difference.

    unrelated: of self at the end. unrelated_floor: its null effect of a component, as a fraction.
    """
    floors = np.array([*inputs.floors[:2], unrelated_floor])
    beside = inputs._replace(end_self=unrelated, floors=floors)
    *pairs, unrelated_pairs = resampled_pairs((*inputs.samples, unrelated), np.random.default_rng(seed))
    of_gate = cell_shares(effects_above_floors(inputs, tuple(pairs)))
    of_other = cell_shares(effects_above_floors(beside, (*pairs[:2], unrelated_pairs)))
    gate, shares = provenance_shares(inputs), provenance_shares(beside)
    difference: dict[ProvenanceCell, tuple[float, float, float]] = {
        cell: (gate[cell] - shares[cell], *quantile_range(column))
        for cell, column in zip(CELLS, (of_gate - of_other).T, strict=True)
    }
    return Specificity(shares, difference)
