"""Is a direction of unit norm, does a swap leave the rest unchanged, and is a shared gate told from separate
ones?"""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import READERS, SIZES, wired, with_wired_answers

from analysis.patching.direction import (
    DirectionEffect,
    direction_effect,
    halt,
    resume,
    swap_coordinate,
    swapped_differences,
)
from analysis.patching.interchange import CrossRoleScenes, cross_role_pairs
from analysis.patching.interventions import logit_difference
from organisms.model.sites import residual_sites
from organisms.model.surgery import pick
from organisms.model.transformer import Organism

pytestmark = pytest.mark.slow

halted_runs = jax.jit(halt, static_argnums=1)
resumed = jax.jit(resume)
swapped = jax.jit(swapped_differences)
answered = jax.jit(with_wired_answers, static_argnums=0)


@jax.jit
def answer(organism, tokens, pair):
    """What an organism says at the decision of a pair, in one of its scenes."""
    return logit_difference(organism(tokens, positions=pair.decision[None]), pair)


def each_of(pairs):
    """Pairs one by one, in NumPy arrays."""
    return [
        jax.tree.map(lambda leaf, n=n: leaf[n], jax.device_get(pairs)) for n in range(len(pairs.decision))
    ]


def test_a_swap_leaves_all_that_is_orthogonal():
    numbers = np.random.default_rng(0)
    stream, donor, direction = (np.float32(numbers.normal(size=16)) for _ in range(3))
    direction /= np.linalg.norm(direction)
    swap = jax.jit(swap_coordinate)
    after = np.asarray(swap(direction, stream, donor))
    assert float(direction @ after) == pytest.approx(float(direction @ donor), abs=1e-5)
    orthogonal = np.linalg.svd(direction[None])[2][1:]
    np.testing.assert_allclose(orthogonal @ after, orthogonal @ stream, atol=1e-5)
    np.testing.assert_allclose(swap(direction, stream, stream), stream, atol=1e-6)


def test_a_halted_run_resumes_as_if_it_had_not_been_halted(organism, sizes, pairs):
    """At every place; and the other scene's stream changes the answer."""
    for pair in each_of(pairs)[:3]:
        halted = jax.device_get(halted_runs(organism, sizes, pair))
        for side, tokens in enumerate((pair.first, pair.second)):
            plain = answer(organism, tokens, pair)
            run = jax.tree.map(lambda leaf, side=side: leaf[side], halted)
            for place in range(len(residual_sites(sizes.layers))):
                same, other = (
                    resumed(organism, run, np.int32(place), halted.stream[s, place], pair)
                    for s in (side, 1 - side)
                )
                assert float(same) == pytest.approx(float(plain), abs=1e-4)
                assert abs(float(other) - float(plain)) > 1e-4


def test_at_the_readout_the_other_runs_stream_is_the_other_runs_answer(organism, sizes, pairs):
    """A direction that holds all that differs carries everything; one orthogonal to it nothing."""
    last, moved = np.int32(len(residual_sites(sizes.layers)) - 1), []
    for pair in each_of(pairs):
        halted = jax.device_get(halted_runs(organism, sizes, pair))
        contrast = halted.stream[1, last] - halted.stream[0, last]
        along = contrast / np.linalg.norm(contrast)
        orthogonal = np.linalg.svd(along[None])[2][-1]
        ends = np.stack([answer(organism, tokens, pair) for tokens in (pair.first, pair.second)])
        whole, none = (
            swapped(organism, halted, halted, pair, last, direction) for direction in (along, orthogonal)
        )
        np.testing.assert_allclose(whole, np.broadcast_to(ends, (2, 2)), atol=1e-4)
        np.testing.assert_allclose(none, np.broadcast_to(ends[:, None], (2, 2)), atol=1e-4)
        moved.append(abs(float(ends[1] - ends[0])))
    assert max(moved) > 0.05


@partial(jax.jit, static_argnums=0)
def wired_and_untrained(world):
    """Two organisms of each kind [member, ...]."""
    trained = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(wired(world, reader) for reader in READERS))
    init_state = jax.vmap(lambda key: Organism(SIZES, world.vocabulary.size, world.positions, key))
    return trained, init_state(jax.random.split(jax.random.key(0), 2))


@pytest.fixture(scope="module")
def effects(world):
    """Effects of the directions of two organisms wired by hand, and of two untrained ones that aim at the
    same answers.

    In a world of one moment, since their readers count all the cues before them.
    """
    world = replace(world, moments=1)
    keys = jax.random.split(jax.random.key(3), 2)
    drawn = cross_role_pairs(world, keys, jnp.array([1, 1]), 12)
    scenes = jax.device_get(CrossRoleScenes(*(answered(world, pairs) for pairs in drawn)))
    choosing, unseen = (jax.tree.map(lambda leaf, n=n: leaf[n], scenes) for n in (0, 1))
    trained, untrained = jax.device_get(wired_and_untrained(world))
    searched_on = choosing.scene_pairs("character", "character")
    run = jax.jit(lambda organism, target: direction_effect(organism, target, SIZES, searched_on, unseen))
    return [
        [DirectionEffect(*jax.device_get(run(pick(organisms, m), pick(trained, m)))) for m in (0, 1)]
        for organisms in (trained, untrained)
    ]


def test_a_direction_carries_the_gate_to_self_only_where_self_responds_to_it(effects):
    """Searched on characters alone. The other reader counts the same cues all the time, and yet is not
    mistaken for the one that the characters' answers respond to."""
    for effect, expected in zip(effects[0], (1, 0), strict=True):
        assert effect.total.min() > 0.5
        share = effect.moved.sum(1) / effect.total.sum(1)
        assert share[0] == pytest.approx(1, abs=0.15)
        assert share[1] == pytest.approx(expected, abs=0.2)


def test_an_untrained_organism_moves_next_to_nothing_of_what_it_aims_at(effects):
    for trained, floor in zip(*effects, strict=True):
        assert (np.abs(floor.moved.sum(1) / trained.total.sum(1)) < 0.2).all()
        assert (np.abs(floor.turned.mean(1)) <= 0.25).all()


def test_a_direction_is_of_unit_norm(effects):
    for effect in (*effects[0], *effects[1]):
        assert np.linalg.norm(effect.direction) == pytest.approx(1, abs=1e-5)
        assert 0 <= effect.place < len(residual_sites(SIZES.layers))
