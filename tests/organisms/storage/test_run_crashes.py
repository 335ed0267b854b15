"""Does a run folder survive a SIGKILL at any moment, and a disk that is full?"""

import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import safetensors.numpy

from curricula.errors import SystemFailure, UserError
from organisms.storage.run import open_run, read_run

pytestmark = pytest.mark.slow

# What every process here does: go on from behind the last commit, as a restored optimiser state would, up to a step.
TRAIN = """
import os, signal, sys
from pathlib import Path
import numpy as np
from curricula.errors import SystemFailure
from organisms.storage.run import open_run

def train(folder, until):
    with open_run(folder, {"seed": 1}) as run:
        steps = [entry.step for entry in run.entries()]
        restored = steps[-2] if len(steps) > 1 else -1
        run.rewind(restored)
        for step in range(restored + 1, until):
            run.log({"step": step})
            run.commit(step, "honest", step, {"W": np.full((2, 8), step, np.float32)})
        run.write_summary({"steps": until})
"""


def python(script: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", TRAIN + script, *map(str, arguments)]


def assert_whole(folder: Path, last: int) -> None:
    """Rewound to `last`, the run holds the steps 0 to `last` and not a file more, each as it was saved."""
    for path in (folder / "checkpoints").iterdir():
        assert safetensors.numpy.load(path.read_bytes())["W"][0, 0] == int(path.stem), (
            "before a rewind, whole files"
        )
    with open_run(folder, {"seed": 1}) as run:
        run.rewind(last)
    run = read_run(folder)
    steps = list(range(last + 1))
    assert [entry.step for entry in run.entries()] == steps
    assert [line["step"] for line in run.metrics()] == steps
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == [
        f"{s:08d}.safetensors" for s in steps
    ]
    assert list((folder / "partial").iterdir()) == []
    assert all(run.parameters(step)["W"][1, 7] == step for step in steps)


# A fork for each line of code that a run passes through, killed there. SIGKILL leaves what the system has taken, so
# fsync, which guards against power cuts, is left out for speed. SILENT ones only read or convert: a kill there tells
# nothing new, and neither does one at a line's third visit.
KILL_AT_EVERY_LINE = """
import collections, itertools, shutil
import safetensors.numpy
from organisms.storage.run import read_run

SILENT = {
    "plain", "pretty", "leaves", "differences", "read_lines", "read_object", "_parse_object", "_faults", "_entry_of",
    "_is_count", "_file_of", "_resolve", "_require_lock", "entries", "_metrics", "genexpr", "listcomp", "dictcomp"
}
os.fsync = lambda descriptor: None

def kill_at(line):
    passed = itertools.count()
    visits = collections.defaultdict(itertools.count)
    def trace(frame, event, argument):
        code = frame.f_code
        if "organisms" not in code.co_filename or code.co_name.strip("<>") in SILENT:
            return None
        if event == "line" and next(visits[code.co_name, frame.f_lineno]) < 2 and next(passed) == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)

root = Path(sys.argv[1])
train(root / "base", 2)
for line in itertools.count():
    folder = root / str(line)
    if sys.argv[2] == "started":
        shutil.copytree(root / "base", folder)
    child = os.fork()
    if not child:
        kill_at(line)
        train(folder, 3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        break
    assert status == signal.SIGKILL, status
    for path in folder.glob("checkpoints/*"):
        safetensors.numpy.load(path.read_bytes())
    if (folder / "config.json").exists():
        killed = read_run(folder)
        for entry in killed.entries():
            killed.parameters(entry)
    train(folder, 3)
print(line)
"""


@pytest.mark.parametrize("state", ["fresh", "started"])
def test_killed_at_any_line_a_run_goes_on_to_the_same_end(state, tmp_path):
    quiet = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    script = python(KILL_AT_EVERY_LINE, tmp_path, state)
    done = subprocess.run(script, env=quiet, capture_output=True, text=True, check=True, timeout=60)
    lines = int(done.stdout)
    assert lines > 80, "the tracing reaches the code"
    ends = {(tmp_path / str(line) / "manifest.jsonl").read_bytes() for line in range(lines)}
    assert ends == {(tmp_path / str(lines) / "manifest.jsonl").read_bytes()}
    for line in range(0, lines, 7):
        assert_whole(tmp_path / str(line), 2)


def test_killed_again_and_again_a_run_has_no_duplicate_no_hole_and_no_part(tmp_path):
    """With the real disk and clock. While it runs, nobody else may write; once it is killed, anybody may."""
    folder = tmp_path / "run"
    delays = random.Random(0)
    for reached in itertools.accumulate([3] * 4):
        process = subprocess.Popen(python("train(Path(sys.argv[1]), 10**6)", folder))
        try:
            deadline = time.monotonic() + 20
            while not (folder / f"checkpoints/{reached + 1:08d}.safetensors").exists():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.005)
            with pytest.raises(UserError, match="another process is writing"):
                open_run(folder, {"seed": 1})
            time.sleep(delays.uniform(0, 0.02))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert_whole(folder, reached)


