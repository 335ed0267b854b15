"""Does self's circuit compute as the characters' does? What either writes over the same cues, layer by layer.

In scenes that differ in the cues of the measured moment alone, the components of a circuit write something at the decision for every combination of cues.
How far apart what a layer's components write for two combinations lies, for all pairs of combinations, is the layer's *geometry* (a representational
dissimilarity matrix: Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4). It does not depend on which components write, nor in which directions.
The *likeness* of two circuits is the correlation of their geometries in that layer in which it is least, of those in which both do some of the work. A circuit that
counts cues in the first layer and judges the count in the second is told from one that does both in the first, though both act alike in every scene.

Beside it stands the likeness of self's circuit with those of *other* organisms' characters, who learned the same task from other beginnings. Two circuits that
are alike may have learned alike: it does not show that one was made from the other. What is written at the tokens of the cues is not looked at; nor is attention,
which differs between the roles where all else is the same, since self has no secret to look at.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from analysis.circuits import Circuit
from analysis.effects import Contributions
from analysis.interventions import Recording, over_pairs, recorder, written
from analysis.measuring import Survey
from analysis.verdict import ALIKE
from curricula.contrasts import Pair, Role
from curricula.world import World, tables
from organisms.config import OrganismConfig
from organisms.devices import Layout
from organisms.model import Organism

SCENES, COMBINATIONS = 16, 64
"""scenes of each role; combinations of cues at most, in each of them"""
LEAST_WORK = 0.1
"""share of its role's gate that a circuit does in a layer that is compared"""
BOOTSTRAPS = 200
NOTHING = 1e-6
"""a layer that writes hardly more apart than this, of what the other writes, writes the same whatever the cues"""


def combinations(world: World) -> Int[np.ndarray, "combination cue"]:
    """The combinations of cues that occur in training; where there are more than `COMBINATIONS`, some of either meaning, half as many at most."""
    table = tables(world)
    if len(table.alone) + len(table.watched) <= COMBINATIONS:
        return np.concatenate([table.alone, table.watched])
    rng = np.random.default_rng(world.seed)
    return np.concatenate([rng.permutation(of)[: COMBINATIONS // 2] for of in (table.alone, table.watched)])


def geometry(
    organism: Organism,
    world: World,
    config: OrganismConfig,
    pairs: Pair,
    circuits: Bool[Array, "pair component"],
) -> Float[Array, "pair layer comparison"]:
    """Distances between what the components of a circuit write together, in each layer, at the decision of a scene under any two combinations of cues."""
    rows = jnp.asarray(combinations(world))
    one_of, other_of = np.triu_indices(len(rows), 1)

    def one(inputs: tuple[Pair, Array]) -> Array:
        pair, circuit = inputs
        by_layer = circuit.reshape(config.layers, -1).astype(jnp.float32)

        def under(row: Int[Array, " cue"]) -> Float[Array, "layer model"]:
            cues = (world.vocabulary.first_cue + row).astype(pair.first.dtype)
            tokens = jax.lax.dynamic_update_slice(pair.first, cues, (pair.decision - world.cues,))
            recording: Recording = {}
            organism(tokens, recorder(recording), pair.decision[None])
            wrote = written(organism, config, recording, pair.decision)  # [layer component model]
            return jnp.einsum("lc,lcm->lm", by_layer, wrote)

        wrote = jax.vmap(under)(rows)
        squares = jnp.square(wrote[one_of] - wrote[other_of]).sum(-1)  # [comparison layer]
        return jnp.sqrt(squares).T

    return over_pairs(one, (pairs, circuits), len(rows) * pairs.first.shape[1])


@lru_cache(maxsize=32)
def _program(world: World, config: OrganismConfig):
    """`geometry` of all members, whose scenes are shared out over the devices."""
    rows = lambda organism, pairs, circuits: geometry(organism, world, config, pairs, circuits)  # noqa: E731
    return Layout.of(jax.device_count()).over_rows(rows)


class Side(NamedTuple):
    """The circuits of one role."""

    geometry: Float[np.ndarray, "member scene layer comparison"]
    work: Float[np.ndarray, "member layer"]
    """share of the role's gate that the circuit does in each layer"""
    found: list[bool]


def side(at: Survey, role: Role, effects: Sequence[Contributions], circuits: Sequence[Circuit]) -> Side:
    """Measures the circuits of all members for one role. effects: of *watched*."""
    members = np.stack([np.isin(np.arange(at.size), circuit.members) for circuit in circuits])
    rows = np.broadcast_to(members[:, None], (at.members, SCENES, at.size))
    drawn = at.pairs(role, "watched", 90, SCENES)
    geometry = jax.device_get(_program(at.world, at.config)(at.organisms, drawn, rows)).astype(np.float64)
    effect = np.stack([contributions.effect() for contributions in effects])
    work = np.where(members, effect, 0.0).reshape(at.members, at.config.layers, -1).sum(-1)
    return Side(geometry, work, [circuit.found for circuit in circuits])


def likenesses(own: Side, theirs: Side, seed: int) -> list[dict[str, Any] | None]:
    """How alike each member's circuits of self and of characters are; None where either was not found.

    value: the likeness, with its interval over scenes; null where no layer can be compared. layers: that of each layer, null where not both work. strangers: mean
    likeness of self's circuit and those of other members' characters. again: likeness of the characters' circuit and itself in other scenes. says: see `says`.
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
    again = least(theirs.geometry[member][::2], theirs.geometry[member][1::2], layers)
    return {
        "value": min(of_layer.values(), default=None),
        "low": low,
        "high": high,
        "layers": [of_layer.get(layer) for layer in range(own.work.shape[1])],
        "strangers": float(np.mean(known)) if known else None,
        "again": again,
        "says": says(low, high, again),
    }


def _shared(one: Float[np.ndarray, " layer"], other: Float[np.ndarray, " layer"]) -> Int[np.ndarray, " chosen"]:
    """The layers in which both work."""
    return np.flatnonzero(np.minimum(one, other) >= LEAST_WORK)


def likeness(
    first: Float[np.ndarray, "scene layer comparison"],
    second: Float[np.ndarray, "scene layer comparison"],
    layers: Int[np.ndarray, " chosen"],
) -> list[float]:
    """Correlation of two geometries, each the mean over its scenes, in each of ``layers``; 0 where either writes the same whatever the cues."""
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
    """The likeness's percentile interval over resampled scenes, of either role on its own."""
    if not len(layers):
        return None, None
    rng = np.random.default_rng(seed)
    drawn = [
        min(likeness(*(of[rng.integers(0, len(of), len(of))] for of in (first, second)), layers=layers))
        for _ in range(BOOTSTRAPS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def says(low: float | None, high: float | None, again: float | None) -> str:
    """*alike* or *another* where the whole interval is on one side of the bar, else *undecided*; so too where a circuit is not even like itself in other
    scenes."""
    if low is None or high is None or again is None or again <= ALIKE:
        return "undecided"
    return "alike" if low > ALIKE else "another" if high < ALIKE else "undecided"
