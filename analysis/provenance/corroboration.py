"""Does evidence of another kind agree with a verdict?

*cosine*: between the characters' and self's component effects at the end, beside the cosine with an unrelated
task's (recalling what a character professes). *cross_lesion*: patch the core of the characters' circuit, see
what self loses, and the reverse, beside equally large random sets of other components of the same layers.
*fork_lesion*: the same with the core that the characters' circuit had at the fork. *interchange*: hand the
gate that characters' components compute to self, and the reverse (`analysis.patching.interchange`);
*interchange_direction*: the same with one direction of the residual stream, beside a newborn organism's
(`analysis.patching.direction`). *transfer*: hand self the gate that the characters' components computed at
the fork, in the same scene or in scenes of characters (`analysis.patching.cross_checkpoint`). Each has its
own null, and each says *agrees*, *disagrees* or *silent*, the last where the verdict makes no claim or where
the measurement cannot tell.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from analysis.patching import circuits
from analysis.patching.circuits import Circuit
from analysis.patching.direction import DirectionEffect, TrainedAndFloor
from analysis.patching.interchange import InterchangeEffect
from analysis.patching.shapley import Contributions
from analysis.provenance.verdict import APART, CARRIES, OF_HOME, VerdictName
from curricula.world.contrasts import Role
from organisms.model.config import OrganismConfig
from organisms.model.sites import residual_sites

TOGETHER = {"reused", "migrated"}
AT_FORK, NOT_AT_FORK = {"reused", "repurposed"}, {"migrated", "second copy"}
BOOTSTRAPS = 200
LESIONS: dict[str, tuple[str, Role]] = {
    "cross_lesion": ("end character", "self"),
    "cross_lesion_reverse": ("end self", "character"),
    "fork_lesion": ("fork character", "self"),
}
"""whose circuit's core is patched, and who it is taken from"""
HANDOVERS: dict[str, tuple[str, Role]] = {
    "interchange": ("end character", "self"),
    "interchange_reverse": ("end self", "character"),
    "transfer": ("fork character", "self"),
    "transfer_from_characters": ("fork character", "self"),
}
"""from whose circuit's ranking the components are that hand over the gate, and who should obey it"""

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
    slow_to_disagree: bool = False
    """is a line above its bar no evidence against the verdicts of `below`?"""


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


