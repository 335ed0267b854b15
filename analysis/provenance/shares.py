"""Where does self's mechanism come from? Its effect, component by component, divided over four cells.

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

Another membership, min(1, a / A), was tried: under it the weak components of a distributed mechanism belong
only partly even where self's and the characters' effects are equal, and their shares leak into the other
cells. The findings carry the shares under that formula too, as ``strict_shares``.

Shares say where the effect sits, not that the components compute the same thing; how far they are off on
planted organisms, `scripts/study.py controls` tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from analysis.patching.shapley import Contributions
from analysis.provenance.verdict import CELLS, ENOUGH, FLOOR_QUANTILE, ProvenanceCell, VerdictName

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


class Evidence(NamedTuple):
    """What the division rests on, for one organism and one variable."""

    fork_character: Contributions
    fork_latent: Float[np.ndarray, " component"]
    """latent effects at the fork, as fractions"""
    end_character: Contributions
    end_self: Contributions
    floors: Float[np.ndarray, " 3"]
    """null effect of a component, as a fraction, for the three Contributions in order; see `null_floor`"""


def null_floor(null: Contributions, total: float) -> float:
    """What a component seems to do when the cue that changed means nothing: the 0.95 quantile of its absolute
    effect.

    null: contributions of *idle* pairs. total: mean total of the real pairs, in nats; the unit is a fraction
    of that.
    """
    if total <= 0:
        return 1.0
    return float(np.quantile(np.abs(null.components.mean(0)) / total, FLOOR_QUANTILE))


def membership(
    effect: Float[np.ndarray, " component"], of_self: Float[np.ndarray, " component"], strict: bool = False
) -> Float[np.ndarray, " component"]:
    """How far each component belongs to the characters' mechanism, from 0 to 1, given their effects for
    characters and for self (both with the floor taken off, none negative)."""
    if not effect.sum():
        return np.zeros_like(effect)
    typical = (effect**2).sum() / effect.sum()
    needed = np.full_like(effect, typical) if strict else ENOUGH * np.minimum(typical, of_self)
    return np.divide(effect, needed, out=np.ones_like(effect), where=needed > 0).clip(0, 1)


def divide(
    at_fork: Float[np.ndarray, " component"],
    at_end: Float[np.ndarray, " component"],
    of_self: Float[np.ndarray, " component"],
    strict: bool = False,
) -> dict[str, float]:
    """Shares of the four cells; they sum to 1. Effects have their floors taken off. NaN where self has no
    effect at all."""
    if not of_self.sum():
        return dict.fromkeys(CELLS, float("nan"))
    before, after = membership(at_fork, of_self, strict), membership(at_end, of_self, strict)
    weight = of_self / of_self.sum()
    parts = (before * after, before * (1 - after), (1 - before) * after, (1 - before) * (1 - after))
    return {cell: float((weight * part).sum()) for cell, part in zip(CELLS, parts, strict=True)}


def shares(
    evidence: Evidence, chosen: tuple[Int[np.ndarray, " drawn"], ...] | None = None, strict: bool = False
) -> dict[str, float]:
    """Shares from all pairs, or from the chosen pairs of the three Contributions."""
    at_fork, at_end, of_self = _above_floors(evidence, chosen)
    return divide(at_fork, at_end, of_self, strict)


def dealt(evidence: Evidence, groups: Sequence[Int[np.ndarray, " _"]], seed: int) -> dict[str, list[float]]:
    """What cells would get if self used components at random: shares after dealing self's effects out anew
    among components of a group, as the mean and the range of 0.95 of deals. A share inside of that range says
    little more than what the characters' mechanism left over."""
    at_fork, at_end, of_self = _above_floors(evidence)
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {cell: [] for cell in CELLS}
    for _ in range(BOOTSTRAPS):
        anew = of_self.copy()
        for group in groups:
            anew[group] = rng.permutation(of_self[group])
        for cell, share in divide(at_fork, at_end, anew).items():
            found[cell].append(share)
    return {
        cell: [float(np.mean(of)), *map(float, np.quantile(of, [0.025, 0.975]))] for cell, of in found.items()
    }


def _above_floors(
    evidence: Evidence, chosen: tuple[Int[np.ndarray, " drawn"], ...] | None = None
) -> list[Float[np.ndarray, " component"]]:
    """Effects for characters at the fork and at the end, and for self, less their floors and none
    negative."""
    picks = chosen or (slice(None),) * 3
    sources = (evidence.fork_character, evidence.end_character, evidence.end_self)
    raw = [source.effect(pick) for source, pick in zip(sources, picks, strict=True)]
    raw[0] = np.fmax(raw[0], evidence.fork_latent)
    return [np.nan_to_num(effect - floor).clip(0) for effect, floor in zip(raw, evidence.floors, strict=True)]


def shares_with_intervals(
    evidence: Evidence, seed: int, confidence: float = 0.95
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Shares and their percentile intervals over resampled pairs (each of the three sets of pairs on its
    own).

    The interval covers the choice of pairs and of patching orders; it says nothing about other organisms.
    """
    rng = np.random.default_rng(seed)
    amounts = [len(c.total) for c in (evidence.fork_character, evidence.end_character, evidence.end_self)]
    drawn = [shares(evidence, tuple(rng.integers(0, n, n) for n in amounts)) for _ in range(BOOTSTRAPS)]
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    by_cell = {cell: [value for d in drawn if np.isfinite(value := d[cell])] or [np.nan] for cell in CELLS}
    return shares(evidence), {
        cell: [float(v) for v in np.quantile(values, tails)] for cell, values in by_cell.items()
    }
