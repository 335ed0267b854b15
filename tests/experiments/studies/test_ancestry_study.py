"""Does the study of dated lineages add up, write what it should, and refuse what it cannot do?"""

import shutil

import pytest
from studies import settings_of

from analysis.history import dating
from analysis.history.dating import LineageHistory, QuietStretch, ScoredChange
from curricula.catalogue.planted import WITH_DATES
from curricula.catalogue.registry import curriculum
from curricula.errors import UserError
from experiments.studies.ancestry import study as module
from experiments.studies.ancestry.study import CURRICULA, DATED, QUIET, TARGETS, AncestryStudy
from experiments.studies.ancestry.summary import LineageMeasurement, TrainedLineages
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.study import StudyRun
from organisms.planted.dates import planted_changes
from organisms.storage.loading import require_finished

STUDY = AncestryStudy()


def scored(organism="run-<i>0</i>/0", error=0, **fields):
    reported = error is not None
    defaults = {
        "curriculum": "planted_exchanged",
        "component": "L0H0",
        "role": "self",
        "comes": True,
        "abrupt": True,
        "share": 0.2,
        "date": 100,
        "event": "born" if reported else None,
        "step": 100 if reported else None,
        "in_interval": error == 0 if reported else None,
    }
    return ScoredChange(**{**defaults, "organism": organism, "error": error, **fields})


CHANGES = (
    scored(),
    scored(error=2),
    scored("1", None),
    scored("1", 6, abrupt=False, comes=False, role="character", event="lost"),
)
STRETCHES = tuple(
    QuietStretch("settled", f"run-<i>1</i>/{n}", 15, 24, events, sum(events.values()) / 24)
    for n, events in enumerate(({}, {"<b>lost</b>": 2}))
)


def measured(scored_changes=CHANGES, stretches=STRETCHES):
    lineages = TrainedLineages(8, 8, 100)
    return {
        name: LineageMeasurement(
            lineages,
            scored_changes if name == "planted_exchanged" else (),
            stretches if name == "settled" else (),
        )
        for name in CURRICULA
    }


def test_dated_curricula_have_changes_and_quiet_ones_a_phase_in_which_there_is_none():
    assert all(planted_changes(curriculum(name, "cpu").phases) for name in DATED)
    assert set(DATED) == WITH_DATES
    for name, quiet in QUIET.items():
        phases = curriculum(name, "cpu").phases
        index = next(n for n, phase in enumerate(phases) if phase.name == quiet)
        assert not [change for change in planted_changes(phases) if change.phase == index]
        previous, settled = phases[index - 1], phases[index]
        assert (
            settled.optimiser.learning_rate
            == previous.optimiser.learning_rate * previous.optimiser.final_fraction
        )
        assert (settled.pressures, settled.mixture) == (previous.pressures, previous.mixture)


def test_no_two_runs_share_a_seed():
    """Nor do they have one that thresholds were chosen on; and they are the seeds that runs have had."""
    seeds = [config.seed for seed in (0, 1) for config in STUDY.runs(settings_of(seed=seed)).values()]
    assert seeds == [500, 510, 520, 530, 1500, 1510, 1520, 1530]
    assert not module.CHOSEN_ON.intersection(seeds)


def test_a_summary_adds_up_what_was_counted():
    summary = STUDY.summarise(settings_of(), measured())
    findings = summary.findings
    assert findings["changes_detected.all"][0] == pytest.approx(0.75)
    assert findings["changes_detected.surgery"][0] == pytest.approx(0.5)
    assert findings["changes_detected.learned"] == (1.0, None, None)
    assert findings["median_error_checkpoints.all"] == 2
    assert findings["median_error_checkpoints.surgery"] == 1
    assert findings["median_error_checkpoints.grafted_repurposed"] is None
    assert findings["date_in_interval"][0] == pytest.approx(1 / 3)
    assert findings["false_events_per_component.all"][0] == pytest.approx(1 / 24)
    assert (summary.primary.name, summary.primary.n) == ("changes_detected.all", 2)
    assert summary.primary.value == findings["changes_detected.all"]
    assert summary.reported_as["surgery.came.self"] == {"born": 2, "not found": 1}
    assert summary.reported_as["learned.left.character"] == {"lost": 1}
    assert summary.groups["surgery"].errors == [1, 0, 1]
    assert summary.n == 32
    assert set(TARGETS.values()) == {0.9, 2, 0.05}


def test_the_page_gives_the_answer_in_three_lines_and_escapes_what_comes_from_runs(monkeypatch):
    summary = STUDY.summarise(settings_of(), measured())
    lines = STUDY.headline(summary)
    assert len(lines) == 3
    assert "0.75" in lines[0]
    assert "0.04" in lines[1]
    text = study_page(STUDY, summary, "<command>")
    assert "<i>1</i>" not in text
    assert "<b>lost" not in text
    assert "&lt;command&gt;" in text
    assert f"carries {dating.CARRIES} or more" in text
    assert "Not a test" not in text
    monkeypatch.setattr(module, "CHOSEN_ON", frozenset({530}))
    chosen = STUDY.summarise(settings_of(), measured((), ()))
    assert "Not a test" in study_page(STUDY, chosen, "")
    assert "no test" in STUDY.headline(chosen)[2]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"members": 0}, "members: expected 1 or more"),
        ({"seed": -1}, "seed: expected 0 to"),
        ({"seed": 2**30}, "seed: "),
    ],
)
def test_wrong_settings_train_nothing(settings, words, tmp_path):
    with pytest.raises(UserError, match=words):
        run_study(STUDY, settings_of(**settings), StudyOutput(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_history_is_measured_again_only_where_thresholds_changed(tiny_run, tmp_path, monkeypatch):
    folder, logged = tmp_path / "run", []
    shutil.copytree(tiny_run.folder, folder)
    config = require_finished(tiny_run)
    run = StudyRun("settled", config, folder, settings_of(), {"settled": folder}, logged.append)
    history = module.lineage_history(run)
    calls = []
    monkeypatch.setattr(module, "lineage_history", lambda run: calls.append(run) or history)
    first = STUDY.measure(run)
    assert STUDY.measure(run) == first
    assert len(calls) == 1
    assert first.lineages == TrainedLineages(2, 2, len(tiny_run.entries()))
    assert isinstance(history, LineageHistory)
    assert history.carried.shape[:3] == (2, 2, 2)
    monkeypatch.setattr(module.events, "EVENT_THRESHOLDS", {"other": 1})
    STUDY.measure(run)
    assert len(calls) == 2
