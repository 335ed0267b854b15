"""A killed run goes on to the same bits: every checkpoint is byte for byte that of a run that was never
killed."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import commands
import pytest
from commands import as_users_do, command

pytestmark = pytest.mark.slow

ARGUMENTS = (
    "redundant",
    "--scale",
    "tiny",
    "--members",
    2,
    "--steps",
    60,
    "--training.checkpoint-every",
    20,
    "--training.batch",
    16,
    "--training.attempts",
    1,
    "--organism.layers",
    1,
)
"""Three phases; the first misses its criterion so soon, so members are grown again, and that too must survive
a kill."""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command whose programs are optimised, as users' are: they too must give the same bits again."""
    return commands.run(*arguments, env=as_users_do())


def checkpoints(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "checkpoints").iterdir())}


def manifest(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    done = run("train", *ARGUMENTS, "--out", folder)
    assert done.returncode == 0, done.stderr
    (folder.parent / "said").write_text(done.stderr)
    return folder


def kill_once_past(folder: Path, lines: int, lag: float) -> None:
    """Starts the run and kills it ``lag`` seconds after its manifest has so many lines."""
    process = commands.start("train", *ARGUMENTS, "--out", folder, env=as_users_do())
    path = folder / "manifest.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            break
        time.sleep(0.002)
    time.sleep(lag)
    assert process.poll() is None, "the run ended before it could be killed: " + process.communicate()[1]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_killed_three_times_a_run_ends_in_the_same_bytes(unbroken, tmp_path):
    """State, position and attempts are saved together after the checkpoint's line, and all else follows from
    the seed."""
    folder = tmp_path / "run"
    total = len(manifest(unbroken))
    for lines, lag in ((1, 0.0), (total // 3, 0.01), (2 * total // 3, 0.003)):
        kill_once_past(folder, lines, lag)
    done = run("train", *ARGUMENTS, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert checkpoints(folder) == checkpoints(unbroken)
    assert manifest(folder) == manifest(unbroken)
    steps = [line["step"] for line in manifest(folder)]
    assert steps == sorted(set(steps))
    assert [line["file"] for line in manifest(folder)] == [
        f"checkpoints/{name}" for name in checkpoints(folder)
    ]
    assert (folder / "metrics.jsonl").read_bytes() == (unbroken / "metrics.jsonl").read_bytes()
    assert not list((folder / "partial").iterdir())
    summaries = [json.loads((f / "summary.json").read_text()) for f in (folder, unbroken)]
    assert summaries[0]["behaviour"] == summaries[1]["behaviour"]
    assert summaries[0]["reseeded"] == summaries[1]["reseeded"]
    assert summaries[0]["reseeded"]["count"] > 0, "the case should include members that are grown again"


def test_steps_to_come_include_those_of_members_that_are_grown_again(unbroken):
    steps = manifest(unbroken)[-1]["step"]
    said = [line for line in (unbroken.parent / "said").read_text().splitlines() if line.startswith("step ")]
    assert steps > 3 * 60
    assert said[-1].startswith(f"step {steps}/{steps}  ")


def test_a_finished_run_says_so_and_changes_nothing(unbroken):
    before = {path: path.stat().st_mtime_ns for path in unbroken.rglob("*") if path.is_file()}
    done = run("train", *ARGUMENTS, "--out", unbroken)
    assert done.returncode == 0
    assert done.stdout.strip().splitlines()[-1] == str(unbroken / "summary.json")
    assert "nothing to do" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in unbroken.rglob("*") if path.is_file()} == before


def full_disk(folder: Path, size: str) -> None:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk can only be mounted as root: {mounted.stderr.strip()}")


def test_a_full_disk_gives_one_line_and_what_was_committed_stays(unbroken, tmp_path):
    """On a disk that fills half way: exit 1, one line; with more room, the same command ends in the same
    bytes."""
    disk = tmp_path / "disk"
    # The compiler and Orbax's start need some room as well; checkpoints and saves then fill it.
    full_disk(disk, "2m")
    try:
        folder = disk / "run"
        done = run("train", *ARGUMENTS, "--out", folder)
        assert done.returncode == 1, done.stderr
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("failed: "), done.stderr
        assert "Traceback" not in done.stderr
        committed = manifest(folder)
        assert committed, "the disk was full before the first checkpoint, so the case shows nothing"
        whole = checkpoints(unbroken)
        for line in committed:
            assert (folder / line["file"]).read_bytes() == whole[Path(line["file"]).name]
        assert done.stdout == ""
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        again = run("train", *ARGUMENTS, "--out", folder)
        assert again.returncode == 0, again.stderr
        assert checkpoints(folder) == whole
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_file_size_limit_is_told_like_a_full_disk(tmp_path):
    """Needs no root: the system refuses to let any file grow past 20 kB, less than a checkpoint."""
    words = command("train", *ARGUMENTS, "--out", tmp_path / "run", pictures=False)
    limited = ["bash", "-c", 'ulimit -f 20; exec "$@"', "bash", *words]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("failed: ")
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "run" / "checkpoints").iterdir())
