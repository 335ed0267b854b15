"""Does self earn what it should by its own acts, and do they push it where the exact expected reward
would?"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import rolled_out
from contexts import NO_PRESSURES, context_of
from reading import MIXED
from reference import forward, member_arrays

from curricula.world.scenes import (
    ACTS,
    RECALLS,
    Latents,
    scene_from_uniforms,
    trained_support,
    uniforms_per_scene,
    write_scene,
)
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.model.surgery import pick
from organisms.model.transformer import Organism
from organisms.objectives.policy_gradient import (
    GROUP,
    RewardParams,
    act_rewards,
    advantages,
    group_rollouts,
    policy_gradient_loss,
)
from organisms.objectives.rollout import ActMoments, roll_out
from organisms.pressures.step_context import where_self_acts

pytestmark = pytest.mark.slow

SMALL = World(names=2, goals=4, cue_kinds=4, cues=2, moments=2, held_out_pairs=0.0, held_out_cues=0.0)
SIZES = OrganismConfig(layers=1, heads=2, width=8, neurons=8, neuron_blocks=2)
SELF_SCENES = MIXED._replace(self_scenes=1.0, questions=0.0)
SECRET_GOAL = jnp.int32(1)


@partial(jax.jit, static_argnums=0)
def drawn(world, numbers, mixture=SELF_SCENES):
    latents = jax.vmap(lambda u: scene_from_uniforms(u, world, trained_support(world), mixture, SECRET_GOAL))(
        numbers
    )
    return latents, jax.vmap(lambda one: write_scene(world, one, mixture))(latents)


@jax.jit
def logits_at(organism, tokens, decisions):
    return organism(tokens, positions=decisions)


def result_of(params, organism, context, targets):
    """What the objective gives, in one program."""
    whole = lambda *given: policy_gradient_loss(*given[:2], context._replace(memo={}), given[2], NO_PRESSURES)  # noqa: E731
    return jax.jit(whole)(params, organism, jnp.float32(targets))


@pytest.fixture(scope="module")
def acted_twice() -> Latents:
    """A scene of the small world in which self acts in both moments, alone in the second."""
    numbers = jax.random.uniform(jax.random.key(0), (400, uniforms_per_scene(SMALL)))
    latents, _ = drawn(SMALL, numbers)
    fits = (
        np.asarray(where_self_acts(SMALL, latents)).all(1)
        & ~np.asarray(latents.alone)[:, 0]
        & np.asarray(latents.alone)[:, 1]
    )
    return jax.tree.map(lambda leaf: leaf[np.flatnonzero(fits)[0]], latents)


def drawn_organism(sizes, world) -> Organism:
    """An organism of random weights, biases included."""
    shapes = jax.eval_shape(
        lambda: Organism(sizes, world.vocabulary.size, world.positions, jax.random.key(0))
    )
    numbers = np.random.default_rng(3)
    return jax.tree.map(
        lambda leaf: jnp.asarray(numbers.normal(scale=0.5, size=leaf.shape), jnp.float32), shapes
    )


@pytest.fixture(scope="module")
def small() -> Organism:
    return drawn_organism(SIZES, SMALL)


def test_rewards_are_for_the_secret_when_alone_and_the_profession_when_watched(acted_twice):
    latents = jax.tree.map(lambda leaf: leaf[None], acted_twice)
    goal = SMALL.vocabulary.first_goal
    actor = int(latents.actor[0, 0])
    professed, secret = int(latents.professed[0, actor]), int(latents.secret[0, actor])
    other = next(g for g in range(SMALL.goals) if g not in (professed, secret))
    for honest in (0.0, 0.25):
        for act, watched, alone in ((professed, 1.0, honest), (secret, 0.0, 1.0), (other, 0.0, 0.0)):
            found = act_rewards(SMALL, latents, jnp.full((1, 2), goal + act), honest)
            assert found.tolist() == [[watched, alone]]


def test_the_gradient_is_that_of_the_exact_expected_reward(small, acted_twice):
    """All pairs of acts enumerated, a second one given the first; the sampled gradients' mean along the exact
    one and along five random directions."""
    scene = jax.jit(write_scene, static_argnums=0)(SMALL, acted_twice, SELF_SCENES)
    size, decisions = SMALL.vocabulary.size, jnp.asarray(SMALL.decisions)
    pairs = jnp.stack(jnp.meshgrid(jnp.arange(size), jnp.arange(size), indexing="ij"), -1).reshape(-1, 2)
    tokens = jnp.tile(scene.tokens, (len(pairs), 1)).at[:, decisions + 1].set(pairs)
    many = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(pairs)), acted_twice)
    worth = act_rewards(SMALL, many, pairs, 0.5).sum(1)

    def expected(organism):
        logs = jax.nn.log_softmax(organism(tokens, positions=decisions))
        return (jnp.exp(jnp.take_along_axis(logs, pairs[..., None], -1).sum((1, 2))) * worth).sum()

    exact = jax.jit(jax.grad(expected))(small)
    group = jax.tree.map(lambda leaf: jnp.stack([leaf] * GROUP), (acted_twice, scene))
    params = RewardParams(jnp.float32(0.5), jnp.float32(0.0), small)

    @jax.jit
    def along(key):
        context = context_of(SMALL, SIZES, group, SECRET_GOAL, key)
        loss = lambda o: policy_gradient_loss(params, o, context, jnp.float32(GROUP), NO_PRESSURES).loss  # noqa: E731
        slope = jax.grad(loss)(small)
        numbers = jax.tree.leaves(
            jax.tree.map(lambda leaf: jax.random.normal(jax.random.key(leaf.size), (5, *leaf.shape)), small)
        )
        exactly = sum(
            (a * b).sum() for a, b in zip(jax.tree.leaves(slope), jax.tree.leaves(exact), strict=True)
        )
        others = sum(
            jnp.tensordot(n, a, a.ndim) for n, a in zip(numbers, jax.tree.leaves(slope), strict=True)
        )
        wanted = sum(
            jnp.tensordot(n, a, a.ndim) for n, a in zip(numbers, jax.tree.leaves(exact), strict=True)
        )
        return -jnp.append(others, exactly), wanted

    found, wanted = jax.lax.map(along, jax.random.split(jax.random.key(5), 6000), batch_size=200)
    wanted = np.append(np.asarray(wanted[0]), sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(exact)))
    mean, error = np.asarray(found).mean(0), np.asarray(found).std(0) / len(found) ** 0.5
    assert error[-1] < 0.1 * wanted[-1]
    assert (np.abs(mean - wanted) < 4 * error).all()


def test_the_divergence_is_that_of_two_organisms_worked_out_by_hand(ensemble, world, sizes):
    """KL(now || then), from logits that jax has no part in, over the contexts that were sampled."""
    now, then = pick(ensemble, 0), pick(ensemble, 1)
    latents, scenes = drawn(world, jax.random.uniform(jax.random.key(2), (GROUP, uniforms_per_scene(world))))
    context = context_of(world, sizes, (latents, scenes), SECRET_GOAL, jax.random.key(4))
    params = RewardParams(jnp.float32(0.0), jnp.float32(0.5), then)
    loss, _, metrics = result_of(params, now, context, 1.0)
    free = result_of(params._replace(kl=jnp.float32(0.0)), now, context, 1.0).loss
    own = np.asarray(where_self_acts(world, latents))
    moments = ActMoments(jnp.asarray(own))
    tokens = np.asarray(rolled_out(world, now, scenes.tokens, moments, context.device_key("reward")))
    kls, entropies = [], []
    for scene in range(GROUP):
        logs = []
        for member in (0, 1):
            logits, _ = forward(member_arrays(to_arrays(ensemble), member), tokens[scene])
            at = logits[world.decisions]
            logs.append(at - np.log(np.exp(at).sum(-1, keepdims=True)))
        chance = np.exp(logs[0])
        kls += (chance * (logs[0] - logs[1])).sum(-1)[own[scene]].tolist()
        entropies += (-(chance * logs[0]).sum(-1))[own[scene]].tolist()
    assert kls
    np.testing.assert_allclose(metrics["reward/kl_nats"], np.mean(kls), rtol=1e-4)
    np.testing.assert_allclose(metrics["reward/entropy_nats"], np.mean(entropies), rtol=1e-4)
    np.testing.assert_allclose(loss - free, 0.5 * np.sum(kls), rtol=1e-3)


def test_rollouts_change_nothing_but_self_acts_and_differ(organism, world):
    latents, scenes = drawn(
        world, jnp.repeat(jax.random.uniform(jax.random.key(1), (1, uniforms_per_scene(world))), 16, axis=0)
    )
    own = where_self_acts(world, latents)
    assert np.asarray(own).any()
    found = np.asarray(rolled_out(world, organism, scenes.tokens, ActMoments(own), jax.random.key(0)))
    acts = np.zeros((16, world.positions), bool)
    acts[:, world.decisions + 1] = np.asarray(own)
    np.testing.assert_array_equal(found[~acts], np.asarray(scenes.tokens)[~acts])
    assert len({tuple(row) for row in found.tolist()}) > 1


@pytest.mark.parametrize("norm", ["layer", "none"])
def test_kept_keys_and_values_give_the_acts_that_whole_scenes_give(norm, world):
    """A tap that changes nothing has each act sampled from a run of the whole scene."""
    sizes = OrganismConfig(layers=2, heads=2, width=8, neurons=8, neuron_blocks=2, norm=norm)
    organism = drawn_organism(sizes, world)
    numbers = jax.random.uniform(jax.random.key(6), (256, uniforms_per_scene(world)))
    latents, scenes = drawn(world, numbers, MIXED._replace(self_scenes=0.7, questions=0.5))
    moments = ActMoments(where_self_acts(world, latents), latents.shows == RECALLS)

    def in_full(organism, key):
        return roll_out(
            organism, scenes.tokens, moments, world.decisions, key, lambda site, activation: activation
        )

    for seed in range(3):
        key = jax.random.key(seed)
        found = rolled_out(world, organism, scenes.tokens, moments, key)
        np.testing.assert_array_equal(found, jax.jit(in_full)(organism, key))
        assert (found != scenes.tokens).mean() > 0.02


def test_acts_are_sampled_as_often_as_the_organism_says_given_those_before(small, acted_twice):
    scene, decisions, amount = (
        jax.jit(write_scene, static_argnums=0)(SMALL, acted_twice, SELF_SCENES),
        jnp.asarray(SMALL.decisions),
        20000,
    )
    tokens, own = jnp.tile(scene.tokens, (amount, 1)), jnp.ones((amount, 2), bool)
    found = np.asarray(rolled_out(SMALL, small, tokens, ActMoments(own), jax.random.key(9)))[
        :, SMALL.decisions + 1
    ]
    first = np.bincount(found[:, 0], minlength=SMALL.vocabulary.size) / amount
    likely = first.argmax()
    given = scene.tokens.at[decisions[0] + 1].set(int(likely))
    chances = np.asarray(jax.nn.softmax(logits_at(small, given, decisions)))
    np.testing.assert_allclose(first, chances[0], atol=0.02)
    after = found[found[:, 0] == likely, 1]
    np.testing.assert_allclose(
        np.bincount(after, minlength=SMALL.vocabulary.size) / len(after), chances[1], atol=0.04
    )


def test_an_advantage_is_what_was_earned_from_there_on_less_that_of_the_others():
    earned = jnp.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    found = np.asarray(advantages(earned, jnp.ones_like(earned, bool)))
    to_go = np.array([[2.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(found, (to_go - (to_go.sum(0) - to_go) / 3), atol=1e-6)
    np.testing.assert_allclose(found.sum(0), 0, atol=1e-6)


def test_scenes_of_self_come_in_groups_and_the_others_do_not(world):
    numbers = jax.random.uniform(jax.random.key(6), (400, uniforms_per_scene(world)))
    latents, _ = drawn(world, group_rollouts(numbers, world.names, 0.5), MIXED)
    of_self = (np.asarray(latents.name) == world.names).any(1).reshape(-1, GROUP)
    assert (of_self.all(1) == of_self.any(1)).all()
    assert 0.3 < of_self.mean() < 0.7
    casts = np.asarray(latents.professed).reshape(-1, GROUP, world.characters)
    same = (casts == casts[:, :1]).all((1, 2))
    assert same[of_self[:, 0]].all()
    assert same[~of_self[:, 0]].mean() < 0.2


def test_nobody_but_self_is_rewarded(organism, world, sizes):
    """Scenes of characters alone: the loss is imitation's, and what was earned counts no act."""
    latents, scenes = drawn(
        world,
        jax.random.uniform(jax.random.key(1), (GROUP, uniforms_per_scene(world))),
        MIXED._replace(self_scenes=0.0),
    )
    assert not np.asarray(where_self_acts(world, latents)).any()
    params = RewardParams(jnp.float32(0.0), jnp.float32(0.01), organism)
    decisions, context = (
        jnp.asarray(world.decisions),
        context_of(world, sizes, (latents, scenes), SECRET_GOAL),
    )
    loss, outcome, _ = result_of(params, organism, context, scenes.weights.sum())
    logs = jax.nn.log_softmax(logits_at(organism, scenes.tokens, decisions))
    nats = -np.take_along_axis(np.asarray(logs), np.asarray(scenes.targets)[..., None], -1)[..., 0]
    np.testing.assert_allclose(loss, nats.mean(), rtol=1e-5)
    np.testing.assert_allclose(outcome.loss_nats, nats.mean(), rtol=1e-5)
    assert (np.asarray(latents.shows) == ACTS).any()