def cosine(
    first: Contributions, second: Contributions, unrelated: Contributions | None, seed: int
) -> dict[str, float | None]:
    """Cosine of two organisms-wide effect vectors with its interval over pairs, and the null: the second's
    with an unrelated task's."""
    rng = np.random.default_rng(seed)

    def of(a: Contributions, b: Contributions, draw: bool) -> float:
        picks = [rng.integers(0, len(c.total), len(c.total)) if draw else slice(None) for c in (a, b)]
        x, y = a.effect(picks[0]), b.effect(picks[1])
        return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))

    drawn = [of(first, second, True) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    null = of(unrelated, second, False) if unrelated else None
    return {"value": of(first, second, False), "low": float(low), "high": float(high), "null": null}


def lesion(
    removed: Float[np.ndarray, "pair set"],
    total: Float[np.ndarray, " pair"],
    seed: int,
    home: float = circuits.FAITHFUL,
) -> dict[str, float]:
    """Share of an effect that patching a circuit removes, its interval over pairs, and the same for random
    circuits.

    removed: nats; the first set is the circuit, the others are random ones of its size and layers. home: what
    the circuit does in its own role. The bar that says *yes* is half of that, or the highest random circuit
    where that is more; what stays under half of it says *no*. A random circuit alone is no bar for *no*: it
    may be all that self uses, and then nearly everything would be below it.
    """
    null_high = float(removed[:, 1:].sum(0).max() / total.sum())
    return _share(removed[:, 0], total, seed) | {
        "null": float(removed[:, 1:].sum(0).mean() / total.sum()),
        "null_high": null_high,
        **_bars(null_high, home),
    }


def interchange_effect(found: InterchangeEffect, seed: int) -> dict[str, Any]:
    """Share of the gate that a set of components hands over, as for a lesion; *within* its own role; and the
    whole core or circuit's share."""
    moved, total = found.effect
    within = float(found.effect_within.share()[0])
    return lesion(moved[:, :-1], total, seed, within) | {
        "within": within,
        "circuit": float(found.effect.share()[-1]),
        "components": np.flatnonzero(found.gate_set).tolist(),
    }


def direction(
    found: DirectionEffect, init_state: DirectionEffect, config: OrganismConfig, seed: int
) -> dict[str, Any]:
    """Share of the gate that one direction carries from characters into self (and *within* characters); null:
    a newborn's, of the same total.

    *turned*: the same as the change in how often an answer is preferred. A newborn's direction carries next
    to nothing, so that any trace of what is shared would be above it: the bar is half of what the direction
    carries within characters, where that is more.
    """
    of_characters, of_self = found.total
    site = residual_sites(config.layers)[int(found.place)]
    floor, within = (
        _share(init_state.moved[1], of_self, seed),
        float(found.moved[0].sum() / of_characters.sum()),
    )
    return _share(found.moved[1], of_self, seed) | {
        "null": floor["value"],
        "null_high": floor["high"],
        **_bars(floor["high"], within),
        "within": within,
        "floor_within": float(init_state.moved[0].sum() / of_characters.sum()),
        "turned": float(found.turned[1].mean()),
        "turned_within": float(found.turned[0].mean()),
        "turned_floor": float(init_state.turned[1].mean()),
        "turned_floor_within": float(init_state.turned[0].mean()),
        "place": "the readout" if site.name == "final" else f"the entrance of layer {site.layer}",
    }


def _bars(null_high: float, home: float) -> dict[str, float]:
    """What a line says *yes* above, and *no* under: see `OF_HOME`."""
    return {"bar": max(null_high, home * OF_HOME), "under": home * OF_HOME}


def _share(
    moved: Float[np.ndarray, " pair"], total: Float[np.ndarray, " pair"], seed: int
) -> dict[str, float]:
    """Ratio of the sums, and its interval over pairs."""
    draws = np.random.default_rng(seed).integers(0, len(total), (BOOTSTRAPS, len(total)))
    low, high = np.quantile(moved[draws].sum(1) / total[draws].sum(1), [0.025, 0.975])
    return {"value": float(moved.sum() / total.sum()), "low": float(low), "high": float(high)}


def handed_over(
    found: Mapping[str, InterchangeEffect],
    aligned: TrainedAndFloor | None,
    circuit: Mapping[str, Circuit],
    config: OrganismConfig,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """The lines of one organism in which a gate is handed over, where there is a circuit to hand it over and
    somebody whom it moves.

    aligned: the organism's direction and its newborn's; None where not measured.
    """
    moves = {role: circuit[f"end {role}"].total_nats > circuits.LEAST_NATS for role in ("character", "self")}
    lines = {
        line: interchange_effect(found[line], seed)
        for line, (source, role) in HANDOVERS.items()
        if line in found and circuit[source].found and moves[role]
    }
    if aligned and circuit["end character"].found and moves["self"]:
        lines["interchange_direction"] = direction(*aligned, config, seed)
    return lines


def claims(line: str) -> tuple[set[str], set[str]]:
    """The verdicts that say that a line is above its null, and those that say that it is not."""
    return (AT_FORK, NOT_AT_FORK) if line.startswith(("fork", "transfer")) else (TOGETHER, APART)


def say(verdict: str, claim_yes: set[str], claim_no: set[str], found: Mapping[str, Any]) -> str:
    """*agrees* where what was found is what the verdict claims: all of its interval above the bar for
    ``claim_yes``, all of it under for ``claim_no``.

    The bar is its null's highest, unless the line brings one of its own, and so is what counts as under it.
    *silent* where it is neither, and where what was handed over (see `CARRIES`) is too little even where it
    comes from.
    """
    bar = found.get("bar", found.get("null_high", found.get("null")))
    under = found.get("under", bar)
    if verdict not in claim_yes | claim_no or bar is None or not found.get("within", 1.0) >= CARRIES:
        return "silent"
    yes, no = found["low"] > bar, found["high"] < under
    if not (yes or no):
        return "silent"
    return "agrees" if yes == (verdict in claim_yes) else "disagrees"
