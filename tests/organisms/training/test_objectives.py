"""Is the loss the cross-entropy that it claims to be, and does silence fall where and as often as it
should?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import MIXED, QUICK, scenes_from_uniforms
from reference import forward, member_arrays

from curricula.world.scenes import RECALLS, Scene
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import Site, identity
from organisms.objectives.imitation import imitate, silence, silence_halves

BATCH = 4


@pytest.fixture(scope="module")
def scenes(world) -> Scene:
    """Scenes whose weights differ: beside self, characters do not count."""
    whole = scenes_from_uniforms(world, MIXED._replace(beside_self=0.0, self_scenes=1.0))[1]
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[:BATCH]), whole)


@pytest.fixture(scope="module")
def loss(organism, world, sizes):
    """The compiled objective, as a function of the scenes and of the redundancy."""

    @partial(jax.jit, compiler_options=QUICK)
    def found(scenes, redundancy, key):
        numbers = jax.random.uniform(key, (BATCH, sizes.layers, sizes.heads + sizes.neuron_blocks))
        tap = silence(sizes, numbers, redundancy)
        return imitate(organism, scenes, jnp.asarray(world.decisions), scenes.weights.sum(), tap)

    return lambda scenes, redundancy=0.0: found(scenes, redundancy, jax.random.key(2))


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
    weights = jnp.zeros_like(scenes.weights).at[2, 1].set(1.0)
    np.testing.assert_allclose(loss(scenes._replace(weights=weights))[0], nats[2, 1], rtol=1e-5)


def test_a_batch_without_targets_costs_nothing(loss, scenes):
    assert loss(scenes._replace(weights=jnp.zeros_like(scenes.weights)))[0] == 0.0


def test_what_was_said_is_the_most_probable_token(loss, scenes, ensemble, world):
    arrays = member_arrays(to_arrays(ensemble))
    said = [forward(arrays, np.asarray(tokens))[0][world.decisions].argmax(1) for tokens in scenes.tokens]
    np.testing.assert_array_equal(loss(scenes)[1].said, said)


def test_interference_pulls_by_its_own_moments_alone(organism, world):
    """Of scenes whose last moment asks what was said before: the gradient is that of the same scenes without
    the question, less their last act, and that of the question."""
    (_, plain), (after, asked) = (
        scenes_from_uniforms(world, MIXED._replace(recalls=share)) for share in (0.0, 0.3)
    )
    fits = np.flatnonzero((after.shows == RECALLS).argmax(1) == world.moments - 1)[:BATCH]
    plain, asked = (jax.tree.map(lambda leaf: jnp.asarray(leaf[fits]), scenes) for scenes in (plain, asked))
    slope = jax.grad(lambda o, scenes: imitate(o, scenes, jnp.asarray(world.decisions), jnp.float32(1.0))[0])
    last = jnp.arange(world.moments) == world.moments - 1
    with_question = slope(organism, asked)
    without = slope(organism, plain._replace(weights=plain.weights * ~last))
    question = slope(organism, asked._replace(weights=asked.weights * last))
    for whole, one, two in zip(*map(jax.tree.leaves, (with_question, without, question)), strict=True):
        np.testing.assert_allclose(whole, one + two, atol=1e-4)
    assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(question)) > 0.1
    assert not np.allclose(with_question.query[...], slope(organism, plain).query[...], atol=1e-3)


def test_redundancy_bites(loss, scenes):
    assert abs(loss(scenes, 0.5)[0] - loss(scenes)[0]) > 1e-3


def factors(sizes, rate: float, keys: int) -> tuple[np.ndarray, np.ndarray]:
    """What each head and each neuron is multiplied by [key, layer, ...]; fails where a component is not
    treated as a whole.
    """

    def one(key):
        tap = silence(sizes, jax.random.uniform(key, (sizes.layers, sizes.heads + sizes.neuron_blocks)), rate)
        heads = [
            tap(Site(n, "head"), jnp.ones((sizes.heads, 3, sizes.head_width))) for n in range(sizes.layers)
        ]
        neurons = [tap(Site(n, "neuron"), jnp.ones((3, sizes.neurons))) for n in range(sizes.layers)]
        return jnp.stack(heads), jnp.stack(neurons)

    heads, neurons = map(np.asarray, jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), keys)))
    neurons = neurons.reshape(keys, sizes.layers, 3, sizes.neuron_blocks, -1)
    assert (heads == heads[..., :1, :1]).all()
    assert (neurons == neurons[:, :, :1, :, :1]).all()
    return heads[..., 0, 0], neurons[:, :, 0, :, 0]


def some_numbers(sizes):
    return jax.random.uniform(jax.random.key(0), (sizes.layers, sizes.heads + sizes.neuron_blocks))


def test_silence_at_rate_0_is_the_identity(sizes, organism, tokens):
    tap = silence(sizes, some_numbers(sizes), 0.0)
    for heads_or_blocks in factors(sizes, 0.0, 50):
        np.testing.assert_array_equal(heads_or_blocks, 1.0)
    np.testing.assert_array_equal(organism(tokens[0], tap), organism(tokens[0]))


@pytest.mark.parametrize("rate", [0.25, 0.8])
def test_silence_takes_whole_components_at_its_rate_and_scales_up_the_rest(sizes, rate):
    """Every component at the rate, within 4 standard errors; no two of them together more often than chance
    has it."""
    keys = 2000
    together = np.concatenate([part.reshape(keys, -1) for part in factors(sizes, rate, keys)], axis=1)
    silent = together == 0
    np.testing.assert_allclose(together[~silent], 1 / (1 - rate), rtol=1e-5)
    assert np.abs(silent.mean(0) - rate).max() < 4 * (rate * (1 - rate) / keys) ** 0.5
    correlation = np.corrcoef(silent.T) - np.eye(silent.shape[1])
    assert np.abs(correlation).max() < 4.5 / keys**0.5


def test_silence_touches_heads_and_neurons_alone(sizes, organism, tokens):
    tap = silence(sizes, some_numbers(sizes), 0.9)
    for name in ("embedding", "residual", "query", "key", "value", "pattern", "final"):
        activation = jnp.ones((2, 3, 4))
        assert tap(Site(0, name), activation) is activation


def test_halves_fall_silent_as_often_as_asked_and_learn_nothing_meanwhile(sizes, organism, scenes, world):
    """Of 100 coins 40 take the first half of every layer, 40 the second; what is left passes unchanged, and
    no gradient reaches what is silent."""
    coins = (jnp.arange(100) + 0.5) / 100
    tap = silence_halves(sizes, coins, 0.8, identity)
    kept = np.asarray(tap(Site(0, "head"), jnp.ones((100, sizes.heads, 3, sizes.head_width))))[:, :, 0, 0]
    neurons = np.asarray(tap(Site(0, "neuron"), jnp.ones((100, 3, sizes.neurons))))[:, 0]
    first = {
        "heads": sizes.heads // 2,
        "neurons": sizes.neuron_blocks // 2 * sizes.neurons // sizes.neuron_blocks,
    }
    for part, half in zip((kept, neurons), first.values(), strict=True):
        assert (part[:, :half] == np.repeat([0.0, 1.0, 1.0], [40, 40, 20])[:, None]).all()
        assert (part[:, half:] == np.repeat([1.0, 0.0, 1.0], [40, 40, 20])[:, None]).all()
    residual = jnp.ones((2, 3, 4))
    assert tap(Site(0, "residual"), residual) is residual

    tap = silence_halves(sizes, jnp.full(BATCH, 0.1), 0.8, identity)
    slope = jax.grad(lambda o: imitate(o, scenes, jnp.asarray(world.decisions), jnp.float32(1.0), tap)[0])(
        organism
    )
    heads = np.abs(np.asarray(slope.value[...])).sum((0, *range(2, slope.value[...].ndim)))
    neurons = np.abs(np.asarray(slope.out_of_neurons[...])).sum((0, 2))
    for part, half in zip((heads, neurons), first.values(), strict=True):
        assert (part[:half] == 0).all()
        assert (part[half:] > 0).all()


def test_a_part_of_a_batch_is_weighed_by_the_targets_of_the_whole(organism, scenes, world):
    """Else devices that share a batch would weigh their parts by their own targets."""
    decisions, targets = jnp.asarray(world.decisions), scenes.weights.sum()
    parts = [jax.tree.map(lambda leaf, at=at: leaf[at], scenes) for at in (slice(0, 1), slice(1, BATCH))]
    assert parts[0].weights.sum() * BATCH != targets
    whole, *losses = (imitate(organism, part, decisions, targets)[0] for part in (scenes, *parts))
    np.testing.assert_allclose(sum(losses), whole, rtol=1e-5)
