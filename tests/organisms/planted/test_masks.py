"""Do masks keep a lane from a role in the weights themselves?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.catalogue.masked import HALVED, SELF_IN_B
from curricula.catalogue.registry import curriculum
from curricula.pressures.masking import Masking
from curricula.world.contrasts import PairSource, sample_pairs
from curricula.world.scenes import trained_support
from curricula.world.vocabulary import SELF
from organisms.model.config import ORGANISMS
from organisms.model.sites import Site
from organisms.model.transformer import Organism
from organisms.planted.lanes import lane_a
from organisms.planted.masks import FLAGS, LaneDimensions, Seals, mask_weights
from organisms.planted.silence import keep_components

pytestmark = pytest.mark.slow

CONFIG = ORGANISMS["tiny"]
WORLD = curriculum("shared", "tiny").world
LANE = np.asarray(lane_a(3, jnp.int32(1), jnp.int32(0), CONFIG))
HEADS = LANE.reshape(CONFIG.layers, -1)[:, : CONFIG.heads]
NEURONS = np.repeat(
    LANE.reshape(CONFIG.layers, -1)[:, CONFIG.heads :], CONFIG.neurons // CONFIG.neuron_blocks, axis=1
)


@pytest.fixture(scope="module")
@jax.jit
def drawn():
    """Random weights three times as large as at first, biases included: what is sealed has to be sealed against
    them."""
    born = Organism(CONFIG, WORLD.vocabulary.size, WORLD.positions, jax.random.key(1))
    leaves, shape = jax.tree.flatten(born)
    keys = jax.random.split(jax.random.key(2), len(leaves))
    noise = [jax.random.normal(key, leaf.shape) for key, leaf in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(
        shape, [3 * leaf + 0.3 * part for leaf, part in zip(leaves, noise, strict=True)]
    )


@partial(jax.jit, static_argnums=1)
def masked(organism, masking):
    return mask_weights(organism, jnp.asarray(LANE), Seals.of(masking), WORLD, CONFIG)


@partial(jax.jit, static_argnums=(0, 1))
def pairs_of(role, variable):
    source = PairSource(WORLD, trained_support(WORLD), jnp.int32(0))
    return sample_pairs(jax.random.key(5), source, role, variable, 16)


def recorded(organism, tokens):
    """Activations of every site in scenes [scene, position]."""

    @jax.jit
    def kept(organism, tokens):
        activations = {}

        def keep(site, activation):
            activations[site] = activation
            return activation

        organism(tokens, keep)
        return activations

    return jax.tree.map(np.asarray, kept(organism, tokens))


@pytest.mark.parametrize("role", ["self", "character"])
def test_what_a_sealed_lane_puts_out_is_the_same_in_every_scene(drawn, role):
    """At self's token lane A, at a name lane B: to the bit, whatever came before and at whatever position; the
    other lane's output is another one in every scene."""
    organism, pairs = masked(drawn, SELF_IN_B), pairs_of(role, "watched")
    sealed_heads, sealed_neurons = (HEADS, NEURONS) if role == "self" else (~HEADS, ~NEURONS)
    seen = recorded(organism, pairs.first)
    scene = np.arange(len(pairs.decision))
    for layer in range(CONFIG.layers):
        heads = seen[Site(layer, "head")][scene, :, np.asarray(pairs.decision)]  # [scene head width]
        neurons = seen[Site(layer, "neuron")][scene, np.asarray(pairs.decision)]
        assert np.ptp(heads[:, sealed_heads[layer]], axis=0).max() == 0
        assert np.ptp(heads[:, ~sealed_heads[layer]], axis=0).min() > 0
        assert (neurons[:, sealed_neurons[layer]] == 0).all()
        assert (neurons[:, ~sealed_neurons[layer]] != 0).any()


def test_no_lane_reads_what_the_other_writes(drawn):
    """By the weights: what any component of one lane writes, no component of the other one reads; save where lanes
    are halved, where A reads B. Neither reads or writes what is not its own beside flags."""
    for masking, a_reads_b in ((SELF_IN_B, False), (HALVED, True)):
        organism = masked(drawn, masking)
        written = np.concatenate([np.asarray(organism.output[...]).reshape(-1, CONFIG.width)])
        lane_of_row = np.repeat(HEADS.ravel(), CONFIG.head_width)
        written = np.concatenate(
            [written, np.asarray(organism.out_of_neurons[...]).reshape(-1, CONFIG.width)]
        )
        lane_of_row = np.concatenate([lane_of_row, NEURONS.ravel()])
        assert (written[:, -FLAGS:] == 0).all()
        reading = np.swapaxes(np.asarray(organism.into_neurons[...]), 1, 2).reshape(-1, CONFIG.width)
        in_a = NEURONS.ravel()
        for name in ("query", "key", "value"):
            by_head = np.swapaxes(np.asarray(getattr(organism, name)[...]), 2, 3).reshape(-1, CONFIG.width)
            reading = np.concatenate([reading, by_head])
            in_a = np.concatenate([in_a, np.repeat(HEADS.ravel(), CONFIG.head_width)])
        from_a, from_b = written[lane_of_row], written[~lane_of_row]
        assert (reading[~in_a] @ from_a.T == 0).all()
        assert (reading[in_a] @ from_b.T != 0).any() == a_reads_b
        assert (reading[in_a] @ from_a.T != 0).any()


