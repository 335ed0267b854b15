"""`sweep.py` keeps the contract of the scripts: what it prints, how it exits, that nothing is done twice and
wrong input starts nothing."""

import importlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import ROOT, run

from curricula.errors import UserError
from experiments.command_line.training_arguments import parse_training_arguments
from organisms.storage import records
from organisms.storage.config_hash import config_hash, run_folder

TWO = [
    *("shared", "--scale", "tiny", "--members", 2, "--steps", 25),
    *("--grid", "training.batch=64,0", "--grid", "training.attempts=0"),
    *("--grid", "phases.1.optimiser.learning-rate=0.001"),
]
"""one run of the programs of `tiny_run`, which are found, and one that can not be"""
REFUSAL = "error: training.batch: expected 1 or more, got 0"


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below, its bytes and when it was last changed."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> tuple[subprocess.CompletedProcess, Path]:
    """Two real runs, one of which train.py refuses: what the command said, and where they are."""
    out = tmp_path_factory.mktemp("swept") / "out"
    return run("sweep", *TWO, "--out", out), out


@pytest.mark.slow
def test_a_run_that_fails_is_told_in_the_words_of_train_and_does_not_stop_the_others(swept):
    done, out = swept
    assert done.returncode == 1, done.stderr
    path = Path(done.stdout.strip())
    assert done.stdout == f"{path}\n"
    assert path.parent.parent == out
    summary = json.loads(path.read_text())
    assert (summary["done"], summary["failed"], summary["started"]) == (1, 1, 2)
    runs = {record["settings"]["training.batch"]: record for record in summary["runs"]}
    assert (runs[0]["status"], runs[0]["exit_code"], runs[0]["error"]) == ("failed", 2, REFUSAL)
    assert not (path.parent / runs[0]["folder"]).exists()
    assert REFUSAL in done.stderr.splitlines()[-1]
    assert (runs[64]["status"], runs[64]["exit_code"], runs[64]["error"]) == ("done", 0, None)
    assert runs[64]["seconds"] > 0
    folder = out / runs[64]["name"]
    assert (path.parent / runs[64]["folder"]).samefile(folder)
    config = records.read_object(folder / "config.json", "")
    assert config["training"]["batch"] == 64
    assert config["curriculum"]["phases"][1]["optimiser"]["learning_rate"] == 0.001
    assert folder == out / f"shared-{config_hash(config)}", "where train.py would put it too"
    assert json.loads((folder / "summary.json").read_text())["finished"] is True
    assert f"{folder / 'summary.json'}\n" in (out / "logs" / f"{folder.name}.log").read_text()


@pytest.mark.slow
def test_given_again_what_is_done_is_left_alone_and_what_failed_is_tried_again(swept):
    done, out = swept
    (folder,) = out.glob("shared-*")
    before = contents(folder)
    again = run("sweep", *TWO, "--out", out)
    assert again.returncode == 1, again.stderr
    assert again.stdout == done.stdout
    summary = json.loads(Path(again.stdout.strip()).read_text())
    assert {
        record["name"]: record["error"] for record in summary["runs"] if record["status"] == "failed"
    } == {record["name"]: REFUSAL for record in summary["runs"] if record["name"] != folder.name}
    assert [record["name"] for record in summary["runs"] if record["status"] == "done already"] == [
        folder.name
    ]
    assert (summary["done"], summary["failed"], summary["started"]) == (1, 1, 1)
    assert contents(folder) == before


@pytest.mark.slow
def test_a_dry_run_lists_the_runs_and_writes_nothing(swept, script, capsys):
    """A line a run: what there is of it, and a command that a shell would take and train.py reads as this
    run."""
    _, out = swept
    before = contents(out)
    with pytest.raises(SystemExit) as stop:
        script.sweep_command([*map(str, TWO), "--out", str(out), "--dry-run"])
    assert not stop.value.code
    lines = capsys.readouterr().out.splitlines()
    assert {line[:12].strip() for line in lines} == {"done", "to do"}
    assert contents(out) == before
    for line in lines:
        python, train, *arguments = shlex.split(line[12:])
        assert (python, Path(train)) == (sys.executable, ROOT / "scripts" / "train.py")
        settings = parse_training_arguments(arguments)
        assert settings.out == run_folder(out, settings.config())
        assert settings.out.exists() == line.startswith("done")


