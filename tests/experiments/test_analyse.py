"""Is the analysis of a run the same wherever the run lies, and may it be written elsewhere?"""

import json
import shutil
from pathlib import Path

import pytest
from commands import run

from curricula.errors import UserError
from experiments import analyse
from experiments.analyse import AnalysisOptions, analyse_run
from experiments.compare import compare
from experiments.comparison import with_distinct_names
from experiments.page_mark import drawing_mark, mark_of
from organisms.storage.run import open_run

pytestmark = pytest.mark.usefixtures("programs_of_commands")


def refuse(*arguments: object) -> None:
    raise AssertionError("it was measured again")


def test_a_copy_under_another_name_is_not_measured_again_and_has_its_own_page(
    analysed_run, tmp_path, monkeypatch
):
    monkeypatch.setattr(analyse, "measure_run", refuse)
    copy = tmp_path / "copy"
    shutil.copytree(analysed_run, copy)
    (copy / "analysis/report.html").write_text("that of the other")
    findings = analyse_run(copy)
    summary = json.loads((copy / "analysis/summary.json").read_text())
    assert (findings.run.run, summary["run"]) == ("copy", "copy")
    assert "that of the other" not in (copy / "analysis/report.html").read_text()
    assert str(analysed_run) not in (copy / "analysis/report.html").read_text()
    assert (summary["report"], str(analysed_run) in json.dumps(summary)) == ("report.html", False)


def test_an_analysis_elsewhere_leaves_the_run_as_it_is(tiny_run, analysed_run, tmp_path):
    """One result is measured; the others are found, so that it takes less long."""
    run, out = tmp_path / "run", tmp_path / "out"
    shutil.copytree(tiny_run.folder, run)
    shutil.copytree(analysed_run / "analysis/cache", out / "cache")
    (out / "cache/behaviour.json").unlink()
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    analyse_run(run, AnalysisOptions(out=out))
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    assert {"summary.json", "report.html", "cache"} <= {path.name for path in out.iterdir()}
    assert (out / "cache/behaviour.json").exists()
    assert json.loads((out / "summary.json").read_text())["run"] == "run"


def test_an_analysis_elsewhere_that_was_killed_before_its_summary_goes_on(analysed_run, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(analysed_run / "analysis", out)
    (out / "summary.json").unlink()
    analyse_run(analysed_run, AnalysisOptions(out=out))
    assert (out / "summary.json").exists()


def test_a_folder_of_something_else_does_not_take_an_analysis(tiny_run, analysed_run, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UserError, match="expected an empty folder, or an analysis"):
        analyse_run(tiny_run.folder, AnalysisOptions(out=tmp_path))
    other = tmp_path / "other"
    shutil.copytree(analysed_run / "analysis", other)
    summary = json.loads((other / "summary.json").read_text())
    (other / "summary.json").write_text(json.dumps(summary | {"end_sha256": "0" * 64}))
    with pytest.raises(UserError, match="holds the analysis of other organisms; give another --out"):
        analyse_run(tiny_run.folder, AnalysisOptions(out=other))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}'])
def test_damaged_side_files_are_made_again(content, analysed_run, tmp_path):
    copy = tmp_path / analysed_run.name
    shutil.copytree(analysed_run, copy)
    whole = json.loads((copy / "analysis/summary.json").read_text())
    for path in (copy / "analysis/summary.json", copy / "analysis/cache/behaviour.json"):
        path.write_text(content)
    analyse_run(copy)
    assert json.loads((copy / "analysis/summary.json").read_text()) == whole


def test_the_same_organisms_are_not_compared_with_themselves(tiny_run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run.folder, copy)
    with pytest.raises(UserError, match="hold the same organisms; give them once"):
        compare([], [tiny_run.folder, copy], tmp_path / "out", "command")
    assert not (tmp_path / "out").exists()


