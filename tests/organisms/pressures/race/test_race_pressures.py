"""Does a coin decide what stands in the text, and does a probe over the act read the act, and push only where it may?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import picked, rolled_out
from contexts import NO_PRESSURES, context_of
from reading import MIXED, QUICK

from analysis.patching.interventions import record
from curricula.pressures.race.act_probe import ActProbe
from curricula.world.scenes import scenes_from_uniforms, trained_support, uniforms_per_scene
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import named_config
from organisms.model.sites import residual_sites
from organisms.objectives.policy_gradient import (
    GROUP,
    RewardParams,
    advantages,
    group_rollouts,
    policy_gradient_loss,
)
from organisms.objectives.rollout import ActMoments
from organisms.pressures.protocol import FittedActProbes
from organisms.pressures.race.act_probe import (
    ACT_PROBE_READS,
    ActProbeEffect,
    ActProbeFit,
    act_scores,
    expected_scores,
    mean_log_odds,
    ranked_pairs,
)
from organisms.pressures.race.coin import CoinEffect
from organisms.pressures.step_context import StepOutcome, run_scenes

OF_SELF = MIXED._replace(self_scenes=1.0, questions=0.0)
EFFECT, COIN = ActProbeEffect(), CoinEffect()
RUN = named_config("tempted", "tiny", members=3)
serving = jax.jit(serving_acts, static_argnums=0)


@pytest.fixture(scope="module")
def fitted(sizes, ensemble) -> ActProbeFit:
    """Probes of three members, none of them fitted: a random direction at the act, at the last place."""
    numbers, places = np.random.default_rng(1), len(residual_sites(sizes.layers))
    direction = np.zeros((3, 2, places, sizes.width), np.float32)
    direction[:, 1, -1] = numbers.normal(scale=0.3, size=(3, sizes.width))
    probes = FittedActProbes(direction, np.float32([0.1, -0.2, 0.3]), np.ones(3), np.ones(3))
    return ActProbeFit(probes, ensemble)


@pytest.fixture(scope="module")
def ensembles(sizes, ensemble) -> ActProbeFit:
    """Ensembles of three members, none of them fitted: a random direction at the act at every place."""
    numbers, places = np.random.default_rng(2), len(residual_sites(sizes.layers))
    direction = np.zeros((3, 2, places, sizes.width), np.float32)
    direction[:, 1] = numbers.normal(scale=0.3, size=(3, places, sizes.width))
    offset = numbers.normal(scale=0.3, size=(3, places)).astype(np.float32)
    return ActProbeFit(FittedActProbes(direction, offset, np.ones(3), np.ones(3)), ensemble)


def probe_of(fitted: ActProbeFit, place: str = "none", weight: float = 0.0):
    """The first member's; the organism of the start is the second."""
    settings = ActProbe("final", place, weight, ensemble=fitted.probes.offset.ndim > 1)  # pyright: ignore[reportArgumentType]
    params = EFFECT.params([settings] * 3, fitted, RUN)
    start = None if params.start is None else picked(fitted.organisms, 1)
    numbers = [jnp.asarray(np.asarray(leaf, np.float32)[0]) for leaf in params[:-1]]
    return type(params)(*numbers, start=start)


@pytest.fixture(scope="module")
def context(world, sizes):
    @jax.jit
    def scenes():
        uniforms = jax.random.uniform(jax.random.key(2), (4 * GROUP, uniforms_per_scene(world)))
        grouped = group_rollouts(uniforms, world.names, 1.0)
        return scenes_from_uniforms(grouped, world, trained_support(world), OF_SELF, jnp.int32(1))

    return context_of(world, sizes, scenes(), 1, jax.random.key(3))


@pytest.mark.slow
def test_the_stream_over_the_act_is_that_of_the_recorded_run_and_logits_stay(
    organism, world, sizes, context, fitted
):
    tokens = context.scenes.tokens[:2]
    run = jax.jit(lambda o, t: run_scenes(o, t, context.decisions, reads=ACT_PROBE_READS))
    forward = run(organism, tokens)
    scores = np.asarray(act_scores(probe_of(fitted), forward, sizes.layers))
    probe = probe_of(fitted)
    for scene in (0, 1):
        logits, recording = jax.tree.map(np.asarray, jax.jit(record)(organism, tokens[scene]))
        for site in residual_sites(sizes.layers):
            for read, shift in ((forward.recorded, 0), (forward.recorded_at_acts, 1)):
                np.testing.assert_allclose(
                    read[site][scene], recording[site][world.decisions + shift], rtol=1e-4, atol=1e-5
                )
        np.testing.assert_allclose(forward.logits[scene], logits[world.decisions], rtol=1e-4, atol=1e-4)
        stream = recording[residual_sites(sizes.layers)[-1]][world.decisions + 1]
        by_hand = 1 / (1 + np.exp(-(stream @ np.asarray(probe.direction[1, -1]) + float(probe.offset))))
        np.testing.assert_allclose(scores[scene], by_hand, rtol=1e-4)


