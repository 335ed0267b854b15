"""Does the study of dated lineages add up, say what it should, and refuse what it cannot do?"""

import shutil

import pytest

from analysis.history import dating
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.planted import WITH_DATES
from curricula.catalogue.registry import curriculum
from curricula.errors import UserError
from experiments.studies.ancestry import study as chronology
from experiments.studies.ancestry.page import page, plain_lines
from experiments.studies.ancestry.study import (
    CURRICULA,
    DATED,
    QUIET,
    TARGETS,
    Chronology,
    run_chronology,
    summarise,
)
from organisms.model.config import ORGANISMS
from organisms.planted.dates import planted_changes


def study(**settings) -> Chronology:
    return Chronology(**{"scale": "tiny", "world": WORLDS["tiny"], "organism": ORGANISMS["tiny"], **settings})


def row(organism="run-<i>0</i>/0", error=0, **settings):
    return {
        "curriculum": "planted_exchanged",
        "organism": organism,
        "component": "L0H0",
        "role": "self",
        "comes": True,
        "abrupt": True,
        "share": 0.2,
        "date": 100,
        "event": None if error is None else "born",
        "step": None if error is None else 100,
        "error": error,
        "in_interval": None if error is None else error == 0,
    } | settings


FALSE = [
    {
        "curriculum": "settled",
        "organism": f"run-<i>1</i>/{n}",
        "checkpoints": 15,
        "components": 24,
        "events": of,
        "a_component": sum(of.values()) / 24,
    }
    for n, of in enumerate(({}, {"<b>lost</b>": 2}))
]
GROWN = {name: {"grown": 8, "took": 8, "checkpoints": 100} for name in CURRICULA}
ROWS = [
    row(),
    row(error=2),
    row("1", None),
    row("1", 6, abrupt=False, comes=False, role="character", event="lost"),
]


def test_dated_curricula_have_changes_and_quiet_ones_a_phase_in_which_there_is_none():
    assert all(planted_changes(curriculum(name, "cpu").phases) for name in DATED)
    assert set(DATED) == WITH_DATES
    for name, quiet in QUIET.items():
        phases = curriculum(name, "cpu").phases
        at = next(n for n, phase in enumerate(phases) if phase.name == quiet)
        assert not [change for change in planted_changes(phases) if change.phase == at]
        before, there = phases[at - 1], phases[at]
        assert (
            there.optimiser.learning_rate == before.optimiser.learning_rate * before.optimiser.final_fraction
        )
        assert (there.pressures, there.mixture) == (before.pressures, before.mixture)


def test_no_two_runs_share_a_seed():
    seeds = [study(seed=seed).config(name).seed for seed in (0, 1) for name in CURRICULA]
    assert len(set(seeds)) == len(seeds)
    assert not chronology.CHOSEN_ON.intersection(seeds)


def test_what_is_summed_up_is_what_was_counted():
    summary = summarise(study(), ROWS, FALSE, GROWN)
    found = summary["findings"]
    assert found["role changes found, all"][0] == pytest.approx(0.75)
    assert found["role changes found, by surgery"][0] == pytest.approx(0.5)
    assert found["role changes found, learned"] == [1.0, None, None]
    assert (found["median error in checkpoints, all"], found["median error in checkpoints, by surgery"]) == (
        2,
        1,
    )
    assert found["median error in checkpoints, in grafted_repurposed"] is None
    assert found["date inside the interval"][0] == pytest.approx(1 / 3)
    assert found["false events a component, all"][0] == pytest.approx(1 / 24)
    assert summary["told_as"]["surgery: came to self"] == {"born": 2, "not found": 1}
    assert summary["told_as"]["learned: left character"] == {"lost": 1}
    assert summary["errors"]["by surgery"] == [1, 0, 1]
    assert summary["n"] == 32
    assert set(TARGETS.values()) == {0.9, 2, 0.05}


def test_the_page_says_what_was_found_in_three_lines_and_escapes_what_comes_from_runs(monkeypatch):
    summary = summarise(study(), ROWS, FALSE, GROWN) | {"report": "", "command": "<command>"}
    lines = plain_lines(summary)
    assert len(lines) == 3
    assert "0.75" in lines[0]
    assert "0.04" in lines[1]
    text = page(summary)
    assert "<i>1</i>" not in text
    assert "<b>lost" not in text
    assert "&lt;command&gt;" in text
    assert f"carries {dating.CARRIES} or more" in text
    assert "Not a test" not in text
    monkeypatch.setattr(chronology, "CHOSEN_ON", frozenset({study().config("settled").seed}))
    chosen = summarise(study(), [], [], GROWN) | {"report": "", "command": ""}
    assert "Not a test" in page(chosen)
    assert "no test" in plain_lines(chosen)[2]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"members": 0}, "members: expected 1 or more"),
        ({"seed": -1}, "seed: expected 0 to"),
        ({"seed": 2**30}, "seed: "),
    ],
)
def test_wrong_settings_grow_nothing(settings, words, tmp_path):
    with pytest.raises(UserError, match=words):
        run_chronology(study(**settings), tmp_path / "out", "")
    assert not (tmp_path / "out").exists()


def test_histories_are_kept_and_measured_again_where_thresholds_changed(tiny_run, tmp_path, monkeypatch):
    """Told once of a run; again when what was kept was told by other thresholds."""
    folder, calls = tmp_path / "run", []
    shutil.copytree(tiny_run.folder, folder)
    monkeypatch.setattr(chronology, "_told", lambda run, config, seed: calls.append(seed) or {"events": [[]]})
    said: list[str] = []
    first = chronology.measured(folder, said.append)
    assert chronology.measured(folder, said.append) == first
    assert (calls, len(said)) == ([1], 1)
    monkeypatch.setattr(chronology.events, "TABLE", {"other": 1})
    chronology.measured(folder, said.append)
    assert len(calls) == 2
