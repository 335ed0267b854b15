"""Do devices that take members in turn share out the work evenly, and leave every member's bits as they are?"""

from functools import partial
from math import ceil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.catalogue.registry import curriculum
from organisms.ensemble.config import RunConfig, TrainingConfig
from organisms.ensemble.devices import Layout, fetch
from organisms.ensemble.optimiser import AdamMoments
from organisms.ensemble.state import State
from organisms.model.config import OrganismConfig
from organisms.training.programs import Programs
from organisms.training.step import PhaseParams, Progress, phase_params
from organisms.training.turns import chunks_in_turn, train_in_turn

pytestmark = pytest.mark.skipif(jax.device_count() != 2, reason="JAX_NUM_CPU_DEVICES is not 2")


@pytest.mark.parametrize(("members", "chunks"), [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2), (7, 2), (16, 1)])
def test_an_odd_number_of_members_has_two_devices_take_two_chunks_of_each(members, chunks):
    assert chunks_in_turn(Layout.of(members, 64), members) == chunks


def test_members_that_a_device_takes_together_have_no_turns():
    assert chunks_in_turn(Layout.of(5)._replace(one_by_one=False), 5) == 1


def counting_chunk(state, params):
    """A stand-in for a chunk of training: whose result says which member it was of, and which chunk."""
    taken = state._replace(
        phase_step=state.phase_step + params.phase, organism=state.organism * 2 + state.member
    )
    return taken, Progress({"loss_nats": 100.0 * state.member + taken.phase_step}, jnp.ones((), bool))


@pytest.mark.parametrize(("members", "chunks"), [(3, 1), (3, 2), (5, 2), (5, 3)])
def test_every_member_takes_every_chunk_and_no_device_one_too_many(members, chunks):
    """The devices are called as seldom as the work allows, each time with a member for each; members come back in
    their order, each with its own progress."""
    layout, rows = Layout.of(members), np.arange(members, dtype=np.int32)
    program, calls = layout.over_members(counting_chunk, donate=(0,)), []

    def recorded(state, params):
        calls.append(len(state.member))
        return program(state, params)

    organism = rows[:, None].astype(np.float32) + np.ones(4, np.float32)
    state = State(organism, AdamMoments(rows, rows), 0 * rows, rows, 0 * rows, 0 * rows)
    params = PhaseParams(rows, rows, rows, 10 + rows, 0 * rows, {"imitate": rows}, {})
    state, progress = train_in_turn(recorded, layout, layout.place(state), params, chunks)
    assert calls == [2] * ceil(members * chunks / 2)
    expected = organism
    for _ in range(chunks):
        expected = expected * 2 + rows[:, None]
    np.testing.assert_array_equal(fetch(state.organism), expected)
    np.testing.assert_array_equal(fetch(state.phase_step), chunks * (10 + rows))
    assert state.phase_step.sharding == layout.sharding(members)
    for chunk, of_chunk in enumerate(progress, 1):
        np.testing.assert_array_equal(of_chunk.metrics["loss_nats"], 100 * rows + chunk * (10 + rows))


@pytest.mark.slow
def test_members_trained_in_turn_have_the_bits_of_members_trained_side_by_side():
    """Weights, moments and metrics of three members after two chunks; one of them is done with its phase before the
    second."""
    sizes = OrganismConfig(layers=1, heads=2, width=16, neurons=16, neuron_blocks=2)
    training = TrainingConfig(batch=16, checkpoint_every=4, evaluation_scenes=16)
    config = RunConfig(curriculum("shared", "tiny", 4), sizes, training, members=3)
    programs, ids = Programs(config), np.arange(3, dtype=np.int32)
    params = phase_params(config, 0)
    newborn = partial(programs.init_states, 0 * ids, ids, 0 * ids)

    def begin():
        return programs.layout.place(fetch(newborn())._replace(phase_step=np.array([0, 4, 0], np.int32)))

    in_turn, metrics_in_turn = train_in_turn(programs.train_chunk, programs.layout, begin(), params, 2)
    state, metrics = begin(), []
    for _ in range(2):
        state, progress = programs.train_chunk(state, params)
        metrics.append(progress)
    for one, other in zip(
        *map(jax.tree.leaves, (fetch((in_turn, metrics_in_turn)), fetch((state, metrics)))), strict=True
    ):
        np.testing.assert_array_equal(one, other)
