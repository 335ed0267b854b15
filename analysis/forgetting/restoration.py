"""Restoration of a lost mode by patching from the ancestor: which part of it went, the judgement of being
alone, the goal that it is for, or what makes an act of the two?

An organism that lost its mode runs scenes in which self is alone. Activations of its ancestor (the organism
as disuse began) in the very same scene are patched in:

- *gate*: what the components of the ancestor's gate write over the cues and the actor's token, their output
weights included. They are the smallest set that hands over nearly all of self's gate from one scene of self
to another (`analysis.patching.interchange.gate_sets`);
- *content*: the residual stream over self's entry in the cast at every layer, and the embedding of its name
where it acts: where self's goal can stand;
- *readout*: the rest.

Measured is the rate of acting on the secret, as a share of what was lost. Gate and content are two players
whose Shapley values are given; what both together do not restore is the readout's.

It does *not* show that a part is unreadable, only that its output no longer does its work. Nor does it wholly
separate gate from content: self's secret is one goal, so a component that writes it hands the gate over as
well, and counts as gate; a goal that stands in neither place counts as readout. Two rates that need no patch
stand beside it: how often self, when alone, still leaves its profession (the gate opens, whatever it leads
to), and how often it still names its secret in reply to a question (the content can be reported, which was
never trained).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import CHOOSING_PAIRS, cross_role_pairs, gate_sets
from analysis.patching.interventions import record
from analysis.probes.belief import answers
from curricula.world.contrasts import Pair, PairSource, sample_pairs, window
from curricula.world.scenes import trained_support
from curricula.world.vocabulary import SELF
from curricula.world.world import World
from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site, by_head_and_neuron
from organisms.model.transformer import Organism

RESTORATION_PAIRS, QUESTIONS = 64, 128
"""scenes behind every rate, of acts and of answers"""
LEAST_LOST = 0.2
"""smallest loss of the rate that is divided among parts"""
NAMES_SECRET = "self_wants_secret"
"""answer in which self names its secret (`analysis.probes.belief`)"""


class GatedAncestors(NamedTuple):
    """Organisms [row, ...] as disuse began, with the components of their gates for self."""

    organisms: Organism
    config: RunConfig
    secret_goals: Int[np.ndarray, " row"]
    gates: Bool[np.ndarray, "row component"]

    @classmethod
    def locate(
        cls, organisms: Organism, config: RunConfig, secret_goals: Int[np.ndarray, " row"], seed: int
    ) -> "GatedAncestors":
        """Finds the gate of each organism. seed: of the pairs of scenes behind the choice."""
        measurer = CheckpointMeasurer(organisms, config, secret_goals, seed)
        scenes = cross_role_pairs(
            measurer.world,
            measurer.member_keys(AnalysisStream.SELF_GATE),
            measurer.secret_goals,
            CHOOSING_PAIRS,
        )
        effects = measurer.shapley_effects("self", "watched")
        pairs = scenes.scene_pairs("self", "self")
        gates = gate_sets(organisms, measurer.world, measurer.config, pairs, effects)
        return cls(organisms, config, np.asarray(secret_goals), gates)

    def take(self, rows: Sequence[int]) -> "GatedAncestors":
        """Some of them, in that order."""
        chosen = np.asarray(rows, int)
        organisms = jax.tree.map(lambda leaf: leaf[chosen], self.organisms)
        return self._replace(
            organisms=organisms, secret_goals=self.secret_goals[chosen], gates=self.gates[chosen]
        )


class RestoredParts(NamedTuple):
    """What is patched in from the ancestor."""

    gate: Bool[Array, " component"]
    """components whose writes are the ancestor's"""
    content: Bool[Array, ""]
    """whether the content is the ancestor's"""


@dataclass(frozen=True)
class RestoredRates:
    """Rates of acting on the secret when alone, fractions from 0 to 1."""

    current: float
    """with no patch"""
    with_gate: float
    with_content: float
    with_both: float
    ancestor: float


@dataclass(frozen=True)
class RestorationShares:
    """Each part's share of the lost rate; None where less than `LEAST_LOST` was lost."""

    gate: float | None = None
    content: float | None = None
    readout: float | None = None


@dataclass(frozen=True)
class Restoration:
    """What patching from its ancestor restores in one organism."""

    rates: RestoredRates
    shares: RestorationShares
    leaves_profession: float
    """rate, with no patch, of acts of self alone that are not its profession's"""
    names_secret: float
    """rate, with no patch, of answers in which self names its secret"""


