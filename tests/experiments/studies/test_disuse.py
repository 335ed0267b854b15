"""The study disuse: what is forked from what, what its summary holds of lives that are known, and a page with
its three lines."""

import json
import math
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from page_script import without_own_script

from analysis.forgetting.circuit_intact import ClassifiedByGate, GateTransfer, summarise_transfers
from analysis.forgetting.retention import RetentionCell, retention_cells
from analysis.relearning.finetune import MODE
from analysis.relearning.savings import ClassifiedBySaving, Saving
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.registry import curriculum
from curricula.pressures.interference import Interference
from curricula.typed_json import summary_of
from experiments.studies.disuse import trials as trials_module
from experiments.studies.disuse.headline import disuse_headline, half_life_text
from experiments.studies.disuse.parents import ParentOrganisms
from experiments.studies.disuse.plan import DRIVES, EXERCISE, FORKS, MECHANISMS, PARENTS, drive_of
from experiments.studies.disuse.study import DisuseStudy, trials_once
from experiments.studies.disuse.summary import (
    CHARACTERS_MODE,
    PRIMARY,
    DisusedOrganisms,
    DisuseSummary,
)
from experiments.studies.disuse.trial_results import (
    RULES,
    DriveTrial,
    PlantedCases,
    RestorationMeans,
    TrialCase,
    Trials,
)
from experiments.studies.page import study_page
from experiments.studies.study import StudyRun, StudySettings
from organisms.ensemble.config import read_config
from organisms.model.config import ORGANISMS
from organisms.storage.records import plain

STEPS = [0, 100, 200, 300]
FATES = {"whole": [1.0] * 4, "slow": [1.0, 0.9, 0.7, 0.2], "fast": [1.0, 0.1, 0.0, 0.0]}
SETTINGS = StudySettings("tiny", WORLDS["tiny"], ORGANISMS["tiny"], 8, 3)
UNTRIED = Trials([], None, None, None, None)


def cell(phase, fate: str, organisms: int = 8) -> RetentionCell:
    """Organisms of one fate, a little apart."""
    spread = 1 - 0.02 * np.arange(organisms) * (np.array(FATES[fate])[:, None] < 1)
    rates = np.array(FATES[fate])[:, None] * spread
    rows = list(range(organisms))
    return RetentionCell({}, phase, rows, rows, STEPS, {MODE: rates, CHARACTERS_MODE: rates})


def phase_of_disuse(name: str, decay: float = 1.0, news: float = 0.2, alone: float | None = None):
    phase = curriculum(name, "tiny").phases[0]
    pressures = phase.pressures.replace(replace(phase.pressures[Interference], fraction=news))
    phase = replace(phase, pressures=pressures, optimiser=replace(phase.optimiser, weight_decay=decay))
    return phase if alone is None else replace(phase, self_alone=alone)


def lost_gates() -> list[GateTransfer]:
    """Gates of three organisms that lost their mode: one is intact, and one has no state."""
    return [
        GateTransfer(0.9, 1.0, 0.1, "intact"),
        GateTransfer(0.2, 1.0, 0.1, "gone"),
        GateTransfer(0.2, 0.3, 0.1, None),
    ]


def drive_trial() -> DriveTrial:
    means = RestorationMeans(*[(0.5, 0.4, 0.6)] * 7)
    return DriveTrial("both", {}, 3, means, [], summarise_transfers(lost_gates()))


def planted_cases() -> PlantedCases:
    kinds = ("suppressed", "gone", "trained_honest")
    return PlantedCases(
        savings=dict.fromkeys(kinds, Saving((2.0, 1.0, 3.0), 1, [10.0], [20.0], [2.0], 0, 0)),
        gates=dict.fromkeys(kinds, summarise_transfers(lost_gates())),
        rate_when_hidden={},
        not_hidden=1,
        by_saving=ClassifiedBySaving(5, 8, 1.4, 0.75),
        by_gate=ClassifiedByGate(7, 9),
    )