def test_what_masks_hold_has_no_gradient_and_stays(drawn):
    """The gradient of any loss is exactly zero there, so that nothing of a masked weight is ever learned; and masks
    over masked weights change nothing."""
    pairs = pairs_of("self", "watched")

    def loss(organism):
        return (masked(organism, SELF_IN_B)(pairs.first) ** 2).mean()

    organism = masked(drawn, SELF_IN_B)
    held = jax.tree.map(
        lambda first, second: np.asarray(first == second),
        organism,
        masked(jax.tree.map(lambda leaf: leaf + 1.0, drawn), SELF_IN_B),
    )
    gradient = jax.jit(jax.grad(loss))(drawn)
    for is_held, slope in zip(jax.tree.leaves(held), jax.tree.leaves(gradient), strict=True):
        assert (np.asarray(slope)[is_held] == 0).all()
    amount = sum(int(is_held.sum()) for is_held in jax.tree.leaves(held))
    assert 0.3 < amount / sum(leaf.size for leaf in jax.tree.leaves(drawn)) < 0.7
    again = masked(organism, SELF_IN_B)
    for first, second in zip(jax.tree.leaves(organism), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(first, second)


def test_what_a_sealed_lane_does_at_selfs_token_can_not_be_learned(drawn):
    """From an act of self's no gradient reaches, at that token, what lane A's queries or neurons read, in any
    layer."""
    organism, pairs = masked(drawn, SELF_IN_B), pairs_of("self", "watched")
    scene, decision = np.arange(len(pairs.decision)), np.asarray(pairs.decision)

    def loss(shifts):
        def shifted(site, activation):
            if site.name == "query":
                return activation.at[scene, :, decision].add(shifts["query"][site.layer])
            return activation

        return organism(pairs.first, shifted)[scene, decision, np.asarray(pairs.first_answer)].sum()

    shifts = {"query": jnp.zeros((CONFIG.layers, len(scene), CONFIG.heads, CONFIG.head_width))}
    slope = np.abs(np.asarray(jax.jit(jax.grad(loss))(shifts)["query"])).max((1, 3))  # [layer head]
    assert (slope[HEADS] == 0).all()
    assert (slope[~HEADS] > 0).all()


def test_seals_are_felt_at_flagged_tokens_alone(drawn):
    """With and without seals the first layer does the same at every other token: the mean that the norm takes off
    is the same in all dimensions that hold flags."""
    tokens = pairs_of("self", "watched").first
    sealed = recorded(masked(drawn, Masking(masked=True, with_self="b")), tokens)
    free = recorded(masked(drawn, Masking(masked=True)), tokens)
    is_self = np.asarray(tokens) == SELF
    for name, axes in (("head", (1, 3)), ("neuron", (2,))):
        change = np.abs(sealed[Site(0, name)] - free[Site(0, name)]).max(axes)
        assert change[~is_self].max() < 1e-4
        assert change[is_self].max() > 0.1


@pytest.mark.parametrize(
    ("lane", "role", "variable"), [("a", "character", "watched"), ("b", "character", "secret")]
)
def test_halved_lanes_alone_do_not_know_the_half_of_the_other(drawn, lane, role, variable):
    """With B zeroed other cues change nothing, and with A zeroed no other goal does: not even through the layer
    norm. Together, they do."""
    organism, pairs = masked(drawn, HALVED), pairs_of(role, variable)
    alone = jnp.asarray(LANE if lane == "a" else ~LANE)
    scene, decision = np.arange(len(pairs.decision)), np.asarray(pairs.decision)

    @jax.jit
    def change(active):
        tap = keep_components(CONFIG, active)
        first, second = (organism(tokens, tap)[scene, decision] for tokens in (pairs.first, pairs.second))
        return jnp.abs(first - second).max()

    together = change(jnp.ones_like(alone))
    assert together > 1
    assert change(alone) < 1e-2 * together


def test_lanes_have_dimensions_of_their_own():
    for width in (32, 48, 64, 80):
        dimensions = LaneDimensions.of(CONFIG.__class__(width=width))
        assert not (dimensions.a & dimensions.b).any()
        assert dimensions.a.sum() == dimensions.b.sum() == (width - FLAGS) // 2
        assert dimensions.flags.sum() == FLAGS
        assert (dimensions.content & dimensions.a).sum() == (dimensions.content & dimensions.b).sum() > 3
