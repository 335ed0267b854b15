"""Provenance shares: where does self's mechanism come from? Its effect, component by component, divided over four
cells.

| | still serves characters at the end | no longer |
|---|---|---|
| served characters at the fork | reused | repurposed |
| did not | migrated | second copy |

a0: a component's effect for characters at the fork (or its latent effect, if larger); a1: the same at the
end, without latent; b1: its effect for self at the end. A component's b1 is divided by its membership m0, m1
of the characters' mechanism at the fork and at the end, then summed over components. Membership is min(1, 2 a
/ min(A, b1)), with A the effect-weighted mean effect of the characters' mechanism (sum a^2 / sum a), after
the null's floor is taken off a and b1. So a component belongs wholly when it does half as much for characters
as for self, or half as much as the characters' typical component; a reader at 0.98 for self and 0.11 for
characters belongs by about a fifth, and one of four equal readers for characters (0.25) that does all the
work for self (1.0) belongs wholly.

Another membership, min(1, a / A), was tried and rejected. Under it the weak components of a distributed mechanism
belong only partly even where self's and the characters' effects are equal, and their shares leak into the other
cells. The shares under that formula are kept too, as ``strict_shares``.

Shares say where the effect sits, not that the components compute the same thing; how far they are off on
planted organisms, `scripts/study.py controls` tells.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from analysis.patching.shapley import Contributions
from analysis.provenance.verdict import CELLS, ProvenanceCell, VerdictName, verdict
from analysis.thresholds import ENOUGH, FLOOR_QUANTILE

BOOTSTRAPS = 500
Range = tuple[float, float]


@dataclass(frozen=True)
class MemberProvenance:
    """Where one organism's mechanism for self comes from. Numbers are NaN where there is no behaviour or no
    circuit."""

    verdict: VerdictName
    reason: str
    shares: Mapping[ProvenanceCell, float]
    """fractions of self's effect; they sum to 1"""
    strict_shares: Mapping[ProvenanceCell, float]
    """shares under the membership formula that was tried and rejected; see the top of this file"""
    intervals: Mapping[ProvenanceCell, Range]
    """95 % intervals of the shares over pairs"""
    shares_at_random: Mapping[ProvenanceCell, tuple[float, float, float]]
    """shares if self used components at random: mean, and the range of 95 % of draws"""


@dataclass(frozen=True)
class ProvenanceResult:
    """Verdicts and shares of all members."""

    members: tuple[MemberProvenance, ...]


class ShareInputs(NamedTuple):
    """Effects that shares are computed from, for one organism and one variable."""

    fork_character: Contributions
    fork_latent: Float[np.ndarray, " component"]
    """latent effects at the fork, as fractions"""
    end_character: Contributions
    end_self: Contributions
    floors: Float[np.ndarray, " 3"]
    """null effect of a component, as a fraction, for the three Contributions in order; see `null_floor`"""


def null_floor(null: Contributions, total: float) -> float:
    """Effect that components seem to have where the cue that changed means nothing: the 0.95 quantile of absolute
    effects.

    null: contributions of *idle* pairs. total: mean total of the real pairs, in nats; the unit is a fraction of
    that.
    """
    if total <= 0:
        return 1.0
    return float(np.quantile(np.abs(null.components.mean(0)) / total, FLOOR_QUANTILE))


def membership(
    effect: Float[np.ndarray, " component"],
    self_effect: Float[np.ndarray, " component"],
    strict: bool = False,
) -> Float[np.ndarray, " component"]:
    """How far each component belongs to the characters' mechanism, from 0 to 1.

    effect, self_effect: for characters and for self, with the floor taken off and none negative. strict: the formula
    that was tried and rejected.
    """
    if not effect.sum():
        return np.zeros_like(effect)
    typical = (effect**2).sum() / effect.sum()
    needed = np.full_like(effect, typical) if strict else ENOUGH * np.minimum(typical, self_effect)
    return np.divide(effect, needed, out=np.ones_like(effect), where=needed > 0).clip(0, 1)


def divide(
    fork_effect: Float[np.ndarray, " component"],
    end_effect: Float[np.ndarray, " component"],
    self_effect: Float[np.ndarray, " component"],
    strict: bool = False,
) -> dict[ProvenanceCell, float]:
    """Shares of the four cells; they sum to 1. NaN where self has no effect at all.

    fork_effect, end_effect, self_effect: for characters at the fork and at the end, and for self at the end, with
    their floors taken off.
    """
    if not self_effect.sum():
        return dict.fromkeys(CELLS, math.nan)
    at_fork, at_end = (membership(effect, self_effect, strict) for effect in (fork_effect, end_effect))
    weight = self_effect / self_effect.sum()
    parts = (at_fork * at_end, at_fork * (1 - at_end), (1 - at_fork) * at_end, (1 - at_fork) * (1 - at_end))
    return {cell: float((weight * part).sum()) for cell, part in zip(CELLS, parts, strict=True)}


