"""Interchange between roles: does the gate ("is anybody watching?") that one role's components compute drive
the other role, and back?

An interchange intervention (Geiger et al. 2021, arXiv 2106.02997) takes the outputs of a set of components
from a run in which one role acts (the donor) into a run in which the other does (the recipient), over the
cues and the actor's token. The two scenes have other casts and the same cues. An output carries more than the
gate, above all whose goals are meant. So what counts is the difference between taking it from the donor alone
and from the donor watched. It is averaged over the recipient watched and alone, in nats of the recipient's
logit difference, and divided by what the recipient's cues do: 1 where the set carries all of the gate, 0
where the recipient does not respond to it.

A circuit's core need not carry a gate over: where it holds the components that write the chosen goal, it
carries the donor's goal, which is neither of the recipient's answers. So the set is the part of the circuit's
ranking, cut at a size and at a layer, that moves most from one scene to another of the donor's role
(`gate_sets`), chosen on other scenes. How much that is (*within*) stands beside every number, with random
sets of the same size, layers and kinds.

It does not show that both roles *read* the cues with the same components: if self has readers that write
where the characters' do, the components that follow respond to either.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from analysis.patching import circuits
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interventions import over_pairs, patched_differences, run_sides
from analysis.patching.shapley import Contributions
from curricula.world.contrasts import CrossRolePair, Pair, PairSource, Role, sample_cross_role_pairs, window
from curricula.world.scenes import trained_support
from curricula.world.world import World
from organisms.ensemble.compiler_options import TO_DRAW
from organisms.ensemble.devices import Layout
from organisms.ensemble.program_cache import program_cache
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism

PAIRS, CHOOSING_PAIRS = 24, 12
"""minimal pairs that a set is measured on, and pairs that it is chosen on"""
ENOUGH = 0.95
"""share of the most that any candidate moves: the smallest set that reaches it is taken"""


class ScenePairs(NamedTuple):
    """Recipients' and donors' minimal pairs, one beside the other, at the same moment."""

    recipient: Pair
    donor: Pair


class CrossRoleScenes(NamedTuple):
    """Recipients' and donors' scenes, in which either role may act."""

    recipients: CrossRolePair
    donors: CrossRolePair

    def scene_pairs(self, recipient: Role, donor: Role) -> ScenePairs:
        """The pairs in which one role receives what the other gives."""
        return ScenePairs(_pair_of(self.recipients, recipient), _pair_of(self.donors, donor))


class Exchange(NamedTuple):
    """What sets of components, taken from other runs, do in nats a pair. As a share of the gate: sum(moved) /
    sum(total)."""

    moved: Float[np.ndarray, "*member pair set"]
    total: Float[np.ndarray, "*member pair"]
    """what the recipient's cues do"""

    def share(self) -> Float[np.ndarray, "*member set"]:
        """Share of the gate that each set carries, over all pairs; NaN where the recipient's cues do
        nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.moved.sum(-2) / self.total.sum(-1)[..., None]


class InterchangeEffect(NamedTuple):
    """How much of the gate a set of components carries to a recipient, and how much at home."""

    effect: Exchange
    """of the set, then of random ones, then of the circuit that it was chosen beside"""
    effect_within: Exchange
    """of these sets, from one scene of the donor's role to another"""
    gate_set: Bool[np.ndarray, "*member component"]


class RoleInterchange(NamedTuple):
    """What each role's components do to the other role."""

    interchange: InterchangeEffect
    """of characters' components on self"""
    interchange_reverse: InterchangeEffect
    """of self's components on characters"""