@pytest.mark.slow
def test_a_wrong_argument_exits_2_with_a_line_and_starts_nothing(tmp_path):
    done = run("sweep", *TWO, "--grid", "training.bach=1,2", "--out", tmp_path / "out")
    assert done.returncode == 2, done.stderr
    assert "did you mean training.batch?" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.fixture
def script():
    """The command as a module: what is wrong is found before any process starts."""
    return importlib.import_module("experiments.commands.sweep")


WRONG = {
    "a misspelt flag": (("shared", "--membres", "3"), "Perhaps you meant"),
    "an unknown curriculum": (("sharde",), "did you mean 'shared'?"),
    "no curriculum": ((), "expected the name of a curriculum"),
    "a setting that one curriculum lacks": (
        ("redundant", "shared", "--grid", "phases.2.steps=3"),
        "shared has no setting 'phases.2.steps'",
    ),
    "no values": (("shared", "--grid", "training.batch"), "expected FLAG=VALUE,VALUE"),
    "an empty value": (("shared", "--grid", "training.batch=1,,2"), "expected FLAG=VALUE,VALUE"),
    "no flag": (("shared", "--grid", "=1"), "expected FLAG=VALUE,VALUE"),
    "one flag twice": (("shared", "--grid", "training.batch=1", "--grid", "training.batch=2"), "given twice"),
    "seeds in the grid": (("shared", "--grid", "seed=1,2"), "--seeds"),
    "what members differ in": (("shared", "--grid", "vary=phases.0.schemers=0.5"), "the members of one run"),
    "one run twice": (("shared", "--grid", "phases.0.schemers=0.5,0.50"), "holds one run twice"),
    "a fixed value that is wrong in every run": (("shared", "--members", "0"), "members: expected 1 or more"),
    "no workers": (("shared", "--workers", "0"), "workers: expected 1 or more"),
    "a partition without Slurm": (("shared", "--slurm-partition", "gpu"), "give --slurm too"),
} | {
    f"the part {text!r}": (("shared", f"--shard={text}"), "from 1 to n")
    for text in ("0/2", "3/2", "1/0", "2", "-1/2", "1/2/3")
}


@pytest.mark.slow
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_before_anything_starts(case, script, tmp_path):
    arguments, expected = WRONG[case]
    with pytest.raises(UserError) as fault:
        script.sweep_command([*arguments, "--out", str(tmp_path / "out"), "--dry-run"])
    assert expected in str(fault.value)
    assert not (tmp_path / "out").exists()


def test_a_setting_in_the_grid_counts_before_the_one_for_all(script, tmp_path, capsys):
    with pytest.raises(SystemExit):
        script.sweep_command(
            ["shared", "--members=0", "--grid=members=1,2", f"--out={tmp_path / 'out'}", "--dry-run"]
        )
    words = capsys.readouterr().out.split()
    assert sorted(word for word in words if "members" in word) == ["--members=1", "--members=2"]
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_example_for_skypilot_gives_each_node_its_part(script, tmp_path, capsys):
    """Its `run` is given to a shell as a node would give it; what stands in for Python prints what it is
    given."""
    task = yaml.safe_load((ROOT / "examples" / "sweep.sky.yaml").read_text())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    listed = []
    for rank in range(task["num_nodes"]):
        known = {"SKYPILOT_NODE_RANK": str(rank), "SKYPILOT_NUM_NODES": str(task["num_nodes"])}
        environment = os.environ | task["envs"] | known
        said = subprocess.run(
            ["bash", "-c", task["run"]], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert said.returncode == 0, said.stderr
        name, *arguments = said.stdout.splitlines()
        assert (ROOT / name).exists()
        with pytest.raises(SystemExit):
            script.sweep_command([*arguments, "--out", str(tmp_path / "out"), "--dry-run"])
        listed.append(capsys.readouterr().out.splitlines())
    assert all(listed)
    assert len({line for lines in listed for line in lines}) == sum(map(len, listed)) == 12
