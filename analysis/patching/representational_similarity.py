"""Does self's circuit compute as the characters' does? What either writes over the same cues, layer by layer.

In scenes that differ in the cues of the measured moment alone, the components of a circuit write something at
the decision for every combination of cues. How far apart what a layer's components write together lies for
two combinations, for all pairs of combinations, is the layer's *geometry* (a representational dissimilarity
matrix: Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4). It does not depend on which
components write, and stays as it is when all that they write is turned. The *likeness* of two circuits is the
correlation of their geometries in that layer in which it is least, of those in which both do some of the
work. In organisms that were looked at it was the first layer that made the difference: some write there how
many cues say *alone*, others whether all do, and from the second layer on all write the latter.

Beside it stands the likeness of self's circuit with those of *other* organisms' characters, who learned the
same task from other beginnings: where that is as high, being alike says nothing of where a circuit came from.
It is not judged in which layers the work is done; nor is what is written at the tokens of the cues, which
counts in the work that a layer does; nor attention, which differs between the roles where all else is the
same, since self has no secret to look at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.circuits import Circuit
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import Recording, over_pairs, recorder, written
from analysis.patching.shapley import Contributions
from analysis.provenance.verdict import ALIKE, LEAST_WORK
from curricula.world.contrasts import Pair, Role
from curricula.world.world import World, tables
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.training.devices import Layout

SCENES, COMBINATIONS = 16, 64
"""scenes of each role; combinations of cues at most, in each of them"""
BOOTSTRAPS = 200
NOTHING = 1e-6
"""a layer that writes hardly more apart than this, of what the other writes, writes the same whatever the
cues"""


def combinations(world: World) -> Int[np.ndarray, "combination cue"]:
    """The combinations of cues that occur in training; where there are more than `COMBINATIONS`, as many at
    most of each meaning that they have to characters and to self."""
    table, of_self = tables(world), tables(world, "self")
    rows = np.concatenate([table.alone, table.watched])
    if len(rows) <= COMBINATIONS:
        return rows
    alone, own = set(map(tuple, table.alone)), set(map(tuple, of_self.alone))
    means = np.array([2 * (tuple(row) in alone) + (tuple(row) in own) for row in rows])
    kinds, rng = np.unique(means), np.random.default_rng(world.seed)
    return np.concatenate(
        [rng.permutation(rows[means == kind])[: COMBINATIONS // len(kinds)] for kind in kinds]
    )


def geometry(
    organism: Organism,
    world: World,
    config: OrganismConfig,
    pairs: Pair,
    circuits: Bool[Array, "pair component"],
) -> Float[Array, "pair layer comparison"]:
    """Distances between what the components of a circuit write together, in each layer, at the decision of a
    scene under any two combinations of cues."""
    rows = jnp.asarray(combinations(world))
    one_of, other_of = np.triu_indices(len(rows), 1)

    def one(inputs: tuple[Pair, Array]) -> Array:
        pair, circuit = inputs
        by_layer = circuit.reshape(config.layers, -1).astype(jnp.float32)

        def under(row: Int[Array, " cue"]) -> Float[Array, "layer model"]:
            recording: Recording = {}
            organism(
                with_cues(pair.first, pair.decision, row, world), recorder(recording), pair.decision[None]
            )
            wrote = written(organism, config, recording, pair.decision)  # [layer component model]
            return jnp.einsum("lc,lcm->lm", by_layer, wrote)

        wrote = jax.vmap(under)(rows)
        squares = jnp.square(wrote[one_of] - wrote[other_of]).sum(-1)  # [comparison layer]
        return jnp.sqrt(squares).T

    return over_pairs(one, (pairs, circuits), len(rows) * pairs.first.shape[1])


def with_cues(
    tokens: Int[Array, " position"], decision: Int[Array, ""], row: Int[Array, " cue"], world: World
) -> Int[Array, " position"]:
    """A scene with other cues in the moment of a decision."""
    cues = (world.vocabulary.first_cue + row).astype(tokens.dtype)
    return jax.lax.dynamic_update_slice(tokens, cues, (decision - world.cues,))


@lru_cache(maxsize=32)
def _program(world: World, config: OrganismConfig):
    """`geometry` of all members, whose scenes are shared out over the devices."""
    rows = lambda organism, pairs, circuits: geometry(organism, world, config, pairs, circuits)  # noqa: E731
    return Layout.of(jax.device_count()).over_rows(rows)


@dataclass(frozen=True)
class CircuitSimilarity:
    """Representational similarity of one member's circuits of self and of characters."""

    value: float | None
    """correlation in the layer where it is least; None where no layer can be compared"""
    low: float | None
    """lower end of the 95 % interval over scenes"""
    high: float | None
    layers: tuple[float | None, ...]
    """correlation in each layer; None where the two circuits do not both work there"""
    with_other_members: float | None
    """mean similarity of self's circuit and those of other members' characters"""
    with_itself: float | None
    """similarity of a circuit and itself in other scenes, the lesser of the two roles'"""
    says: Literal["alike", "another", "undecided"]
    """do the two compute alike, or otherwise?"""


@dataclass(frozen=True)
class SimilarityResult:
    """Representational similarity of all members; None where either circuit was not found."""

    members: tuple[CircuitSimilarity | None, ...]


