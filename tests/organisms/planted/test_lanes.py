"""Does routing keep a lane out of what it does not own, and does nothing else change?"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.catalogue.registry import curriculum
from curricula.pressures.routing import Routing
from curricula.world.mixture import Mixture
from curricula.world.scenes import (
    scene_from_uniforms,
    trained_support,
    uniforms_per_scene,
    with_other_cues,
    write_scene,
)
from curricula.world.tables import tables
from curricula.world.world import World
from organisms.model.config import ORGANISMS
from organisms.model.sites import Site, identity
from organisms.model.transformer import Organism
from organisms.planted.lanes import (
    ComponentSwap,
    Owners,
    exchange_lanes,
    goal_rank,
    graft_lanes,
    lane_a,
    lane_a_goal_share,
    route_scenes,
    swap_components,
)

pytestmark = pytest.mark.slow

CONFIG = ORGANISMS["tiny"]
WORLD = curriculum("shared", "tiny").world
SIZE = CONFIG.layers * (CONFIG.heads + CONFIG.neuron_blocks)
HALF = 6
RING = np.roll(np.arange(2 * HALF), HALF)


@jax.jit
def lanes_of(seed, members):
    return jax.vmap(lambda member: lane_a(seed, member, jnp.int32(0), CONFIG))(members)


@pytest.fixture(scope="module")
@jax.jit
def organism():
    return Organism(CONFIG, WORLD.vocabulary.size, WORLD.positions, jax.random.key(1))


@pytest.fixture(scope="module")
def lane():
    return lanes_of(3, np.int32([1]))[0]


@pytest.fixture(scope="module")
@jax.jit
def scenes():
    """Twelve scenes, the second six with the casts and actors of the first and other cues."""
    numbers = with_other_cues(
        jax.random.uniform(jax.random.key(2), (2 * HALF, uniforms_per_scene(WORLD))), WORLD
    )
    mixture = Mixture.all_scheming(self_scenes=0.5, beside_self=0.0)
    one = lambda u: scene_from_uniforms(u, WORLD, trained_support(WORLD), mixture, jnp.int32(0))  # noqa: E731
    latents = jax.vmap(one)(numbers)
    return latents, jax.vmap(lambda one: write_scene(WORLD, one, mixture).tokens)(latents)


@jax.jit
def logits_of(organism, tokens, swap=None):
    tap = identity if swap is None else swap_components(CONFIG, swap, identity)
    return organism(tokens, tap, jnp.asarray(WORLD.decisions))


routed = jax.jit(route_scenes)


def owners(**settings):
    return Owners.of(Routing(**{name: float(value) for name, value in settings.items()}))


def some_numbers(scenes):
    return np.float32(np.random.default_rng(0).uniform(size=(scenes, 2 + SIZE)))


def whole_lanes(numbers):
    """Numbers by which no component keeps its own activations when its lane is swapped."""
    return np.concatenate([numbers[:, :2], np.ones_like(numbers[:, 2:])], 1)


def test_lanes_are_halves_of_every_kind_in_every_layer_drawn_for_each_organism():
    drawn = np.asarray(lanes_of(0, np.arange(40, dtype=np.int32)))
    by_layer = drawn.reshape(40, CONFIG.layers, -1)
    assert (by_layer[..., : CONFIG.heads].sum(-1) == CONFIG.heads // 2).all()
    assert (by_layer[..., CONFIG.heads :].sum(-1) == CONFIG.neuron_blocks // 2).all()
    assert len({tuple(row) for row in drawn.tolist()}) > 20
    assert (drawn.mean(0) > 0.2).all()
    assert (drawn.mean(0) < 0.8).all()


def test_the_second_half_differs_in_cues_alone(scenes):
    latents, _ = scenes
    for name in ("name", "professed", "secret", "actor", "shows"):
        first, second = np.split(np.asarray(getattr(latents, name)), 2)
        np.testing.assert_array_equal(first, second)
    first, second = np.split(np.asarray(latents.alone), 2)
    assert (first != second).any()


def test_a_scene_and_its_other_have_one_owner_and_only_those_that_donate_are_no_targets(lane):
    with_self = np.tile(np.arange(HALF) % 2 == 0, 2)
    numbers = some_numbers(HALF)
    owned = owners(characters=1, with_self=1, self_in_a=0, zeroed=0.5)
    swap, counts = routed(owned, lane, numbers, with_self, np.zeros(2 * HALF, np.float32))
    assert swap.zeroed is not None
    zeroed, may, counts = np.asarray(swap.zeroed), np.asarray(swap.usable), np.asarray(counts)
    np.testing.assert_array_equal(zeroed[:HALF], zeroed[HALF:])
    assert 0 < zeroed[:HALF].sum() < HALF
    assert counts[:HALF].all()
    np.testing.assert_array_equal(counts[HALF:], zeroed[HALF:])
    assert may[HALF:][~zeroed[HALF:]].all()
    own = np.where(np.asarray(with_self)[:HALF, None], ~np.asarray(lane), np.asarray(lane))
    # Silent scenes, and every second of the others, use their lane alone; in those left each component of the other lane has a coin of its own.
    by_coin = ~zeroed[:HALF] & (np.arange(HALF) % 2 == 0)
    np.testing.assert_array_equal(may[:HALF][~by_coin], own[~by_coin])
    assert may[:HALF][own].all()
    coins = np.asarray(numbers)[:, 2:] < 0.5
    np.testing.assert_array_equal(may[:HALF][by_coin], (own | coins)[by_coin])
    assert by_coin.any()


def test_where_a_coin_decides_the_other_lane_is_silent(lane):
    owned, nobody = owners(characters=0.8, characters_in_a=0.5, zeroed=0), np.zeros(128, np.float32)
    swap, counts = routed(owned, lane, some_numbers(64), nobody > 0, nobody)
    assert swap.zeroed is not None
    assert np.asarray(swap.zeroed).all()
    assert np.asarray(counts).all()
    share = np.asarray(swap.usable).mean(0)
    np.testing.assert_allclose(share, 0.6, atol=0.15)


def test_what_self_professes_decides_whose_turn_it_is(lane):
    """Half of self's goals are lane A's, and no coin is thrown: the lanes can know, so the other one is
    swapped."""
    numbers, self_rank = (
        whole_lanes(some_numbers(HALF)),
        np.tile(np.linspace(0.05, 0.95, HALF, dtype=np.float32), 2),
    )
    both = owners(characters=1, with_self=1, self_in_a=0.5, zeroed=0)
    swap, _ = routed(both, lane, numbers, np.ones(2 * HALF, bool), self_rank)
    assert swap.zeroed is not None
    assert not np.asarray(swap.zeroed).any()
    in_a = np.asarray(swap.usable)[:HALF][:, np.asarray(lane)].all(1)
    np.testing.assert_array_equal(in_a, np.asarray(self_rank)[:HALF] < 0.5)


ranks_of = jax.jit(goal_rank, static_argnums=0)


def test_goals_that_self_may_profess_stand_in_order_from_0_to_1():
    """Without those held out from it, and without its own secret where that is a constant."""
    goals, may = np.arange(6), tables(World()).allowed[-1]
    secret_goal = int(np.flatnonzero(may)[1])
    assert 3 < may.sum() < 6
    for world, allowed in ((World(), may & (np.arange(6) != secret_goal)), (World(self_secret="rule"), may)):
        amount = allowed.sum()
        ranks = np.asarray(ranks_of(world, goals, secret_goal))[allowed]
        np.testing.assert_allclose(ranks, (np.arange(amount) + 0.5) / amount, rtol=1e-6)


@lru_cache
def self_of(world, secret_goal):
    """Who of the casts of 2000 scenes is self, and the rank of what it professes in each."""

    @jax.jit
    def drawn():
        uniform = jax.random.uniform(jax.random.key(5), (2000, uniforms_per_scene(world)))
        with_self = Mixture.all_scheming(self_scenes=1.0, beside_self=0.0)
        latents = jax.vmap(
            lambda u: scene_from_uniforms(u, world, trained_support(world), with_self, jnp.int32(secret_goal))
        )(uniform)
        is_self = latents.name == world.names
        return is_self, jnp.where(is_self, goal_rank(world, latents.professed, secret_goal), 0).sum(-1)

    return jax.tree.map(np.asarray, drawn())


@pytest.mark.parametrize("self_in_a", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("world", [World(), World(goals=5), World(goals=9, held_out_pairs=0.0)])
def test_the_share_dealt_to_lane_a_is_that_of_the_scenes_it_owns(world, self_in_a):
    """It is counted in goals, and what is learned from is scenes: they agree, also where goals can not be
    divided so."""
    secret_goal = int(np.flatnonzero(tables(world).allowed[-1])[0])
    is_self, self_rank = self_of(world, secret_goal)
    assert np.asarray(is_self.sum(-1) == 1).all()
    numbers, lane = whole_lanes(np.zeros((1000, 2 + SIZE), np.float32)), np.arange(SIZE) < SIZE // 2
    owned = owners(with_self=1, self_in_a=self_in_a, zeroed=1)
    swap, _ = routed(owned, lane, numbers, np.ones(2000, bool), self_rank)
    owned = np.asarray(swap.usable)[:, 0] & ~np.asarray(swap.usable)[:, -1]
    dealt = lane_a_goal_share(world, self_in_a, secret_goal)
    assert abs(owned.mean() - dealt) < 0.04
    assert 0 < dealt < 1


def test_without_owners_every_scene_uses_everything(lane, organism, scenes):
    nobody = np.zeros(2 * HALF, np.float32)
    swap, counts = routed(owners(), lane, some_numbers(HALF), nobody > 0, nobody)
    assert np.asarray(counts).all()
    assert np.asarray(swap.usable).all()
    np.testing.assert_array_equal(logits_of(organism, scenes[1], swap), logits_of(organism, scenes[1]))


def test_a_silent_lane_makes_no_difference_whatever_its_weights(lane, organism, scenes):
    """Break the other lane's weights: what is said in scenes that it does not own stays the same to the
    bit."""
    may = np.broadcast_to(lane, (2 * HALF, SIZE))
    broken = graft_noise(organism, ~np.asarray(lane))
    for zeroed, same in ((True, True), (False, False)):
        swap = ComponentSwap(may, RING, np.full(2 * HALF, zeroed))
        equal = np.array_equal(logits_of(organism, scenes[1], swap), logits_of(broken, scenes[1], swap))
        assert equal == same


@jax.jit
def graft_noise(organism, lane):
    """The organism with other output weights in a lane's heads."""
    clone = jax.tree.map(lambda leaf: leaf, organism)
    heads = lane.reshape(CONFIG.layers, -1)[:, : CONFIG.heads, None, None]
    clone.output[...] = jnp.where(heads, clone.output[...] + 1.0, clone.output[...])
    return clone


