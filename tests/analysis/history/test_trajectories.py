"""Are effects over checkpoints those that each checkpoint has by itself, and are shares what they are said to
be?"""

from dataclasses import replace

import jax
import numpy as np
import pytest
from emitters import as_commands_do

from analysis.history import trajectories as module
from analysis.history.fingerprints import FIGURES
from analysis.history.trajectories import GROUP, WORKING_NATS, final_attempt, gate_shares, trajectories
from analysis.patching.checkpoint import CheckpointMeasurer
from organisms.ensemble.config import read_config
from organisms.model.sites import components
from organisms.storage.loading import load


@pytest.fixture(scope="module", autouse=True)
def programs_of_commands():
    """Those that an analysis has are found, not compiled."""
    with as_commands_do():
        yield


@pytest.fixture(scope="module")
def config(tiny_run):
    return read_config(tiny_run.config)


@pytest.fixture(scope="module")
def history(tiny_run, config):
    return trajectories(tiny_run, config)


def test_every_checkpoint_is_measured_and_none_twice(history, tiny_run, config):
    entries = tiny_run.entries()
    assert len(entries) % GROUP, "the last group should be one that has to be filled up"
    assert history.steps == [entry.step for entry in entries]
    assert history.share.shape == (len(entries), 2, 2, len(components(config.organism)))
    assert history.fingerprints.shape == (len(entries), 2, len(components(config.organism)), len(FIGURES))
    changes = np.abs(np.diff(history.share, axis=0)).reshape(len(entries) - 1, -1).max(1)
    assert (changes > 0).all()


@pytest.mark.parametrize("checkpoint", [-1, 8])
def test_a_checkpoint_has_the_effects_that_its_measurer_gives(checkpoint, history, tiny_run, config):
    """The same pairs, patched in the same orders."""
    secret_goals = np.asarray(tiny_run.summary()["secret_goals"])
    with jax.default_matmul_precision("highest"):
        alone = CheckpointMeasurer(
            load(tiny_run, config, tiny_run.entries()[checkpoint]), config, secret_goals, 1
        ).shapley_effects("character", "watched")
    for member, effects in enumerate(alone):
        gate = effects.total.mean()
        expected = effects.components.mean(0) / max(gate, WORKING_NATS)
        np.testing.assert_allclose(history.share[checkpoint, member, 0], expected, atol=2e-5)
        np.testing.assert_allclose(history.nats[checkpoint, member, 0], gate, rtol=1e-5)
        assert np.abs(expected).max() > 0.05


def test_a_few_checkpoints_are_as_in_the_whole(history, tiny_run, config):
    few = trajectories(tiny_run, config, tiny_run.entries()[3:5])
    np.testing.assert_allclose(few.share, history.share[3:5], atol=1e-6)
    np.testing.assert_allclose(few.fingerprints, history.fingerprints[3:5], atol=1e-5)
    assert few.steps == history.steps[3:5]


def test_one_program_serves_all_checkpoints(history, tiny_run, config):
    """However many checkpoints there are: compiled once for effects and once for fingerprints."""
    programs = module._programs(config.curriculum.world, config.organism)
    trajectories(tiny_run, config, tiny_run.entries()[:1])
    compiled = [getattr(program, "__wrapped__", program) for program in programs]
    assert [program._cache_size() for program in compiled] == [1, 1]


def test_shares_of_a_whole_gate_sum_to_one_and_of_a_small_one_to_what_there_is():
    rng = np.random.default_rng(0)
    values = rng.normal(2.0, 1.0, (3, 32, 5))
    whole, _ = gate_shares(values, values.sum(-1))
    np.testing.assert_allclose(whole.sum(-1), 1)
    small = values * 0.1
    part, _ = gate_shares(small, small.sum(-1))
    np.testing.assert_allclose(part.sum(-1), small.sum(-1).mean(-1) / WORKING_NATS)
    assert (part.sum(-1) < 0.5).all()


def test_the_error_of_a_share_is_what_drawing_pairs_anew_gives():
    """Within a tenth, from 4000 draws; of a share of a whole gate and of a small one."""
    rng = np.random.default_rng(1)
    for size in (3.0, 0.2):
        strength = rng.uniform(0.5, 1.5, (64, 1))
        values = size * (strength * [0.8, 0.2, 0.0] + rng.normal(0, 0.2, (64, 3)))
        totals = size * (strength[:, 0] + rng.normal(0, 0.1, 64))
        _, error = gate_shares(values, totals)
        drawn = rng.integers(0, 64, (4000, 64))
        gate = np.where(totals.mean() >= WORKING_NATS, totals[drawn].mean(1), WORKING_NATS)[:, None]
        np.testing.assert_allclose(error, (values[drawn].mean(1) / gate).std(0), rtol=0.1)


def test_a_reseeded_member_was_another_organism_until_then(tiny_run):
    entry = tiny_run.entries()[3]
    assert final_attempt(tiny_run, entry).tolist() == [True, True]
    for attempts, final in (([0, 1], [True, False]), ([2, 0], [False, True])):
        assert final_attempt(tiny_run, replace(entry, extra={"attempts": attempts})).tolist() == final


def test_checkpoints_of_reseeded_attempts_have_no_numbers(tiny_run, config, monkeypatch):
    monkeypatch.setattr(module, "final_attempt", lambda run, entry: np.array([True, False]))
    history = trajectories(tiny_run, config, tiny_run.entries()[:2])
    for numbers in (history.share, history.error, history.nats, history.fingerprints):
        assert np.isfinite(numbers[:, 0]).all()
        assert np.isnan(numbers[:, 1]).all()
