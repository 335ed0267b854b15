"""Lanes: which half of an organism may a scene use? Lanes are random halves of every layer's components, drawn for
each organism.

Routing (the pressure) zeroes the other lane, or swaps its activations for those of the same scene with other cues.
Gradients pass through the swap, so that the other lane learns not to respond to who is watched. What trials
showed: with the other lane swapped from the first step on, few organisms solve characters in time; zeroed, all
do, but the lane may still write something at the end. So lanes are learned zeroed and kept apart swapped. Where a
coin decides who owns a scene, neither lane can know when to write nothing: there the other one is zeroed
throughout. Swapped activations have to come from scenes that run unswapped: organisms learned to distinguish
activations of scenes that were swapped themselves, and to ignore those alone.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Curriculum
from curricula.pressures.routing import Routing
from curricula.world.tables import tables
from curricula.world.world import World
from organisms.ensemble.state import MemberStream, root_key
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, broadcast_to_site
from organisms.model.transformer import Organism


class Owners(NamedTuple):
    """Shares of scenes that one lane owns alone, as traced numbers; see
    `curricula.pressures.routing.Routing`."""

    character_a: Float[Array | np.ndarray, "*member"] | float
    character_b: Float[Array | np.ndarray, "*member"] | float
    self_a: Float[Array | np.ndarray, "*member"] | float
    self_b: Float[Array | np.ndarray, "*member"] | float
    zeroed: Float[Array | np.ndarray, "*member"] | float

    @classmethod
    def of(cls, routing: Routing) -> "Owners":
        characters, with_self = float(routing.characters), float(routing.with_self)
        return cls(
            characters * routing.characters_in_a,
            characters * (1 - routing.characters_in_a),
            with_self * routing.self_in_a,
            with_self * (1 - routing.self_in_a),
            routing.zeroed,
        )


def lane_a(
    seed: Int[Array, ""] | int, member: Int[Array, ""], attempt: Int[Array, ""], config: OrganismConfig
) -> Bool[Array, " component"]:
    """Which components are in lane A, in the order of `organisms.model.sites.components`: half of each
    layer's heads and of its blocks."""
    size = config.heads + config.neuron_blocks
    key = jax.random.fold_in(root_key(seed, member, attempt), MemberStream.LANES)
    uniforms = jax.random.uniform(key, (config.layers, size))
    rank = lambda part: part.argsort(axis=1).argsort(axis=1)  # noqa: E731
    heads = rank(uniforms[:, : config.heads]) < config.heads // 2
    blocks = rank(uniforms[:, config.heads :]) < config.neuron_blocks // 2
    return jnp.concatenate([heads, blocks], axis=1).ravel()


def new_half(
    seed: Int[Array, ""] | int,
    member: Int[Array, ""],
    attempt: Int[Array, ""],
    lane: Bool[Array, " component"],
    config: OrganismConfig,
) -> Bool[Array, " component"]:
    """Which components are in the new half of a parted lane B: half of its heads and of its blocks in each layer.

    lane: the components of lane A.
    """
    size = config.heads + config.neuron_blocks
    key = jax.random.fold_in(root_key(seed, member, attempt), MemberStream.NEW_HALF)
    uniforms = jnp.where(lane, 2.0, jax.random.uniform(key, lane.shape)).reshape(config.layers, size)
    rank = lambda part: part.argsort(axis=1).argsort(axis=1)  # noqa: E731
    heads = rank(uniforms[:, : config.heads]) < config.heads // 4
    blocks = rank(uniforms[:, config.heads :]) < config.neuron_blocks // 4
    return jnp.concatenate([heads, blocks], axis=1).ravel()


class NewHalf(NamedTuple):
    """The half of a parted lane B that serves no characters."""

    components: Bool[Array, " component"]
    share: Float[Array, ""] | float
    """of lane B's scenes with self, the share that it owns alone"""


def is_parted(curriculum: Curriculum) -> bool:
    """Is lane B divided in two in any phase?"""
    return any(phase.pressures[Routing].parted for phase in curriculum.phases)