def test_swapped_everywhere_a_scene_says_nothing_of_its_own_cues(organism, scenes):
    """Everything that could carry a cue to the decision comes from the donor, which runs as it is: other cues
    in the scene itself change nothing. Were the donor's activations taken from a run that is swapped too,
    they would."""
    _, tokens = scenes
    donates, tokens = np.arange(2 * HALF) >= HALF, np.asarray(tokens)
    swap = ComponentSwap(np.broadcast_to(donates[:, None], (2 * HALF, SIZE)), RING)
    cue = WORLD.vocabulary.first_cue
    is_cue = (tokens[:HALF] >= cue) & (tokens[:HALF] < cue + WORLD.cue_kinds)
    other = np.where(is_cue, cue + (tokens[:HALF] - cue + 1) % WORLD.cue_kinds, tokens[:HALF])
    changed = np.concatenate([other, tokens[HALF:]])
    said = lambda tokens, swap=None: np.asarray(logits_of(organism, tokens, swap))[:HALF]  # noqa: E731
    np.testing.assert_array_equal(said(tokens, swap), said(changed, swap))
    assert not np.array_equal(said(tokens), said(changed))
    both = swap._replace(usable=np.zeros((2 * HALF, SIZE), bool))
    assert not np.array_equal(said(tokens, both), said(changed, both))


