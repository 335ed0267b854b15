"""Can a person open the report, and does it say what the findings say? Chromium is asked."""

import copy
import os
import re

import pytest
from chromium import chromium_on_path, open_in_chromium
from findings import acquired, synthetic, with_history

from curricula.errors import SystemFailure
from reports import report

ATTACK = "<script>console.error('taken')</script><img src=x onerror=console.error('taken')>\"'&{{7*7}}"
NO_CHROMIUM = "no chromium on PATH: the page cannot be opened"


def hostile():
    """The synthetic findings, with an attempt to run a script wherever a run or a config puts a text."""
    findings = copy.deepcopy(synthetic())
    worst = findings[0]
    worst |= {"curriculum": f"shared{ATTACK}", "run": ATTACK, "command": ATTACK, "config": {ATTACK: [ATTACK]}}
    worst["scenes"] = [{"title": ATTACK, "lines": [ATTACK]}]
    worst["phases"][0]["name"] = ATTACK
    organism = worst["organisms"][0]
    organism["reason"] = ATTACK
    organism["belief"][ATTACK] = 0.5
    organism["corroboration"][ATTACK] = {"value": 0.1, "low": 0.0, "high": 0.2, "says": "disagrees"}
    return findings


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "deep" / "report.html"
    assert (
        report.build(hostile(), path, f"Three curricula {ATTACK}", f"python scripts/compare.py {ATTACK}")
        == path
    )
    return path


@pytest.fixture(scope="module")
def opened(built):
    if chromium_on_path() is None:
        pytest.skip(NO_CHROMIUM)
    return open_in_chromium(built)


def test_the_console_is_silent(opened):
    assert opened.console == []


def test_every_figure_is_drawn(opened):
    """Two figures of all runs, four of each; all of readable size, with their parts, and no reference to
    nowhere."""
    assert len(opened.figures) == 2 + 4 * 3
    for figure in opened.figures:
        assert figure["width"] > 600, figure
        assert figure["height"] > 100, figure
        assert figure["parts"] > 50, figure
        assert figure["unresolved"] == 0, figure


def test_the_page_stands_alone_and_fits(opened):
    assert opened.loads == []
    assert opened.repeated_ids == []
    assert opened.width <= opened.window


def test_what_a_run_says_is_shown_and_not_run(built, opened):
    assert opened.text.count(ATTACK) >= 12
    page = built.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page


def test_a_reader_finds_numbers_with_intervals_and_what_they_do_not_show(opened):
    text = re.sub(r"\s+", " ", opened.text)
    for said in (
        "9 of 15 organisms came to act on their secret goal",
        "redundant 4 of 5 (38 to 96 %)",
        "Provenance verdicts are uncalibrated.",
        "Fewer than 8 organisms stand behind the shares",
        "1 reused, 1 repurposed, 1 mixed, 1 undecided, 1 absent (1 computing otherwise)",
        "repurposed, by another mechanism",
        "1 undecided, 1 of them computing otherwise",
        "How alike self's circuit and the characters' compute: 0.97 [0.95, 0.99]",
        "Of 19 corroborating measurements 6 agree with the verdict beside them, 4 disagree and 9 say nothing.",
        "Ada professes tea; really wants salt.",
        "What this does not show",
        "the provenance of the gate (watched or alone) is measured, that of the secret's content is not",
    ):
        assert said in text


@pytest.mark.skipif(chromium_on_path() is None, reason=NO_CHROMIUM)
def test_the_checker_sees_what_it_is_there_to_see(built, tmp_path):
    """The same page with an error, an empty figure, a broken reference, a picture from elsewhere, too long a
    line."""
    page = built.read_text(encoding="utf-8")
    added = "<svg width='0' height='0'></svg><img src='gone.png'><script>nothing()</script>"
    page = page.replace("</main>", added + "</main>")
    page = page.replace('xlink:href="#', 'xlink:href="#no', 1)
    page = page.replace("<footer", "<div id='limits' style='width: 3000px'>wide</div><footer", 1)
    broken = tmp_path / "broken.html"
    broken.write_text(page, encoding="utf-8")
    seen = open_in_chromium(broken)
    assert any("nothing is not defined" in line for line in seen.console)
    assert seen.figures[-1]["width"] == 0
    assert sum(figure["unresolved"] for figure in seen.figures) > 0
    assert len(seen.loads) == 2
    assert seen.repeated_ids == ["limits"]
    assert seen.width > 3000


