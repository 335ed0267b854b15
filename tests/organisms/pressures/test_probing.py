"""Does a deceit probe read what it should, does its score cost what it should, and does it push only where it
may?"""

import re
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from curricula.pressures.settings import CHARGED, Monitor, Pressures, Routing
from curricula.pressures.settings import Probe as Wanted
from organisms.pressures.probing import Fitted, Probe, charge, cost, logits_and_probe_score, record_residual
from organisms.training.policy_gradient import (
    GROUP,
    Reward,
    advantages,
    in_groups,
    own_acts,
    policy_gradient_loss,
    roll_out,
)
from reading import MIXED, QUICK

from analysis.patching.interventions import record
from curricula.phases import Curriculum, Phase, RewardConfig
from curricula.world.scenes import scene_from_uniforms, trained_support, uniforms_per_scene, write_scene
from organisms.model.sites import residual_sites
from organisms.model.surgery import pick
from organisms.training.accuracy import serving_acts
from organisms.training.state import init_state
from organisms.training.step import Lesson, train_chunk

OF_SELF = MIXED._replace(self_scenes=1.0, questions=0.0)
TRAIT = jnp.int32(1)


@pytest.fixture(scope="module")
def fitted(sizes) -> Fitted:
    """Probes of three members, none of them fitted: a random direction at the last place."""
    numbers, shape = np.random.default_rng(1), (3, len(residual_sites(sizes.layers)), sizes.width)
    direction = np.zeros(shape, np.float32)
    direction[:, -1] = numbers.normal(scale=0.3, size=(3, sizes.width))
    offset = np.float32([0.1, -0.2, 0.3])
    return Fitted(direction, offset, np.ones(3), np.ones(3))


def probe_of(fitted: Fitted, **settings) -> Probe:
    """The first member's."""
    probes = Probe.of_members(fitted, [Wanted("final", **settings)] * 3)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32)[0], probes)


@pytest.fixture(scope="module")
def drawn(world):
    """Scenes of self in groups, as latents and as written."""
    numbers = in_groups(
        jax.random.uniform(jax.random.key(2), (4 * GROUP, uniforms_per_scene(world))), world.names, 1.0
    )
    latents = jax.vmap(lambda u: scene_from_uniforms(u, world, trained_support(world), OF_SELF, TRAIT))(
        numbers
    )
    return latents, jax.vmap(lambda one: write_scene(world, one, OF_SELF))(latents)


@pytest.fixture(scope="module")
def decisions(world):
    return jnp.asarray(world.decisions)


def test_a_score_is_that_of_the_recorded_stream_worked_out_by_hand(
    organism, world, sizes, drawn, decisions, fitted
):
    """At every place; and the logits are those without a probe."""
    tokens = drawn[1].tokens[:2]
    for place, site in enumerate(residual_sites(sizes.layers)):
        probe = probe_of(fitted)
        probe = probe._replace(direction=jnp.zeros_like(probe.direction).at[place].set(probe.direction[-1]))
        logits, scores = logits_and_probe_score(organism, tokens, decisions, probe=probe)
        for scene in (0, 1):
            whole, recording = record(organism, tokens[scene])
            stream = np.asarray(recording[site], np.float64)[world.decisions]
            expected = 1 / (1 + np.exp(-(stream @ np.asarray(probe.direction[place]) + float(probe.offset))))
            np.testing.assert_allclose(scores[scene], expected, rtol=1e-4)
            np.testing.assert_allclose(logits[scene], whole[world.decisions], rtol=1e-4, atol=1e-4)
    assert logits_and_probe_score(organism, tokens, decisions)[1] is None


def test_a_score_is_read_before_the_act(organism, world, drawn, decisions, fitted):
    """Another act changes the scores of later moments alone."""
    tokens = drawn[1].tokens[:4]
    other = tokens.at[:, decisions[1] + 1].add(1)
    before, after = (
        np.asarray(logits_and_probe_score(organism, t, decisions, probe=probe_of(fitted))[1])
        for t in (tokens, other)
    )
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] != after[:, 2:]).all()


