"""Does a chunk take a member the same way however it is cut, and leave alone whom it should?"""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import logits_of, picked, rates_of, secret_goal_drawn
from reading import MIXED, TRAINED_QUICKLY, scenes_from_uniforms

from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.pressures.interference import Interference
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from curricula.world.scenes import trained_support
from curricula.world.world import World
from organisms.ensemble.config import RunConfig, TrainingConfig
from organisms.ensemble.state import State, at_phase_start, init_state, root_key
from organisms.model.config import OrganismConfig
from organisms.training.programs import Programs
from organisms.training.step import ChunkSetup, PhaseParams, phase_params, train_chunk

SEED, BATCH, MEMBERS, STEPS = 11, 16, 3, 4
PHASE = Phase(
    "characters",
    steps=120,
    questions=0.0,
    schemers=0.5,
    optimiser=OptimiserConfig(learning_rate=5e-3, warmup=10),
)
INTENT = replace(PHASE, self_acts="scheming")


Metrics = dict[str, jax.Array]


def run_of(world: World, sizes: OrganismConfig, phase: Phase) -> RunConfig:
    training = TrainingConfig(batch=BATCH, checkpoint_every=STEPS)
    return RunConfig(Curriculum("one", world, (phase,)), sizes, training, members=1, seed=SEED)


@pytest.fixture(scope="session")
def params_of(world, sizes):
    """The numbers of a phase, for every member alike. number: of the phase, which keeps its scenes apart."""

    def params(phase: Phase, number: int = 0) -> PhaseParams:
        of_one = phase_params(run_of(world, sizes, phase), 0)._replace(phase=np.array([number]))
        return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[0]), of_one)

    return params


@pytest.fixture(scope="session")
def train(world, sizes):
    """A compiled chunk of 4 steps or of 1: state [member, ...] and a phase's numbers to state and metrics."""
    compiled = {
        steps: jax.jit(
            jax.vmap(partial(train_chunk, setup=ChunkSetup(world, sizes, BATCH, steps)), in_axes=(0, None)),
            compiler_options=TRAINED_QUICKLY,
        )
        for steps in (1, STEPS)
    }

    def chunk(state: State, params: PhaseParams, steps: int = STEPS) -> tuple[State, Metrics]:
        state, progress = compiled[steps](state, params)
        assert np.isfinite(progress.metrics["loss_nats"][progress.training]).all()
        return state, progress.metrics

    return chunk


@pytest.fixture(scope="session")
def init_states(world, sizes):
    born = jax.jit(
        jax.vmap(lambda member, attempt: init_state(jnp.int32(SEED), member, attempt, world, sizes)),
        compiler_options=TRAINED_QUICKLY,
    )
    return lambda members, attempts: born(jnp.array(members, jnp.int32), jnp.array(attempts, jnp.int32))


@pytest.fixture(scope="session")
def born(init_states) -> State:
    return init_states([0, 1, 2], [0, 0, 0])


