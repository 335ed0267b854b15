"""Can a person open the report, and do its words match the findings? Read in Chromium, as a person would."""

import os
import re
from dataclasses import replace

import pytest
from chromium import chromium_on_path, open_in_chromium
from curiosity import Curiosity, CuriosityMeasurement
from markupsafe import Markup
from page_script import without_own_script
from run_findings import acquired_run, run_with_history, synthetic_runs

from analysis.provenance.corroboration import Corroboration, CorroborationResult, EvidenceLine
from analysis.provenance.judging import ProvenanceResult
from analysis.relearning.acquisition import AcquisitionResult
from curricula.errors import SystemFailure
from experiments.measurements.registry import registered_measurements
from reports.formats import interval_text
from reports.headline import answer_sentence, headline
from reports.page import render_page
from reports.report import report_page, write_report
from reports.scene_pictures import EnglishScene, ScenesResult

pytestmark = pytest.mark.slow

ATTACK = "<script>console.error('taken')</script><img src=x onerror=console.error('taken')>\"'&{{7*7}}"
NO_CHROMIUM = "no chromium on PATH: the page cannot be opened"


def rendered(runs, title="title", command="command"):
    return render_page(report_page(runs, registered_measurements(), title, command))


def first_member(result, **changes):
    """A result with a change to its first member."""
    return replace(result, members=(replace(result.members[0], **changes), *result.members[1:]))


def hostile():
    """The synthetic findings, with an attempt to run a script wherever a run or a config puts a text."""
    worst, *rest = synthetic_runs()
    phases = (replace(worst.run.phases[0], name=ATTACK), worst.run.phases[1])
    curriculum = replace(worst.run.config.curriculum, name=ATTACK)
    config = replace(worst.run.config, curriculum=curriculum)
    run = replace(
        worst.run, curriculum=f"shared{ATTACK}", run=ATTACK, command=ATTACK, phases=phases, config=config
    )
    corroboration = worst[CorroborationResult]
    added = Corroboration(ATTACK, EvidenceLine(0.1, 0.0, 0.2), "disagrees")
    lines = ((*corroboration.members[0], added), *corroboration.members[1:])
    worst = replace(worst, run=run)
    for result in (
        first_member(worst[ProvenanceResult], reason=ATTACK),
        replace(corroboration, members=lines),
        ScenesResult((EnglishScene(ATTACK, (ATTACK,)),)),
    ):
        worst = worst.with_result(result)
    return [worst, *rest]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "deep" / "report.html"
    title, command = f"Three curricula {ATTACK}", f"python scripts/compare.py {ATTACK}"
    assert write_report(hostile(), registered_measurements(), path, title, command) == path
    return path


@pytest.fixture(scope="module")
def opened(built):
    if chromium_on_path() is None:
        pytest.skip(NO_CHROMIUM)
    return open_in_chromium(built)


def test_the_console_is_silent(opened):
    assert opened.console == []


def test_every_figure_is_drawn(opened):
    """Two figures of all runs, four of each and one more of those in which self acts; all of readable size, with their
    parts, and no reference to nowhere."""
    assert len(opened.figures) == 2 + 4 * 3 + 2
    for figure in opened.figures:
        assert figure["width"] > 600, figure
        assert figure["height"] > 100, figure
        assert figure["parts"] > 50, figure
        assert figure["unresolved"] == 0, figure


def test_the_page_stands_alone_and_fits(opened):
    assert opened.loads == []
    assert opened.repeated_ids == []
    assert opened.width <= opened.window


def test_text_of_a_run_is_shown_and_not_run(built, opened):
    assert opened.text.count(ATTACK) >= 12
    page = built.read_text(encoding="utf-8")
    assert "<script" not in without_own_script(page)
    assert "<img" not in page


def test_a_reader_finds_numbers_with_intervals_and_what_they_do_not_show(opened):
    text = re.sub(r"\s+", " ", opened.text)
    for sentence in (
        "9 of 15 organisms came to act on their secret goal",
        "redundant 4 of 5 (38 to 96 %)",
        "Provenance verdicts are uncalibrated.",
        "Fewer than 8 organisms stand behind the shares",
        "1 reused, 1 repurposed, 1 mixed, 1 undecided, 1 absent (1 computing otherwise)",
        "repurposed, by another mechanism",
        "1 undecided, 1 of them computing otherwise",
        "How alike self's circuit and the characters' compute",
        "another 0.97 [0.95, 0.99] 0.99, 0.97, – 0.80 0.99 or more",
        "Of 19 corroborating measurements 6 agree with the verdict beside them, 4 disagree and 9 are evidence "
        "neither way.",
        "Ada professes tea; really wants salt.",
        "What this does not show",
        "the provenance of the gate (watched or alone) is measured, that of the secret's content is not",
    ):
        assert sentence in text


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
    broken_page = open_in_chromium(broken)
    assert any("nothing is not defined" in line for line in broken_page.console)
    assert broken_page.figures[-1]["width"] == 0
    assert sum(figure["unresolved"] for figure in broken_page.figures) > 0
    assert len(broken_page.loads) == 2
    assert broken_page.repeated_ids == ["limits"]
    assert broken_page.width >= 3000


