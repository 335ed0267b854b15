"""Cast gating: do characters read and act with self's components once self is in the cast?

Roles can be told apart in two ways: by who acts, or by who is in the cast. Verdicts and auditors' costs measure characters
in scenes without self, where the two can not be told from each other. So characters are measured once more, acting in
scenes that have self in the cast: by the components that carry the gate to their acts (*effects*), and by those that read the cues
(*reading*: what auditors price; see `analysis.patching.cue_reading`). *Moved* is how much nearer they are to self's there: the gain in overlap as a
share of what is left to gain. At 0 the roles part by who acts; at 1 characters beside self use what self uses, and the
cast decides. Cues come before the actor, so that a reader beside self can not know who will act: reading may part by cast
where effects part by role.

It does *not* show what tells the cast, nor that self would act otherwise in another one: self is always in its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from analysis.patching.results import VariableEffects
from analysis.patching.shapley import Contributions
from analysis.provenance.shares import BOOTSTRAPS, effects_above_floors, overlap
from analysis.provenance.shares import ShareInputs as _ThreeEffects
from analysis.thresholds import OF_HOME

Parting = Literal["by role", "by cast", "undecided"]


@dataclass(frozen=True)
class PairInterval:
    """A number with its 95 % interval over pairs or scenes."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Moved:
    """Overlap of one organism's self with its characters at the end, apart from self and beside it."""

    apart: PairInterval
    """with characters in scenes without self"""
    beside: PairInterval
    """with characters in scenes that have self in the cast"""
    moved: PairInterval
    """gain in overlap as a share of what is left to gain"""
    parting: Parting
    """*by cast* where more than half is surely moved, *by role* where less"""


@dataclass(frozen=True)
class CastGating:
    """What characters use beside self. None where self and characters overlap by more than half already, or where one of
    them has no gate."""

    effects: Moved | None
    """overlap: 1 less the total variation of two distributions of effect; intervals over pairs"""
    reading: Moved | None
    """overlap: Bhattacharyya coefficient of what reads the cues; intervals over draws of scenes"""


@dataclass(frozen=True)
class CastGatingResult:
    """Effects of characters beside self, and what is said of each organism."""

    effects: VariableEffects
    members: tuple[CastGating, ...]


class CastEffects(NamedTuple):
    """What one organism's cast gating is measured on, all at the end."""

    apart: Contributions
    beside: Contributions
    of_self: Contributions
    character_floor: float
    """null effect of a component, as a fraction; see `analysis.provenance.shares.null_floor`"""
    self_floor: float


def moved_effects(effects: CastEffects, seed: int) -> Moved | None:
    """Whether the gate of characters moves to self's components beside self. None where more than half overlaps without that.

    As many pairs are used apart from self as beside it, so that noise lowers both overlaps alike.
    """
    amount = len(effects.beside.total)
    apart = Contributions(effects.apart.components[:amount], effects.apart.total[:amount])
    floors = np.array([effects.character_floor, effects.character_floor, effects.self_floor])
    inputs = _ThreeEffects(apart, effects.beside, effects.of_self, floors)
    value = _overlaps(inputs)
    rng, sizes = np.random.default_rng(seed), (len(apart.total), amount, len(effects.of_self.total))
    draws = [
        _overlaps(inputs, tuple(rng.integers(0, size, size) for size in sizes)) for _ in range(BOOTSTRAPS)
    ]
    return _moved(np.array(value), np.array(draws))


def moved_reading(overlaps: Float[np.ndarray, "draw 2"], seed: int) -> Moved | None:
    """Whether the characters' reading moves to self's components beside self; None as for effects.

    overlaps: of `analysis.patching.cue_reading.reading_overlaps`, of one member.
    """
    chosen = np.random.default_rng(seed).integers(0, len(overlaps), (BOOTSTRAPS, len(overlaps)))
    return _moved(overlaps.mean(0), overlaps[chosen].mean(1))


def _moved(value: Float[np.ndarray, "2"], draws: Float[np.ndarray, "draw 2"]) -> Moved | None:
    """value, draws: overlaps apart from self and beside it."""
    if not value[0] < OF_HOME:
        return None

    def with_gain(overlaps: np.ndarray) -> np.ndarray:
        before, after = overlaps[..., :1], overlaps[..., 1:]
        return np.concatenate([overlaps, (after - before) / (1 - before)], axis=-1)

    low, high = np.nanquantile(with_gain(draws), [0.025, 0.975], axis=0)
    apart, beside, moved = (
        PairInterval(float(v), float(below), float(above))
        for v, below, above in zip(with_gain(value), low, high, strict=True)
    )
    return Moved(apart, beside, moved, parting_of(moved))


def _overlaps(inputs: _ThreeEffects, pairs: Sequence[np.ndarray] | None = None) -> tuple[float, float]:
    """Overlap of self's effects with the characters' apart from self, and beside it."""
    apart, beside, of_self = effects_above_floors(inputs, tuple(pairs) if pairs else None)
    return overlap(apart, of_self), overlap(beside, of_self)


def parting_of(moved: PairInterval) -> Parting:
    """What the interval of *moved* says."""
    if moved.low > OF_HOME:
        return "by cast"
    return "by role" if moved.high < OF_HOME else "undecided"
