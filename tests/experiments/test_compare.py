"""The main job, at tiny scale and of two of its three curricula: grown, analysed and compared, and a report that opens in
a browser."""

import json
from pathlib import Path

import pytest
from chromium import chromium_on_path, open_in_chromium
from commands import run

from experiments.commands.compare import Compare
from experiments.main_job import MAIN_JOB
from organisms.storage.run import read_run

pytestmark = pytest.mark.slow

SIZES = ("--scale", "tiny", "--members", 2)
ARGUMENTS = ("honest", "shared", *SIZES)
"""the second one adopts what the first one grew, and is `tiny_run`'s curriculum"""


def test_without_names_three_curricula_are_compared():
    assert Compare().targets == MAIN_JOB == ("shared", "redundant", "honest")


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("compared")
    done = run("compare", *ARGUMENTS, "--out", out)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    return Path(done.stdout.strip())


def test_the_summary_has_every_field_of_the_contract(compared):
    summary = json.loads(compared.read_text())
    assert set(summary["curricula"]) == {"shared", "honest"}
    for found in summary["curricula"].values():
        assert found["n"] == 2
        assert sum(found["verdicts"].values()) == 2
        assert set(found["shares"]) == {"reused", "repurposed", "migrated", "second copy"}
    assert summary["curricula"]["honest"]["verdicts"] == {"absent": 2}
    assert (compared.parent / summary["report"]).exists()
    assert all((compared.parent / run / "config.json").exists() for run in summary["runs"])
    assert summary["command"].startswith("python scripts/compare.py honest shared --scale tiny")
    assert (summary["seconds"] > 0, summary["devices"], summary["platform"]) == (True, 2, "cpu")


def test_what_is_shared_is_grown_once_and_is_the_same(compared):
    """Both curricula begin with the same phase: its checkpoints are the same bytes in each run."""
    runs = {
        path.name.rsplit("-", 1)[0]: path
        for path in compared.parent.parent.iterdir()
        if (path / "manifest.jsonl").exists()
    }
    first = {}
    for name, folder in runs.items():
        lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
        first[name] = [line["sha256"] for line in lines if line["phase"] == "characters"]
    assert len(first["shared"]) > 2
    assert first["shared"] == first["honest"]
    adopted = {
        name: json.loads((folder / "summary.json").read_text())["adopted_steps"]
        for name, folder in runs.items()
    }
    assert adopted["honest"] == 0
    assert adopted["shared"] > 0


def test_an_adopted_run_equals_one_grown_alone(compared, tiny_run):
    """A phase starts from its predecessor's parameters alone, so copying those loses nothing."""
    (adopted,) = (path for path in compared.parent.parent.iterdir() if path.name.startswith("shared-"))
    assert read_run(adopted).config == tiny_run.config
    assert (adopted / "manifest.jsonl").read_bytes() == (tiny_run.folder / "manifest.jsonl").read_bytes()


def test_what_exists_is_neither_grown_nor_measured_again(compared):
    before = {path: path.stat().st_mtime_ns for path in compared.parent.parent.rglob("*.safetensors")}
    analyses = {
        path: path.stat().st_mtime_ns for path in compared.parent.parent.glob("*/analysis/summary.json")
    }
    summary = json.loads(compared.read_text())
    done = run("compare", *ARGUMENTS, "--out", compared.parent.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(compared)
    assert json.loads(compared.read_text()) == summary  # the time that it took to make it, too
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {path: path.stat().st_mtime_ns for path in analyses} == analyses


def test_a_wrong_name_is_told_before_anything_is_grown(tmp_path):
    done = run("compare", "shared", "honnest", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "did you mean 'honest'?" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(
    not chromium_on_path(), reason="chromium is not installed, so the report can not be opened"
)
def test_the_report_of_a_real_run_opens_with_every_figure_drawn(compared):
    page = open_in_chromium(compared.parent / json.loads(compared.read_text())["report"], 1280, 2000)
    assert page.console == []
    assert len(page.figures) >= 6
    assert all(figure["width"] > 100 and figure["height"] > 50 for figure in page.figures), page.figures
    assert "uncalibrated" in page.text
