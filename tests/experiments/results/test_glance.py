"""Does the page of all studies say what their summaries say, and trust none of them?"""

import json
import re

import pytest
from altered_results import DOCS
from page_script import without_own_script

from curricula.errors import UserError
from experiments.commands.results import results_command
from experiments.results.data import DATA
from experiments.results.glance import glance_page, glance_rows, kept_summaries, seeds_text
from experiments.studies.catalogue import LISTED_STUDIES
from experiments.studies.registry import study_named
from reports.forest import forest_mark, scale_limits
from reports.formats import interval_text

ATTACK = "<script>alert(1)</script>"


def summary(folder, name="summary.json", **changes):
    """A study's summary of a difference of 0.3, with changes."""
    record = {
        **{"schema": 1, "study": "swap", "n": 24, "seeds": [1, 2], "command": "python scripts/study.py swap"},
        "primary": {"name": "self_in_watched_half.overlap", "value": [0.3, 0.1, 0.5], "n": 8},
        "findings": {},
        "report": "report.html",
        **changes,
    }
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(json.dumps(record))
    return folder / name


def page_of(target, *words):
    assert results_command(["--glance", str(target), *map(str, words)]) == target
    return without_own_script(target.read_text())


def test_every_kept_study_has_its_row_with_its_numbers(tmp_path):
    html = page_of(tmp_path / "glance.html", "--out", DOCS)
    kept = [json.loads(path.read_text()) for path in sorted((DOCS / DATA).glob("*.json"))]
    studies = [record for record in kept if "primary" in record]
    assert len(studies) > 5
    assert html.count('<tr class="above">') == len(studies)
    for record in studies:
        assert interval_text(record["primary"]["value"]) in html
        assert record["command"] in html
        assert LISTED_STUDIES[record["study"]].question.replace("'", "&#39;") in html
    assert html.count('<svg class="forest"') == len(studies)


def test_the_answer_names_intervals_that_hold_no_difference(tmp_path):
    """0 for a difference, 1 for a ratio; a share has no such value, and an interval that is not there claims nothing."""
    paths = [
        summary(tmp_path / "away"),
        summary(tmp_path / "near", study="reuse", primary={"name": "r", "value": [0.9, 0.8, 1.1], "n": 8}),
        summary(tmp_path / "share", study="worlds", primary={"name": "s", "value": [0.9, 0.8, 1.0], "n": 8}),
        summary(
            tmp_path / "alone", study="bitrot", primary={"name": "d", "value": [0.9, None, None], "n": 1}
        ),
    ]
    rows = glance_rows(paths)
    assert [row.excludes_no_difference for row in rows] == [True, False, None, None]
    answer = glance_page(rows, tmp_path / "page.html", DOCS).answer
    assert answer.startswith("The interval holds no difference in: reuse. Each row")


@pytest.mark.parametrize(
    ("study", "value"),
    [
        ("swap", [0.3, 0.5, 0.1]),
        ("swap", [1e308, 0, 1e308]),
        ("reuse", [0.3, 0.0, 0.5]),
        ("reuse", [1e-320, 1e-320, 0.5]),
    ],
)
def test_an_endpoint_outside_of_its_interval_or_its_scale_is_a_line(study, value, tmp_path):
    path = summary(tmp_path, study=study, primary={"name": "x", "value": value, "n": 8})
    with pytest.raises(UserError, match="expected a primary endpoint within its interval"):
        glance_rows([path])


@pytest.mark.parametrize(
    ("calibrated", "text"),
    [(True, "yes"), (False, "no"), ({"a": True, "b": False}, "1 of 2 arms"), ({}, "–"), ("yes", "–")],
)
def test_calibration_is_told_as_the_summary_tells_it(calibrated, text, tmp_path):
    (row,) = glance_rows([summary(tmp_path, calibrated=calibrated)])
    assert row.calibrated == text
    assert [*glance_page([row], tmp_path / "page.html", DOCS).headline] == (
        [] if text in ("yes", "–") else ["Verdicts are uncalibrated, in part or all, in: swap."]
    )


def test_a_row_leads_to_the_page_beside_its_summary_else_to_the_documentation(tmp_path):
    folder = tmp_path / "a study"
    path = summary(folder)
    docs = tmp_path / "docs"
    docs.mkdir()
    target = tmp_path / "pages" / "glance.html"
    assert (
        "<a href" not in page_of(target, path, "--out", docs).partition("<tbody")[2].partition("</tbody")[0]
    )
    (docs / "leaving.md").write_text("")
    assert '<a href="../docs/leaving.md">swap</a>' in page_of(target, path, "--out", docs)
    (folder / "report.html").write_text("")
    assert '<a href="../a%20study/report.html">swap</a>' in page_of(target, folder, "--out", docs)