def restored_logits(
    current: Organism,
    ancestor: Organism,
    world: World,
    config: OrganismConfig,
    pair: Pair,
    parts: RestoredParts,
) -> Float[Array, " vocabulary"]:
    """Logits at the decision of a pair's second scene, in which self is alone, with parts of the ancestor
    patched in."""
    tokens, decision = pair.second, pair.decision
    place = jnp.arange(world.positions)
    entry = (place - 1) // 3
    in_cast = (place >= 1) & (place <= world.cast_tokens)
    is_self = tokens[jnp.clip(1 + 3 * entry, 0, world.positions - 1)] == SELF
    self_entry = in_cast & is_self & parts.content
    stretch = window(world, "watched")
    assert stretch is not None
    near = (place <= decision) & (place > decision - stretch)
    gate = parts.gate.reshape(config.layers, -1)
    _, recording = record(ancestor, tokens)

    def patch_parts(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        if site.name == "embedding":
            is_actor = (place == decision - world.actor_before_decision) & world.self_acts_named
            actor_name = (is_actor & parts.content)[:, None]
            return jnp.where(actor_name, recording[site], activation)
        if site.name == "residual":
            return jnp.where(self_entry[:, None], recording[site], activation)
        chosen = broadcast_to_site(config, gate, site)
        if chosen is None:
            return activation
        return jnp.where(chosen & near[:, None], recording[site], activation)

    tap: Tap = patch_parts
    return _with_output_weights(current, ancestor, config, gate)(tokens, tap)[decision]


def _with_output_weights(
    current: Organism, ancestor: Organism, config: OrganismConfig, gate: Bool[Array, "layer component"]
) -> Organism:
    """The organism with the ancestor's output weights for the components of the gate."""
    clone = nnx.clone(current)
    heads, neurons = by_head_and_neuron(config, gate)
    clone.output[...] = jnp.where(heads[:, :, None, None], ancestor.output[...], current.output[...])
    clone.out_of_neurons[...] = jnp.where(
        neurons[:, :, None], ancestor.out_of_neurons[...], current.out_of_neurons[...]
    )
    return clone


class _RowRates(NamedTuple):
    secret: Float[Array, "*row 5"]
    """in the order of `RestoredRates`"""
    leaves_profession: Float[Array, "*row"]
    names_secret: Float[Array, "*row"]


@program_cache(maxsize=8)
def _program(world: World, config: OrganismConfig, rows: int):
    support = trained_support(world)
    combinations = jnp.array([[False, False], [True, False], [False, True], [True, True]])  # [gate content]

    def measure_row(
        current: Organism,
        ancestor: Organism,
        secret_goal: Int[Array, ""],
        gate: Bool[Array, " component"],
        key: Key[Array, ""],
    ) -> _RowRates:
        pairs = sample_pairs(
            key, PairSource(world, support, secret_goal), "self", "watched", RESTORATION_PAIRS
        )

        def acts_in(pair: Pair) -> Int[Array, " 5"]:
            def logits_with(restored: Bool[Array, " 2"]) -> Float[Array, " vocabulary"]:
                parts = RestoredParts(gate & restored[0], restored[1])
                return restored_logits(current, ancestor, world, config, pair, parts)

            ancestor_act = ancestor(pair.second)[pair.decision].argmax(-1)
            return jnp.concatenate([jax.vmap(logits_with)(combinations).argmax(-1), ancestor_act[None]])

        acts = jax.lax.map(acts_in, pairs, batch_size=8)  # [pair 5]
        beliefs = answers(current, world, secret_goal, jax.random.fold_in(key, 1), QUESTIONS)
        return _RowRates(
            (acts == pairs.second_answer[:, None]).mean(0),
            (acts[:, 0] != pairs.first_answer).mean(),
            beliefs[NAMES_SECRET],
        )

    return Layout.of(rows).over_members(measure_row, options=TO_MEASURE)


def restorations(current: Organism, ancestors: GatedAncestors, seed: int = 1) -> list[Restoration]:
    """What patching restores in each row: rates when alone with the ancestor's gate, its content, and both,
    and each part's share of what was lost.

    current: organisms [row, ...], each beside its ancestor.
    """
    amount = len(ancestors.secret_goals)
    program = _program(ancestors.config.curriculum.world, ancestors.config.organism, amount)
    keys = jax.random.split(jax.random.key(seed), amount)
    with jax.default_matmul_precision("highest"):
        measured = fetch(program(current, ancestors.organisms, ancestors.secret_goals, ancestors.gates, keys))
    restored = []
    for secret, leaves, names in zip(*measured, strict=True):
        rates = RestoredRates(*map(float, secret))
        restored.append(Restoration(rates, restoration_shares(rates), float(leaves), float(names)))
    return restored


def restoration_shares(rates: RestoredRates) -> RestorationShares:
    """Shapley values of gate and content, and the readout's remainder, as shares of the lost rate.

    ``restoration_shares(RestoredRates(0, 0.5, 0, 1, 1))`` gives the gate 0.75, the content 0.25 and the
    readout nothing.
    """
    lost = rates.ancestor - rates.current
    if lost < LEAST_LOST:
        return RestorationShares()
    gate = (rates.with_gate - rates.current + rates.with_both - rates.with_content) / 2 / lost
    content = (rates.with_content - rates.current + rates.with_both - rates.with_gate) / 2 / lost
    return RestorationShares(gate, content, (rates.ancestor - rates.with_both) / lost)