def exchange(
    recipient: Organism,
    donor: Organism,
    config: OrganismConfig,
    scenes: ScenePairs,
    masks: Bool[Array, "set component"],
    stretch: int,
) -> tuple[Float[Array, " set"], Float[Array, ""]]:
    """The fields of an `Exchange` for one pair: outputs of the donor's two runs in the recipient's two runs.

    stretch: number of tokens up to the decision over which outputs are taken (see
    `curricula.world.contrasts.window`). Where donor and recipient are one organism in the same scenes,
    everything moves the total, but for rounding. Nothing moves nothing anywhere.
    """
    receiving = run_sides(recipient, config, scenes.recipient, stretch)
    giving = run_sides(donor, config, scenes.donor, stretch)

    def one_run(sides: Int[Array, " 2"]) -> Float[Array, " set"]:
        donor = giving.side(sides[1]).outputs
        return patched_differences(
            recipient, config, scenes.recipient, receiving.side(sides[0]), donor, masks
        )

    differences = jax.lax.map(one_run, jnp.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    by_side = differences.reshape(2, 2, -1)  # [recipient donor set]
    return (by_side[:, 1] - by_side[:, 0]).mean(0), receiving.difference[1] - receiving.difference[0]


@program_cache(maxsize=32)
def _program(config: OrganismConfig, stretch: int):
    """`exchange` of all members, whose pairs are shared out over the devices."""

    def rows(organisms: tuple[Organism, Organism], scenes: ScenePairs, masks: Array) -> tuple[Array, Array]:
        recipient, donor = organisms

        def pair(inputs: tuple[ScenePairs, Array]) -> tuple[Array, Array]:
            return exchange(recipient, donor, config, *inputs, stretch=stretch)

        return over_pairs(pair, (scenes, masks), masks.shape[1] * stretch)

    return Layout.of(jax.device_count()).over_rows(rows)


def exchanges(
    recipients: Organism,
    donors: Organism,
    world: World,
    config: OrganismConfig,
    scenes: ScenePairs,
    masks: Bool[np.ndarray, "member set component"],
) -> Exchange:
    """`exchange` for all members: organisms [member, ...], scenes [member, pair, ...]."""
    pairs, stretch = scenes.recipient.decision.shape[1], window(world, "watched")
    assert stretch is not None
    rows = np.broadcast_to(masks[:, None], (len(masks), pairs, *masks.shape[1:]))
    measured = jax.device_get(_program(config, stretch)((recipients, donors), scenes, rows))
    return Exchange(*(part.astype(np.float64) for part in measured))


@program_cache(maxsize=32)
def _cross_role_program(world: World, pairs: int):
    support = trained_support(world)

    def draw_pairs(key: Key[Array, ""], secret_goal: Int[Array, ""]) -> tuple[CrossRolePair, CrossRolePair]:
        return sample_cross_role_pairs(key, PairSource(world, support, secret_goal), pairs)

    return jax.jit(jax.vmap(draw_pairs), compiler_options=dict(TO_DRAW))


def cross_role_pairs(
    world: World,
    keys: Key[Array, " member"],
    secret_goals: Int[np.ndarray, " member"] | Int[Array, " member"],
    pairs: int = PAIRS,
) -> CrossRoleScenes:
    """Recipients' and donors' cross-role pairs [member, pair, ...], drawn for each member from its key."""
    # One program for all amounts: the first of more pairs are those that fewer would be.
    drawn = jax.device_get(_cross_role_program(world, max(pairs, PAIRS))(keys, secret_goals))
    return CrossRoleScenes(*jax.tree.map(lambda leaf: leaf[:, :pairs], drawn))


def candidate_sets(
    config: OrganismConfig, effect: Float[np.ndarray, " component"]
) -> Bool[np.ndarray, "candidate component"]:
    """The top of the ranking by effect, at every size of a curve but none and all, without the components
    from some layer on; smallest first.

    There are as many for every ranking of one config. Some may be equal, and some empty.
    """
    rank = np.argsort(np.argsort(-np.nan_to_num(effect), kind="stable"))
    layer = np.arange(len(effect)) // (config.heads + config.neuron_blocks)
    tops = rank < circuits.curve_sizes(len(effect))[1:-1, None]
    sets = np.concatenate([tops & (layer < end) for end in range(1, config.layers + 1)])
    return sets[np.argsort(sets.sum(1), kind="stable")]


def gate_sets(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    scenes: ScenePairs,
    effects: Sequence[Contributions],
) -> Bool[np.ndarray, "member component"]:
    """The smallest candidate set of each member that moves nearly as much of the gate as any does, between
    two scenes of one role. effects: of each member, which rank its components."""
    masks = np.stack([candidate_sets(config, effect.effect()) for effect in effects])
    return first_that_suffices(organisms, world, config, scenes, masks)


def first_that_suffices(
    organisms: Organism,
    world: World,
    config: OrganismConfig,
    scenes: ScenePairs,
    masks: Bool[np.ndarray, "member candidate component"],
) -> Bool[np.ndarray, "member component"]:
    """The first candidate of each member that moves nearly as much of the gate as any does, between two scenes."""
    share = np.nan_to_num(exchanges(organisms, organisms, world, config, scenes, masks).share())
    first = (share >= ENOUGH * share.max(1, keepdims=True)).argmax(1)
    return masks[np.arange(len(masks)), first]


def compared_sets(
    config: OrganismConfig,
    gate_set: Bool[np.ndarray, "member component"],
    circuit: Sequence[Int[np.ndarray, "..."]],
    seed: int,
) -> Bool[np.ndarray, "member set component"]:
    """The sets of an `InterchangeEffect`. circuit: the components [chosen] of each member's circuit, which
    need not be as many."""
    drawn = np.stack([circuits.random_sets(config, np.flatnonzero(mask), seed) for mask in gate_set])
    whole = np.stack([np.isin(np.arange(gate_set.shape[1]), members) for members in circuit])
    return np.concatenate([drawn, whole[:, None]], axis=1)


def interchange_effects(
    measurer: CheckpointMeasurer,
    effects: Mapping[Role, Sequence[Contributions]],
    cores: Mapping[Role, Sequence[Int[np.ndarray, "..."]]],
) -> RoleInterchange:
    """What each role's components do to the other role. effects: of each member, by which its components are
    ranked. cores: of its circuits."""
    keys = measurer.split_member_keys(2, AnalysisStream.INTERCHANGE)
    organisms, world, config = measurer.organisms, measurer.world, measurer.config
    choosing, measuring = (
        cross_role_pairs(world, part, measurer.secret_goals, pairs)
        for part, pairs in zip(keys, (CHOOSING_PAIRS, PAIRS), strict=True)
    )

    def effect(donor: Role, recipient: Role) -> InterchangeEffect:
        chosen = gate_sets(organisms, world, config, choosing.scene_pairs(donor, donor), effects[donor])
        masks = compared_sets(config, chosen, cores[donor], measurer.seed)
        across, within = (
            exchanges(organisms, organisms, world, config, measuring.scene_pairs(role, donor), masks)
            for role in (recipient, donor)
        )
        return InterchangeEffect(across, within, chosen)

    return RoleInterchange(effect("character", "self"), effect("self", "character"))


def _pair_of(scenes: CrossRolePair, role: Role) -> Pair:
    return scenes.character_pair if role == "character" else scenes.self_pair
