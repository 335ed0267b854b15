"""Are the instruments of the bench right: its clocks, its workers, its chunks, and what it reads of memory
and of programs?"""

import os
import signal
import time

import jax
import numpy as np
import pytest

from benchmarks import background_load, clocks
from benchmarks.compiling import CompileClock
from benchmarks.material import checkpoint_bytes
from benchmarks.memory import held_bytes, peak_bytes, reset_peak
from benchmarks.profiling import read_program
from benchmarks.training import chunk_for, cut
from benchmarks.workers import OutOfMemory, Worker
from curricula.errors import SystemFailure, UserError
from organisms.ensemble.config import named_config
from organisms.model.parameter_names import to_arrays
from organisms.storage import checkpoints
from organisms.training.validation import check_config


@pytest.mark.parametrize("members", [1, 3, 1000])
def test_bytes_of_a_checkpoint_are_those_of_the_file(organism, members, tmp_path):
    stacked = jax.tree.map(lambda leaf: leaf[None], organism)
    first_member = {name: array[:1] for name, array in to_arrays(stacked).items()}
    arrays = {
        name: np.broadcast_to(array, (members, *array.shape[1:])) for name, array in first_member.items()
    }
    checkpoints.write_checkpoint(tmp_path / "a.safetensors", arrays, tmp_path / "aside")
    assert checkpoint_bytes(first_member, members) == (tmp_path / "a.safetensors").stat().st_size


@pytest.mark.parametrize("chunk", [1, 5, 25])
def test_a_cut_run_takes_the_chunks_that_were_chosen(chunk):
    config = cut(named_config("shared", "gpu"), chunk)
    check_config(config)
    assert config.chunk == chunk
    assert config.organism == named_config("shared", "gpu").organism


def test_chunks_get_shorter_where_calls_would_take_long():
    chunks = [chunk_for(named_config("shared", "gpu", members), 3e12) for members in (1, 4, 64)]
    assert chunks == sorted(chunks, reverse=True)
    assert chunks[-1] == 1
    assert chunk_for(named_config("shared", "tiny", 1), 3e11) == named_config("shared", "tiny").chunk


def test_the_compile_clock_counts_nested_spans_once(monkeypatch):
    clock, readings = CompileClock(), iter([3.0, 5.0, 9.0, 10.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(readings))
    clock.record("/jax/core/compile/jaxpr_trace_duration", 1.0)  # from 2 to 3, inside the next
    clock.record("/jax/core/compile/jaxpr_trace_duration", 4.0)  # from 1 to 5
    clock.record("/jax/core/compile/backend_compile_duration", 2.0)  # from 7 to 9
    clock.record("/jax/other", 10.0)
    assert clock.since(0.0) == pytest.approx(6.0)
    assert clock.since(4.0) == pytest.approx(3.0)


def test_calls_are_repeated_until_the_time_is_up():
    slow = clocks.repeat(lambda: time.sleep(0.01), 0.05)
    assert 2 <= len(slow) <= 5
    assert min(slow) >= 0.01
    assert len(clocks.repeat(lambda: None, 0.0)) == 1


def test_a_peak_is_gone_when_it_is_reset():
    bytes_at_start = held_bytes()
    assert len(bytearray(64 * 2**20)) > 0
    assert peak_bytes() >= bytes_at_start + 60 * 2**20
    if not reset_peak():
        pytest.skip("this system can not reset peaks")
    assert peak_bytes() < bytes_at_start + 60 * 2**20


def test_own_work_is_no_background_load(monkeypatch):
    """In two seconds all cores computed for four, of which one second was ours: other processes kept one and
    a half cores busy."""
    readings = {"machine_seconds": iter([10.0, 14.0, None]), "process_seconds": iter([5.0, 6.0, 6.0])}
    for name, values in readings.items():
        monkeypatch.setattr(background_load, name, lambda values=values: next(values))
    times = iter([100.0, 102.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    load = background_load.BackgroundLoad()
    assert load.cores() == pytest.approx(1.5)
    assert load.cores() is None, "where the system has no statistics"


def test_the_system_counts_what_this_process_computes():
    earlier, end = (
        (background_load.process_seconds(), background_load.machine_seconds()),
        time.process_time() + 0.2,
    )
    while time.process_time() < end:
        pass
    assert background_load.process_seconds() - earlier[0] >= 0.15
    machine_seconds = background_load.machine_seconds()
    assert machine_seconds is None or earlier[1] is None or machine_seconds - earlier[1] >= 0.15


@pytest.mark.slow
def test_a_workers_error_is_a_line_and_it_lives_on():
    with Worker("limits") as worker:
        with pytest.raises(SystemFailure, match="limits worker, nonsense: AttributeError"):
            worker.call("nonsense")
        assert worker.call("describe")["platform"]


@pytest.mark.slow
def test_a_worker_that_was_killed_for_memory_is_no_failure():
    with Worker("limits") as worker:
        os.kill(worker.process.pid, signal.SIGKILL)
        with pytest.raises(OutOfMemory):
            worker.call("describe")


@pytest.mark.parametrize("kind", ["limits", "training", "patching"])
def test_a_worker_refuses_switches_that_commands_refuse(kind, monkeypatch):
    monkeypatch.setenv("JAX_DEBUG_NANS", "1")
    with pytest.raises(UserError, match=r"^JAX_DEBUG_NANS=1: expected it unset"):
        Worker(kind)


def test_a_worker_says_in_a_line_that_its_kind_of_device_is_missing(monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "tpu")
    with pytest.raises(UserError, match=r"^JAX_PLATFORMS=tpu: expected a device of this kind") as caught:
        Worker("limits")
    assert "\n" not in str(caught.value)


def test_an_operation_is_put_down_to_the_innermost_line_of_the_project():
    text = """HloModule jit_f

FileNames
1 "/somewhere/organisms/model.py"
2 "/elsewhere/optax/transform.py"

FunctionNames
1 "Organism.mlp"
2 "update"

FileLocations
1 {file_name_id=1 function_name_id=1 line=3 end_line=3 column=1 end_column=2}
2 {file_name_id=2 function_name_id=2 line=4 end_line=4 column=1 end_column=2}

StackFrames
1 {file_location_id=1 parent_frame_id=1}
2 {file_location_id=2 parent_frame_id=2}

ENTRY main {
  ROOT %dot.1 = f32[4,4]{1,0} dot(%a, %b), metadata={op_name="jit(f)/transpose(jvp())/dot_general" stack_frame_id=2}
  %while.2 = (f32[4]{0}, s32[]) while(%t), metadata={op_name="jit(f)/while"}
}
"""
    program = read_program(text)
    assert program["dot.1"].group == "organisms/model.py mlp dot_general backward"
    assert program["while.2"].opcode == "while"
