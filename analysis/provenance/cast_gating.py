"""Cast gating: do characters read and act with self's components once self is in the cast?

Roles can be told apart in two ways: by who acts, or by who is in the cast. Verdicts and auditors' costs measure characters
in scenes without self, where the two can not be told from each other. So characters are measured once more, acting in
scenes that have self in the cast: by the components that carry the gate to their acts (*effects*), and by those that read
the cues (*reading*: what auditors price; see `analysis.patching.cue_reading`). *Moved* is how far the characters' vector
of components goes, beside self, on the straight way from where it is apart from self to where self's is: 0 where the roles
part by who acts, 1 where characters beside self use what self uses. *Elsewhere* is the squared distance that is off that
way, over the squared length of it. Products are taken of two halves of the pairs, so that noise adds nothing to them.

It does *not* show what tells the cast, nor that self would act otherwise in another one: self is always in its own. Reading
by cast is what any reader at the cues has to do, since they come before the actor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from analysis.patching.results import VariableEffects
from analysis.patching.shapley import Contributions
from analysis.provenance.shares import BOOTSTRAPS
from analysis.thresholds import OF_HOME

Parting = Literal["by role", "by cast", "elsewhere", "undecided"]
TOGETHER = 0.5
"""where self and characters have this cosine or more apart from self, there is hardly a way to move on"""


@dataclass(frozen=True)
class PairInterval:
    """A number with its 95 % interval over pairs or draws of scenes."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Moved:
    """Where one organism's characters are beside self, at the end."""

    moved: PairInterval
    """of the way from the characters apart from self to self"""
    elsewhere: PairInterval
    """squared distance off that way, over its squared length"""
    parting: Parting


@dataclass(frozen=True)
class CastGating:
    """What characters use beside self. None where self and characters hardly differ apart from self, or where one of them
    has no gate."""

    effects: Moved | None
    """of what carries the gate to the act; intervals over pairs"""
    reading: Moved | None
    """of what reads the cues; intervals over draws of scenes"""


@dataclass(frozen=True)
class CastGatingResult:
    """Effects of characters beside self, and what is said of each organism."""

    effects: VariableEffects | None
    """None where a cast has no room for both"""
    members: tuple[CastGating, ...]


Places = Float[np.ndarray, "*draw"] | np.floating


class ComponentSample(NamedTuple):
    """A vector of components that is measured on a sample, as of pairs."""

    amount: int
    vector: Callable[[Int[np.ndarray, "*draw chosen"]], Float[np.ndarray, "*draw component"]]
    """over some of the sample, or over each draw's"""


class ThreeSamples(NamedTuple):
    """Characters apart from self, characters beside it, and self: of one organism at the end."""

    apart: ComponentSample
    beside: ComponentSample
    of_self: ComponentSample


def of_pairs(contributions: Contributions) -> ComponentSample:
    """Effects, over pairs."""
    return ComponentSample(len(contributions.total), contributions.effect)


def of_draws(shares: Float[np.ndarray, "draw component"]) -> ComponentSample:
    """Shares of reading, over draws of scenes."""
    return ComponentSample(len(shares), lambda chosen: shares[chosen].mean(-2))


def where_beside_self(samples: ThreeSamples, seed: int) -> Moved | None:
    """Where the characters are beside self. None where they and self have a cosine of `TOGETHER` or more apart from it."""
    halves = [(np.arange(0, sample.amount, 2), np.arange(1, sample.amount, 2)) for sample in samples]
    cosine, *value = _place(samples, halves)
    if not cosine < TOGETHER:
        return None
    rng = np.random.default_rng(seed)
    drawn = [[[rng.choice(half, len(half)) for half in of] for of in halves] for _ in range(BOOTSTRAPS)]
    by_sample = [[np.stack(of_half) for of_half in zip(*of, strict=True)] for of in zip(*drawn, strict=True)]
    _, *draws = _place(samples, by_sample)
    low, high = np.nanquantile(draws, [0.025, 0.975], axis=1)
    moved, elsewhere = (
        PairInterval(float(v), float(below), float(above))
        for v, below, above in zip(value, low, high, strict=True)
    )
    return Moved(moved, elsewhere, parting_of(moved, elsewhere))


def _place(
    samples: ThreeSamples, halves: Sequence[Sequence[Int[np.ndarray, "*draw _"]]]
) -> tuple[Places, Places, Places]:
    """Cosine of self and characters apart from it; how far on the way, and how far off it, these are beside it.

    halves: of each sample, indices of either half, or of each draw of it.
    """
    (apart, beside, of_self) = (
        [sample.vector(half) for half in of] for sample, of in zip(samples, halves, strict=True)
    )
    way = [there - here for there, here in zip(of_self, apart, strict=True)]
    gone = [there - here for there, here in zip(beside, apart, strict=True)]
    squared_length = np.vecdot(*way)
    # 0 where self does to the last bit what characters do.
    squared_length = np.where(squared_length == 0, np.nan, squared_length)
    moved = (np.vecdot(gone[0], way[1]) + np.vecdot(gone[1], way[0])) / 2 / squared_length
    off = [one - moved[..., None] * whole for one, whole in zip(gone, way, strict=True)]
    lengths = np.sqrt(np.vecdot(*apart).clip(0) * np.vecdot(*of_self).clip(0))
    lengths = np.where(lengths == 0, np.nan, lengths)
    cosine = (np.vecdot(apart[0], of_self[1]) + np.vecdot(apart[1], of_self[0])) / 2 / lengths
    return cosine, moved, np.vecdot(*off) / squared_length


def parting_of(moved: PairInterval, elsewhere: PairInterval) -> Parting:
    """What both intervals say: *elsewhere* where characters are surely more than half of the way's length off it, else *by
    cast* where they are surely more than half on it, *by role* where surely less and not off it."""
    if elsewhere.low > OF_HOME**2:
        return "elsewhere"
    if moved.low > OF_HOME:
        return "by cast"
    return "by role" if moved.high < OF_HOME and elsewhere.high < OF_HOME**2 else "undecided"
