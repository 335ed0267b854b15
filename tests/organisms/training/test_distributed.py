"""Do several processes grow the ensemble that one process grows, to the same bits, and stop and go on
together?"""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from commands import as_users_do, command, heeding_interrupts

pytestmark = pytest.mark.slow

ARGUMENTS = ["shared", "--scale", "tiny", "--members", "4", "--steps", "200", "--quiet"]
ARGUMENTS += ["--training.attempts", "0", "--training.checkpoint-every", "50", "--organism.layers", "1"]
PATIENCE = 120


def start(out: Path, *more: str, compiled: dict[str, str]) -> subprocess.Popen:
    """A train command on two CPU devices. compiled: the environment that says how its programs are."""
    return subprocess.Popen(
        command("train", *ARGUMENTS, "--out", out, *more, pictures=False),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=compiled | {"JAX_NUM_CPU_DEVICES": "2"},
    )


def free_place() -> str:
    """HOST:PORT where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def start_two(out: Path, compiled: dict[str, str]) -> list[subprocess.Popen]:
    """The same command in two processes that meet on loopback."""
    words = ("--distributed", "--coordinator", free_place(), "--processes", "2", "--process")
    return [start(out, *words, str(n), compiled=compiled) for n in range(2)]


def chunks(out: Path) -> int:
    path = out / "metrics.jsonl"
    return len(path.read_text().splitlines()) if path.exists() else 0


def manifest(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """One process grows a run; two processes grow it too, are stopped by a signal to one of them, and go
    on. Programs are optimised, as users' are, since bits are compared."""
    folder = tmp_path_factory.mktemp("distributed")
    alone, together = folder / "alone", folder / "together"
    one, two = start(alone, compiled=as_users_do()), start_two(together, as_users_do())
    deadline = time.monotonic() + PATIENCE
    while (
        chunks(together) < 1
        and time.monotonic() < deadline
        and all(process.poll() is None for process in two)
    ):
        time.sleep(0.02)
    two[1].send_signal(signal.SIGTERM)
    stopped = [(*process.communicate(timeout=PATIENCE), process.returncode) for process in two]
    seen = chunks(together)
    assert (one.communicate(timeout=PATIENCE)[1], one.returncode) == ("", 0)
    again = start_two(together, as_users_do())
    ended = [(*process.communicate(timeout=PATIENCE), process.returncode) for process in again]
    return alone, together, stopped, seen, ended


def test_a_signal_to_one_process_stops_both_at_the_same_step(story):
    _, _, stopped, seen, _ = story
    said = [
        [line for line in error.splitlines() if line.startswith("failed: told to stop")]
        for _, error, _ in stopped
    ]
    assert [code for _, _, code in stopped] == [1, 1], stopped
    assert said[0] == said[1]
    assert f"saved at step {25 * seen};" in said[0][0]
    assert 0 < seen < 16


def test_both_go_on_to_the_bits_of_one_process(story):
    """Every checkpoint of the whole run, hashed as it was committed, by a run that nobody interrupted."""
    alone, together, _, _, ended = story
    assert [code for _, _, code in ended] == [0, 0], ended
    assert [line["sha256"] for line in manifest(alone)] == [line["sha256"] for line in manifest(together)]
    assert len({line["sha256"] for line in manifest(alone)}) == 9
    first, second = (json.loads((out / "summary.json").read_text()) for out in (alone, together))
    for name in ("behaviour", "secret_goals", "steps", "members"):
        assert first[name] == second[name]
    assert (first["devices"], second["devices"]) == (2, 4)


def test_the_folder_is_written_once(story):
    """By the first process: no line twice, one TensorBoard writer a session, nothing left half-written."""
    alone, together, _, _, ended = story
    for name in ("manifest.jsonl", "metrics.jsonl"):
        steps = [json.loads(line)["step"] for line in (together / name).read_text().splitlines()]
        assert steps == sorted(set(steps))
    assert chunks(alone) == chunks(together) == 16
    assert not list((together / "partial").iterdir())
    files = [len(list((out / "tensorboard").iterdir())) for out in (alone, together)]
    assert files[1] == 2 * files[0]
    assert [output.splitlines() for output, _, _ in ended] == [[str(together / "summary.json")]] * 2


@pytest.mark.parametrize(
    ("index", "others"), [(0, "1 other process to come to"), (1, "the first process, at")]
)
def test_a_process_that_waits_says_for_whom_and_can_be_interrupted(index, others, tmp_path):
    words = [word for word in ARGUMENTS if word != "--quiet"]
    place = ("--distributed", "--coordinator", free_place(), "--processes", "2", "--process", str(index))
    process = subprocess.Popen(
        heeding_interrupts(command("train", *words, "--out", tmp_path / "run", *place)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith(f"waiting for {others}")
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=PATIENCE)
    assert rest.splitlines()[-1] == "interrupted; give the same command again to go on"
    assert process.returncode == 1
    assert not (tmp_path / "run").exists()


def test_a_process_that_is_lost_is_called_that(tmp_path):
    two = start_two(tmp_path / "run", dict(os.environ))
    deadline = time.monotonic() + PATIENCE
    while chunks(tmp_path / "run") < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    two[1].kill()
    _, said = two[0].communicate(timeout=PATIENCE)
    two[1].communicate()
    assert two[0].returncode == 1
    (line,) = [line for line in said.splitlines() if line.startswith("failed: ")]
    assert "another process was lost" in line
    assert "free some space" not in said