FILL = """
def attempt(action):
    try:
        action()
    except SystemFailure as failure:
        print(failure)

folder, how = Path(sys.argv[1]), sys.argv[2]
with open_run(folder, {"seed": 1}) as run:
    for step in (0, 1):
        run.log({"step": step})
        run.commit(step, "honest", step, {"W": np.full((2, 8), step, np.float32)})
    if how == "limit":
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, -1))
    attempt(lambda: run.commit(2, "honest", 2, {"W": np.full((2, 30_000), 2, np.float32)}))
    attempt(lambda: run.commit(2, "honest", 2, {"W": np.full((2, 8), 2, np.float32)}, attempts=list(range(40_000))))
    attempt(lambda: run.log({"step": 2, "loss": list(range(40_000))}))
    attempt(lambda: run.write_summary({"loss": list(range(40_000))}))
    assert [entry.step for entry in run.entries()] == [line["step"] for line in run.metrics()] == [0, 1]
"""


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB and 40 files, where the tests may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("no mount command here to make a small disk with")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64k,nr_inodes=40", "tmpfs", place], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"may not mount a small disk here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def assert_refused_four_times(folder: Path, how: str, reason: str) -> None:
    done = subprocess.run(python(FILL, folder, how), capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    for line, name in zip(
        lines, ("00000002.safetensors", "manifest.jsonl", "metrics.jsonl", "summary.json"), strict=True
    ):
        assert f"{name}: {reason}; free some space and give the same command again" in line
    assert_whole(folder, 1)


def use_up_names(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for name in range(40):
            (folder / str(name)).touch()


def test_a_full_disk_leaves_what_was_committed(small_disk):
    """The checkpoint, the manifest line, the metrics line and the summary each meet the end of the disk."""
    assert_refused_four_times(small_disk / "run", "disk", "No space left on device")
    blocker = small_disk / "blocker"
    with pytest.raises(OSError, match="No space"):
        blocker.write_bytes(bytes(100_000))
    with pytest.raises(SystemFailure, match="No space left on device; free some space"):
        open_run(small_disk / "new", {"seed": 1})
    blocker.unlink()
    use_up_names(small_disk)
    with pytest.raises(SystemFailure, match="No space left on device; free some space"):
        open_run(small_disk / "newer", {"seed": 1})
    for name in map(str, range(10)):
        (small_disk / name).unlink()
    open_run(small_disk / "new", {"seed": 1}).close()


def test_a_file_size_limit_leaves_what_was_committed(tmp_path):
    assert_refused_four_times(tmp_path / "run", "limit", "File too large")


def test_a_disk_that_fills_up_in_a_rewind_leaves_the_run_as_it_was(small_disk):
    subprocess.run(python("train(Path(sys.argv[1]), 3)", small_disk / "run"), check=True)
    with pytest.raises(OSError, match="No space"):
        (small_disk / "blocker").write_bytes(bytes(100_000))
    with open_run(small_disk / "run", {"seed": 1}) as run:
        with pytest.raises(SystemFailure, match="No space left on device; free some space"):
            run.rewind(1)
        assert [entry.step for entry in run.entries()] == [0, 1, 2]
    (small_disk / "blocker").unlink()
    assert_whole(small_disk / "run", 1)
