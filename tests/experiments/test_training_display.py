"""Whoever watches a run sees every mode at every checkpoint, the ones that the phase never shows too."""

import time

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from experiments.training_display import TensorBoardCallback, hyperparameters
from organisms.ensemble.config import named_config, read_config
from organisms.training.behaviour import BEHAVIOURS


def test_retention_of_every_mode_is_a_scalar_with_its_band(tmp_path):
    """Self is absent from the phase, and what it would do is logged. A mode that could not be read in any
    member is left out."""
    callback = TensorBoardCallback(named_config("shared", "tiny", members=2), tmp_path, quiet=True)
    rates = {name: np.array([0.25, 0.75]) for name in BEHAVIOURS}
    callback.retention(50, "characters", rates)
    callback.retention(100, "characters", rates | {"self_alone_secret": np.array([np.nan, np.nan])})
    callback.fail(RuntimeError())
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    for name in BEHAVIOURS:
        read = {
            end: [(e.step, e.value) for e in events.Scalars(f"retention/{name}/{end}")]
            for end in ("mean", "low")
        }
        last = [] if name == "self_alone_secret" else [(100, 0.5)]
        assert read["mean"] == [(50, 0.5), *last]
        assert read["low"][0] == (50, 0.25)


def test_the_first_metrics_are_on_the_disk_while_training_goes_on(tmp_path):
    """A person who watches waits for the first chunk, not for the end: the writer is never closed here."""
    callback = TensorBoardCallback(named_config("shared", "tiny", members=2), tmp_path, quiet=True)
    callback.retention(0, "characters", {name: np.array([0.25, 0.75]) for name in BEHAVIOURS})
    callback.chunk(10, "characters", {"loss_nats": np.array([1.0, 2.0])})
    [file] = (tmp_path / "tensorboard").glob("*tfevents*")
    deadline = time.monotonic() + 20
    while b"loss_nats/mean" not in file.read_bytes():
        assert time.monotonic() < deadline, "nothing on the disk"
        time.sleep(0.05)
    callback.fail(RuntimeError())


def test_the_table_of_hyperparameters_names_the_parent(disused_run, tiny_run):
    listed = hyperparameters(read_config(disused_run.config))
    assert listed["parent"] == f"shared-{tiny_run.hash}"
    assert listed["parent_step"] == tiny_run.entries()[-1].step
    assert "parent" not in hyperparameters(read_config(tiny_run.config))
