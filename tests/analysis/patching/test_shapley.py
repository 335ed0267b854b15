"""Are effects what their definitions say: Shapley values by brute force, single patches by the plain forward
pass?"""

from itertools import combinations
from math import factorial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from analysis.patching.shapley import (
    ORDERS,
    Contributions,
    patching_orders,
    shapley_values,
    single_patch_effects,
)
from curricula.world.contrasts import Pair
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.model.surgery import copy_head, pick
from organisms.model.transformer import Organism

FEW = OrganismConfig(layers=1, heads=2, width=8, neurons=8, neuron_blocks=2)
KEYS = [(0, "head", 0), (0, "head", 1), (0, "neurons", (0, 4)), (0, "neurons", (4, 8))]
PAIRS, DRAWS = 6, 100
run_shapley = jax.jit(shapley_values, static_argnums=1)
run_single = jax.jit(single_patch_effects, static_argnums=1)


@pytest.fixture(scope="module")
def few(world):
    """One organism of four components, stacked as an ensemble of one; its weights are 2.5 times as large as
    at birth.
    """
    born = jax.jit(jax.vmap(lambda k: Organism(FEW, world.vocabulary.size, world.positions, k)))
    return jax.tree.map(lambda leaf: 2.5 * leaf, born(jax.random.key(1)[None]))


@pytest.fixture(scope="module")
def values(few, pairs):
    """Nats [way, pair, set] that each of the 16 sets of components moves, from the plain forward pass. A set
    is its bits.
    """
    arrays = reference.member_arrays(to_arrays(few))
    found = np.zeros((2, PAIRS, 16))
    for n in range(PAIRS):
        sides = [np.asarray(pairs.first[n]), np.asarray(pairs.second[n])]
        givers = [reference.forward(arrays, side, blocks=2)[1] for side in sides]
        for way in (0, 1):
            for bits in range(16):
                donor = {key: givers[1 - way][key] for place, key in enumerate(KEYS) if bits >> place & 1}
                at = reference.forward(arrays, sides[way], donor)[0][pairs.decision[n]]
                found[way, n, bits] = (at[pairs.second_answer[n]] - at[pairs.first_answer[n]]) * (1 - 2 * way)
    return found - found[:, :, :1]


def brute_force(worth, size):
    """Shapley values from the worth of all sets, by the formula (Shapley 1953)."""
    found = np.zeros(size)
    for member in range(size):
        others = [n for n in range(size) if n != member]
        for amount in range(size):
            weight = factorial(amount) * factorial(size - amount - 1) / factorial(size)
            for chosen in combinations(others, amount):
                bits = sum(1 << n for n in chosen)
                found[member] += weight * (worth[bits | 1 << member] - worth[bits])
    return found


@pytest.fixture(scope="module")
def sampled(few, pairs):
    """Contributions [pair, draw, component] and totals [pair, draw], each pair with `DRAWS` draws of its
    orders."""
    repeated = jax.tree.map(lambda leaf: jnp.repeat(leaf, DRAWS, axis=0), pairs)
    found, totals = run_shapley(
        pick(few, 0), FEW, repeated, patching_orders(jax.random.split(jax.random.key(0), PAIRS * DRAWS), FEW)
    )
    return np.asarray(found, np.float64).reshape(PAIRS, DRAWS, 4), np.asarray(totals).reshape(PAIRS, DRAWS)


@pytest.mark.slow
def test_shapley_values_are_those_of_brute_force(sampled, values):
    """Averaged over both ways, within 4.5 standard errors of the sampling (`DRAWS` draws of ORDERS orders),
    none of which is large.
    """
    found, totals = sampled
    exact = np.array(
        [(brute_force(values[0, n], 4) + brute_force(values[1, n], 4)) / 2 for n in range(PAIRS)]
    )
    error = found.std(1, ddof=1) / np.sqrt(DRAWS)
    assert (np.abs(found.mean(1) - exact) <= 4.5 * error + 1e-4).all()
    assert error.max() < 0.05 * np.abs(exact).max()
    assert (np.abs(exact).max(0) > 0.02).all()
    np.testing.assert_allclose(exact.sum(1), values[0, :, 15], atol=1e-9)
    np.testing.assert_allclose(totals[:, 0], values[0, :, 15], atol=1e-4)