def fork_of(label: str, folder) -> DisusedOrganisms:
    """A shared mode that lives long and separate ones that do not, except where nothing drives them; a tenth
    of exercise keeps any of them."""
    name, use = FORKS[label]
    fate = "slow" if name == "shared" else "fast"
    match use:
        case "drives":
            cells = [
                cell(phase_of_disuse("self_never_alone", *drive), "whole" if words == "none" else fate)
                for drive, words in DRIVES.items()
            ]
        case "exercise":
            cells = [
                cell(phase_of_disuse("self_never_alone", alone=rate), retained)
                for rate, retained in zip(EXERCISE, [fate, "slow", "whole"], strict=True)
            ]
        case "decay_only":
            cells = [cell(phase_of_disuse("weight_decay_only", decay), "whole") for decay in (0.0, 1.0)]
        case _:
            cells = [cell(phase_of_disuse("characters_absent"), fate)]
    trials = replace(UNTRIED, drives=[drive_trial()], planted=planted_cases())
    return DisusedOrganisms(
        folder, cells, (trials if name == "separate" else UNTRIED) if use == "drives" else None
    )


@pytest.fixture(scope="module")
def summary(tiny_run, disused_run) -> DisuseSummary:
    """Of organisms whose lives are known."""
    whole = np.ones(8, bool)
    measured = {
        name: ParentOrganisms(tiny_run.folder, (verdict,) * 8, whole, whole, True)
        for name, verdict in PARENTS.items()
    }
    separate = MECHANISMS["separate"].curriculum
    verdicts = ("second copy",) * 7 + ("mixed",)
    measured[separate] = ParentOrganisms(tiny_run.folder, verdicts, whole, np.arange(8) < 7, True)
    forks = {label: fork_of(label, disused_run.folder) for label in FORKS}
    return DisuseStudy().summarise(SETTINGS, measured | forks)


def test_trials_are_kept_until_other_organisms_or_rules_count(tiny_run, disused_run, tmp_path, monkeypatch):
    folder = tmp_path / "disused"
    shutil.copytree(disused_run.folder, folder)
    config = read_config(disused_run.config)
    run = StudyRun("shared.drives", config, folder, SETTINGS, {}, print)
    cells, measured = retention_cells(run.run, config), []

    def measure_trials(case):
        measured.append([trial.organisms for trial in case.drives])
        return replace(UNTRIED, drives=[drive_trial()])

    monkeypatch.setattr("experiments.studies.disuse.study.measure_trials", measure_trials)
    case = TrialCase(tiny_run.folder, folder, folder, None, cells, None, planted=False)
    first = trials_once(run, case)
    assert measured == [[[0, 1]] * 4]
    assert trials_once(run, case) == first
    assert first.drives == [drive_trial()]
    assert len(measured) == 1
    fewer = replace(case, drives=[cell.select(np.array([False, True])) for cell in cells])
    trials_once(run, fewer)
    assert measured[1:] == [[[1]] * 4]
    rules = replace(RULES, savings=replace(RULES.savings, threshold=9.0))
    monkeypatch.setattr("experiments.studies.disuse.study.RULES", rules)
    trials_once(run, fewer)
    assert len(measured) == 3
    trials_once(run, replace(fewer, never_taught=None))
    assert len(measured) == 4


def test_trials_measure_every_drive_and_relearning_where_there_is_a_never_taught_run(
    tiny_run, disused_run, monkeypatch
):
    """Parts of them stand in for those that patch and train."""
    monkeypatch.setattr(trials_module.Snapshot, "locate_gates", lambda *_: None)
    monkeypatch.setattr(
        trials_module, "_drive_trial", lambda cell, *_: replace(drive_trial(), settings=cell.settings)
    )
    saving = planted_cases().savings["gone"]
    monkeypatch.setattr(trials_module, "_relearning", lambda *_: saving)
    cells = retention_cells(disused_run, read_config(disused_run.config))
    case = TrialCase(
        tiny_run.folder, disused_run.folder, disused_run.folder, None, cells, None, planted=False
    )
    trials = trials_module.measure_trials(case)
    assert [trial.settings for trial in trials.drives] == [cell.settings for cell in cells]
    assert (trials.relearning, trials.decay, trials.planted, trials.noise) == (saving, None, None, None)
    assert trials_module.measure_trials(replace(case, never_taught=None)).relearning is None


