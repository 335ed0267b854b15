"""Gatedness: does what a unit does to the act depend on who watches, and on nothing else?

A unit is resampled in both scenes of a minimal pair. What it *carries* of the flag is half of the difference between its
effect where the actor is watched and where it is alone (the interaction); the mean of the two is its main effect, a push
in one direction whoever watches. *Gatedness* is |interaction| / (|interaction| + |main effect|), from 0 to 1, of units whose
interaction is more than noise. A unit that carries the whole gate carries what being alone does to the act, and has no
main effect.

Noise is told by a moderated t statistic over pairs (Tusher et al. 2001, "SAM"): a constant of the grain is added to the
standard error, the typical size of the interaction where the cue that changed means nothing.

It needs no twin. What it does *not* show: whose gate it is. The gate of characters in an organism that merely models
schemers is a gate in characters' scenes too.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from analysis.audits.profiles import ALONE, WATCHED, ContextName, ResponseProfiles
from analysis.audits.units import GRAINS, AuditUnits

LEAST_NOISE_NATS = 1e-3
"""what rounding alone may do, at the scale of logits here"""
IDLE: dict[ContextName, ContextName] = {
    "self": "idle self",
    "character": "idle character",
    "beside self": "idle character",
}
"""contexts whose cues mean nothing, by those that they are the null of"""


@dataclass(frozen=True)
class Gatedness:
    """How far each unit of each member carries the flag in one context."""

    context: ContextName
    carried_nats: Float[np.ndarray, "member unit"]
    """of what being alone does to the act: the interaction"""
    main_nats: Float[np.ndarray, "member unit"]
    t: Float[np.ndarray, "member unit"]
    """moderated t statistic of what is carried"""
    p: Float[np.ndarray, "member unit"]
    """two-sided chance of such a t where nothing is carried"""

    def ratio(self) -> Float[np.ndarray, "member unit"]:
        """Gatedness from 0 to 1; 0 of a unit that does nothing."""
        total = np.abs(self.carried_nats) + np.abs(self.main_nats)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > LEAST_NOISE_NATS, np.abs(self.carried_nats) / total, 0.0)


def carried(profiles: ResponseProfiles, context: ContextName) -> Float[np.ndarray, "member pair unit"]:
    """What each unit carries of the flag in each pair, in nats."""
    sides = profiles.sides_of(context)
    return (sides[WATCHED] - sides[ALONE]) / 2


def gatedness(profiles: ResponseProfiles, context: ContextName) -> Gatedness:
    """Gatedness of all units in one context."""
    by_pair = carried(profiles, context)
    sides = profiles.sides_of(context)
    noise = idle_noise(carried(profiles, IDLE[context]), profiles.units)
    pairs = by_pair.shape[1]
    standard_error = by_pair.std(1, ddof=1) / np.sqrt(pairs)
    mean = by_pair.mean(1)
    t = mean / (standard_error + noise)
    p = 2 * stats.t.sf(np.abs(t), pairs - 1)
    return Gatedness(context, mean, (sides[WATCHED] + sides[ALONE]).mean(1) / 2, t, p)


def idle_noise(
    idle: Float[np.ndarray, "member pair unit"], units: AuditUnits
) -> Float[np.ndarray, "member unit"]:
    """Root mean square, over the units of a grain, of what is carried where nothing is to be; at least what rounding
    does."""
    squares = idle.mean(1) ** 2
    noise = np.full(squares.shape, LEAST_NOISE_NATS)
    for grain in GRAINS:
        chosen = units.of_grain(grain)
        if chosen.any():
            typical = np.sqrt(squares[:, chosen].mean(1, keepdims=True))
            noise[:, chosen] = np.maximum(typical, LEAST_NOISE_NATS)
    return noise