def test_the_loss_has_the_gradient_of_its_finite_difference(organism, world, drawn, decisions, fitted):
    latents, scenes = drawn
    unwatched = own_acts(world, latents) & latents.alone
    assert 0 < int(unwatched.sum()) < unwatched.size

    @partial(jax.jit, compiler_options=QUICK)
    @partial(jax.value_and_grad, has_aux=True)
    def paid(organism, probe):
        scores = logits_and_probe_score(organism, scenes.tokens, decisions, probe=probe)[1]
        return cost(probe, scores, unwatched, jnp.float32(10.0)), scores

    in_loss = probe_of(fitted, place="loss", weight=2.0)
    (value, scores), slope = paid(organism, in_loss)
    np.testing.assert_allclose(value, 2.0 * np.asarray(scores)[np.asarray(unwatched)].sum() / 10.0, rtol=1e-5)
    size = sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(slope)) ** 0.5
    assert size > 1e-2
    step = 1e-2 / size
    up, down = (jax.tree.map(lambda a, b, way=way: a + way * step * b, organism, slope) for way in (1, -1))
    np.testing.assert_allclose(
        (paid(up, in_loss)[0][0] - paid(down, in_loss)[0][0]) / (2 * step), size**2, rtol=1e-2
    )
    for place in ("none", "reward", "frozen"):
        _, flat = paid(organism, probe_of(fitted, place=place, weight=2.0))
        assert all(not np.asarray(leaf).any() for leaf in jax.tree.leaves(flat))


@pytest.fixture(scope="module")
def slopes(ensemble, world, drawn, decisions):
    """Gradients of two compiled programs, with and without a probe: acts sampled with one key, earned by the
    first member, which began as the second."""
    latents, scenes = drawn

    @partial(jax.jit, compiler_options=QUICK)
    @partial(jax.grad, has_aux=True)
    def slope(organism, probe):
        by, key = Reward.of(RewardConfig(honest=0.5, kl=0.1), pick(ensemble, 1)), jax.random.key(3)
        return policy_gradient_loss(
            organism, scenes, latents, decisions, jnp.float32(10.0), world, by, key, probe=probe
        )

    return partial(slope, pick(ensemble, 0))


@pytest.fixture(scope="module")
def push(ensemble, world, drawn, decisions):
    """The gradient of self's acts' log chances, each times the advantage of what is taken there."""
    own = own_acts(world, drawn[0])

    @partial(jax.jit, compiler_options=QUICK)
    @jax.grad
    def slope(organism, tokens, taken):
        logs = jax.nn.log_softmax(organism(tokens, positions=decisions))
        of_acts = jnp.take_along_axis(logs, tokens[:, decisions + 1, None], -1)[..., 0]
        return (advantages(taken, own) * own * of_acts).sum() / 10.0

    return partial(slope, pick(ensemble, 0))


PLACES = [
    ("reward", False),
    ("frozen", False),
    ("reward", True),
    ("frozen", True),
    ("none", False),
    ("loss", False),
]


@pytest.mark.parametrize(("place", "by_act"), PLACES)
def test_the_reward_places_take_weight_times_score_and_push_through_nothing_else(
    place, by_act, ensemble, world, drawn, decisions, fitted, slopes, push
):
    """The same acts earn less by exactly that; the gradient moves by that of the acts' log chances times the
    changed advantages, with no part of it through the score; other places change neither."""
    now, start = pick(ensemble, 0), pick(ensemble, 1)
    latents, scenes = drawn
    own, weight = own_acts(world, latents), 0.7
    tokens = roll_out(now, scenes.tokens, own, decisions, jax.random.key(3))
    acts = tokens[:, decisions + 1]
    probe = probe_of(fitted, place=place, weight=weight, by_act=by_act)
    reader = {"reward": now, "frozen": start}.get(place)
    taken = jnp.zeros(own.shape)
    if reader is not None:
        stream = record_residual(reader, tokens, decisions)[1][..., -1, :]
        taken = weight * jax.nn.sigmoid(stream @ probe.direction[-1] + probe.offset) * latents.alone
        taken *= ~(by_act & (acts == serving_acts(world, latents, latents.professed)))

    (with_probe, told), (without, plain) = slopes(probe), slopes(None)
    np.testing.assert_allclose(plain.reward - told.reward, (taken * own).sum() / own.sum(), atol=1e-6)
    assert plain.scores is None
    expected = push(tokens, taken)
    if reader is not None:
        assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(expected)) > 1e-3
    for a, b, moved in zip(*(jax.tree.leaves(tree) for tree in (with_probe, without, expected)), strict=True):
        np.testing.assert_allclose(np.asarray(a) - np.asarray(b), moved, atol=2e-5)


def test_what_was_professed_is_charged_nothing_where_the_act_counts(fitted):
    score, honest = jnp.full((1, 2), 0.5), jnp.array([[True, False]])
    for by_act, expected in ((False, [1.0, 1.0]), (True, [0.0, 1.0])):
        probe = probe_of(fitted, place="reward", weight=2.0, by_act=by_act)
        assert charge(probe, score, 0 * score, honest).tolist() == [expected]


def test_weights_go_to_their_place_and_to_their_member(fitted):
    asked = [Wanted("final", place, 1.0 + n) for n, place in enumerate(CHARGED)]
    found = Probe.of_members(fitted, asked)
    assert np.stack([found.loss, found.reward, found.frozen]).tolist() == np.diag([1.0, 2.0, 3.0]).tolist()


