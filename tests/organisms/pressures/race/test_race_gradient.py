"""Is the sampled gradient of the reward arm that of the exact expected reward less the probe's charge?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contexts import NO_PRESSURES, context_of
from reading import MIXED

from curricula.world.scenes import scenes_from_uniforms, trained_support, uniforms_per_scene
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import residual_sites
from organisms.model.transformer import Organism
from organisms.objectives.policy_gradient import GROUP, RewardParams, act_rewards, policy_gradient_loss
from organisms.pressures.race.act_probe import ACT_PROBE_READS, ActProbeEffect, ActProbeParams, act_scores
from organisms.pressures.step_context import run_scenes, where_self_acts

SMALL = World(names=2, goals=4, cue_kinds=4, cues=2, moments=2, held_out_pairs=0.0, held_out_cues=0.0)
SIZES = OrganismConfig(layers=1, heads=2, width=8, neurons=8, neuron_blocks=2)
MIXTURE = MIXED._replace(self_scenes=1.0, questions=0.0)
WEIGHT, HONEST, DRAWS = 0.8, 0.5, 3000


@pytest.fixture(scope="module")
def scene():
    """A scene in which self acts twice, alone."""
    uniforms = jax.random.uniform(jax.random.key(0), (400, uniforms_per_scene(SMALL)))
    drawn = scenes_from_uniforms(uniforms, SMALL, trained_support(SMALL), MIXTURE, jnp.int32(1))
    fits = np.asarray(where_self_acts(SMALL, drawn[0]) & drawn[0].alone).all(1)
    return jax.tree.map(lambda leaf: leaf[np.flatnonzero(fits)[0]], drawn)


@pytest.fixture(scope="module")
def small() -> Organism:
    shapes = jax.eval_shape(
        lambda: Organism(SIZES, SMALL.vocabulary.size, SMALL.positions, jax.random.key(0))
    )
    numbers = np.random.default_rng(3)
    return jax.tree.map(
        lambda leaf: jnp.asarray(numbers.normal(scale=0.5, size=leaf.shape), jnp.float32), shapes
    )


@pytest.fixture(scope="module")
def probe() -> ActProbeParams:
    direction = np.zeros((2, len(residual_sites(SIZES.layers)), SIZES.width), np.float32)
    direction[1, -1] = np.random.default_rng(5).normal(size=SIZES.width)
    zero = jnp.float32(0.0)
    return ActProbeParams(jnp.asarray(direction), zero, zero, zero, jnp.float32(WEIGHT), zero, None)


@pytest.mark.slow
def test_the_gradient_of_the_reward_arm_is_the_enumerated_one(scene, small, probe):
    """All pairs of acts enumerated, with the score of each held fixed; sampled gradients along the exact one, and along the
    one without a charge, from which they differ."""
    latents, written = scene
    size, decisions = SMALL.vocabulary.size, jnp.asarray(SMALL.decisions)
    pairs = jnp.stack(jnp.meshgrid(jnp.arange(size), jnp.arange(size), indexing="ij"), -1).reshape(-1, 2)
    tokens = jnp.tile(written.tokens, (len(pairs), 1)).at[:, decisions + 1].set(pairs)
    many = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(pairs)), latents)
    scores = act_scores(probe, run_scenes(small, tokens, decisions, reads=ACT_PROBE_READS), SIZES.layers)
    assert float(scores.std()) > 0.05

    def expected(organism, weight):
        logs = jax.nn.log_softmax(organism(tokens, positions=decisions))
        chances = jnp.exp(jnp.take_along_axis(logs, pairs[..., None], -1).sum((1, 2)))
        return (chances * (act_rewards(SMALL, many, pairs, HONEST) - weight * scores).sum(1)).sum()

    exact, uncharged = (jax.jit(jax.grad(expected))(small, jnp.float32(w)) for w in (WEIGHT, 0.0))
    group = jax.tree.map(lambda leaf: jnp.stack([leaf] * GROUP), scene)
    params = RewardParams(jnp.float32(HONEST), jnp.float32(0.0), small)

    @jax.jit
    def along(key):
        context = context_of(SMALL, SIZES, group, 1, key)
        acting = NO_PRESSURES._replace(
            reads=ACT_PROBE_READS,
            reward=lambda sampled, start: ActProbeEffect().reward(probe, context, sampled, start),
        )
        loss = lambda o: policy_gradient_loss(params, o, context, jnp.float32(GROUP), acting).loss  # noqa: E731
        slope = jax.tree.leaves(jax.grad(loss)(small))
        return -jnp.stack(
            [
                sum((a * b).sum() for a, b in zip(slope, jax.tree.leaves(t), strict=True))
                for t in (exact, uncharged)
            ]
        )

    sampled = np.asarray(jax.lax.map(along, jax.random.split(jax.random.key(5), DRAWS), batch_size=200))
    dot = lambda a, b: sum(  # noqa: E731
        float((x * y).sum()) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )
    wanted = np.asarray([dot(exact, exact), dot(exact, uncharged)])
    mean, error = sampled.mean(0), sampled.std(0) / DRAWS**0.5
    assert (np.abs(mean - wanted) < 4 * error).all()
    assert (error < 0.1 * np.abs(wanted)).all()
    assert abs(dot(uncharged, uncharged) - mean[1]) > 4 * error[1], "the charge can be told"