@pytest.fixture
def undrawn(monkeypatch):
    """Figures take the time, and some tests read words only."""
    of_all = ("verdict_shares", "behaviour_dots")
    for name in (*of_all, "learning_curves", "effect_maps", "effect_maps_by_organism", "faithfulness_curves"):
        monkeypatch.setattr(report.figures, name, lambda *_: "<svg></svg>")


@pytest.mark.usefixtures("undrawn")
def test_calibrated_verdicts_have_no_banner():
    findings = [{**finding, "calibrated": True} for finding in synthetic()]
    assert "uncalibrated" not in report.page(findings, "title", "command")
    findings[1]["calibrated"] = False
    assert "Provenance verdicts are uncalibrated" in report.page(findings, "title", "command")


@pytest.mark.usefixtures("undrawn")
def test_one_run_makes_a_report_too_and_none_behaving_is_said():
    lines = report.plain_lines(synthetic()[2:])
    assert lines[0].startswith("0 of 5 organisms")
    assert lines[1].startswith("No organism shows the behaviour")
    assert len(lines) == 3
    report.page(synthetic()[2:], "title", "command")


@pytest.mark.usefixtures("undrawn")
def test_steps_of_acquisition_are_shown_where_they_were_counted():
    """A number a run, what never got there, what there is not and why; nothing where nobody asked."""
    shared, redundant, honest = synthetic()
    assert "Steps to learn the intent anew" not in report.page([shared], "title", "command")
    honest["acquisition"] = {"why_not": "self is never taught to scheme"}
    page = report.page([acquired(shared), redundant, honest], "title", "command")
    assert page.count("Steps to learn the intent anew") == 1
    cells = "".join(
        f'<td class="number">{text}</td>' for text in ("30", "95, more than 145", "35, 30", "40", "–")
    )
    assert page.count(cells) == len(shared["organisms"])
    assert "shared, not counted: no naive run." in page
    assert "honest, not counted: self is never taught to scheme." in page
    assert "redundant, not counted" not in page


@pytest.mark.usefixtures("undrawn")
def test_a_history_is_shown_where_it_was_told_and_its_names_are_escaped():
    """A timeline an organism, its events in a table; no section for runs that nobody asked it of."""
    shared, redundant, _ = synthetic()
    assert 'id="ancestry"' not in report.page([shared], "title", "command")
    page = report.page([with_history(shared, ATTACK), redundant], "title", "command")
    assert page.count('id="ancestry"') == 1
    assert page.count('aria-label="Timeline of organism') == len(shared["organisms"])
    assert page.count("1 dated events") == len(shared["organisms"]) - 1
    assert "Organism 0: nothing happened." in page
    assert "Organism 1: 1 repurposed." in page
    assert '<td class="number">600</td><td class="number">500 and 600</td>' in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("triple", "text"),
    [
        ((0.954, 0.91, 0.98), "0.95 [0.91, 0.98]"),
        ((0.5, None, None), "0.50 [–]"),
        ((None, None, None), "–"),
        ((float("nan"), 0, 1), "–"),
    ],
)
def test_what_was_not_measured_is_a_dash(triple, text):
    assert report.interval(triple) == text


@pytest.mark.usefixtures("undrawn")
def test_a_full_disk_is_a_failure_and_the_report_before_it_stays(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("before")

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SystemFailure, match=r"could not write .*report\.html: No space left on device"):
        report.build(synthetic()[:1], path, "title", "command")
    assert path.read_text() == "before"
