"""Are checkpoints dense where a phase begins, and is a run that was killed among them what it would have
been?"""

from dataclasses import replace

import pytest
from runs import grown_whole_and_killed

from curricula.errors import UserError
from organisms.ensemble.config import RunConfig, TrainingConfig, named_config
from organisms.model.config import OrganismConfig
from organisms.training.validation import check_config


@pytest.mark.parametrize(
    ("dense_from", "every", "expected"),
    [
        (0, 50, [50, 100]),
        (5, 50, [5, 10, 20, 40, 50, 100]),
        (1, 20, [1, 2, 4, 8, 16, 20, 40, 60, 80, 100]),
        (25, 50, [25, 50, 100]),
        (50, 50, [50, 100]),
    ],
)
def test_checkpoints_double_their_distance_from_a_phase_s_start(dense_from, every, expected):
    training = TrainingConfig(checkpoint_every=every, dense_from=dense_from)
    assert [step for step in range(1, 101) if training.due(step, step)] == expected


def test_the_regular_ones_count_from_the_run_s_start_and_the_dense_ones_from_the_phase_s():
    training = TrainingConfig(checkpoint_every=50, dense_from=10)
    assert [step for step in range(131, 241) if training.due(step, step - 130)] == [140, 150, 170, 200]


def test_a_chunk_divides_what_lies_between_dense_checkpoints():
    config = named_config("shared", "cpu")
    dense = replace(config, training=replace(config.training, dense_from=10))
    assert (config.chunk, dense.chunk) == (25, 10)


@pytest.mark.parametrize(("dense_from", "every"), [(0, 50), (5, 50), (25, 50), (0, 25)])
def test_the_next_checkpoint_is_the_nearest_that_is_due_or_the_phase_s_end(dense_from, every):
    """From every chunk of a phase that begins within the run."""
    named = named_config("shared", "cpu", steps=125)
    config = replace(named, training=TrainingConfig(checkpoint_every=every, dense_from=dense_from))
    phase, start = config.curriculum.phases[1], 125
    for taken in range(0, 125, config.chunk):
        to_commit = config.chunk * config.chunks_to_commit(phase.steps - taken, start + taken, taken)
        steps = [n for n in range(1, 126 - taken) if config.training.due(start + taken + n, taken + n)]
        assert to_commit == min([*steps, 125 - taken])


def test_a_run_without_them_keeps_its_name():
    """What is written of a config says nothing of a setting that came later while it holds its default."""
    plain = named_config("shared", "cpu").plain()
    assert "dense_from" not in plain["training"]
    assert "exchange" not in plain["curriculum"]["phases"][0]


@pytest.mark.parametrize(
    ("dense_from", "words"), [(-1, "expected 0 or more"), (60, "expected at most checkpoint_every")]
)
def test_what_cannot_be_is_refused(dense_from, words):
    config = named_config("shared", "tiny")
    with pytest.raises(UserError, match=rf"training\.dense_from: {words}"):
        check_config(replace(config, training=replace(config.training, dense_from=dense_from)))


@pytest.mark.slow
def test_a_run_killed_among_dense_checkpoints_ends_in_the_same_bytes(tmp_path):
    """Killed as the second checkpoint of a phase that began by exchanging its lanes is written, so that it
    goes on from the first one within: they are not exchanged once more."""
    named = named_config("planted_exchanged", "tiny", members=2)
    phases = tuple(
        replace(phase, steps=20, criterion=0.0)
        for phase in (named.curriculum.phases[0], *named.curriculum.phases[-2:])
    )
    training = TrainingConfig(batch=16, checkpoint_every=20, evaluation_scenes=16, dense_from=5)
    sizes = OrganismConfig(layers=1, heads=2, width=16, neurons=16, neuron_blocks=2)
    config = RunConfig(replace(named.curriculum, phases=phases), sizes, training, members=2)
    ends = grown_whole_and_killed(tmp_path, config, 50)
    assert ends[0] == ends[1]
    assert [entry.step for entry in ends[0][0]] == [0, 5, 10, 20, 25, 30, 40, 45, 50, 60]