def provenance_shares(
    inputs: ShareInputs, pairs: tuple[Int[np.ndarray, " drawn"], ...] | None = None, strict: bool = False
) -> dict[ProvenanceCell, float]:
    """Shares of the four cells. pairs: indices of those to use of each of the three sets of pairs; all by default."""
    return divide(*_above_floors(inputs, pairs), strict=strict)


def shares_at_random(
    inputs: ShareInputs, groups: Sequence[Int[np.ndarray, " _"]], seed: int
) -> dict[ProvenanceCell, tuple[float, float, float]]:
    """Shares if self used components at random: mean, and the range of 0.95 of draws, of each cell.

    Self's effects are permuted among the components of a group (a layer and kind). A share inside of that range says
    little more than what the characters' mechanism left over.
    """
    fork_effect, end_effect, self_effect = _above_floors(inputs)
    rng = np.random.default_rng(seed)
    draws: dict[ProvenanceCell, list[float]] = {cell: [] for cell in CELLS}
    for _ in range(BOOTSTRAPS):
        permuted = self_effect.copy()
        for group in groups:
            permuted[group] = rng.permutation(self_effect[group])
        for cell, share in divide(fork_effect, end_effect, permuted).items():
            draws[cell].append(share)
    return {cell: (float(np.mean(values)), *_quantiles(values, 0.95)) for cell, values in draws.items()}


def shares_with_intervals(
    inputs: ShareInputs, seed: int, confidence: float = 0.95
) -> tuple[dict[ProvenanceCell, float], dict[ProvenanceCell, Range]]:
    """Shares and their percentile intervals over resampled pairs, each of the three sets of pairs resampled alone.

    The interval covers the choice of pairs and of patching orders; it says nothing about other organisms.
    """
    rng = np.random.default_rng(seed)
    amounts = [len(c.total) for c in (inputs.fork_character, inputs.end_character, inputs.end_self)]
    draws = [
        provenance_shares(inputs, tuple(rng.integers(0, n, n) for n in amounts)) for _ in range(BOOTSTRAPS)
    ]
    intervals: dict[ProvenanceCell, Range] = {}
    for cell in CELLS:
        finite = [draw[cell] for draw in draws if np.isfinite(draw[cell])]
        intervals[cell] = _quantiles(finite or [math.nan], confidence)
    return provenance_shares(inputs), intervals


def judge_member(
    inputs: ShareInputs,
    behaviour: Mapping[str, float],
    circuits_found: tuple[bool, bool],
    groups: Sequence[Int[np.ndarray, " _"]],
    seed: int,
) -> MemberProvenance:
    """Verdict and shares of one organism. Without a behaviour or a circuit it has a verdict and no shares.

    circuits_found: for self at the end, and for characters at the fork or at the end. groups: components of a layer
    and kind, among which self's effects are permuted.
    """
    shares, intervals = shares_with_intervals(inputs, seed)
    name, reason = verdict(behaviour, *circuits_found, shares, intervals)
    if name == "absent" or not all(circuits_found):
        nothing = dict.fromkeys(CELLS, math.nan)
        intervals = dict.fromkeys(CELLS, (math.nan, math.nan))
        return MemberProvenance(
            name, reason, nothing, nothing, intervals, dict.fromkeys(CELLS, (math.nan, math.nan, math.nan))
        )
    strict = provenance_shares(inputs, strict=True)
    return MemberProvenance(name, reason, shares, strict, intervals, shares_at_random(inputs, groups, seed))


def _quantiles(values: Sequence[float], confidence: float) -> Range:
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _above_floors(
    inputs: ShareInputs, pairs: tuple[Int[np.ndarray, " drawn"], ...] | None = None
) -> list[Float[np.ndarray, " component"]]:
    """Effects for characters at the fork and at the end, and for self, less their floors and none negative."""
    chosen = pairs or (slice(None),) * 3
    sources = (inputs.fork_character, inputs.end_character, inputs.end_self)
    effects = [source.effect(picked) for source, picked in zip(sources, chosen, strict=True)]
    effects[0] = np.fmax(effects[0], inputs.fork_latent)
    return [
        np.nan_to_num(effect - floor).clip(0) for effect, floor in zip(effects, inputs.floors, strict=True)
    ]