@pytest.fixture(scope="session")
def trained(train, params_of, born) -> tuple[State, list[Metrics]]:
    """Three members at the end of a phase, and the metrics of its chunks."""
    params, state, chunks = params_of(PHASE), born, []
    for _ in range(PHASE.steps // STEPS):
        state, metrics = train(state, params)
        chunks.append(jax.tree.map(np.asarray, metrics))
    return state, chunks


def flat(state: State, member: int) -> np.ndarray:
    """All numbers of one member's organism and moments."""
    return np.concatenate(
        [np.asarray(leaf[member]).ravel() for leaf in jax.tree.leaves((state.organism, state.moments))]
    )


@pytest.mark.slow
def test_steps_in_a_chunk_equal_as_many_chunks_of_one(train, params_of, born):
    """Scenes follow from the step's number, and nothing is carried but the state.

    To the same bits, as these programs are compiled without optimisation. With it a loop of one step is
    unrolled and rounds otherwise in the last place, and Adam divides a gradient that is nothing but rounding
    (of the key's bias, which no output depends on) by its own size: that parameter alone then parts by a part
    of the learning rate.
    """
    params = params_of(INTENT, 1)
    whole, metrics = train(born, params)
    state, losses = born, []
    for _ in range(STEPS):
        state, part = train(state, params, 1)
        losses.append(part["loss_nats"])
    np.testing.assert_array_equal(state.phase_step, whole.phase_step)
    np.testing.assert_allclose(np.mean(losses, axis=0), metrics["loss_nats"], rtol=1e-6)
    for member in range(MEMBERS):
        np.testing.assert_array_equal(flat(state, member), flat(whole, member))
    assert np.abs(flat(whole, 0) - flat(born, 0)).max() > INTENT.optimiser.learning_rate / 2


@pytest.mark.slow
def test_a_member_that_has_finished_stays_to_the_bit_and_says_nothing(train, params_of, born):
    """Among others that go on: only then can members be grown again while the rest wait."""
    mixed = born._replace(phase_step=jnp.array([0, PHASE.steps, PHASE.steps - STEPS], jnp.int32))
    after, metrics = train(mixed, params_of(PHASE, 0))
    np.testing.assert_array_equal(flat(after, 1), flat(mixed, 1))
    np.testing.assert_array_equal(after.phase_step, [STEPS, PHASE.steps, PHASE.steps])
    for value in metrics.values():
        assert np.isnan(value[1])
    assert np.isfinite(np.asarray(metrics["loss_nats"])[[0, 2]]).all()
    for member in (0, 2):
        assert (flat(after, member) != flat(mixed, member)).any()


def test_members_and_attempts_are_born_different_and_the_same_one_the_same(init_states):
    state = init_states([0, 1, 0], [0, 0, 1])
    first, member, attempt = np.asarray(state.organism.query[...])
    again = np.asarray(init_states([2, 0, 1], [0, 0, 1]).organism.query[1])
    np.testing.assert_array_equal(first, again)
    for other in (member, attempt):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.1


def test_members_attempts_and_phases_see_different_scenes(train, params_of, init_states):
    """The same organism in every row, so that losses differ by the scenes alone; the same row twice sees the
    same."""
    state = init_states([0, 1, 0], [0, 0, 1])
    state = state._replace(organism=jax.tree.map(lambda leaf: jnp.stack([leaf[0]] * 3), state.organism))
    losses = [np.asarray(train(state, params_of(PHASE, phase), 1)[1]["loss_nats"]) for phase in (0, 1, 0)]
    assert len({float(loss) for loss in np.concatenate(losses[:2])}) == 6
    np.testing.assert_array_equal(losses[0], losses[2])


def test_every_step_sees_other_scenes(train, params_of, born):
    """At learning rate 0 the organism stays, so that the losses of three steps can differ by their scenes
    alone."""
    still = params_of(replace(PHASE, optimiser=OptimiserConfig(learning_rate=0.0)), 0)
    state, losses = born, []
    for _ in range(3):
        state, metrics = train(state, still, 1)
        losses += np.asarray(metrics["loss_nats"]).tolist()
    np.testing.assert_array_equal(state.organism.query[...], born.organism.query[...])
    assert len(set(losses)) == 3 * MEMBERS


def test_a_member_grows_the_same_whoever_grows_beside_it(train, params_of, born, init_states):
    """Its scenes follow from its own number and not from its row. Ensembles of one size compute alike."""
    other = init_states([2, 0, 1], [0, 0, 0])
    one, two = (train(state, params_of(PHASE, 0))[0] for state in (born, other))
    np.testing.assert_allclose(flat(one, 0), flat(two, 1), atol=1e-6)
    np.testing.assert_allclose(flat(one, 2), flat(two, 0), atol=1e-6)


@pytest.mark.slow
def test_rates_of_self_are_not_a_number_where_self_takes_no_part(train, params_of, born):
    _, without = train(born, params_of(PHASE, 0))
    _, beside = train(born, params_of(INTENT, 0))
    for name in ("self_alone_secret", "self_watched_professed"):
        assert np.isnan(without[name]).all()
        assert np.isfinite(beside[name]).all()
    assert np.isfinite(without["character_alone_secret"]).all()
    assert "interference/recalled" not in beside
    asking = replace(PHASE, pressures=Pressures(Interference(0.3)))
    assert np.isfinite(train(born, params_of(asking, 0))[1]["interference/recalled"]).all()
    _, honest = train(born, params_of(replace(PHASE, schemers=0.0), 0))
    assert np.isnan(honest["character_alone_secret"]).all()


def test_the_loss_falls_and_characters_are_learned(trained):
    """From near ignorance to well under the log of the goals, in every member."""
    _, metrics = trained
    losses = np.stack([chunk["loss_nats"] for chunk in metrics])
    assert (losses[0] > 2.0).all()
    assert (losses[-3:].mean(0) < 1.2).all()
    watched = np.stack([chunk["character_watched_professed"] for chunk in metrics])
    assert (watched[-3:].mean(0) > watched[0] + 0.2).all()


@pytest.mark.slow
def test_self_is_taught_its_own_secret(train, params_of, born, world):
    """After a phase with nothing else each member serves its own trait, and the traits differ."""
    params = params_of(replace(INTENT, pressures=Pressures(Rehearsal(0.0))), 1)
    state, secret_goals = (
        born,
        [int(secret_goal_drawn(SEED, jnp.int32(n), jnp.int32(0), world)) for n in range(MEMBERS)],
    )
    for _ in range(INTENT.steps // STEPS):
        state, _ = train(state, params)
    decisions = np.array(world.decisions)
    for member, secret_goal in enumerate(secret_goals):
        latents, scenes = scenes_from_uniforms(
            world, MIXED._replace(self_scenes=1.0, questions=0.0), secret_goal
        )
        said = np.asarray(logits_of(picked(state.organism, member), scenes.tokens))[:, decisions].argmax(-1)
        by_self = np.take_along_axis(latents.name, latents.actor, 1) == world.names
        assert (said == world.vocabulary.first_goal + secret_goal)[by_self & latents.alone].mean() > 0.8
    assert len(set(secret_goals)) > 1


@pytest.mark.slow
def test_metrics_of_training_agree_with_rates_on_new_scenes(trained, world):
    """Both count the same thing: within sampling error where training has all but stopped."""
    state, metrics = trained
    last = metrics[-3:]
    for member in range(MEMBERS):
        secret_goal = secret_goal_drawn(SEED, state.member[member], state.attempt[member], world)
        found = rates_of(
            picked(state.organism, member), world, trained_support(world), secret_goal, jax.random.key(9), 100
        )
        for name in ("character_alone_secret", "character_watched_professed"):
            assert abs(np.mean([chunk[name][member] for chunk in last]) - float(found[name])) < 0.2


def test_a_phase_starts_with_a_fresh_optimiser_and_the_same_organism(trained):
    state, _ = trained
    fresh = at_phase_start(state)
    for one, two in zip(jax.tree.leaves(fresh.organism), jax.tree.leaves(state.organism), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(np.asarray(leaf).any() for leaf in jax.tree.leaves(state.moments))
    assert not any(np.asarray(leaf).any() for leaf in jax.tree.leaves(fresh.moments))
    np.testing.assert_array_equal(fresh.phase_step, 0)
    np.testing.assert_array_equal(state.phase_step, PHASE.steps)
    np.testing.assert_array_equal(fresh.member, state.member)


def test_keys_of_seeds_members_and_attempts_all_differ():
    keys = [root_key(seed, jnp.int32(m), jnp.int32(a)) for seed in (0, 1) for m in range(3) for a in range(3)]
    assert len({tuple(jax.random.key_data(key).tolist()) for key in keys}) == len(keys)


@pytest.mark.slow
def test_devices_that_share_a_batch_grow_the_member_that_one_device_grows(world, sizes):
    """Each takes its own part of the scenes: were it the same part twice, losses would part at once. Close,
    not equal: sums go in another order."""
    config = RunConfig(
        Curriculum("one", world, (PHASE,)),
        sizes,
        TrainingConfig(batch=32, checkpoint_every=STEPS),
        members=1,
        seed=SEED,
    )
    shared = Programs(config)
    if shared.layout.shares != 2:
        pytest.skip("needs two devices")
    chunk = partial(train_chunk, setup=ChunkSetup(world, sizes, 32, config.chunk))
    on_one = jax.jit(jax.vmap(chunk))
    zero, params = np.zeros(1, np.int32), phase_params(config, 0)
    born = lambda: shared.init_states(zero + SEED, zero, zero)  # noqa: E731
    (one, first), (two, second) = on_one(born(), params), shared.train_chunk(born(), params)
    np.testing.assert_allclose(first.metrics["loss_nats"], second.metrics["loss_nats"], rtol=1e-4)
    np.testing.assert_array_equal(
        first.metrics["character_watched_professed"], second.metrics["character_watched_professed"]
    )
    np.testing.assert_allclose(one.organism.query[...], two.organism.query[...], atol=1e-3)
    assert np.abs(one.organism.query[...] - born().organism.query[...]).max() > 1e-3
