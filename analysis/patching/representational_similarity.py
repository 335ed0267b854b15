"""Representational similarity: does self's circuit compute as the characters' does, whoever writes it and in
whatever direction?

In scenes that differ in the cues of the measured moment alone, the components of a circuit write something at
the decision for every combination of cues. The distances between what a layer's components write together for
two combinations, for all pairs of combinations, are the layer's *dissimilarities* (a representational
dissimilarity matrix: Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4). They do not depend on
which components write, and stay the same when all that they write is rotated. The *similarity* of two
circuits is the correlation of their dissimilarities in the layer where it is least, of those in which both do
some of the work. In organisms that were looked at the first layer made the difference: some write there how
many cues mean *alone*, others whether all do. From the second layer on all write the latter.

Beside it stands the similarity of self's circuit with those of *other* organisms' characters, who learned the
same task from other initial weights. Where that is as high, similarity shows nothing of where a circuit came
from. It does not judge in which layers the work is done. Nor does it compare what is written at the tokens of
the cues, which counts in the work that a layer does, nor attention, which differs between the roles where all
else is the same, since self has no secret to attend to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.circuits import Circuit
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import Recording, over_pairs, recorder, written
from analysis.patching.shapley import Contributions
from analysis.thresholds import ALIKE, LEAST_WORK
from curricula.world.contrasts import Pair, Role
from curricula.world.tables import tables
from curricula.world.world import World
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

SCENES, COMBINATIONS = 16, 64
"""scenes of each role; combinations of cues at most, in each of them"""
BOOTSTRAPS = 200
CONSTANT = 1e-6
"""A layer whose dissimilarities vary by less than this, as a share of the largest of both circuits, writes
the same whatever the cues."""


def cue_combinations(world: World) -> Int[np.ndarray, "combination cue"]:
    """The combinations of cues that occur in training; where there are more than `COMBINATIONS`, as many at
    most of each meaning that they have to characters and to self."""
    table, self_table = tables(world), tables(world, "self")
    rows = np.concatenate([table.alone, table.watched])
    if len(rows) <= COMBINATIONS:
        return rows
    alone, self_alone = set(map(tuple, table.alone)), set(map(tuple, self_table.alone))
    meanings = np.array([2 * (tuple(row) in alone) + (tuple(row) in self_alone) for row in rows])
    kinds, rng = np.unique(meanings), np.random.default_rng(world.seed)
    return np.concatenate(
        [rng.permutation(rows[meanings == kind])[: COMBINATIONS // len(kinds)] for kind in kinds]
    )


def dissimilarities(
    organism: Organism,
    world: World,
    config: OrganismConfig,
    pairs: Pair,
    circuits: Bool[Array, "pair component"],
) -> Float[Array, "pair layer comparison"]:
    """Distances between what the components of a circuit write together, in each layer, at the decision of a
    scene under any two combinations of cues. The scene is the first of a pair."""
    rows = jnp.asarray(cue_combinations(world))
    first_rows, second_rows = np.triu_indices(len(rows), 1)

    def of_scene(inputs: tuple[Pair, Array]) -> Array:
        pair, circuit = inputs
        by_layer = circuit.reshape(config.layers, -1).astype(jnp.float32)

        def written_under(row: Int[Array, " cue"]) -> Float[Array, "layer model"]:
            recording: Recording = {}
            tokens = with_cues(pair.first, pair.decision, row, world)
            organism(tokens, recorder(recording), pair.decision[None])
            writes = written(organism, config, recording, pair.decision)  # [layer component model]
            return jnp.einsum("lc,lcm->lm", by_layer, writes)

        writes = jax.vmap(written_under)(rows)
        squares = jnp.square(writes[first_rows] - writes[second_rows]).sum(-1)  # [comparison layer]
        return jnp.sqrt(squares).T

    return over_pairs(of_scene, (pairs, circuits), len(rows) * pairs.first.shape[1])


def with_cues(
    tokens: Int[Array, " position"], decision: Int[Array, ""], row: Int[Array, " cue"], world: World
) -> Int[Array, " position"]:
    """A scene with other cues in the moment of a decision, each as its actor has it."""
    words, start = world.vocabulary, decision - world.cues_before_decision
    first_cue = words.first_cue
    if world.self_cues == "own":
        first_cue += jnp.where(tokens[start] >= first_cue + world.cue_kinds, world.cue_kinds, 0)
    cues = (first_cue + row).astype(tokens.dtype)
    tokens = jax.lax.dynamic_update_slice(tokens, cues, (start,))
    if world.self_acts_named:
        return tokens
    return tokens.at[decision].set(jnp.where(tokens[decision] >= words.first_cue, cues[-1], tokens[decision]))


@program_cache(maxsize=32)
def _program(world: World, config: OrganismConfig):
    """`dissimilarities` of all members, whose scenes are shared out over the devices."""
    rows = lambda organism, pairs, circuits: dissimilarities(organism, world, config, pairs, circuits)  # noqa: E731
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


class RoleDissimilarities(NamedTuple):
    """What the circuits of all members write for one role."""

    dissimilarities: Float[np.ndarray, "member scene layer comparison"]
    work: Float[np.ndarray, "member layer"]
    """share of the role's gate that the circuit does in each layer"""
    has_circuit: list[bool]