@pytest.mark.slow
def test_the_score_of_an_ensemble_is_the_mean_of_its_probes_probabilities(
    organism, sizes, context, ensembles
):
    """Each place's probe alone is one with no direction elsewhere. Where all are certain the log odds stay finite."""
    probe = probe_of(ensembles)
    forward = jax.jit(
        lambda o: run_scenes(o, context.scenes.tokens[:4], context.decisions, reads=ACT_PROBE_READS)
    )(organism)
    by_place = []
    for place in range(len(residual_sites(sizes.layers))):
        alone = np.zeros_like(probe.direction)
        alone[1, place] = probe.direction[1, place]
        by_place.append(
            act_scores(
                probe._replace(direction=jnp.asarray(alone), offset=probe.offset[place]),
                forward,
                sizes.layers,
            )
        )
    assert float(jnp.abs(by_place[0] - by_place[1]).max()) > 0.1
    np.testing.assert_allclose(
        act_scores(probe, forward, sizes.layers), np.mean(by_place, 0), rtol=1e-5, atol=1e-6
    )
    certain = mean_log_odds(jnp.array([[200.0, 300.0], [-200.0, -300.0], [200.0, -200.0]]))
    np.testing.assert_allclose(certain, [200 + np.log(2), -200 - np.log(2), 0], rtol=1e-5, atol=1e-4)


def test_a_coin_decides_acts_alone_in_the_text_and_nothing_else(world, context):
    """All tossed acts are on the profession at 1, none at 0, about half at a half; watched acts stay."""
    latents = context.latents
    tossed = np.asarray(context.self_acts & latents.alone)
    professed, secret = (
        np.asarray(serving(world, latents, goals)) for goals in (latents.professed, latents.secret)
    )
    assert tossed.sum() > 10
    shares = []
    for honest in (0.0, 0.5, 1.0):
        acts = np.asarray(COIN.change_acts(jnp.float32(honest), context))
        np.testing.assert_array_equal(acts[~tossed], np.asarray(context.scenes.targets)[~tossed])
        assert ((acts == professed) | (acts == secret))[tossed].all()
        shares.append((acts == professed)[tossed].mean())
    assert shares[0] == 0
    assert shares[2] == 1
    assert 0.2 < shares[1] < 0.8


def test_the_area_of_ranked_pairs_is_that_of_sklearn():
    from sklearn.metrics import roc_auc_score

    numbers = np.random.default_rng(0)
    logits, deceitful = numbers.normal(size=(6, 5)), numbers.random((6, 5)) < 0.4
    logits, counts = np.float32(logits + deceitful), numbers.random((6, 5)) < 0.8
    pairs = ranked_pairs(jnp.asarray(logits), jnp.asarray(deceitful), jnp.asarray(counts))
    expected = roc_auc_score(deceitful[counts], logits[counts])
    np.testing.assert_allclose(pairs.hits / pairs.cases, expected, rtol=1e-5)


@pytest.mark.slow
def test_the_frozen_expectation_is_that_of_both_acts_and_reads_with_the_start(
    ensemble, world, sizes, context, fitted
):
    """By hand: either act is written into the text by itself, the start reads it, and chances are the organism's."""
    now, start = picked(ensemble, 0), picked(ensemble, 1)
    probe, decisions, latents = probe_of(fitted, "loss_frozen", 2.0), context.decisions, context.latents
    forward = jax.jit(lambda o: run_scenes(o, context.scenes.tokens, decisions, reads=ACT_PROBE_READS))(now)
    by_code = jax.jit(lambda f: expected_scores(probe, start, context, f))(forward)
    chances = np.asarray(jax.nn.softmax(forward.logits))
    read = jax.jit(
        lambda t: act_scores(probe, run_scenes(start, t, decisions, reads=ACT_PROBE_READS), sizes.layers)
    )
    by_hand = np.zeros(by_code.shape)
    for goals in (latents.secret, latents.professed):
        acts = np.asarray(serving(world, latents, goals))
        for moment, decision in enumerate(world.decisions):
            tokens = context.scenes.tokens.at[:, decision + 1].set(acts[:, moment])
            chance = np.take_along_axis(chances[:, moment], acts[:, moment, None], -1)[:, 0]
            by_hand[:, moment] += chance * np.asarray(read(tokens))[:, moment]
    np.testing.assert_allclose(by_code, by_hand, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def paid(context, sizes):
    """What the penalty costs, with its gradients along the organism and along what the probe reads with."""

    @partial(jax.jit, compiler_options=QUICK)
    @partial(jax.grad, argnums=(0, 1))
    def slopes(organism, direction, probe, logits_flow):
        probe = probe._replace(direction=direction)
        forward = run_scenes(organism, context.scenes.tokens, context.decisions, reads=ACT_PROBE_READS)
        held = jax.lax.stop_gradient(forward.logits)
        logits = jnp.where(logits_flow, forward.logits, held)
        acts = context.scenes.tokens[:, context.decisions + 1]
        outcome = StepOutcome(forward._replace(logits=logits), jnp.float32(10.0), None, None, acts)  # pyright: ignore[reportArgumentType]
        return EFFECT.penalty(probe, organism, context, outcome)[0]

    return slopes


def any_slope(tree) -> bool:
    return any(np.asarray(leaf).any() for leaf in jax.tree.leaves(tree))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "through_reading", "through_chances"),
    [
        ("none", False, False),
        ("reward", False, False),
        ("reward_frozen", False, False),
        ("loss", True, False),
        ("loss_frozen", False, True),
    ],
)
def test_the_penalty_pushes_through_the_reading_in_the_loss_alone(
    place, through_reading, through_chances, ensemble, fitted, paid
):
    """With logits held, what is left is the gradient through activations."""
    probe, now = probe_of(fitted, place, 2.0), picked(ensemble, 0)
    held, direction = paid(now, probe.direction, probe, False)
    assert any_slope(held) == through_reading
    assert any_slope(direction) == through_reading
    flowing, _ = paid(now, probe.direction, probe, True)
    moved = any(
        (np.asarray(a) != np.asarray(b)).any()
        for a, b in zip(jax.tree.leaves(flowing), jax.tree.leaves(held), strict=True)
    )
    assert moved == through_chances