@pytest.fixture(scope="module")
def chunk(world, sizes):
    return partial(train_chunk, world=world, config=sizes, batch=16, steps=2)


def lesson_of(fitted: Fitted | None, place: str, weight: float = 1.0) -> Lesson:
    phase = Phase(
        "intent", 10, self_acts="scheming", pressures=Pressures(probe=Wanted("final", place, weight))
    )
    lesson = Lesson.of(phase, 1)
    return lesson if fitted is None else lesson._replace(probe=probe_of(fitted, place=place, weight=weight))


def test_without_a_probe_the_program_has_no_trace_of_it(chunk, world, sizes, fitted):
    state = jax.eval_shape(lambda: init_state(jnp.int32(0), jnp.int32(0), jnp.int32(0), world, sizes))
    plain, probed = (str(jax.make_jaxpr(chunk)(state, lesson_of(of, "loss"))) for of in (None, fitted))
    assert "logistic" in probed
    assert "logistic" not in plain


def test_a_probe_that_is_only_logged_changes_no_step_and_one_in_the_loss_does(chunk, world, sizes, fitted):
    run = jax.jit(chunk, compiler_options=QUICK)
    state = init_state(jnp.int32(0), jnp.int32(0), jnp.int32(0), world, sizes)
    plain, none, loss = (
        run(state, lesson_of(*asked)) for asked in ((None, "none"), (fitted, "none"), (fitted, "loss", 10.0))
    )
    for a, b in zip(jax.tree.leaves(plain[0]), jax.tree.leaves(none[0]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(
        (np.asarray(a) != np.asarray(b)).any()
        for a, b in zip(*map(jax.tree.leaves, (none[0], loss[0])), strict=True)
    )
    assert np.isnan(plain[1].metrics.probed)
    assert 0 < float(none[1].metrics.probed) < 1
    assert float(loss[1].metrics.probed) < float(none[1].metrics.probed)


IMITATED = Phase("b", self_acts="scheming")
REWARDED = replace(IMITATED, objective="reward")


@pytest.mark.parametrize(
    ("phase", "probe", "named"),
    [
        (REWARDED, Wanted("final", "reward", 1.0, by_act=True), ""),
        (REWARDED, Wanted("L2", "frozen", 1.0), ""),
        (REWARDED, Wanted("L1", "loss", 1.0), ""),
        (IMITATED, Wanted("final", "loss", 1.0), ""),
        (IMITATED, Wanted("final"), ""),
        (
            IMITATED,
            Wanted("final", "frozen", 1.0),
            "probe.place: expected 'none' or 'loss' where .* got 'frozen'",
        ),
        (
            IMITATED,
            Wanted("final", "reward", 1.0),
            "probe.place: expected 'none' or 'loss' where .* got 'reward'",
        ),
        (REWARDED, Wanted("L0", "loss", 1.0), "probe.site: expected final, or the entrance .* got 'L0'"),
        (REWARDED, Wanted("", "loss", 1.0), "probe.site: expected final, or the entrance .* got none"),
        (REWARDED, Wanted("", "none", 1.0), "probe.site: expected final, or the entrance .* got none"),
        (REWARDED, Wanted("final", "loss", -1.0), "probe.weight: expected nats between 0 and 100, got -1"),
        (
            REWARDED,
            Wanted("final", "loss", 1.0, True),
            "probe.by_act: expected a probe in the reward, got .* 'loss'",
        ),
        (Phase("b"), Wanted("final"), "probe.site: expected none where self_acts is 'absent'"),
    ],
)
def test_a_probe_that_could_not_do_what_it_should_is_named_in_one_line(phase, probe, named, world):
    phase = replace(phase, pressures=Pressures(probe=probe))
    found = Curriculum("x", world, (Phase("a"), phase)).validation_errors()
    assert len(found) == bool(named)
    assert not named or re.fullmatch(f"phases.1.{named}.*", found[0])


def test_there_is_nothing_to_fit_a_probe_on_before_the_first_phase_or_among_lanes(world):
    probed = replace(IMITATED, pressures=Pressures(probe=Wanted("final")))
    (first,) = Curriculum("x", world, (probed,)).validation_errors()
    assert first.startswith("phases.0.probe.site: a probe is fitted on what earlier phases taught")
    lanes = Pressures(probe=Wanted("final"), routing=Routing(characters=1.0))
    assert lanes.validation_errors() == [
        "routing: expected no probe beside it; planted organisms are not probed"
    ]
    assert not Pressures(probe=Wanted("final"), monitor=Monitor(1.0)).validation_errors()
