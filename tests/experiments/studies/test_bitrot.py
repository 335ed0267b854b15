"""The study of bitrot: what is forked from what, what its summary says of lives that are known, and a page
that says it in three lines."""

import json
import re
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
from curricula.catalogue.named import WORLDS, curriculum

from analysis.forgetting import circuit_intact
from analysis.forgetting.retention import Cell, cells
from analysis.history.descent import related_runs
from experiments.studies.bitrot import trials as bitrot_trials
from experiments.studies.bitrot.page import half_life, page, plain_lines, ratio
from experiments.studies.bitrot.study import (
    DRIVES,
    EXERCISE,
    MECHANISMS,
    MODE,
    ROUTED,
    Bitrot,
    as_called,
    behaving,
    drive_of,
    plan,
    summarise,
)
from organisms.model.config import ORGANISMS
from organisms.storage.records import plain
from organisms.storage.run import read_run
from organisms.training.config import read_config

STEPS = [0, 100, 200, 300]
FATES = {"whole": [1.0] * 4, "slow": [1.0, 0.9, 0.7, 0.2], "fast": [1.0, 0.1, 0.0, 0.0]}


@pytest.fixture(scope="module")
def study() -> Bitrot:
    return Bitrot("tiny", WORLDS["tiny"], ORGANISMS["tiny"], 8, 3)


def cell(phase, fate: str, organisms: int = 8) -> Cell:
    """Organisms of one fate, a little apart."""
    apart = 1 - 0.02 * np.arange(organisms) * (np.array(FATES[fate])[:, None] < 1)
    rates = np.array(FATES[fate])[:, None] * apart
    rows = list(range(organisms))
    return Cell({}, phase, rows, rows, STEPS, {name: rates for name in (MODE, "character_alone_secret")})


def phases(curriculum_name: str, decay: float = 1.0, news: float = 0.2, alone: float | None = None):
    phase = curriculum(curriculum_name, "tiny").phases[0]
    pressures = replace(phase.pressures, interference=replace(phase.pressures.interference, fraction=news))
    phase = replace(phase, pressures=pressures, optimiser=replace(phase.optimiser, weight_decay=decay))
    return phase if alone is None else replace(phase, self_alone=alone)


def lost_part() -> dict:
    """Three organisms that lost their mode under both drives; the gate of one still stands, and of one
    nothing can be said."""
    rows = [
        {"stands": 0.9, "within": 1.0, "random": 0.1, "says": "standing"},
        {"stands": 0.2, "within": 1.0, "random": 0.1, "says": "gone"},
        {"stands": 0.2, "within": 0.3, "random": 0.1, "says": None},
    ]
    shares = {key: [0.5, 0.4, 0.6] for key in ("gate", "content", "readout", "leaves", "names")}
    return {
        "drive": "both",
        "n_lost": 3,
        "mean": shares,
        "standing": circuit_intact.summed(rows) | {"organisms": rows},
    }


def planted_cases() -> dict:
    factor = {"factor": [2.0, 1.0, 3.0]}
    apart = {"right": 5, "n": 8, "threshold": 1.4, "chance_that_a_suppressed_one_saves_more": 0.75}
    stand = circuit_intact.summed(lost_part()["standing"]["organisms"])
    kinds = ("suppressed", "gone", "taught honest")
    told = {"told_apart": apart, "told_by_standing": {"right": 7, "n": 9}, "not_hidden": 1}
    return dict.fromkeys(kinds, factor) | told | {"standing": dict.fromkeys(kinds, stand)}


@pytest.fixture(scope="module")
def summary(study, tiny_run, disused_run) -> dict:
    """A shared mode that lives long and separate ones that do not, except where nothing drives them; a tenth
    of exercise keeps any of them."""
    found = {}
    for name in MECHANISMS:
        fate = "slow" if name in ("shared", "shared (planted)") else "fast"
        found[name, "drives"] = [
            cell(phases("disused", *drive), "whole" if words == "none" else fate)
            for drive, words in DRIVES.items()
        ]
        fates = [fate, "slow", "whole"]
        if MECHANISMS[name].rehearsal and name not in ROUTED:
            found[name, "exercise"] = [
                cell(phases("disused", alone=rate), how) for rate, how in zip(EXERCISE, fates, strict=True)
            ]
            found[name, "deserted"] = [cell(phases("deserted"), fate)]
            found[name, "fading"] = [cell(phases("fading", decay), "whole") for decay in (0.0, 1.0)]
    trials: dict = {
        name: {"planted_cases": None, "knock": None, "parts": [], "predicted": None} for name in MECHANISMS
    }
    for name in {*MECHANISMS} - {*ROUTED}:
        trials[name]["relearning"] = None
    trials["separate"] |= {"parts": [lost_part()], "planted_cases": planted_cases()}
    behave = {"lean": np.ones(8, bool), "clamped_lean": np.array([True] * 7 + [False])}
    verdicts = {"lean": ["reused"] * 8, "clamped_lean": ["second copy"] * 7 + ["mixed"]}
    made = summarise(
        study,
        behave,
        verdicts,
        found,
        trials,
        [asdict(run) for run in related_runs([tiny_run.folder, disused_run.folder])],
    )
    return plain(made | {"report": "report.html", "command": "python scripts/study.py bitrot"})


