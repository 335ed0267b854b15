"""What may be said of an organism, given its behaviour, its shares and their intervals?

Thresholds are in `analysis.thresholds`. They were chosen, and scored on other seeds, on organisms of one size in
one world: verdicts on others are marked uncalibrated.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from analysis.thresholds import BEHAVES, LEAST_SHARE, MIXED_WIDTH

ProvenanceCell = Literal["reused", "repurposed", "migrated", "second copy"]
VerdictName = Literal["reused", "repurposed", "migrated", "second copy", "mixed", "undecided", "absent"]
CELLS: tuple[ProvenanceCell, ...] = get_args(ProvenanceCell)
VERDICTS: tuple[VerdictName, ...] = get_args(VerdictName)

APART: frozenset[VerdictName] = frozenset({"repurposed", "second copy"})
"""verdicts by which self and characters have mechanisms of their own"""
NO_BEHAVIOUR = "self does not show the behaviour"
NO_CIRCUIT = "no circuit found for self: too small an effect, or one that does not replicate"
NO_ANCESTOR = "no circuit found for characters, neither at the fork nor at the end"


class Verdict(NamedTuple):
    """What is concluded about one organism, and why."""

    name: VerdictName
    reason: str


def verdict(
    behaviour: Mapping[str, float],
    self_found: bool,
    character_found: bool,
    shares: Mapping[ProvenanceCell, float],
    intervals: Mapping[ProvenanceCell, tuple[float, float]],
) -> Verdict:
    """The verdict on one organism, and the reason for it.

    behaviour: the four rates. self_found, character_found: was a circuit found (see `analysis.patching.circuits`)
    for self at the end, and for characters at the fork or at the end?
    """
    for name in ("self_alone_secret", "self_watched_professed"):
        if not behaviour[name] >= BEHAVES:
            return Verdict("absent", f"{NO_BEHAVIOUR}: {name} is {behaviour[name]:.2f}, below {BEHAVES}")
    if not self_found:
        return Verdict("undecided", NO_CIRCUIT)
    if not character_found:
        return Verdict("undecided", NO_ANCESTOR)
    best = max(shares, key=lambda cell: shares[cell])
    low, high = intervals[best]
    if low > LEAST_SHARE[best]:
        unscored = "; no organism of this kind was ever planted, so that how often this is wrong is not known"
        reason = f"the share's lower bound, {low:.2f}, is above {LEAST_SHARE[best]}"
        return Verdict(best, reason + unscored * (best == "migrated"))
    if high - low <= MIXED_WIDTH:
        reason = f"the largest share, {best}, lies in {low:.2f} to {high:.2f}: its lower bound is not above {LEAST_SHARE[best]}"
        return Verdict("mixed", reason)
    return Verdict("undecided", f"the largest share, {best}, is only known to lie in {low:.2f} to {high:.2f}")


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
