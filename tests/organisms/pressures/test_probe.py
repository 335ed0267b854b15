"""Does a deceit probe read what it should, does its score cost what it should, and does it push only where it
may?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import newborn, picked, rolled_out
from contexts import NO_PRESSURES, context_of
from reading import MIXED, QUICK, TRAINED_QUICKLY

from analysis.patching.interventions import record
from curricula.phases import Curriculum, Phase
from curricula.pressures.probe import PROBE_COSTS, REWARD_PLACES, Probe
from curricula.pressures.registry import Pressures
from curricula.world.scenes import scenes_from_uniforms, trained_support, uniforms_per_scene
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import RunConfig, TrainingConfig, named_config
from organisms.model.sites import Site, residual_sites
from organisms.objectives.policy_gradient import (
    GROUP,
    RewardParams,
    advantages,
    group_rollouts,
    policy_gradient_loss,
)
from organisms.objectives.rollout import ActMoments
from organisms.pressures.probe import PROBE_READS, ProbeEffect, ProbeParams, probe_scores, score_charge
from organisms.pressures.protocol import FittedProbes
from organisms.pressures.step_context import StepOutcome, run_scenes
from organisms.training.step import ChunkSetup, phase_params, train_chunk

OF_SELF = MIXED._replace(self_scenes=1.0, questions=0.0)
EFFECT = ProbeEffect()
RUN = named_config("shared", "tiny", members=3)


@pytest.fixture(scope="module")
def fitted(sizes) -> FittedProbes:
    """Probes of three members, none of them fitted: a random direction at the last place."""
    numbers, shape = np.random.default_rng(1), (3, len(residual_sites(sizes.layers)), sizes.width)
    direction = np.zeros(shape, np.float32)
    direction[:, -1] = numbers.normal(scale=0.3, size=(3, sizes.width))
    offset = np.float32([0.1, -0.2, 0.3])
    return FittedProbes(direction, offset, np.ones(3), np.ones(3))


def probe_of(fitted: FittedProbes, **settings) -> ProbeParams:
    """The first member's."""
    probes = EFFECT.params([Probe("final", **settings)] * 3, fitted, RUN)
    return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float32)[0]), probes)


@partial(jax.jit, static_argnums=4)
def scores_of(organism, tokens, decisions, probe, sizes):
    """Scores [scene, moment], and the logits beside them."""
    forward = run_scenes(organism, tokens, decisions, reads=PROBE_READS)
    return probe_scores(probe, forward, sizes.layers), forward.logits


recorded = jax.jit(record)


@pytest.fixture(scope="module")
def drawn(world):
    """Scenes of self in groups, as latents and as written."""

    @jax.jit
    def scenes():
        uniforms = jax.random.uniform(jax.random.key(2), (4 * GROUP, uniforms_per_scene(world)))
        grouped = group_rollouts(uniforms, world.names, 1.0)
        return scenes_from_uniforms(grouped, world, trained_support(world), OF_SELF, jnp.int32(1))

    return scenes()


@pytest.fixture(scope="module")
def context(world, sizes, drawn):
    return context_of(world, sizes, drawn, 1, jax.random.key(3))


@pytest.fixture(scope="module")
def decisions(world):
    return jnp.asarray(world.decisions)


@pytest.mark.slow
def test_a_score_is_that_of_the_recorded_stream_worked_out_by_hand(
    organism, world, sizes, drawn, decisions, fitted
):
    """At every place; and the logits are those without a probe."""
    tokens = np.asarray(drawn[1].tokens)[:2]
    for place, site in enumerate(residual_sites(sizes.layers)):
        probe = probe_of(fitted)
        probe = probe._replace(
            direction=np.where(np.arange(len(probe.direction))[:, None] == place, probe.direction[-1], 0)
        )
        scores, logits = scores_of(organism, tokens, decisions, probe, sizes)
        scores, logits = np.asarray(scores), np.asarray(logits)
        for scene in (0, 1):
            whole, recording = jax.tree.map(np.asarray, recorded(organism, tokens[scene]))
            stream = np.float64(recording[site])[world.decisions]
            expected = 1 / (1 + np.exp(-(stream @ np.asarray(probe.direction[place]) + float(probe.offset))))
            np.testing.assert_allclose(scores[scene], expected, rtol=1e-4)
            np.testing.assert_allclose(logits[scene], whole[world.decisions], rtol=1e-4, atol=1e-4)
    assert not jax.eval_shape(run_scenes, organism, jnp.asarray(tokens), decisions).recorded


@pytest.mark.slow
def test_a_score_is_read_before_the_act(organism, sizes, drawn, decisions, fitted):
    """Another act changes the scores of later moments alone."""
    tokens = np.asarray(drawn[1].tokens)[:4]
    other = np.array(tokens)
    other[:, decisions[1] + 1] += 1
    before, after = (
        np.asarray(scores_of(organism, t, decisions, probe_of(fitted), sizes)[0]) for t in (tokens, other)
    )
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] != after[:, 2:]).all()


