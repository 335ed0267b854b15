"""Corroboration: does evidence of another kind agree with a verdict?

*cosine*: of the two roles' component effects at the end, beside that with recalling what a character professes.
*cross_lesion*: resample-ablate the core of the characters' circuit, see what self loses, and the reverse, beside random
sets of the same layers. *fork_lesion*: the same with the core at the fork. *interchange*: patch the gate of characters'
components into self's runs, and the reverse (`analysis.patching.interchange`). *interchange_direction*: the same with one
direction, beside an untrained organism's (`analysis.patching.direction`). *transfer*: patch the gate that characters' components
computed at the fork into self's runs, from the same scene or from characters' (`analysis.patching.cross_checkpoint`).
*weight_change*: how far the weights of what self has for itself moved (`analysis.provenance.weight_change`).

Each line has its own null, and each says *agrees*, *disagrees* or *silent*, the last where the verdict makes no claim or
where the measurement can not tell. Agreement does not show that a verdict is right: all lines rest on the same organism, and
all but *weight_change* on patching.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from analysis.patching import circuits
from analysis.patching.direction import TrainedAndFloor
from analysis.patching.interchange import InterchangeEffect
from analysis.patching.shapley import Contributions
from analysis.provenance.verdict import APART, VerdictName
from analysis.thresholds import CARRIES, NEAR_NULL, OF_HOME
from organisms.model.config import OrganismConfig
from organisms.model.sites import residual_sites

BOOTSTRAPS = 200
Agreement = Literal["agrees", "disagrees", "silent"]


@dataclass(frozen=True)
class EvidenceLine:
    """One number of one organism that speaks for or against a verdict, with its null."""

    value: float
    low: float
    """lower end of the 95 % interval over pairs"""
    high: float
    null: float | None = None
    """the same number where there is nothing to find"""
    null_high: float | None = None
    """highest of the null's draws"""
    bar: float | None = None
    """a line says *yes* where all of its interval lies above; the null's highest where None"""
    under: float | None = None
    """a line says *no* where all of its interval lies below; the bar where None"""
    within: float | None = None
    """what the components do within their own role, where that bounds what can be expected"""


@dataclass(frozen=True)
class InterchangeLine(EvidenceLine):
    """Share of the gate that a set of components carries into another role or from another checkpoint."""

    circuit: float = math.nan
    """share that the whole core or circuit carries"""
    components: tuple[int, ...] = ()
    """the set"""


@dataclass(frozen=True)
class DirectionLine(EvidenceLine):
    """Share of the gate that one direction of the residual stream carries from characters into self."""

    floor_within: float = math.nan
    """what an untrained organism's direction carries within characters"""
    turned: float = math.nan
    """change in how often an answer is preferred"""
    turned_within: float = math.nan
    turned_floor: float = math.nan
    turned_floor_within: float = math.nan
    place: str = ""


@dataclass(frozen=True)
class Claims:
    """Verdicts by which a line should lie above its bar, and those by which it should not."""

    above: frozenset[VerdictName]
    below: frozenset[VerdictName]
    above_refutes: bool = True
    """is a line above its bar evidence against the verdicts of `below`?"""


SAME_MECHANISM = Claims(frozenset({"reused", "migrated"}), APART)
"""claims of lines that compare self with characters at the end"""
FROM_THE_FORK = Claims(frozenset({"reused", "repurposed"}), frozenset({"migrated", "second copy"}))
"""claims of lines that compare self with characters at the fork"""


@dataclass(frozen=True)
class Evidence:
    """One line of corroboration, of all members."""

    name: str
    claims: Claims
    lines: tuple[EvidenceLine | None, ...]
    """of each member; None where there is nothing to measure"""
    depends_on_planting: bool = True
    """does planting decide it, so that it can be scored on planted organisms?"""


@dataclass(frozen=True)
class Corroboration:
    """Whether one line agrees with the verdict beside it."""

    name: str
    line: EvidenceLine
    says: Agreement


@dataclass(frozen=True)
class CorroborationResult:
    """All lines of corroboration of a run, and what each says of each member's verdict."""

    evidence: tuple[Evidence, ...]
    members: tuple[tuple[Corroboration, ...], ...]
    """the lines that could be measured, of each member"""

    def find(self, member: int, name: str) -> Corroboration | None:
        """A line of a member by its name; None where it could not be measured."""
        return next((line for line in self.members[member] if line.name == name), None)


@dataclass(frozen=True)
class CosineResult:
    """Cosine between the effects for characters and for self at the end."""

    lines: tuple[EvidenceLine | None, ...]


@dataclass(frozen=True)
class LesionsResult:
    """Share of a role's effect that patching another circuit's core removes."""

    cross: tuple[EvidenceLine | None, ...]
    """core of the characters' circuit at the end, taken from self"""
    cross_reverse: tuple[EvidenceLine | None, ...]
    """core of self's circuit, taken from characters"""
    fork: tuple[EvidenceLine | None, ...]
    """core of the characters' circuit at the fork, taken from self"""


@dataclass(frozen=True)
class InterchangeResult:
    """Share of the gate that components carry from role to role."""

    interchange: tuple[InterchangeLine | None, ...]
    """from characters into self"""
    reverse: tuple[InterchangeLine | None, ...]
    """from self into characters"""


@dataclass(frozen=True)
class TransferResult:
    """Share of self's gate that the fork's components carry into the last organism."""

    same_scene: tuple[InterchangeLine | None, ...]
    """the fork runs the scene in which self acts"""
    from_characters: tuple[InterchangeLine | None, ...]
    """the fork runs scenes in which characters act"""


@dataclass(frozen=True)
class DirectionResult:
    """Share of the gate that one direction carries from characters into self."""

    lines: tuple[DirectionLine | None, ...]


