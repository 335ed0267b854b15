"""A trial grows organisms as a run does, whatever shares its block, and reads them as a checkpoint does."""

import jax
import numpy as np
import pytest

from analysis.relearning import finetune
from analysis.relearning.finetune import BLOCK, CHUNK, Rows, read, teach
from organisms.storage.loading import load
from organisms.training.config import read_config
from organisms.training.variation import phase_of


@pytest.fixture(scope="module")
def rows(tiny_run) -> Rows:
    config, entry = read_config(tiny_run.config), tiny_run.entries()[-1]
    return Rows.of(load(tiny_run, config, entry), config, entry.extra["attempts"])


@pytest.fixture(scope="module")
def taught(rows, disused_run):
    """The phases of `disused_run`, of each of its members, as a trial; in all more rows than a block
    holds."""
    config = read_config(disused_run.config)
    phases = [phase_of(member, 0, config.curriculum.phases[0], config.vary) for member in range(8)]
    again = [member // 4 for member in range(8)]
    return teach(rows.take(again * 3), phases * 3, config, 50, config.number_of(0))


def test_a_trial_ends_where_a_run_of_the_same_phase_ends(taught, disused_run):
    """To the bit: in chunks of five steps as in chunks of twenty-five, in a block of sixteen as in an
    ensemble of eight."""
    config = read_config(disused_run.config)
    theirs = load(disused_run, config, disused_run.entries()[-1])
    assert BLOCK < 24
    for ours, other in zip(jax.tree.leaves(taught[1].organisms), jax.tree.leaves(theirs), strict=True):
        assert (np.asarray(ours) == np.tile(np.asarray(other), (3,) + (1,) * (other.ndim - 1))).all()


def test_readings_are_before_the_first_step_and_after_every_chunk(taught, rows, disused_run):
    rates, after = taught
    world, sizes = (lambda config: (config.curriculum.world, config.organism))(
        read_config(disused_run.config)
    )
    assert all(rate.shape == (50 // CHUNK + 1, 24) for rate in rates.values())
    first, last = read(rows, world, sizes), read(after, world, sizes)
    for name, rate in rates.items():
        assert rate[0, [0, 4]].tolist() == first[name].tolist()
        assert rate[-1].tolist() == last[name].tolist()


def test_a_block_is_left_once_it_is_enough(rows, disused_run, monkeypatch):
    """Later readings are not a number, and rows of another block go on."""
    monkeypatch.setattr(finetune, "BLOCK", 1)
    config = read_config(disused_run.config)
    seen = []

    def enough(rates) -> bool:
        seen.append(len(rates["self_alone_secret"]))
        return len(seen) == 2

    rates, _ = teach(rows, [config.curriculum.phases[0]] * 2, config, 15, enough=enough)
    assert seen == [1, 2, 1, 2, 3, 4]
    assert np.isnan(rates["self_alone_secret"][:, 0]).tolist() == [False, False, True, True]
    assert not np.isnan(rates["self_alone_secret"][:, 1]).any()
