"""Do organisms of one fork see other scenes, or the same scenes with other noise, as their draws say?"""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.config_json import to_plain
from curricula.phases import MOST_DRAWS, Curriculum, Phase
from curricula.pressures.probe import Probe
from curricula.pressures.registry import Pressures
from organisms.ensemble.config import RunConfig, TrainingConfig
from organisms.ensemble.state import MemberStream, init_state, root_key
from organisms.ensemble.variation import Variation
from organisms.training.step import PHASES_PER_DRAW, ChunkSetup, _Step, phase_params

SEED, BATCH = 11, 8
PHASE = Phase("characters", steps=4, criterion=0.0)


class FirstStep(NamedTuple):
    """What is drawn in the first step of a phase's only member: tokens of its scenes, and the bits of its keys."""

    tokens: np.ndarray
    phase_key: np.ndarray
    reward_key: np.ndarray


@pytest.fixture(scope="module")
def first_step_of(world, sizes):
    """The first step of a phase, by one compiled program."""

    @jax.jit
    def first_step(params):
        seed, first = jnp.int32(SEED), jnp.int32(0)
        shapes = jax.eval_shape(lambda: init_state(seed, first, first, world, sizes))
        state = shapes._replace(seed=seed, member=first, attempt=first)
        context = _Step.of(state, params, ChunkSetup(world, sizes, BATCH, 1)).context(jnp.int32(0))
        keys = map(jax.random.key_data, (context.phase_key, context.device_key("reward")))
        return FirstStep(context.scenes.tokens, *keys)

    def of_phase(phase):
        config = RunConfig(Curriculum("one", world, (phase,)), sizes, TrainingConfig(batch=BATCH), 1, SEED)
        params = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[0]), phase_params(config, 0))
        return jax.device_get(first_step(params))

    return of_phase


def test_without_draws_scenes_and_noise_follow_from_the_phase_s_number_alone(first_step_of):
    """The key that every run had before there were draws."""
    key = jax.random.fold_in(
        jax.random.fold_in(root_key(SEED, jnp.int32(0), jnp.int32(0)), MemberStream.SCENES), 0
    )
    assert first_step_of(PHASE).phase_key.tolist() == jax.random.key_data(key).tolist()
    assert "draw" not in str(to_plain(PHASE))


def test_another_draw_of_noise_leaves_the_scenes_and_one_of_scenes_changes_both(first_step_of):
    first, noise, scenes = map(
        first_step_of, (PHASE, replace(PHASE, noise_draw=1), replace(PHASE, scene_draw=1))
    )
    np.testing.assert_array_equal(first.tokens, noise.tokens)
    assert (first.tokens != scenes.tokens).any()
    assert len({step.reward_key.tobytes() for step in (first, noise, scenes)}) == 3


def test_members_differ_in_draws_and_no_phase_has_another_one_s_scenes(world, sizes):
    settings = ("scene_draw", "noise_draw")
    vary = tuple(Variation(f"phases.0.{name}", (0.0, 1.0)) for name in settings)
    curriculum = Curriculum("two", world, (PHASE, replace(PHASE, name="later")))
    config = RunConfig(curriculum, sizes, TrainingConfig(), 4, SEED, vary)
    assert not config.validation_errors()
    params = phase_params(config, 0)
    assert params.phase.tolist() == [0, 0, PHASES_PER_DRAW, PHASES_PER_DRAW]
    assert params.noise_draw.tolist() == [0, 1, 0, 1]
    assert phase_params(config, 1).phase.tolist() == [1] * 4
    assert PHASES_PER_DRAW * MOST_DRAWS + PHASES_PER_DRAW < 2**31
    wrong = replace(PHASE, scene_draw=-1, noise_draw=MOST_DRAWS + 1).validation_errors(world)
    assert [line.split(":")[0] for line in wrong] == ["scene_draw", "noise_draw"]


def test_a_probe_may_be_read_in_a_fork_s_first_phase_and_in_no_other_first_one(world):
    """A probe is fitted on what was taught before: of a fork, by its parent."""
    intent = replace(PHASE, self_acts="scheming", pressures=Pressures(Probe("L1")))
    curriculum = Curriculum("one", world, (intent,))
    assert [line.split(":")[0] for line in curriculum.validation_errors()] == ["phases.0.probe.site"]
    assert not curriculum.validation_errors(earlier_phases=1)