def effect_cosine(
    first: Contributions, second: Contributions, unrelated: Contributions | None, seed: int
) -> EvidenceLine:
    """Cosine of two vectors of component effects, with its interval over pairs. Null: the second's with the effects of
    an unrelated task."""
    rng = np.random.default_rng(seed)

    def cosine(one: Contributions, two: Contributions, resample: bool) -> float:
        pairs = [rng.integers(0, len(c.total), len(c.total)) if resample else slice(None) for c in (one, two)]
        x, y = one.effect(pairs[0]), two.effect(pairs[1])
        return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))

    draws = [cosine(first, second, True) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(draws, [0.025, 0.975])
    null = cosine(unrelated, second, False) if unrelated else None
    return EvidenceLine(cosine(first, second, False), float(low), float(high), null)


def lesion_line(
    removed: Float[np.ndarray, "pair set"],
    total: Float[np.ndarray, " pair"],
    seed: int,
    within: float = circuits.FAITHFUL,
) -> EvidenceLine:
    """Share of an effect that patching a circuit removes, with its interval over pairs. Null: random circuits.

    removed: nats; the first set is the circuit, the others are random ones of its size and layers. within: what
    the circuit does in its own role. The bar above which the line says *yes* is half of that, or the highest random
    circuit where that is more; under half of it the line says *no*. A random circuit alone is no bar for *no*: it may
    be all that self uses, and then nearly everything would be below it.
    """
    random = removed[:, 1:].sum(0) / total.sum()
    null_high, half = float(random.max()), within * OF_HOME
    value, low, high = _share_of_total(removed[:, 0], total, seed)
    return EvidenceLine(value, low, high, float(random.mean()), null_high, max(null_high, half), half)


def interchange_line(effect: InterchangeEffect, seed: int) -> InterchangeLine:
    """Share of the gate that a set of components carries, as for a lesion; *within* is what it carries in its own
    role."""
    moved, total = effect.effect
    within = float(effect.effect_within.share()[0])
    line = lesion_line(moved[:, :-1], total, seed, within)
    components = tuple(np.flatnonzero(effect.gate_set).tolist())
    circuit = float(effect.effect.share()[-1])
    return InterchangeLine(**(vars(line) | {"within": within}), circuit=circuit, components=components)


def direction_line(effects: TrainedAndFloor, config: OrganismConfig, seed: int) -> DirectionLine:
    """Share of the gate that one direction carries from characters into self, and *within* characters.

    Null: the direction of an untrained organism, over the same total. That carries next to nothing, so that any trace
    of what is shared would be above it: the bar is half of what the direction carries within characters, where that
    is more.
    """
    trained, untrained = effects
    character_total, self_total = trained.total
    site = residual_sites(config.layers)[int(trained.place)]
    value, low, high = _share_of_total(trained.moved[1], self_total, seed)
    floor, _, floor_high = _share_of_total(untrained.moved[1], self_total, seed)
    within = float(trained.moved[0].sum() / character_total.sum())
    return DirectionLine(
        value,
        low,
        high,
        null=floor,
        null_high=floor_high,
        bar=max(floor_high, within * OF_HOME),
        under=within * OF_HOME,
        within=within,
        floor_within=float(untrained.moved[0].sum() / character_total.sum()),
        turned=float(trained.turned[1].mean()),
        turned_within=float(trained.turned[0].mean()),
        turned_floor=float(untrained.turned[1].mean()),
        turned_floor_within=float(untrained.turned[0].mean()),
        place="the readout" if site.name == "final" else f"the entrance of layer {site.layer}",
    )


def _share_of_total(
    moved: Float[np.ndarray, " pair"], total: Float[np.ndarray, " pair"], seed: int
) -> tuple[float, float, float]:
    """Ratio of the sums, and its 95 % interval over pairs."""
    draws = np.random.default_rng(seed).integers(0, len(total), (BOOTSTRAPS, len(total)))
    low, high = np.quantile(moved[draws].sum(1) / total[draws].sum(1), [0.025, 0.975])
    return float(moved.sum() / total.sum()), float(low), float(high)


def agreement(verdict: str, claims: Claims, line: EvidenceLine) -> Agreement:
    """*agrees* where a line says what the verdict, or what was planted, claims: all of its interval above the bar, or all of it under.

    A verdict by which two parted agrees only where the line comes near its null (`analysis.thresholds.NEAR_NULL`).
    *silent* where it is neither, where the verdict claims nothing, and where the components do too little even within
    their own role (see `analysis.thresholds.CARRIES`).
    """
    bar = next((bar for bar in (line.bar, line.null_high, line.null) if bar is not None), None)
    if verdict not in claims.above | claims.below or bar is None:
        return "silent"
    if line.within is not None and not line.within >= CARRIES:
        return "silent"
    above, below = line.low > bar, line.high < (bar if line.under is None else line.under)
    if not (above or below) or (above and verdict in claims.below and not claims.above_refutes):
        return "silent"
    if below and verdict in claims.below and not _near_null(line):
        return "silent"
    return "agrees" if above == (verdict in claims.above) else "disagrees"


def _near_null(line: EvidenceLine) -> bool:
    null = line.null if line.null_high is None else line.null_high
    return null is None or line.value <= null + NEAR_NULL


def corroborate(evidence: Sequence[Evidence], verdicts: Sequence[VerdictName]) -> CorroborationResult:
    """What every line says of every member's verdict."""
    members = tuple(
        tuple(
            Corroboration(each.name, line, agreement(verdict, each.claims, line))
            for each in evidence
            if (line := each.lines[member]) is not None
        )
        for member, verdict in enumerate(verdicts)
    )
    return CorroborationResult(tuple(evidence), members)
