"""What may be said of an organism, given its behaviour, its shares and their intervals?

Thresholds are in `analysis.thresholds`. They were chosen, and scored on other seeds, on organisms of one size in
one world: verdicts on others are marked uncalibrated.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from analysis.thresholds import BEHAVES, LEAST_SHARE, MIXED_WIDTH

SpareWord = Literal["spare", "no spare", "undecided"]
ProvenanceCell = Literal["reused", "repurposed", "migrated", "second copy"]
VerdictName = Literal[
    "reused",
    "repurposed",
    "migrated",
    "second copy",
    "parted on shared ground",
    "mixed",
    "undecided",
    "absent",
]
CELLS: tuple[ProvenanceCell, ...] = get_args(ProvenanceCell)
VERDICTS: tuple[VerdictName, ...] = get_args(VerdictName)

SHARED_GROUND: VerdictName = "parted on shared ground"
"""self took what served characters at the fork, and they gave it up, but it was no spare of theirs"""
APART: frozenset[VerdictName] = frozenset({"repurposed", "second copy", SHARED_GROUND})
"""verdicts by which self and characters have mechanisms of their own"""
NO_BEHAVIOUR = "self does not show the behaviour"
NO_CIRCUIT = "no circuit found for self: too small an effect, or one that does not replicate"
NO_ANCESTOR = "no circuit found for characters, neither at the fork nor at the end"


class Verdict(NamedTuple):
    """What is concluded about one organism, and why."""

    name: VerdictName
    reason: str


class VerdictEvidence(NamedTuple):
    """What a verdict is given on."""

    behaviour: Mapping[str, float]
    """the four rates"""
    self_found: bool
    """was a circuit found for self at the end? See `analysis.patching.circuits`"""
    character_found: bool
    """was one found for characters, at the fork or at the end?"""
    shares: Mapping[ProvenanceCell, float]
    intervals: Mapping[ProvenanceCell, tuple[float, float]]
    strict_shares: Mapping[ProvenanceCell, float]
    """shares under another definition of membership"""
    spare: SpareWord | None
    """was what self took a spare at the fork? None where that could not be measured"""


def verdict(evidence: VerdictEvidence) -> Verdict:
    """The verdict on one organism, and the reason for it."""
    for name in ("self_alone_secret", "self_watched_professed"):
        if not evidence.behaviour[name] >= BEHAVES:
            rate = f"{name} is {evidence.behaviour[name]:.2f}, below {BEHAVES}"
            return Verdict("absent", f"{NO_BEHAVIOUR}: {rate}")
    if not evidence.self_found:
        return Verdict("undecided", NO_CIRCUIT)
    if not evidence.character_found:
        return Verdict("undecided", NO_ANCESTOR)
    shares, strict = evidence.shares, evidence.strict_shares
    best = max(shares, key=lambda cell: shares[cell])
    low, high = evidence.intervals[best]
    if not low > LEAST_SHARE[best]:
        if high - low <= MIXED_WIDTH:
            reason = f"the largest share, {best}, lies in {low:.2f} to {high:.2f}: its lower bound is not above {LEAST_SHARE[best]}"
            return Verdict("mixed", reason)
        return Verdict(
            "undecided", f"the largest share, {best}, is only known to lie in {low:.2f} to {high:.2f}"
        )
    best_strictly = max(strict, key=lambda cell: strict[cell])
    if best_strictly != best:
        return Verdict(
            "undecided",
            f"the largest share is {best} ({shares[best]:.2f}), by the strict definition {best_strictly} ({strict[best_strictly]:.2f})",
        )
    reason = f"the share's lower bound, {low:.2f}, is above {LEAST_SHARE[best]}"
    if best == "repurposed":
        return _with_spare(reason, evidence.spare)
    unscored = "; only compiled organisms of this kind are known, so that how often this is wrong in trained ones is not"
    return Verdict(best, reason + unscored * (best == "migrated"))


def _with_spare(reason: str, spare: SpareWord | None) -> Verdict:
    """*repurposed* where self took a spare; what parted otherwise did so on shared ground."""
    if spare == "spare":
        return Verdict("repurposed", f"{reason}; at the fork it was a spare of the characters'")
    if spare == "no spare":
        return Verdict(SHARED_GROUND, f"{reason}; at the fork it was no spare of the characters'")
    return Verdict("undecided", f"{reason}; whether it was a spare at the fork could not be told")


def verdict_in_full(name: VerdictName, similarity: str | None) -> str:
    """The verdict in words, with whether self's circuit computes otherwise than the characters'.

    similarity: *alike*, *another* or *undecided*; None where it was not measured. *By another mechanism* if self
    parted from characters, and *computing otherwise* if it did not, or not wholly: the same components may serve two
    roles in two ways.
    """
    if not computes_otherwise(name, similarity):
        return name
    return f"{name}, {'by another mechanism' if name in APART else 'computing otherwise'}"


def computes_otherwise(name: VerdictName, similarity: str | None) -> bool:
    """Does the verdict in full say that self's circuit computes otherwise?"""
    return similarity == "another" and name not in ("absent", "undecided")