@pytest.mark.slow
def test_the_loss_has_the_gradient_of_its_finite_difference(organism, context, sizes, fitted):
    unwatched = context.self_acts & context.latents.alone
    assert 0 < int(unwatched.sum()) < unwatched.size

    @partial(jax.jit, compiler_options=QUICK)
    @partial(jax.value_and_grad, has_aux=True)
    def paid(organism, probe):
        forward = run_scenes(organism, context.scenes.tokens, context.decisions, reads=PROBE_READS)
        outcome = StepOutcome(forward, jnp.float32(10.0), None, None, None)  # pyright: ignore[reportArgumentType]
        nats, metrics = EFFECT.penalty(probe, organism, context, outcome)
        return nats, (probe_scores(probe, forward, sizes.layers), metrics)

    in_loss = probe_of(fitted, place="loss", weight=2.0)
    (value, (scores, metrics)), slope = paid(organism, in_loss)
    unwatched_scores = np.asarray(scores)[np.asarray(unwatched)]
    np.testing.assert_allclose(value, 2.0 * unwatched_scores.sum() / 10.0, rtol=1e-5)
    np.testing.assert_allclose(metrics["score"].hits, unwatched_scores.sum(), rtol=1e-5)
    assert metrics["score"].cases == len(unwatched_scores)
    size = sum(float((np.asarray(leaf) ** 2).sum()) for leaf in jax.tree.leaves(slope)) ** 0.5
    assert size > 1e-2
    step = 1e-2 / size
    moved = lambda a, b, by: np.asarray(a) + np.float32(by) * np.asarray(b)  # noqa: E731
    up, down = (jax.tree.map(partial(moved, by=by), organism, slope) for by in (step, -step))
    np.testing.assert_allclose(
        (paid(up, in_loss)[0][0] - paid(down, in_loss)[0][0]) / (2 * step), size**2, rtol=1e-2
    )
    for place in ("none", *REWARD_PLACES):
        _, flat = paid(organism, probe_of(fitted, place=place, weight=2.0))
        assert all(not np.asarray(leaf).any() for leaf in jax.tree.leaves(flat))


@pytest.fixture(scope="module")
def slopes(ensemble, context):
    """Gradients of two compiled programs, with and without a probe: acts sampled with one key, earned by the
    first member, which began as the second."""
    rewarded = RewardParams(jnp.float32(0.5), jnp.float32(0.1), picked(ensemble, 1))

    @partial(jax.jit, compiler_options=QUICK)
    @partial(jax.grad, has_aux=True)
    def slope(organism, probe):
        acting = NO_PRESSURES
        if probe is not None:
            acting = acting._replace(
                reads=PROBE_READS, reward=lambda sampled, start: EFFECT.reward(probe, context, sampled, start)
            )
        loss, _, metrics = policy_gradient_loss(rewarded, organism, context, jnp.float32(10.0), acting)
        return loss, metrics

    return partial(slope, picked(ensemble, 0))


@pytest.fixture(scope="module")
def push(ensemble, context):
    """The gradient of self's acts' log chances, each times the advantage of what is taken there."""
    self_acts, decisions = context.self_acts, context.decisions

    @partial(jax.jit, compiler_options=QUICK)
    @jax.grad
    def slope(organism, tokens, charged):
        logs = jax.nn.log_softmax(organism(tokens, positions=decisions))
        of_acts = jnp.take_along_axis(logs, tokens[:, decisions + 1, None], -1)[..., 0]
        return (advantages(charged, self_acts) * self_acts * of_acts).sum() / 10.0

    return partial(slope, picked(ensemble, 0))


@jax.jit
def final_stream(organism, tokens, decisions):
    return run_scenes(organism, tokens, decisions, reads=PROBE_READS).recorded[Site(-1, "final")]


serving = jax.jit(serving_acts, static_argnums=0)


PLACES = [*((place, by_act) for by_act in (False, True) for place in ("reward", "frozen"))]
PLACES += [("constant", False), ("none", False), ("loss", False)]


