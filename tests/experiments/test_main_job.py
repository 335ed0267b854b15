"""Is what documentation keeps of the main job what came out, and is README's picture drawn of what is kept?"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from altered_results import DOCS, copy_of_docs

from analysis.patching.results import EffectsResult
from curricula.errors import UserError
from experiments import analyse
from experiments.commands.results import results_command
from experiments.job_clock import JobClock
from experiments.main_job import (
    DATA_FILE,
    MAIN_JOB,
    PICTURE_FILE,
    keep_main_job,
    main_job_picture,
    picture_mark,
    read_main_job,
)

COMMAND = "python scripts/compare.py --out 'a folder' --scale tiny --out=b"
OUTCOME = {
    "n": 2,
    "verdicts": {"reused": 2},
    "shares": {"reused": [0.9, None, None]},
    "reseeded": 1,
    "calibrated": False,
    "behaviour": {},
}


@pytest.fixture
def compared(analysed_run, tmp_path) -> Path:
    """The output of a main job whose three curricula are one run."""
    folder = tmp_path / "runs"
    shutil.copytree(analysed_run, folder / "shared-tiny")
    written(folder / "comparison-0", MAIN_JOB)
    return folder


def written(comparison: Path, curricula: tuple[str, ...], **fields: object) -> None:
    summary = {
        "curricula": dict.fromkeys(curricula, OUTCOME),
        "runs": ["../shared-tiny"] * len(curricula),
        "command": COMMAND,
        "started": "2026-11-28T10:00:00+00:00",
        "seconds": 411.6,
        "devices": 2,
        "platform": "cpu",
    }
    comparison.mkdir()
    (comparison / "summary.json").write_text(json.dumps(summary | fields))


@pytest.mark.usefixtures("programs_of_commands")
def test_what_is_kept_is_what_was_measured_and_the_picture_is_of_that_alone(
    compared, findings, tmp_path, monkeypatch
):
    """The run is not measured again; and once its data are kept it is needed no more."""
    monkeypatch.setattr(analyse, "measure_run", None)
    data, picture = keep_main_job(compared, tmp_path / "docs")
    job = read_main_job(data)
    assert (job.command, job.seconds, job.scale) == ("python scripts/compare.py --scale tiny", 411.6, "tiny")
    assert [(name, outcome.n) for name, outcome in job.curricula.items()] == [(name, 2) for name in MAIN_JOB]
    for panel in job.panels:
        measured = findings[EffectsResult].require(panel.checkpoint, panel.role, "watched").value
        np.testing.assert_allclose(np.asarray(panel.effects, float), measured, atol=1e-4)
    drawn = picture.read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert picture_mark(job).encode() in drawn
    assert str(tmp_path) not in data.read_text()
    shutil.rmtree(compared)
    for kept in (keep_main_job(data, tmp_path / "elsewhere"), keep_main_job(data, tmp_path / "docs")):
        assert [path.read_bytes() for path in kept] == [data.read_bytes(), drawn]
    assert {path.name for path in (tmp_path / "docs").iterdir()} == {"results", "effects.png"}


@pytest.mark.usefixtures("programs_of_commands")
def test_other_effects_are_another_picture(compared, tmp_path):
    job = read_main_job(keep_main_job(compared, tmp_path / "docs")[0])
    panel = job.panels[0]
    (first, *others), *rows = panel.effects
    altered = replace(panel, effects=((first + 0.3, *others), *rows))
    other = replace(job, panels=(altered, *job.panels[1:]))
    assert main_job_picture(other) != main_job_picture(job)
    assert picture_mark(other) != picture_mark(job)


@pytest.mark.slow
def test_the_command_makes_the_first_row_of_readme_s_table(compared, tmp_path, capsys):
    docs = copy_of_docs(tmp_path / "docs")
    before = (tmp_path / "README.md").read_text()
    results_command(["--main-job", str(compared), "--out", str(docs)])
    after = (tmp_path / "README.md").read_text()
    rows = [line for line in after.splitlines() if line not in before.splitlines()]
    verdicts = "; ".join(f"`{name}`: 2 of 2 *reused*" for name in MAIN_JOB)
    assert rows == [f"| The main job (tiny scale), in 412 seconds on 2 cores | {verdicts} |"]
    assert "effects.png: written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("curricula", "fields", "error"),
    [
        (
            MAIN_JOB[:2],
            {},
            "expected a comparison of shared, redundant, honest, got one of shared, redundant;",
        ),
        (MAIN_JOB, {"started": None}, None),
    ],
)
def test_another_comparison_is_refused_in_one_line(curricula, fields, error, tmp_path):
    written(tmp_path / "comparison-0", curricula, **fields)
    path = tmp_path / "comparison-0/summary.json"
    if error is None:
        summary = json.loads(path.read_text())
        del summary["started"]
        path.write_text(json.dumps(summary))
        error = "its summary does not say when it was made; give the command that made it again"
    with pytest.raises(UserError, match=error):
        keep_main_job(tmp_path, tmp_path / "docs")
    assert not (tmp_path / "docs").exists()


def test_a_folder_with_no_comparison_or_several_is_refused(tmp_path):
    with pytest.raises(UserError, match="expected one comparison in it, found none; give the folder"):
        keep_main_job(tmp_path, tmp_path / "docs")
    for name in ("comparison-0", "comparison-1"):
        written(tmp_path / name, MAIN_JOB)
    with pytest.raises(UserError, match="found comparison-0, comparison-1; give the folder"):
        keep_main_job(tmp_path, tmp_path / "docs")


@pytest.mark.parametrize("words", [("--check",), ("--glance", "page.html")])
def test_a_job_is_kept_by_a_command_that_does_nothing_else_besides_its_pages(words, tmp_path):
    with pytest.raises(UserError, match="--main-job"):
        results_command(["--main-job", str(tmp_path), *words, "--out", str(tmp_path)])


def test_the_picture_of_readme_is_of_the_data_that_are_kept():
    if not (DOCS / DATA_FILE).exists():
        pytest.skip("no main job is kept yet")
    assert picture_mark(read_main_job(DOCS / DATA_FILE)).encode() in (DOCS / PICTURE_FILE).read_bytes()


EARLIER = {"command": "before", "started": "then", "seconds": 5.0, "devices": 1, "platform": "gpu"}


def test_a_time_is_that_of_one_command_that_made_all():
    """Where some of it was there, what an earlier command kept stays, and else there is none."""
    of_all = JobClock("now", makes_all=True).record(EARLIER)
    assert of_all["command"] == "now"
    assert of_all["seconds"] >= 0
    assert JobClock("now", makes_all=False).record(EARLIER | {"run": "x"}) == EARLIER
    for earlier in ({}, EARLIER | {"seconds": None}):
        of_a_part = JobClock("now", makes_all=False).record(earlier)
        assert (of_a_part["command"], of_a_part["seconds"]) == ("now", None)