def role_dissimilarities(
    measurer: CheckpointMeasurer,
    role: Role,
    effects: Sequence[Contributions],
    circuits: Sequence[Circuit],
) -> RoleDissimilarities:
    """Measures the circuits of all members for one role. effects: of *watched*."""
    numbers = np.arange(measurer.component_count)
    masks = np.stack([np.isin(numbers, circuit.members) for circuit in circuits])
    rows = np.broadcast_to(masks[:, None], (measurer.members, SCENES, measurer.component_count))
    pairs = measurer.minimal_pairs(role, "watched", PairDraw.REPRESENTATIONAL_SIMILARITY, SCENES)
    program = _program(measurer.world, measurer.config)
    measured = jax.device_get(program(measurer.organisms, pairs, rows)).astype(np.float64)
    effect = np.stack([contributions.effect() for contributions in effects])
    by_layer = np.where(masks, effect, 0.0).reshape(measurer.members, measurer.config.layers, -1)
    return RoleDissimilarities(measured, by_layer.sum(-1), [circuit.found for circuit in circuits])


def circuit_similarities(
    of_self: RoleDissimilarities, characters: RoleDissimilarities, seed: int
) -> list[CircuitSimilarity | None]:
    """How similar each member's circuits of self and of characters are; None where either was not found."""
    both = np.logical_and(of_self.has_circuit, characters.has_circuit)
    return [
        _similarity_of_member(of_self, characters, member, seed + member) if both[member] else None
        for member in range(len(both))
    ]


def _similarity_of_member(
    of_self: RoleDissimilarities, characters: RoleDissimilarities, member: int, seed: int
) -> CircuitSimilarity:
    first, second = of_self.dissimilarities[member], characters.dissimilarities[member]
    layers = _shared_layers(of_self.work[member], characters.work[member])
    by_layer = dict(zip(layers.tolist(), similarity_by_layer(first, second, layers), strict=True))
    strangers = [n for n in range(len(of_self.work)) if n != member and characters.has_circuit[n]]
    with_strangers = [
        circuit_similarity(
            first, characters.dissimilarities[n], _shared_layers(of_self.work[member], characters.work[n])
        )
        for n in strangers
    ]
    compared = [value for value in with_strangers if value is not None]
    halves = [circuit_similarity(scenes[::2], scenes[1::2], layers) for scenes in (first, second)]
    with_itself = min((value for value in halves if value is not None), default=None)
    low, high = similarity_interval(first, second, layers, seed)
    return CircuitSimilarity(
        value=min(by_layer.values(), default=None),
        low=low,
        high=high,
        layers=tuple(by_layer.get(layer) for layer in range(of_self.work.shape[1])),
        with_other_members=float(np.mean(compared)) if compared else None,
        with_itself=with_itself,
        says=judged_similarity(low, high, with_itself),
    )


def _shared_layers(
    first_work: Float[np.ndarray, " layer"], second_work: Float[np.ndarray, " layer"]
) -> Int[np.ndarray, " chosen"]:
    """The layers in which both circuits work."""
    return np.flatnonzero(np.minimum(first_work, second_work) >= LEAST_WORK)


def similarity_by_layer(
    first: Float[np.ndarray, "scene layer comparison"],
    second: Float[np.ndarray, "scene layer comparison"],
    layers: Int[np.ndarray, " chosen"],
) -> list[float]:
    """Correlation of two circuits' dissimilarities, each the mean over its scenes, in each of ``layers``; 0
    where either writes the same whatever the cues."""
    correlations = []
    for layer in layers:
        a, b = first[:, layer].mean(0), second[:, layer].mean(0)
        constant = min(np.ptp(a), np.ptp(b)) <= CONSTANT * max(np.abs(a).max(), np.abs(b).max(), CONSTANT)
        correlations.append(0.0 if constant else float(np.corrcoef(a, b)[0, 1]))
    return correlations


def circuit_similarity(
    first: Float[np.ndarray, "scene layer comparison"],
    second: Float[np.ndarray, "scene layer comparison"],
    layers: Int[np.ndarray, " chosen"],
) -> float | None:
    """The least correlation over layers; None where there is no layer to compare."""
    return min(similarity_by_layer(first, second, layers), default=None)


def similarity_interval(
    first: Float[np.ndarray, "scene layer comparison"],
    second: Float[np.ndarray, "scene layer comparison"],
    layers: Int[np.ndarray, " chosen"],
    seed: int,
) -> tuple[float | None, float | None]:
    """Interval of a similarity over scenes, which are resampled for either role separately: the middle 0.95
    of draws, moved so that their mean is the similarity.

    A draw repeats scenes, so its noise averages out less, and it is lower on average.
    """
    if not len(layers):
        return None, None
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(BOOTSTRAPS):
        a, b = (scenes[rng.integers(0, len(scenes), len(scenes))] for scenes in (first, second))
        draws.append(min(similarity_by_layer(a, b, layers)))
    moved = np.array(draws) - np.mean(draws) + min(similarity_by_layer(first, second, layers))
    low, high = np.quantile(moved, [0.025, 0.975])
    return float(low), min(1.0, float(high))


def judged_similarity(
    low: float | None, high: float | None, with_itself: float | None
) -> Literal["alike", "another", "undecided"]:
    """*alike* or *another* where the whole interval is on one side of the bar, else *undecided*; so too where
    a circuit is not even similar to itself in other scenes."""
    if low is None or high is None or with_itself is None or with_itself <= ALIKE:
        return "undecided"
    return "alike" if low > ALIKE else "another" if high < ALIKE else "undecided"