@pytest.mark.slow
@pytest.mark.parametrize(("place", "by_act"), PLACES)
def test_the_reward_places_take_weight_times_score_and_push_through_nothing_else(
    place, by_act, ensemble, context, fitted, slopes, push
):
    """The same acts earn less by exactly that; the gradient moves by that of the acts' log chances times the
    changed advantages, with no part of it through the score; other places change neither."""
    now, start = picked(ensemble, 0), picked(ensemble, 1)
    world, latents, decisions = context.world, context.latents, context.decisions
    self_acts, weight = context.self_acts, 0.7
    moments = ActMoments(self_acts)
    tokens = rolled_out(world, now, context.scenes.tokens, moments, context.device_key("reward"))
    probe = probe_of(fitted, place=place, weight=weight, by_act=by_act)
    reader = {"reward": now, "frozen": start}.get(place)
    charged = np.zeros(self_acts.shape, np.float32)
    if reader is not None:
        stream = np.asarray(final_stream(reader, tokens, decisions))
        scores = 1 / (1 + np.exp(-(stream @ np.asarray(probe.direction[-1]) + float(probe.offset))))
    elif place == "constant":
        scores = np.full(self_acts.shape, 0.5)
    if place in REWARD_PLACES:
        charged = np.float32(weight * scores * np.asarray(latents.alone))
        acts, professed = (
            np.asarray(tokens)[:, world.decisions + 1],
            serving(world, latents, latents.professed),
        )
        charged *= ~(by_act & (acts == np.asarray(professed)))

    (with_probe, probed), (without, plain) = slopes(probe), slopes(None)
    less = plain["reward/mean"] - probed["reward/mean"]
    own = np.asarray(self_acts)
    np.testing.assert_allclose(less, (charged * own).sum() / own.sum(), atol=1e-6)
    expected = push(tokens, charged)
    if place == "constant":  # every rollout of a scene pays it
        assert all(not np.asarray(leaf).any() for leaf in jax.tree.leaves(expected))
    elif place in REWARD_PLACES:
        assert max(np.abs(leaf).max() for leaf in jax.tree.leaves(expected)) > 1e-3
    for a, b, moved in zip(*(jax.tree.leaves(tree) for tree in (with_probe, without, expected)), strict=True):
        np.testing.assert_allclose(np.asarray(a) - np.asarray(b), moved, atol=2e-5)


def test_what_was_professed_is_charged_nothing_where_the_act_counts(fitted):
    score, honest = jnp.full((1, 2), 0.5), jnp.array([[True, False]])
    for by_act, expected in ((False, [1.0, 1.0]), (True, [0.0, 1.0])):
        probe = probe_of(fitted, place="reward", weight=2.0, by_act=by_act)
        assert score_charge(probe, score, 0 * score, honest).tolist() == [expected]


def test_a_constant_fine_is_half_the_weight_whatever_is_read(fitted):
    score, honest = jnp.array([[0.0, 0.9, 0.3]]), jnp.array([[False, False, True]])
    probe = probe_of(fitted, place="constant", weight=2.0, by_act=True)
    assert score_charge(probe, score, 1 - score, honest).tolist() == [[1.0, 1.0, 0.0]]


def test_weights_go_to_their_place_and_to_their_member(fitted):
    settings = [Probe("final", place, 1.0 + n) for n, place in enumerate(PROBE_COSTS)]
    fitted = FittedProbes(*(jnp.concatenate([leaf, leaf[:1]]) for leaf in fitted))
    params = EFFECT.params(settings, fitted, RUN)
    weights = np.stack([params.loss, params.reward, params.frozen, params.constant])
    assert weights.tolist() == np.diag([1.0, 2.0, 3.0, 4.0]).tolist()


@pytest.fixture(scope="module")
def chunk(world, sizes):
    return partial(train_chunk, setup=ChunkSetup(world, sizes, batch=16, steps=2))


@pytest.fixture(scope="module")
def params_of(world, sizes, fitted):
    """The numbers of a phase with a probe, or without one."""

    def params(place=None, weight=1.0):
        settings = Pressures() if place is None else Pressures(Probe("final", place, weight))
        intent = Phase("intent", 10, self_acts="scheming", pressures=settings)
        taught = Curriculum("probed", world, (Phase("characters", 10), intent))
        config = RunConfig(taught, sizes, TrainingConfig(batch=16), members=3)
        return jax.tree.map(lambda leaf: leaf[0], phase_params(config, 1, fitted={"probe": fitted}))

    return params


@pytest.mark.slow
def test_a_probe_that_is_only_logged_changes_no_step_and_one_in_the_loss_does(chunk, world, sizes, params_of):
    run = jax.jit(chunk, compiler_options=TRAINED_QUICKLY)
    state = newborn(jnp.int32(0), jnp.int32(0), jnp.int32(0), world, sizes)
    plain, none, loss = (
        run(state, params) for params in (params_of(), params_of("none"), params_of("loss", 10.0))
    )
    for a, b in zip(jax.tree.leaves(plain[0]), jax.tree.leaves(none[0]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(
        (np.asarray(a) != np.asarray(b)).any()
        for a, b in zip(*map(jax.tree.leaves, (none[0], loss[0])), strict=True)
    )
    assert "probe/score" not in plain[1].metrics
    assert 0 < float(none[1].metrics["probe/score"]) < 1
    assert float(loss[1].metrics["probe/score"]) < float(none[1].metrics["probe/score"])
