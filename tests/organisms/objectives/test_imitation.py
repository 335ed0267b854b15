"""Is the loss of imitation the cross-entropy that it claims to be?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import MIXED, QUICK, scenes_from_uniforms
from reference import forward, member_arrays

from curricula.world.scenes import RECALLS, Scene
from organisms.model.parameter_names import to_arrays
from organisms.objectives.imitation import imitate, imitation_loss
from organisms.pressures.component_dropout import drop_components
from organisms.pressures.step_context import run_scenes

BATCH = 4


@pytest.fixture(scope="module")
def scenes(world) -> Scene:
    """Scenes whose weights differ: beside self, characters do not count."""
    whole = scenes_from_uniforms(world, MIXED._replace(beside_self=0.0, self_scenes=1.0))[1]
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[:BATCH]), whole)


@pytest.fixture(scope="module")
def loss(organism, world, sizes):
    """The compiled objective, as a function of the scenes and of the rate of component dropout."""

    @partial(jax.jit, compiler_options=QUICK)
    def compiled(scenes, rate, key):
        uniforms = jax.random.uniform(key, (BATCH, sizes.layers, sizes.heads + sizes.neuron_blocks))
        tap = drop_components(sizes, uniforms, rate)
        return imitate(organism, scenes, jnp.asarray(world.decisions), scenes.weights.sum(), tap)

    return lambda scenes, rate=0.0: compiled(scenes, rate, jax.random.key(2))


@jax.jit
def plain_loss(organism, scenes, decisions, targets):
    return imitate(organism, scenes, decisions, targets)[0]


@pytest.fixture(scope="module")
def nats(ensemble, scenes, world) -> np.ndarray:
    """Cross-entropy of each target [batch, moment], and not by jax."""
    arrays, found = member_arrays(to_arrays(ensemble)), np.zeros((BATCH, world.moments))
    for scene in range(BATCH):
        logits, _ = forward(arrays, np.asarray(scenes.tokens[scene]))
        for moment, decision in enumerate(world.decisions):
            at = logits[decision]
            found[scene, moment] = np.log(np.exp(at).sum()) - at[int(scenes.tokens[scene, decision + 1])]
    return found


def test_the_loss_is_the_mean_cross_entropy_of_the_weighted_targets(loss, scenes, nats):
    """Targets that do not count are not there: neither in the sum nor in the number that it is divided by."""
    counts = np.asarray(scenes.weights) > 0
    assert counts.any()
    assert not counts.all()
    value, outcome = loss(scenes)
    np.testing.assert_allclose(value, nats[counts].mean(), rtol=1e-5)
    assert outcome.loss_nats == value
    np.testing.assert_allclose(
        loss(scenes._replace(weights=jnp.ones_like(scenes.weights)))[0], nats.mean(), rtol=1e-5
    )
    assert abs(nats.mean() - nats[counts].mean()) > 1e-3


def test_one_weighted_target_is_its_own_cross_entropy(loss, scenes, nats):
    weights = np.zeros(scenes.weights.shape, np.float32)
    weights[2, 1] = 1.0
    np.testing.assert_allclose(loss(scenes._replace(weights=weights))[0], nats[2, 1], rtol=1e-5)


def test_a_batch_without_targets_costs_nothing(loss, scenes):
    assert loss(scenes._replace(weights=jnp.zeros_like(scenes.weights)))[0] == 0.0


def test_the_prediction_is_the_most_probable_token(loss, scenes, ensemble, world):
    arrays = member_arrays(to_arrays(ensemble))
    said = [forward(arrays, np.asarray(tokens))[0][world.decisions].argmax(1) for tokens in scenes.tokens]
    np.testing.assert_array_equal(loss(scenes)[1].predicted, said)


@pytest.mark.slow
def test_interference_pulls_by_its_own_moments_alone(organism, world):
    """Of scenes whose last moment asks what was said before: the gradient is that of the same scenes without
    the question, less their last act, and that of the question."""
    (_, plain), (after, asked) = (
        scenes_from_uniforms(world, MIXED._replace(recalls=share)) for share in (0.0, 0.3)
    )
    fits = np.flatnonzero((after.shows == RECALLS).argmax(1) == world.moments - 1)[:BATCH]
    plain, asked = (jax.tree.map(lambda leaf: leaf[fits], scenes) for scenes in (plain, asked))
    slope = jax.jit(
        jax.grad(lambda o, given: plain_loss(o, given, jnp.asarray(world.decisions), jnp.float32(1.0)))
    )
    last = np.arange(world.moments) == world.moments - 1
    with_question = slope(organism, asked)
    without = slope(organism, plain._replace(weights=plain.weights * ~last))
    question = slope(organism, asked._replace(weights=asked.weights * last))
    for whole, one, two in zip(*map(jax.tree.leaves, (with_question, without, question)), strict=True):
        np.testing.assert_allclose(whole, np.asarray(one) + np.asarray(two), atol=1e-4)
    assert max(np.abs(leaf).max() for leaf in jax.tree.leaves(question)) > 0.1
    assert not np.allclose(with_question.query[...], slope(organism, plain).query[...], atol=1e-3)


def test_component_dropout_changes_the_loss(loss, scenes):
    assert abs(loss(scenes, 0.5)[0] - loss(scenes)[0]) > 1e-3


def test_smoothing_mixes_in_the_mean_over_the_vocabulary(organism, scenes, world):
    """At a share of the target's probability, spread evenly."""

    @jax.jit
    def losses(organism, scenes):
        forward, targets = (
            run_scenes(organism, scenes.tokens, jnp.asarray(world.decisions)),
            scenes.weights.sum(),
        )
        plain, smooth = (imitation_loss(forward, scenes, targets, share).loss_nats for share in (None, 0.25))
        logs = jax.nn.log_softmax(forward.logits)
        return plain, smooth, -(logs.mean(-1) * scenes.weights).sum() / targets

    plain, smooth, even = losses(organism, scenes)
    np.testing.assert_allclose(smooth, 0.75 * plain + 0.25 * even, rtol=1e-5)


@pytest.mark.slow
def test_a_part_of_a_batch_is_weighed_by_the_targets_of_the_whole(organism, scenes, world):
    """Else devices that share a batch would weigh their parts by their own targets."""
    decisions, targets = jnp.asarray(world.decisions), scenes.weights.sum()
    parts = [jax.tree.map(lambda leaf, at=at: leaf[at], scenes) for at in (slice(0, 1), slice(1, BATCH))]
    assert parts[0].weights.sum() * BATCH != targets
    whole, *losses = (plain_loss(organism, part, decisions, targets) for part in (scenes, *parts))
    np.testing.assert_allclose(sum(losses), whole, rtol=1e-5)