FIGURES = (
    "verdicts.verdict_shares",
    "behaviour.behaviour_dots",
    "learning.learning_curves",
    "effects.mean_effect_maps",
    "effects.member_effect_maps",
    "circuits.faithfulness_curves",
)


@pytest.fixture
def undrawn(monkeypatch):
    """Figures take the time, and some tests read words only."""
    for name in FIGURES:
        monkeypatch.setattr(f"reports.sections.{name}", lambda *_: Markup("<svg></svg>"))


@pytest.mark.usefixtures("undrawn")
def test_calibrated_verdicts_have_no_banner():
    runs = [replace(run, run=replace(run.run, calibrated=True)) for run in synthetic_runs()]
    assert "uncalibrated" not in rendered(runs)
    runs[1] = replace(runs[1], run=replace(runs[1].run, calibrated=False))
    assert "Provenance verdicts are uncalibrated" in rendered(runs)


@pytest.mark.usefixtures("undrawn")
def test_a_run_without_the_behaviour_makes_a_report_too():
    honest = synthetic_runs()[2:]
    lines = headline(honest)
    assert lines[0].startswith("0 of 5 organisms")
    assert lines[1].startswith("No organism shows the behaviour")
    assert len(lines) == 3
    assert answer_sentence(honest) == "Self's mechanism: 5 of 5 absent. Verdicts are uncalibrated."
    rendered(honest)


@pytest.mark.usefixtures("undrawn")
def test_the_answer_stands_before_everything_but_the_title():
    """One sentence with every organism in it, by curriculum where there are several."""
    runs = synthetic_runs()
    answer = (
        "Self's mechanism, by curriculum: shared: 5 of 5 reused; redundant: of 5, 1 reused, 1 repurposed, 1 mixed, "
        "1 undecided, 1 absent; honest: 5 of 5 absent. Verdicts are uncalibrated."
    )
    assert answer_sentence(runs) == answer
    html = rendered(runs)
    places = [
        html.index(words)
        for words in ("<h1>", answer[:15].replace("'", "&#39;"), '<ol class="headline">', "<table")
    ]
    assert places == sorted(places)
    calibrated = [replace(run, run=replace(run.run, calibrated=True)) for run in runs]
    assert "uncalibrated" not in answer_sentence(calibrated)


@pytest.mark.usefixtures("undrawn")
def test_steps_of_acquisition_are_shown_where_they_were_counted():
    """A number a run, one that did not get there, an absent arm and why; nothing where it was not measured."""
    shared, redundant, honest = synthetic_runs()
    assert "Steps to learn the intent anew" not in rendered([shared])
    why_not = AcquisitionResult(None, None, 145, 750, "self is never taught to scheme", (), (None,) * 5)
    runs = [acquired_run(shared), redundant, honest.with_result(why_not)]
    html = rendered(runs)
    assert html.count("<h2>Steps to learn the intent anew") == 1
    cells = "".join(
        f'<td class="number">{text}</td>' for text in ("30", "95, more than 145", "35, 30", "40", "–")
    )
    assert html.count(cells) == len(shared.members)
    assert "shared, not counted: no naive run." in html
    assert "honest, not counted: self is never taught to scheme." in html
    assert "redundant, not counted" not in html


@pytest.mark.usefixtures("undrawn")
def test_a_history_is_shown_where_it_was_measured_and_its_names_are_escaped():
    """A timeline an organism, its events in a table; no section where it was not measured."""
    shared, redundant, _ = synthetic_runs()
    assert 'id="ancestry"' not in rendered([shared])
    html = rendered([run_with_history(shared, ATTACK), redundant])
    assert html.count('id="ancestry"') == 1
    assert html.count('aria-label="Timeline of organism') == len(shared.members)
    assert html.count("1 dated events") == len(shared.members) - 1
    assert "Organism 0: nothing happened." in html
    assert "Organism 1: 1 repurposed." in html
    assert '<td class="number">600</td><td class="number">500 and 600</td>' in html
    assert "<script" not in without_own_script(html)


@pytest.mark.usefixtures("undrawn")
def test_a_measurement_of_any_origin_brings_its_section():
    """Before the methods and after what is built in; nothing where no run holds its result."""
    measurements = [CuriosityMeasurement(), *registered_measurements()]
    runs = synthetic_runs()
    assert "Curiosity" not in render_page(report_page(runs, measurements, "title", "command"))
    runs[0] = runs[0].with_result(Curiosity())
    html = render_page(report_page(runs, measurements, "title", "command"))
    assert "3 runs &lt;b&gt;" in html
    assert '<a href="#curiosity">Curiosity</a>' in html
    order = [html.index(f'<section id="{anchor}"') for anchor in ("scenes", "curiosity", "method", "limits")]
    assert order == sorted(order)


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
    assert interval_text(triple) == text


@pytest.mark.usefixtures("undrawn")
def test_a_full_disk_is_a_failure_and_the_report_before_it_stays(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("earlier")

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SystemFailure, match=r"could not write .*report\.html: No space left on device"):
        write_report(synthetic_runs()[:1], registered_measurements(), path, "title", "command")
    assert path.read_text() == "earlier"