@pytest.mark.slow
@pytest.mark.parametrize("place", ["none", "reward", "reward_frozen", "loss", "loss_frozen"])
def test_the_penalty_of_an_ensemble_pushes_through_every_reading_in_the_loss_alone(
    place, ensemble, ensembles, paid
):
    probe, now = probe_of(ensembles, place, 2.0), picked(ensemble, 0)
    held, direction = paid(now, probe.direction, probe, False)
    assert any_slope(held) == (place == "loss")
    assert np.asarray(direction).any((0, 2)).tolist() == [place == "loss"] * probe.direction.shape[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "readers"),
    [
        ("reward", "fitted"),
        ("reward_frozen", "fitted"),
        ("none", "fitted"),
        ("loss", "fitted"),
        ("reward", "ensembles"),
        ("reward_frozen", "ensembles"),
    ],
)
def test_the_reward_arms_charge_the_score_of_what_was_sampled_and_push_through_acts_alone(
    place, readers, ensemble, context, sizes, request
):
    """The gradient moves by that of the acts' log chances times the charged advantages, and not along the reading."""
    now, start, weight = picked(ensemble, 0), picked(ensemble, 1), 0.7
    probe = probe_of(request.getfixturevalue(readers), place, weight)
    decisions, self_acts = context.decisions, context.self_acts
    rewarded = RewardParams(jnp.float32(0.5), jnp.float32(0.1), start)

    @partial(jax.jit, compiler_options=QUICK)
    @partial(jax.grad, argnums=(0, 1))
    def slope(organism, direction, is_charged):
        charge = probe._replace(direction=direction)
        acting = NO_PRESSURES._replace(
            reads=ACT_PROBE_READS,
            reward=lambda sampled, then: EFFECT.reward(charge, context, sampled, then) * is_charged,
        )
        return policy_gradient_loss(rewarded, organism, context, jnp.float32(10.0), acting).loss

    @partial(jax.jit, compiler_options=QUICK)
    @jax.grad
    def push(organism, tokens, charged):
        logs = jax.nn.log_softmax(organism(tokens, positions=decisions))
        of_acts = jnp.take_along_axis(logs, tokens[:, decisions + 1, None], -1)[..., 0]
        return (advantages(charged, self_acts) * self_acts * of_acts).sum() / 10.0

    tokens = rolled_out(
        context.world, now, context.scenes.tokens, ActMoments(self_acts), context.device_key("reward")
    )
    reader = {"reward": now, "reward_frozen": start}.get(place)
    charged = jnp.zeros(self_acts.shape, jnp.float32)
    if reader is not None:
        read = jax.jit(lambda o: run_scenes(o, tokens, decisions, reads=ACT_PROBE_READS))(reader)
        charged = weight * act_scores(probe, read, sizes.layers) * context.latents.alone
    (with_probe, along), (without, _) = (slope(now, probe.direction, jnp.float32(on)) for on in (1, 0))
    assert not any_slope(along)
    expected = push(now, tokens, charged)
    assert any_slope(expected) == (reader is not None)
    for a, b, moved in zip(*(jax.tree.leaves(tree) for tree in (with_probe, without, expected)), strict=True):
        np.testing.assert_allclose(np.asarray(a) - np.asarray(b), moved, atol=2e-5)