def test_runs_of_one_name_are_told_apart(findings, tmp_path):
    name = findings.run.run
    folders = [tmp_path / "a" / name, tmp_path / "b" / name]
    names = [each.run.run for each in with_distinct_names([findings, findings], folders)]
    assert names == [f"a/{name}", f"b/{name}"]
    names = [
        each.run.run for each in with_distinct_names([findings, findings], [folders[0], tmp_path / "b" / "x"])
    ]
    assert len(set(names)) == 2


def test_an_analysis_that_is_kept_is_not_taken_for_that_of_other_organisms(analysed_run, tmp_path):
    """Of the same size, so that only the hash tells."""
    copy = tmp_path / "copy"
    shutil.copytree(analysed_run, copy)
    path = max((copy / "checkpoints").iterdir())
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="is cut short or changed"):
        analyse_run(copy)


def drawn_by_other_code(analysed: Path, folder: Path) -> Path:
    """A copy of an analysed run of the same name, whose report other code drew."""
    copy = folder / analysed.name
    shutil.copytree(analysed, copy)
    (copy / "analysis/report.html").write_text("as it was drawn before")
    path = copy / "analysis/summary.json"
    summary = json.loads(path.read_text())
    assert summary["drawn_by"] == drawing_mark()
    path.write_text(json.dumps(summary | {"drawn_by": "other code"}))
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_report_that_other_code_drew_is_drawn_again_and_nothing_is_measured(
    analysed_run, tmp_path, monkeypatch
):
    """Where it is asked for: studies read hundreds of analyses and show none of their pages."""
    monkeypatch.setattr(analyse, "measure_run", refuse)
    copy = drawn_by_other_code(analysed_run, tmp_path)
    cached = {path: path.stat().st_mtime_ns for path in (copy / "analysis/cache").iterdir()}
    analyse_run(copy)
    assert (copy / "analysis/report.html").read_text() == "as it was drawn before"
    said: list[str] = []
    analyse_run(copy, AnalysisOptions(redraw=True), said.append)
    assert said == [f"{copy.name}: drawing the report again, since other code drew it"]
    assert contents(copy / "analysis") == contents(analysed_run / "analysis")
    assert {path: path.stat().st_mtime_ns for path in cached} == cached
    drawn = (copy / "analysis/report.html").stat().st_mtime_ns
    analyse_run(copy, AnalysisOptions(redraw=True))
    assert (copy / "analysis/report.html").stat().st_mtime_ns == drawn


def test_a_report_that_can_not_be_drawn_again_now_is_left_in_a_line(analysed_run, tiny_run, tmp_path):
    copy = drawn_by_other_code(analysed_run, tmp_path)
    said: list[str] = []
    with open_run(copy, tiny_run.config):
        analyse_run(copy, AnalysisOptions(redraw=True), said.append)
    assert "the report stays as it was drawn: " in said[-1]
    assert (copy / "analysis/report.html").read_text() == "as it was drawn before"


def test_the_command_draws_a_report_again_that_other_code_drew(analysed_run, tmp_path):
    copy = drawn_by_other_code(analysed_run, tmp_path)
    result = run("analyse", copy)
    assert result.returncode == 0, result.stderr
    assert "drawing the report again" in result.stderr
    assert (copy / "analysis/report.html").read_bytes() == (
        analysed_run / "analysis/report.html"
    ).read_bytes()


def test_the_mark_of_the_code_is_of_code_and_templates_and_of_nothing_else(tmp_path):
    (tmp_path / "reports/templates").mkdir(parents=True)
    marks = [mark_of(tmp_path)]
    for name in ("reports/page.py", "reports/templates/page.jinja", "reports/other.py"):
        (tmp_path / name).write_text("x = 1")
        marks.append(mark_of(tmp_path))
    (tmp_path / "reports/page.py").write_text("x = 2")
    marks.append(mark_of(tmp_path))
    assert len(set(marks)) == len(marks)
    (tmp_path / "reports/page.pyc").write_text("x")
    (tmp_path / "reports.txt").write_text("x")
    assert mark_of(tmp_path) == marks[-1]
