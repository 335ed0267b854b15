"""Judging: which verdict does an organism get, and what stands beside it?

The verdict rests on behaviour, circuits, shares under two definitions, and whether what self took was a spare. Beside it
stand what chance would give, what an unrelated variable gives, and how much of self's gate was there before self was
taught anything. What a verdict does *not* show: `analysis.provenance.shares` and `analysis.provenance.spare` say so.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analysis.patching.circuits import LEAST_NATS
from analysis.patching.shapley import Contributions
from analysis.provenance.chance import (
    BARS,
    BarShares,
    Deal,
    Groups,
    Specificity,
    shares_among_free,
    shares_at_random,
    shares_by_bar,
    specificity,
)
from analysis.provenance.shares import (
    Range,
    ShareInputs,
    effects_above_floors,
    overlap,
    provenance_shares,
    shares_with_intervals,
)
from analysis.provenance.verdict import (
    CELLS,
    ProvenanceCell,
    SpareWord,
    VerdictEvidence,
    VerdictName,
    verdict,
)


@dataclass(frozen=True)
class MemberProvenance:
    """Where one organism's mechanism for self comes from. Numbers are NaN where there is no behaviour or no
    circuit."""

    verdict: VerdictName
    reason: str
    shares: Mapping[ProvenanceCell, float]
    """fractions of self's effect; they sum to 1"""
    strict_shares: Mapping[ProvenanceCell, float]
    """shares under the membership formula that was tried and rejected; see `analysis.provenance.shares`"""
    intervals: Mapping[ProvenanceCell, Range]
    """95 % intervals of the shares over pairs"""
    shares_at_random: Deal
    """shares if self used components at random"""
    shares_among_free: Deal
    """shares if what self has on components that characters leave were dealt over these at random"""
    excess: Mapping[ProvenanceCell, float]
    """shares less the means of ``shares_among_free``"""
    by_bar: tuple[BarShares, ...]
    """shares by the bar from which on a component serves characters"""
    overlap_at_fork: float
    """1 less the total variation between self's effects and the characters' at the fork"""
    overlap_at_end: float
    unrelated: Specificity
    """shares of what an actor professes, in the place of the gate"""
    inherited: float
    """nats by which being watched moved self's acts at the fork, as a share of those at the end"""


@dataclass(frozen=True)
class ProvenanceResult:
    """Verdicts and shares of all members."""

    members: tuple[MemberProvenance, ...]


class MemberInputs(NamedTuple):
    """All that one organism is judged on."""

    shares: ShareInputs
    unrelated: Contributions
    """of what self professes, at the end"""
    unrelated_floor: float
    inherited: float
    behaviour: Mapping[str, float]
    self_found: bool
    """was a circuit found for self at the end?"""
    character_found: bool
    """was one found for characters, at the fork or at the end?"""
    spare: SpareWord | None
    """was what self took a spare at the fork? None where that could not be measured"""


def judge_member(inputs: MemberInputs, groups: Groups, seed: int) -> MemberProvenance:
    """Verdict and shares of one organism. Without a behaviour or a circuit it has a verdict and no shares.

    groups: components of a layer and kind, among which self's effects are dealt.
    """
    shares, intervals = shares_with_intervals(inputs.shares, seed)
    strict = provenance_shares(inputs.shares, strict=True)
    evidence = VerdictEvidence(
        inputs.behaviour,
        inputs.self_found,
        inputs.character_found,
        shares,
        intervals,
        strict,
        inputs.spare,
    )
    name, reason = verdict(evidence)
    if name == "absent" or not (inputs.self_found and inputs.character_found):
        return unmeasured(name, reason, inputs.inherited)
    effects = effects_above_floors(inputs.shares._replace(stand_in=None))
    among_free = shares_among_free(inputs.shares, groups, seed)
    return MemberProvenance(
        name,
        reason,
        shares,
        strict,
        intervals,
        shares_at_random(inputs.shares, groups, seed),
        among_free,
        {cell: shares[cell] - among_free[cell][0] for cell in CELLS},
        shares_by_bar(inputs.shares),
        overlap(effects.fork_character, effects.end_self),
        overlap(effects.end_character, effects.end_self),
        specificity(inputs.shares, inputs.unrelated, inputs.unrelated_floor, seed),
        inputs.inherited,
    )


def unmeasured(name: VerdictName, reason: str, inherited: float = math.nan) -> MemberProvenance:
    """A verdict without shares."""
    nan = math.nan
    nothing: dict[ProvenanceCell, float] = dict.fromkeys(CELLS, nan)
    ranges: dict[ProvenanceCell, Range] = dict.fromkeys(CELLS, (nan, nan))
    triples: dict[ProvenanceCell, tuple[float, float, float]] = dict.fromkeys(CELLS, (nan, nan, nan))
    return MemberProvenance(
        name,
        reason,
        nothing,
        nothing,
        ranges,
        triples,
        triples,
        nothing,
        tuple(BarShares(bar, nothing) for bar in BARS),
        nan,
        nan,
        Specificity(nothing, triples),
        inherited,
    )


def inherited_share(fork_nats: float, end_nats: float) -> float:
    """Nats of self's gate at the fork as a share of those at the end; NaN where it is too small there to be a gate."""
    return fork_nats / end_nats if end_nats > LEAST_NATS else math.nan