class Side(NamedTuple):
    """The circuits of one role."""

    geometry: Float[np.ndarray, "member scene layer comparison"]
    work: Float[np.ndarray, "member layer"]
    """share of the role's gate that the circuit does in each layer"""
    found: list[bool]


def side(
    at: CheckpointMeasurer, role: Role, effects: Sequence[Contributions], circuits: Sequence[Circuit]
) -> Side:
    """Measures the circuits of all members for one role. effects: of *watched*."""
    members = np.stack([np.isin(np.arange(at.component_count), circuit.members) for circuit in circuits])
    rows = np.broadcast_to(members[:, None], (at.members, SCENES, at.component_count))
    drawn = at.minimal_pairs(role, "watched", PairDraw.REPRESENTATIONAL_SIMILARITY, SCENES)
    geometry = jax.device_get(_program(at.world, at.config)(at.organisms, drawn, rows)).astype(np.float64)
    effect = np.stack([contributions.effect() for contributions in effects])
    work = np.where(members, effect, 0.0).reshape(at.members, at.config.layers, -1).sum(-1)
    return Side(geometry, work, [circuit.found for circuit in circuits])


def likenesses(own: Side, theirs: Side, seed: int) -> list[dict[str, Any] | None]:
    """How alike each member's circuits of self and of characters are; None where either was not found.

    value: the likeness, with its interval over scenes; null where no layer can be compared. layers: that of
    each layer, null where not both work. strangers: mean likeness of self's circuit and those of other
    members' characters. again: likeness of a circuit and itself in other scenes, the lesser of the two. says:
    see `says`.
    """
    members = range(len(own.work))
    return [
        _of_member(own, theirs, member, seed + member) if own.found[member] and theirs.found[member] else None
        for member in members
    ]


def _of_member(own: Side, theirs: Side, member: int, seed: int) -> dict[str, Any]:
    mine, layers = own.geometry[member], _shared(own.work[member], theirs.work[member])
    others = [n for n in range(len(own.work)) if n != member and theirs.found[n]]
    strangers = [least(mine, theirs.geometry[n], _shared(own.work[member], theirs.work[n])) for n in others]
    known = [value for value in strangers if value is not None]
    of_layer = dict(zip(layers.tolist(), likeness(mine, theirs.geometry[member], layers), strict=True))
    low, high = interval(mine, theirs.geometry[member], layers, seed)
    again = [least(of[::2], of[1::2], layers) for of in (mine, theirs.geometry[member])]
    itself = min((value for value in again if value is not None), default=None)
    return {
        "value": min(of_layer.values(), default=None),
        "low": low,
        "high": high,
        "layers": [of_layer.get(layer) for layer in range(own.work.shape[1])],
        "strangers": float(np.mean(known)) if known else None,
        "again": itself,
        "says": says(low, high, itself),
    }


def _shared(
    one: Float[np.ndarray, " layer"], other: Float[np.ndarray, " layer"]
) -> Int[np.ndarray, " chosen"]:
    """The layers in which both work."""
    return np.flatnonzero(np.minimum(one, other) >= LEAST_WORK)


def likeness(
    first: Float[np.ndarray, "scene layer comparison"],
    second: Float[np.ndarray, "scene layer comparison"],
    layers: Int[np.ndarray, " chosen"],
) -> list[float]:
    """Correlation of two geometries, each the mean over its scenes, in each of ``layers``; 0 where either
    writes the same whatever the cues."""
    found = []
    for layer in layers:
        a, b = first[:, layer].mean(0), second[:, layer].mean(0)
        steady = min(np.ptp(a), np.ptp(b)) <= NOTHING * max(np.abs(a).max(), np.abs(b).max(), NOTHING)
        found.append(0.0 if steady else float(np.corrcoef(a, b)[0, 1]))
    return found


def least(
    first: Float[np.ndarray, "scene layer comparison"],
    second: Float[np.ndarray, "scene layer comparison"],
    layers: Int[np.ndarray, " chosen"],
) -> float | None:
    """The likeness of two circuits; None where there is no layer to compare."""
    return min(likeness(first, second, layers), default=None)


def interval(
    first: Float[np.ndarray, "scene layer comparison"],
    second: Float[np.ndarray, "scene layer comparison"],
    layers: Int[np.ndarray, " chosen"],
    seed: int,
) -> tuple[float | None, float | None]:
    """The likeness's interval over resampled scenes, of either role on its own: the middle 0.95 of draws,
    moved so that their mean is the likeness (noise that is drawn anew is added again, which makes draws lower
    on average)."""
    if not len(layers):
        return None, None
    rng = np.random.default_rng(seed)
    drawn = [
        min(likeness(*(of[rng.integers(0, len(of), len(of))] for of in (first, second)), layers=layers))
        for _ in range(BOOTSTRAPS)
    ]
    moved = np.array(drawn) - np.mean(drawn) + min(likeness(first, second, layers))
    low, high = np.quantile(moved, [0.025, 0.975])
    return float(low), min(1.0, float(high))


def says(low: float | None, high: float | None, again: float | None) -> str:
    """*alike* or *another* where the whole interval is on one side of the bar, else *undecided*; so too where
    a circuit is not even like itself in other scenes."""
    if low is None or high is None or again is None or again <= ALIKE:
        return "undecided"
    return "alike" if low > ALIKE else "another" if high < ALIKE else "undecided"
