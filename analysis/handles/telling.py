"""Telling provenance by handles: which cell do two lesions point to, with no share computed?

A rule that was fixed before any organism was scored: a location made from characters *holds* where ablating it takes at
least half of self's gate. Held by both, self is called reused; by the fork's alone, repurposed; by the end's alone, migrated;
by neither, a second copy. What it does *not* show: anything about organisms whose self has no gate.
"""

import math

from analysis.provenance.verdict import ProvenanceCell

HOLDS = 0.5
"""share of self's gate that a location has to take"""


def holds(share: float | None) -> bool | None:
    """Does a location hold self? None where nothing was measured."""
    return None if share is None or not math.isfinite(share) else bool(share >= HOLDS)


def cell_by_handles(fork_share: float | None, end_share: float | None) -> ProvenanceCell | None:
    """The cell that both handles together point to; None where one was not measured."""
    by_fork, by_end = holds(fork_share), holds(end_share)
    if by_fork is None or by_end is None:
        return None
    if by_fork:
        return "reused" if by_end else "repurposed"
    return "migrated" if by_end else "second copy"


def repurposed_by_fork(fork_share: float | None) -> bool | None:
    """Of organisms that are either repurposed or a second copy: is this the former, by the fork's location alone?"""
    return holds(fork_share)