def test_known_lives_come_back_as_half_lives_and_rates(summary):
    """A mode that falls to half between 200 and 300 beside ones that do between 0 and 100; a tenth of exercise keeps."""
    shared, separate = (summary.drives[name]["both"].half_life.steps[0] for name in ("shared", "separate"))
    assert 200 < shared < 300
    assert 0 < separate < 100
    assert summary.exercise["shared"].keeping == (0.1, 0.01, 0.1)
    assert summary.drives["shared"]["none"].furthest_from_start == 0
    separate_curriculum = MECHANISMS["separate"].curriculum
    assert {name: n for name, n in summary.left_out.items() if n} == {separate_curriculum: 1}
    assert summary.verdicts[separate_curriculum] == {"second copy": 7, "mixed": 1}


def test_the_primary_endpoint_is_what_is_left_of_the_shared_mode_at_the_end(summary):
    assert summary.primary.name == PRIMARY == "retention_at_end.shared.both"
    assert summary.primary.value == summary.drives["shared"]["both"].at_end == summary.findings[PRIMARY]
    assert summary.primary.value[0] == pytest.approx(0.2 * (1 - 0.07))
    assert summary.primary.n == 8


def test_every_finding_is_a_value_with_its_interval_under_a_dotted_name(summary):
    assert len(summary.findings) == 2 * 2 * 4 + 2 + 2
    for name, value in summary.findings.items():
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name)
        assert len(value) == 3
        assert all(end is None or math.isfinite(end) for end in value)
    assert "relearning_factor.separate" in summary.findings


def test_the_summary_can_be_written_as_json(summary):
    """What is not finite is null there."""
    content = plain(summary_of(summary))
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["drives"]["shared"]["none"]["half_life"]["steps"] == [None] * 3
    assert content["drives"]["shared"]["both"]["lived"]["died"] == [True] * 8


def test_three_lines_hold_what_was_found_and_how_far_to_trust_it(summary):
    lines = disuse_headline(summary)
    separate = MECHANISMS["separate"].curriculum
    assert len(lines) == 3
    assert "both: shared 8 of 8" in lines[0]
    assert "none: shared 0 of 8" in lines[0]
    assert "shared 0.1 (between 0.01 and 0.1)" in lines[1]
    assert "within 0.02 of its start" in lines[2]
    assert f"{separate} 7 second copy, 1 mixed" in lines[2]
    assert f"another mechanism: {separate} 1" in lines[2]
    assert "intact in separate 1 of 2" in lines[1]
    assert "classified as what they are in 5 of 8 by relearning (1 more" in lines[2]


def test_the_page_holds_every_section_and_no_text_of_a_run_as_it_is(summary):
    """Nothing is loaded from elsewhere, and the name of a run cannot become markup."""
    runs = (replace(summary.family[0], run="<script>alert(1)</script>"), *summary.family[1:])
    text = study_page(DisuseStudy(), replace(summary, family=runs), "study <b>")
    for section in (
        "retention",
        "lives",
        "exercise",
        "parts",
        "return",
        "opposite",
        "decay",
        "family",
        "limits",
    ):
        assert f'id="{section}"' in text
    assert "<script" not in without_own_script(text)
    assert "study &lt;b&gt;" in text
    assert text.count("<svg") == 6
    assert not re.findall(r'(?:src|href)="https?:', text)
    assert '<td>both</td><td class="number">1 of 2</td>' in text
    assert "classified as what they are in 7 of 9 (separate)." in text
    assert "It shows that the measurement works" in text
    bare = replace(
        summary, trials={name: replace(part, planted=None) for name, part in summary.trials.items()}
    )
    assert "It shows that the measurement works" not in study_page(DisuseStudy(), bare, "")


def test_an_unbounded_end_of_a_half_life_is_open():
    nan, infinite = math.nan, math.inf
    assert half_life_text((infinite, infinite, infinite), 500.0, 8) == "more than 500"
    assert half_life_text((120.0, 80.0, infinite), 500.0, 8) == "120 [80, open]"
    assert half_life_text((120.0, 120.0, 120.0), 500.0, 1) == "120"
    assert half_life_text((nan, nan, nan), 500.0, 0) == "–"


def test_drives_have_the_names_of_their_settings():
    drives = [drive_of(cell(phase_of_disuse("self_never_alone", *drive), "whole")) for drive in DRIVES]
    assert drives == list(DRIVES.values())