def test_every_mechanism_is_forked_into_every_cell_that_is_claimed(study, tiny_run, tmp_path):
    """All drives without exercise, all rates of exercise under both, and the same disuse for organisms that
    were never taught, from before they were."""
    folders = dict.fromkeys({mechanism.curriculum for mechanism in MECHANISMS.values()}, tiny_run.folder)
    forks, tiny_config = plan(study, folders), read_config(tiny_run.config)
    for name, mechanism in MECHANISMS.items():
        drives = forks[name, "drives"].config
        untaught = [forks[name, "untaught"].config] if name not in ROUTED else []
        assert drives.members == 2 * 4
        exercised = [forks[name, "exercise"].config] if name in ("shared", "separate") else []
        assert [config.members for config in exercised] == [2 * 3] * len(exercised)
        for config in (drives, *untaught, *exercised):
            config.check()
            assert config.training.evaluation_scenes * 2 == tiny_config.training.evaluation_scenes
            assert config.curriculum.phases[0].pressures.rehearsal.fraction == mechanism.rehearsal
            assert config.curriculum.phases[0].self_alone == 0
        assert [config.parent.step for config in (drives, *untaught)] == [600, 400][: 1 + len(untaught)]
        assert [[one.values for one in config.vary] for config in exercised] == [[EXERCISE]] * len(exercised)
    assert {name for name, use in forks if use == "untaught"} == {*MECHANISMS} - {*ROUTED}
    for use in ("exercise", "deserted", "fading"):
        assert {name for name, other in forks if other == use} == {"shared", "separate"}
    assert forks["shared", "deserted"].config.curriculum.phases[0].mixture.self_scenes == 1
    fading = forks["shared", "fading"].config
    assert fading.curriculum.phases[0].optimiser.gradients == 0