def test_one_way_alone_is_something_else(values):
    """Else the test above could not tell that both ways are taken."""
    ways = np.array([[brute_force(values[way, n], 4) for n in range(PAIRS)] for way in (0, 1)])
    assert np.abs(ways[0] - ways[1]).max() > 0.02


def test_contributions_sum_to_the_total(sampled):
    """Pair by pair, whatever the orders: marginal effects of one order telescope."""
    found, totals = sampled
    assert np.abs(totals).max() > 0.1
    np.testing.assert_allclose(found.sum(-1), totals, atol=1e-5 * np.abs(totals).max())


def test_half_of_the_orders_go_back():
    assert ORDERS % 4 == 0


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize("background", [0b0000, 0b0001, 0b0110])
def test_single_effects_are_those_of_the_plain_forward_pass(few, pairs, values, way, background):
    """Empty background: single patches. Otherwise: what a component adds to those already patched; 0 for
    these themselves.
    """
    mask = jnp.array([bool(background >> n & 1) for n in range(4)])
    found, totals = run_single(pick(few, 0), FEW, pairs, mask, bool(way))
    expected = np.stack(
        [values[way][:, background | 1 << n] - values[way][:, background] for n in range(4)], axis=1
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(totals, values[way][:, 15], atol=1e-4)
    assert (np.abs(expected).max(0)[~np.asarray(mask)] > 0.01).all()
    assert (np.asarray(found)[:, np.asarray(mask)] == 0).all()


WATCHED, ALONE, ACTOR, PROFESSED, SECRET = range(5)
HAND = OrganismConfig(layers=1, heads=2, width=8, neurons=2, neuron_blocks=1)


def by_hand() -> Organism:
    """Head 0 reads *alone* and writes so much that the norm after it hides how much; head 1 and the neurons
    do nothing.

    Two such heads are redundant: with either of them the final norm sees the same direction.
    """
    organism = jax.tree.map(jnp.zeros_like, Organism(HAND, 5, 2, jax.random.key(0)))
    spread = lambda place: jnp.zeros(8).at[2 * place].set(1).at[2 * place + 1].set(-1)  # noqa: E731
    organism.embedding[...] = jnp.stack([spread(0), spread(1), spread(2), jnp.zeros(8), jnp.zeros(8)])
    organism.value[...] = organism.value[...].at[0, 0, 2, 0].set(1.0)
    organism.output[...] = organism.output[...].at[0, 0, 0].set(100 * spread(3))
    organism.unembedding[...] = organism.unembedding[...].at[:, SECRET].set(spread(3))
    return organism


@pytest.fixture
def pair():
    one = Pair(*map(jnp.array, ([WATCHED, ACTOR], [ALONE, ACTOR], 1, PROFESSED, SECRET)))
    return jax.tree.map(lambda leaf: leaf[None], one)


@pytest.mark.slow
def test_redundant_heads_hide_each_other_and_latent_effects_show_them(pair):
    none, known = jnp.zeros(3, bool), jnp.array([True, False, False])
    alone, both = by_hand(), copy_head(by_hand(), 0, 0, 1)
    for organism, noising, background, expected in (
        (alone, True, none, [1, 0, 0]),
        (both, True, none, [0, 0, 0]),
        (both, False, none, [1, 1, 0]),
        (both, True, known, [0, 1, 0]),
    ):
        found, total = run_single(organism, HAND, pair, background, noising)
        assert total[0] > 3
        np.testing.assert_allclose(found[0] / total[0], expected, atol=0.01)


@pytest.mark.slow
def test_shapley_values_share_what_redundant_heads_hide(pair):
    found, total = run_shapley(
        copy_head(by_hand(), 0, 0, 1), HAND, pair, patching_orders(jax.random.key(0)[None], HAND)
    )
    np.testing.assert_allclose(found[0] / total[0], [0.5, 0.5, 0], atol=0.01)


def test_an_effect_is_a_ratio_of_sums():
    """(1 + 6) / (2 + 8), not the mean of 0.5 and 0.75; and of chosen pairs alone."""
    given = Contributions(np.array([[1.0, 1.0], [6.0, 2.0]]), np.array([2.0, 8.0]))
    np.testing.assert_allclose(given.effect(), [0.7, 0.3])
    np.testing.assert_allclose(given.effect(np.array([1, 1])), [0.75, 0.25])
    assert np.isnan(Contributions(np.ones((2, 3)), np.array([1.0, -1.0])).effect()).all()