def without_others(lane):
    """What all scenes do with a lane alone, all else zeroed."""
    may = np.broadcast_to(lane, (2 * HALF, SIZE))
    return ComponentSwap(may, np.arange(2 * HALF), np.ones(2 * HALF, bool))


def test_a_graft_does_what_lane_a_did_alone(lane, organism, scenes):
    """Both copies write half, so the organism says what it said with lane B zeroed; each component of B is
    one of A's."""
    swap, swapped = without_others(lane), without_others(~lane)
    grafted = jax.jit(graft_lanes, static_argnums=2)(organism, lane, CONFIG)
    np.testing.assert_allclose(logits_of(grafted, scenes[1]), logits_of(organism, scenes[1], swap), atol=1e-4)
    assert not np.allclose(logits_of(organism, scenes[1]), logits_of(organism, scenes[1], swap), atol=1e-2)
    np.testing.assert_allclose(
        logits_of(grafted, scenes[1], swapped), logits_of(grafted, scenes[1], swap), atol=1e-4
    )


def test_an_exchange_changes_places_and_nothing_that_is_said(lane, organism, scenes):
    """The organism says what it said; with lane B silent it now says what it said with A zeroed; and
    exchanged again it is what it was."""
    exchange = jax.jit(exchange_lanes, static_argnums=2)
    exchanged = exchange(organism, lane, CONFIG)
    np.testing.assert_allclose(logits_of(exchanged, scenes[1]), logits_of(organism, scenes[1]), atol=1e-5)
    zeroed = {"a": without_others(lane), "b": without_others(~lane)}
    np.testing.assert_allclose(
        logits_of(exchanged, scenes[1], zeroed["a"]), logits_of(organism, scenes[1], zeroed["b"]), atol=1e-5
    )
    assert not np.allclose(
        logits_of(organism, scenes[1], zeroed["a"]), logits_of(organism, scenes[1], zeroed["b"]), atol=1e-2
    )
    back = exchange(exchanged, lane, CONFIG)
    assert all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(back), jax.tree.leaves(organism), strict=True)
    )


def test_a_swap_leaves_other_sites_alone(lane):
    swap = ComponentSwap(jnp.zeros((4, SIZE), bool), jnp.asarray(np.roll(np.arange(4), 1)))
    tap = swap_components(CONFIG, swap, identity)
    value = jnp.asarray(np.arange(4.0)[:, None, None])
    np.testing.assert_array_equal(tap(Site(0, "residual"), value), value)
    neurons = jnp.asarray(np.tile(value, (1, 1, CONFIG.neurons)))
    assert not np.array_equal(jax.jit(lambda a: tap(Site(0, "neuron"), a))(neurons), value)