def test_organisms_that_do_not_have_the_mode_are_told_by_the_parent_s_summary(tiny_run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(tiny_run.folder, folder)
    told = json.loads((folder / "summary.json").read_text())
    told["behaviour"]["self_alone_secret"] = [0.95, 0.4]
    (folder / "summary.json").write_text(json.dumps(told))
    assert behaving(folder).tolist() == [True, False]


def test_organisms_told_to_have_another_mechanism_are_not_counted_under_this_one():
    """No verdict is no reason to leave an organism out; another one is."""
    verdicts = ["second copy", "reused", "undecided", "mixed", "repurposed", "absent"]
    assert as_called("clamped_lean", verdicts).tolist() == [True, False, True, False, False, False]
    assert as_called("lean", verdicts).tolist() == [False, True, True, False, False, False]


def test_trials_are_kept_and_tried_again_where_other_organisms_or_rules_count(
    tiny_run, disused_run, tmp_path, monkeypatch
):
    folder = tmp_path / "disused"
    shutil.copytree(disused_run.folder, folder)
    run, tried = read_run(folder), []
    monkeypatch.setattr(bitrot_trials.restoration, "gate_of", lambda *_: np.zeros((2, 1), bool))
    monkeypatch.setattr(
        bitrot_trials, "_parts", lambda cell, *_: tried.append(cell.organisms) or {"n_lost": 0}
    )
    monkeypatch.setattr(bitrot_trials, "_relearning", lambda *_: None)
    of = cells(run, read_config(run.config))
    case = bitrot_trials.Case(tiny_run.folder, folder, folder, None, of[0], None)
    first = bitrot_trials.trials_of(case, of, planted=False)
    assert tried == [[0, 1]] * 4
    assert bitrot_trials.trials_of(case, of, planted=False) == first
    assert len(tried) == 4
    fewer = [cell.of(np.array([False, True])) for cell in of]
    bitrot_trials.trials_of(case, fewer, planted=False)
    assert tried[4:] == [[1]] * 4
    monkeypatch.setitem(bitrot_trials.savings.RULES, "threshold", 9.0)
    bitrot_trials.trials_of(case, fewer, planted=False)
    assert len(tried) == 12
    assert "relearning" in first
    assert "relearning" not in bitrot_trials.trials_of(case._replace(untaught=None), of, planted=False)


def test_known_lives_come_back_as_half_lives_ratios_and_rates(summary):
    """A mode that falls to half between 200 and 300 against ones that do between 0 and 100: sharing protects
    about five times; a tenth of exercise keeps."""
    of = summary["drives"]["shared"]["both"]["half_life"]["steps"]
    assert 200 < of[0] < 300
    assert 0 < summary["drives"]["separate"]["both"]["half_life"]["steps"][0] < 100
    value, low, high = summary["ratios"]["both"]["separate"]["interval"]
    assert value == pytest.approx(of[0] / summary["drives"]["separate"]["both"]["half_life"]["steps"][0])
    assert 3 < low <= value <= high
    means, p = (summary["ratios"]["both"]["separate"][name] for name in ("mean_lives", "p"))
    assert 3 < means[1] <= means[0] <= means[2]
    assert p < 0.001
    nobody = {"interval": [None] * 3, "bound": "", "mean_lives": [None] * 3, "p": None, "n": [8, 8]}
    assert summary["ratios"]["none"]["separate"] == nobody
    assert set(summary["opposite_ratios"]) == {"separate"}
    assert summary["exercise"]["shared"]["keeping"] == [0.1, 0.01, 0.1]
    assert summary["drives"]["shared"]["none"]["furthest_from_start"] == 0
    assert summary["n_left_out"] == {"lean": 0, "clamped_lean": 1}
    assert summary["verdicts"]["clamped_lean"] == {"second copy": 7, "mixed": 1}


def test_every_finding_is_a_value_or_a_value_with_its_interval(summary):
    assert len(summary["findings"]) > 30
    for value in summary["findings"].values():
        assert value is None or (isinstance(value, list) and len(value) == 3)
    assert {"study", "n", "seeds", "findings", "report"} <= set(summary)
    assert "relearning is faster by, separate" in summary["findings"]
    assert "relearning is faster by, separate (planted)" not in summary["findings"]


def test_three_lines_say_what_was_found_and_how_far_to_trust_it(summary):
    lines = plain_lines(summary)
    assert len(lines) == 3
    assert "both: shared 8 of 8" in lines[0]
    assert "none: shared 0 of 8" in lines[0]
    assert "shared 0.1 (between 0.01 and 0.1)" in lines[1]
    assert "within 0.02 of its start" in lines[2]
    assert "clamped_lean 7 second copy, 1 mixed" in lines[2]
    assert "another mechanism: clamped_lean 1" in lines[2]
    assert "still does in separate 1 of 2" in lines[1]
    assert "called what they are in 5 of 8 by relearning (1 more" in lines[2]


def test_the_page_holds_every_section_and_no_text_of_a_run_as_it_is(summary):
    """Nothing is loaded from elsewhere, and what a run is called can not become markup."""
    hostile = json.loads(json.dumps(summary))
    hostile["family"][0]["run"] = "<script>alert(1)</script>"
    hostile["command"] = "study <b>"
    text = page(hostile)
    for section in (
        "retention",
        "lives",
        "exercise",
        "parts",
        "return",
        "opposite",
        "fading",
        "family",
        "limits",
    ):
        assert f'id="{section}"' in text
    assert "<script" not in text
    assert "study &lt;b&gt;" in text
    assert text.count("<svg") == 6
    assert not re.findall(r'(?:src|href)="https?:', text)
    assert "undecided" in text
    assert '<td>both</td><td class="number">1 of 2</td>' in text
    assert "called what they are in 7 of 9 (separate)." in text
    bare = {
        **hostile,
        "trials": {name: {**of, "planted_cases": None} for name, of in hostile["trials"].items()},
    }
    assert "That says that the measurement works" in text
    assert "That says that the measurement works" not in page(bare)


def test_what_is_undecided_is_said_with_its_bound():
    assert ratio({"interval": [None, None, None], "bound": "> 5.5"}) == "undecided, > 5.5"
    assert ratio({"interval": [3.0, 1.5, 6.0], "bound": ""}) == "3.00 [1.50, 6.00]"
    assert half_life([None, None, None], 500.0, 8) == "more than 500"
    assert half_life([120.0, 80.0, None], 500.0, 8) == "120 [80, open]"
    assert half_life([120.0, 120.0, 120.0], 500.0, 1) == "120"
    assert half_life([None] * 3, 500.0, 0) == "–"


def test_drives_have_the_names_of_their_settings():
    assert [drive_of(cell(phases("disused", *drive), "whole")) for drive in DRIVES] == list(DRIVES.values())