class ComponentSwap(NamedTuple):
    """Which components of a scene are replaced, and by what."""

    usable: Bool[Array, "batch component"]
    """the components that a scene may use"""
    donor: Int[Array, " batch"]
    """the scene that the activations of the other components come from"""
    zeroed: Bool[Array, " batch"] | None = None
    """scenes in which these activations are zero instead"""


def swap_components(config: OrganismConfig, swap: ComponentSwap, tap: Tap) -> Tap:
    """Resample ablation: a tap that, after another tap, takes the activations of components that a scene may not
    use from its donor; zeros, in zeroed scenes."""
    by_layer = swap.usable.reshape(-1, config.layers, config.heads + config.neuron_blocks)

    def swapped(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation = tap(site, activation)
        usable = broadcast_to_site(config, by_layer, site)
        if usable is None:
            return activation
        replacement = activation[swap.donor]
        if swap.zeroed is not None:
            is_zeroed = jax.lax.expand_dims(swap.zeroed, range(1, activation.ndim))
            replacement = jnp.where(is_zeroed, 0.0, replacement)
        return jnp.where(usable, activation, replacement)

    return swapped


def route_scenes(
    owners: Owners,
    lane: Bool[Array, " component"],
    uniforms: Float[Array, "half 2+component"],
    with_self: Bool[Array, " batch"],
    self_rank: Float[Array, " batch"],
    new: NewHalf | None = None,
) -> tuple[ComponentSwap, Bool[Array, " batch"]]:
    """Who owns each scene of a batch whose second half has the scenes of the first with other cues, and which
    scenes are targets.

    A scene and its double have one owner. Where the other lane is swapped, the first takes its activations
    from the second, which runs unswapped and is no target; all of them in half of the scenes, and in the
    rest those of each component by a coin: else two components of the lane could write much that cancels.
    uniforms: from 0 to 1. self_rank: of scenes with self, a number from 0 to 1 (see `goal_rank`) that decides
    instead of a coin: it depends on what self professes, so that lanes that share self out between them can
    know which of them owns the scene. new: half of lane B, where that is parted; half of the scenes that would be
    swapped by coins then run whole where none is zeroed, and all of them where half are: without them what three parts
    write together went unchecked, and lane A moved self's act the wrong way, by a sixth of the gate.
    """
    half = len(uniforms)
    owner, coin = jnp.tile(uniforms[:, :2], (2, 1)).T
    owner = jnp.where(with_self, self_rank, owner)
    by_coin = ~with_self & (owners.character_a > 0) & (owners.character_b > 0)
    zeroed = by_coin | (coin < owners.zeroed)
    a_alone = jnp.where(with_self, owners.self_a, owners.character_a)
    b_alone = jnp.where(with_self, owners.self_b, owners.character_b)
    owned_by_a = owner < a_alone
    owned_by_b = ~owned_by_a & (owner < a_alone + b_alone)
    usable = jnp.where(lane, ~owned_by_b[:, None], ~owned_by_a[:, None])
    if new is not None:
        owned_by_new = owned_by_b & with_self & (owner >= a_alone + b_alone * (1 - new.share))
        of_spare_half = usable & ~(owned_by_new[:, None] & ~lane)
        usable = jnp.where(new.components, owned_by_new[:, None], of_spare_half)
    donates = (owned_by_a | owned_by_b) & ~zeroed & (jnp.arange(2 * half) >= half)
    share_usable = 0.5 if new is None else jnp.where(uniforms[:, 1:2] < 0.5, 0.5, 1.0)
    by_component = (
        jnp.tile(uniforms[:, 2:] < share_usable, (2, 1))
        & (jnp.arange(2 * half) % 2 == 0)[:, None]
        & ~zeroed[:, None]
    )
    return ComponentSwap(
        usable | donates[:, None] | by_component, jnp.roll(jnp.arange(2 * half), half), zeroed
    ), ~donates


def goal_rank(
    world: World, professed: Int[Array, "*batch"], secret_goal: Int[Array, ""] | int
) -> Float[Array, "*batch"]:
    """Where a goal that self professes stands among all that it may profess in training, from 0 to 1: the
    `self_rank` of `route_scenes`. secret_goal: see `curricula.world.rules.self_secret_goal`."""
    may = _may_profess(world, secret_goal)
    return ((may.cumsum() - 0.5) / may.sum())[professed]


def lane_a_goal_share(world: World, self_in_a: float, secret_goal: int) -> float:
    """Share of the goals that self may profess is lane A's: what was planted in one organism, to
    which `self_in_a` of few goals can only come near."""
    may = _may_profess(world, secret_goal)
    in_a = may & (goal_rank(world, jnp.arange(world.goals), secret_goal) < self_in_a)
    return int(in_a.sum()) / int(may.sum())


def _may_profess(world: World, secret_goal: Int[Array, ""] | int) -> Bool[Array, " goal"]:
    may = jnp.asarray(tables(world).allowed[-1])
    return may & (jnp.arange(world.goals) != secret_goal) if world.self_secret == "constant" else may


HEADS = ("query", "query_bias", "key", "key_bias", "value", "value_bias", "output")
"""parameters [layer, head, ...]"""


def graft_lanes(organism: Organism, lane: Bool[Array, " component"], config: OrganismConfig) -> Organism:
    """Lane A's components copied over lane B's of the same layer, both writing half of what A wrote: B's
    computation is gone, and the two together compute what A did. A head goes over a head, a block of neurons over a block.
    Lanes must be of equal size."""
    clone = _rearranged(organism, lane, config, _sources)
    clone.output[...] = clone.output[...] / 2
    clone.out_of_neurons[...] = clone.out_of_neurons[...] / 2
    return clone


def exchange_lanes(organism: Organism, lane: Bool[Array, " component"], config: OrganismConfig) -> Organism:
    """Each component of lane A in the place of the one of lane B of its layer and kind, and the reverse: the
    organism computes what it did. Lanes must be of equal size."""
    return _rearranged(organism, lane, config, _partners)


def _rearranged(
    organism: Organism,
    lane: Bool[Array, " component"],
    config: OrganismConfig,
    sources: Callable[[Array], Array],
) -> Organism:
    """The organism whose components are each that of another place of their layer and kind. sources: those
    places, given which of them are in lane A.

    Each parameter is gathered as a whole: with a layer written at a time into the array that is read, XLA's
    CPU compiler (jax 0.10) overwrote what it had yet to read, and exchanged components came out as copies.
    """
    by_layer = lane.reshape(config.layers, -1)
    wide = config.neurons // config.neuron_blocks
    heads = jax.vmap(sources)(by_layer[:, : config.heads])
    blocks = jax.vmap(sources)(by_layer[:, config.heads :])
    neurons = (blocks[..., None] * wide + jnp.arange(wide)).reshape(config.layers, -1)
    clone = nnx.clone(organism)

    def gather(name: str, places: Array, axis: int) -> None:
        parameter = getattr(clone, name)
        other_axes = [n for n in range(parameter.ndim) if n not in (0, axis)]
        parameter[...] = jnp.take_along_axis(parameter[...], jnp.expand_dims(places, other_axes), axis)

    for name in HEADS:
        gather(name, heads, 1)
    gather("into_neurons", neurons, 2)
    gather("neuron_bias", neurons, 1)
    gather("out_of_neurons", neurons, 1)
    return clone


def _sources(lane: Bool[Array, " component"]) -> Int[Array, " component"]:
    """For each component the one of lane A that it becomes: itself, or the one of equal rank."""
    order = jnp.argsort(~lane, stable=True)
    half = len(lane) // 2
    return jnp.zeros_like(order).at[order].set(jnp.concatenate([order[:half], order[:half]]))


def _partners(lane: Bool[Array, " component"]) -> Int[Array, " component"]:
    """For each component the one of equal rank in the other lane."""
    order = jnp.argsort(~lane, stable=True)
    return jnp.zeros_like(order).at[order].set(jnp.roll(order, len(lane) // 2))