@pytest.mark.parametrize("report", ["javascript:alert(1)", "../secret.html", "/etc/passwd", "..", 7, ATTACK])
def test_a_report_that_is_no_file_beside_the_summary_is_not_linked(report, tmp_path):
    (tmp_path / "secret.html").write_text("")
    (row,) = glance_rows([summary(tmp_path / "study", report=report)])
    assert row.report == ""


def test_texts_of_a_summary_are_escaped(tmp_path):
    primary = {"name": ATTACK, "value": [0.3, 0.1, 0.5], "n": 8}
    html = page_of(tmp_path / "glance.html", summary(tmp_path, study=ATTACK, command=ATTACK, primary=primary))
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 3


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", "expected JSON in"),
        ('{"schema": 1}', "expected a study's summary, with the fields study and primary"),
        ('{"schema": 1, "study": "swap", "primary": 3}', "summary.json: expected"),
    ],
)
def test_what_is_no_summary_is_told_in_one_line_and_nothing_is_written(content, error, tmp_path):
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(UserError, match=error) as told:
        results_command(["--glance", str(tmp_path / "glance.html"), str(tmp_path)])
    assert "\n" not in str(told.value)
    assert not (tmp_path / "glance.html").exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["a.json"], "a.json: summaries are for --glance FILE"),
        (["--glance", "x.html", "--check"], "--check writes nothing"),
        (["--glance", "."], "expected the name of an HTML file, got the folder"),
    ],
)
def test_flags_that_do_not_go_together_are_told(words, error):
    with pytest.raises(UserError, match=error):
        results_command(words)


def test_a_folder_without_summaries_is_told(tmp_path):
    with pytest.raises(UserError, match="expected summaries of studies in"):
        kept_summaries(tmp_path)


def places(mark, kind):
    pattern = {
        "dot": r'cx="([\d.]+)"',
        "interval": r'"interval" d="M([\d.]+) \d+H([\d.]+)"',
        "none": r'"none" d="M([\d.]+)',
    }
    found = re.search(pattern[kind], mark)
    return [float(place) for place in found.groups()] if found else []


def test_a_mark_stands_where_its_value_lies():
    """In the middle of a scale what lies in its middle, by its logarithm where it is a ratio; the dot in its interval."""
    for scale, middle in (("share", 0.5), ("difference", 0.0), ("ratio", 1.0)):
        mark = forest_mark((middle, middle * 0.9 - 0.01, middle * 1.1 + 0.01), scale, scale_limits(scale, []))
        (dot,), (start, end) = places(mark, "dot"), places(mark, "interval")
        assert dot == 95.0
        assert start < dot < end
        assert places(mark, "none") == ([] if scale == "share" else [95.0])
    left, right = (
        places(forest_mark((value, None, None), "ratio", (0.125, 8.0)), "dot")[0] for value in (0.5, 2.0)
    )
    assert 95 - left == pytest.approx(right - 95)


@pytest.mark.parametrize("triple", [(None, None, None), (float("nan"), 0.0, 1.0)])
def test_what_was_not_measured_has_no_mark(triple):
    assert forest_mark(triple, "difference", (-1.0, 1.0)) == ""


def test_a_ratio_of_nothing_has_no_mark():
    assert forest_mark((0.0, 0.0, 0.1), "ratio", (0.125, 8.0)) == ""


def test_a_scale_holds_all_that_stands_on_it():
    assert scale_limits("ratio", [(0.11, 0.09, 0.2)]) == (1 / 16, 16.0)
    assert scale_limits("difference", [(-1.5, -2.0, 0.1)]) == (-2.0, 2.0)
    assert scale_limits("share", [(0.5, None, None)]) == (0.0, 1.0)


def test_seeds_are_listed_where_they_are_few():
    assert seeds_text([3, 4]) == "3, 4"
    assert seeds_text([9, 3, 5, 4]) == "4: 3 to 9"


@pytest.mark.slow
def test_every_study_of_the_catalogue_has_its_question_and_its_page():
    for name, listed in LISTED_STUDIES.items():
        assert listed.question.endswith("?"), name
        assert listed.endpoint, name
        assert (DOCS / listed.page).is_file(), name
        assert study_named(name).name == name