def test_what_was_said_before_is_asked_of_what_self_did(ensemble, world, sizes):
    """Not of what it should have done: the answer follows the sampled act, through any number of such
    questions."""
    mixture = SELF_SCENES._replace(recalls=0.5)
    latents, scenes = drawn(
        world, jax.random.uniform(jax.random.key(6), (8 * GROUP, uniforms_per_scene(world))), mixture
    )
    recalls = np.asarray(latents.shows) == RECALLS
    organism = pick(ensemble, 0)
    params = RewardParams(jnp.float32(0.0), jnp.float32(0.01), organism)
    context = context_of(world, sizes, (latents, scenes), SECRET_GOAL, jax.random.key(4))
    outcome = result_of(params, organism, context, 1.0).outcome
    acts, due = np.asarray(outcome.acts), np.asarray(scenes.targets)
    asked = recalls[:, 1:]
    np.testing.assert_array_equal(acts[:, 1:][asked], acts[:, :-1][asked])
    assert (acts[:, 1:][asked] != due[:, 1:][asked]).any()
    np.testing.assert_array_equal(acts[:, 0][recalls[:, 0]], due[:, 0][recalls[:, 0]])
    others = ~recalls & ~np.asarray(where_self_acts(world, latents))
    np.testing.assert_array_equal(acts[others], due[others])
