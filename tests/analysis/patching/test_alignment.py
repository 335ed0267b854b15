"""Is a direction of unit norm, does it leave alone all else, and does it tell what is shared from what is
not?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import READERS, SIZES, own_answers, wired

from analysis.patching.direction import align, halt, resume, swap, swapped
from analysis.patching.interchange import cross_role_pairs
from analysis.patching.interventions import difference
from organisms.model.sites import residual_sites
from organisms.model.surgery import pick
from organisms.model.transformer import Organism


def test_a_swap_leaves_all_that_is_orthogonal():
    numbers = np.random.default_rng(0)
    stream, donor, direction = (jnp.asarray(numbers.normal(size=16), jnp.float32) for _ in range(3))
    direction /= jnp.linalg.norm(direction)
    found = swap(direction, stream, donor)
    assert float(direction @ found) == pytest.approx(float(direction @ donor), abs=1e-5)
    across = np.linalg.svd(direction[None])[2][1:]
    np.testing.assert_allclose(across @ found, across @ stream, atol=1e-5)
    np.testing.assert_allclose(swap(direction, stream, stream), stream, atol=1e-6)


def test_a_halted_run_goes_on_as_if_it_had_not_been(organism, sizes, pairs):
    """At every place; and another's stream changes what it says."""
    for n in range(3):
        pair = jax.tree.map(lambda leaf, n=n: leaf[n], pairs)
        halted = halt(organism, sizes, pair)
        for side, tokens in enumerate((pair.first, pair.second)):
            plain = difference(organism(tokens, at=pair.decision[None]), pair)
            own = jax.tree.map(lambda leaf, side=side: leaf[side], halted)
            for place in range(len(residual_sites(sizes.layers))):
                went_on = [
                    resume(organism, sizes, own, jnp.array(place), halted.stream[s, place], pair)
                    for s in (side, 1 - side)
                ]
                assert float(went_on[0]) == pytest.approx(float(plain), abs=1e-4)
                assert abs(float(went_on[1] - plain)) > 1e-4


def test_at_the_readout_the_other_runs_stream_is_the_other_runs_answer(organism, sizes, pairs):
    """A direction that holds all that differs hands over everything; one across it nothing."""
    last, moved = jnp.array(len(residual_sites(sizes.layers)) - 1), []
    for n in range(len(pairs.decision)):
        pair = jax.tree.map(lambda leaf, n=n: leaf[n], pairs)
        halted = halt(organism, sizes, pair)
        apart = halted.stream[1, last] - halted.stream[0, last]
        along = apart / jnp.linalg.norm(apart)
        across = jnp.linalg.svd(along[None])[2][-1]
        ends = jnp.stack(
            [difference(organism(t, at=pair.decision[None]), pair) for t in (pair.first, pair.second)]
        )
        whole, none = (swapped(organism, sizes, halted, halted, pair, last, d) for d in (along, across))
        np.testing.assert_allclose(whole, jnp.broadcast_to(ends, (2, 2)), atol=1e-4)
        np.testing.assert_allclose(none, jnp.broadcast_to(ends[:, None], (2, 2)), atol=1e-4)
        moved.append(abs(float(ends[1] - ends[0])))
    assert max(moved) > 0.05


@pytest.fixture(scope="module")
def found(world):
    """What is found in the organisms wired by hand, and the floor: in newborns that aim at the same.

    In a world of one moment, since their readers count all the cues before them.
    """
    world = replace(world, moments=1)
    keys = jax.random.split(jax.random.key(3), 2)
    drawn = cross_role_pairs(world, keys, jnp.array([1, 1]), 12)
    draw = lambda n: jax.tree.map(lambda leaf: leaf[n], drawn)  # noqa: E731
    seen, unseen = (tuple(own_answers(world, of) for of in draw(n)) for n in (0, 1))
    trained = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(wired(world, reader) for reader in READERS))
    born = jax.vmap(lambda key: Organism(SIZES, world.vocabulary.size, world.positions, key))
    pairs = tuple(of.character_pair for of in seen)
    run = jax.jit(lambda of, aim: align(of, aim, SIZES, pairs, unseen))
    init_state = born(jax.random.split(jax.random.key(0), 2))
    return [
        [jax.device_get(run(pick(of, m), pick(trained, m))) for m in (0, 1)] for of in (trained, init_state)
    ]


def test_a_direction_carries_the_gate_to_self_only_where_it_is_listened_to(found):
    """Searched on characters alone. The other reader counts the same cues all the time, and yet is not
    mistaken for the one that they listen to."""
    for (moved, _, total, _, _), expected in zip(found[0], (1, 0), strict=True):
        assert total.min() > 0.5
        share = moved.sum(1) / total.sum(1)
        assert share[0] == pytest.approx(1, abs=0.15)
        assert share[1] == pytest.approx(expected, abs=0.2)


def test_a_newborn_moves_next_to_nothing_of_what_it_aims_at(found):
    for trained, init_state in zip(*found, strict=True):
        assert (np.abs(init_state[0].sum(1) / trained[2].sum(1)) < 0.2).all()
        assert (np.abs(init_state[1].mean(1)) <= 0.25).all()


def test_a_direction_is_of_unit_norm(found):
    for of in found:
        for *_, place, direction in of:
            assert np.linalg.norm(direction) == pytest.approx(1, abs=1e-5)
            assert 0 <= place < len(residual_sites(SIZES.layers))
