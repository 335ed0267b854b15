"""`train.py` keeps its contract: what it prints, how it exits, and that wrong input changes nothing."""

import json
import shutil
import time
from pathlib import Path

import pytest
from commands import run, start

pytestmark = pytest.mark.slow
TINY = (
    "shared",
    "--scale",
    "tiny",
    "--members",
    2,
    "--steps",
    50,
    "--training.checkpoint-every",
    25,
    "--training.attempts",
    0,
)
"""chunks of as many steps as those of `tiny_run`, whose programs are found"""


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("grown") / "run"
    done = run("train", *TINY, "--out", folder, pictures=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder / 'summary.json'}\n"
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_summary_has_every_field_of_the_contract(grown):
    summary = json.loads((grown / "summary.json").read_text())
    assert summary["curriculum"] == "shared"
    assert summary["members"] == 2
    assert summary["steps"] == 100
    assert summary["finished"] is True
    assert (grown / summary["final_checkpoint"]).exists()
    assert summary["organism_steps_per_second"] > 0
    names = {
        "self_alone_secret",
        "self_watched_professed",
        "character_alone_secret",
        "character_watched_professed",
    }
    assert set(summary["behaviour"]) == names
    assert all(
        len(values) == 2 and all(0 <= v <= 1 for v in values) for values in summary["behaviour"].values()
    )
    assert summary["reseeded"] == {"attempts": [0, 0], "count": 0, "failed": 2}


WRONG = {
    "unknown curriculum": (("sharde",), "did you mean 'shared'?"),
    "no curriculum": ((), "expected the name of a curriculum"),
    "negative steps": (("shared", "--steps", "-5"), "expected 1 or more, got -5"),
    "a rate of 1.5": (
        ("shared", "--phases.0.pressures.component_dropout.rate", "1.5"),
        "between 0 and 0.9, got 1.5",
    ),
    "a share of 1.5": (
        ("shared", "--phases.1.pressures.rehearsal.fraction", "1.5"),
        "between 0 and 1, got 1.5",
    ),
    "heads that do not divide": (
        ("shared", "--organism.heads", "5"),
        "5 heads do not divide width 64; use 4 heads",
    ),
    "no members": (("shared", "--members", "0"), "members: expected 1 or more"),
    "a misspelt flag": (("shared", "--membres", "3"), "Perhaps you meant"),
    "not a number": (("shared", "--members", "x"), "invalid literal"),
    "unknown scale": (("shared", "--scale", "huge"), "'tiny', 'cpu', 'gpu'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_exits_2_with_a_line_and_writes_nothing(case, tmp_path):
    arguments, expected = WRONG[case]
    done = run("train", *arguments, "--out", tmp_path / "run")
    assert done.returncode == 2, done.stderr
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert done.stdout == ""
    assert not (tmp_path / "run").exists()


def test_a_folder_of_another_config_is_left_alone(grown):
    before = contents(grown)
    done = run("train", *TINY, "--seed", 1, "--out", grown)
    assert done.returncode == 2
    assert "seed: expected 1, found 0" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert contents(grown) == before


def test_a_folder_that_cannot_be_made_is_told_in_a_line():
    done = run("train", *TINY, "--out", "/proc/nowhere")
    assert done.returncode == 2
    assert "give another --out" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def cut_manifest(folder: Path) -> None:
    path = folder / "manifest.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[1][: len(lines[1]) // 2] + "\n" + "".join(lines[2:]))


def damage_checkpoint(folder: Path) -> None:
    path = sorted((folder / "checkpoints").iterdir())[-1]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def truncate_checkpoint(folder: Path) -> None:
    path = sorted((folder / "checkpoints").iterdir())[-1]
    path.write_bytes(path.read_bytes()[:-100])


def forget_summary(folder: Path) -> None:
    (folder / "summary.json").unlink()


DAMAGE = {
    "a manifest line cut short": (cut_manifest, "line 2"),
    "a checkpoint whose hash differs": (damage_checkpoint, "sha256"),
    "a truncated checkpoint": (truncate_checkpoint, "00000100.safetensors"),
    "an unfinished run": (forget_summary, "not finished"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_analysing_a_damaged_run_exits_2_and_changes_nothing(case, grown, tmp_path):
    harm, expected = DAMAGE[case]
    folder = tmp_path / "run"
    shutil.copytree(grown, folder)
    harm(folder)
    before = contents(folder)
    done = run("analyse", folder)
    assert done.returncode == 2, done.stderr
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert contents(folder) == before


def test_a_directory_that_is_no_run_is_refused(tmp_path):
    done = run("analyse", tmp_path)
    assert done.returncode == 2
    assert "config.json" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_first_chunk_is_logged(tmp_path):
    """How soon is a matter of benchmarks: `python scripts/train.py shared --scale tiny` logs it in under 20 s
    on two cores."""
    process = start("train", *TINY, "--out", tmp_path / "run")
    path = tmp_path / "run" / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_bytes().endswith(b"\n")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert json.loads(path.read_text().splitlines()[0])["step"] == 25
