"""Does the study of controls add up, say what it should, and refuse what it cannot do?"""

import json
from dataclasses import replace

import pytest
from commands import run

from analysis.provenance import scoring
from analysis.statistics import CELLS
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.planted import PLANTED
from curricula.errors import UserError
from experiments.studies.controls import study as calibration
from experiments.studies.controls.page import page, plain_lines
from experiments.studies.controls.study import CURRICULA, Controls, run_controls, summarise
from organisms.model.config import ORGANISMS, OrganismConfig
from organisms.planted.truth import TRUTHS


def study(**settings) -> Controls:
    return Controls(**{"scale": "tiny", "world": WORLDS["tiny"], "organism": ORGANISMS["tiny"], **settings})


def row(curriculum: str, verdict: str, reused: float = 1.0, took: bool = True) -> dict:
    make, truth = TRUTHS[curriculum]
    shares = {**dict.fromkeys(CELLS, 0.0), "reused": reused}
    return {
        "curriculum": curriculum,
        "run": f"{curriculum}-<b>0</b>",
        "seed": 7,
        "member": 0,
        "make": make,
        "truth": truth,
        "took": took,
        "why_not": "" if took else "lane A is <i>loud</i>",
        "verdict": verdict,
        "reason": "",
        "shares": shares,
        "strict_shares": shares,
        "planted_shares": None if truth == "absent" else shares,
        "dealt": 0.6 if truth == "mixed" else None,
        "auroc": {"character": 1.0, "self": 0.9},
        "cmd": 0.02,
        "cmd_of_spread": 0.02,
        "null_cmd": 0.4,
        "circuit_found": True,
        "corroboration": {},
        "told": {"planted_other_rule": "second copy, by another mechanism"}.get(curriculum, verdict),
        "mechanism": {"planted_other_rule": "another"}.get(curriculum, "alike"),
        "planted_mechanism": {"planted_other_rule": "another", "planted_reused": "alike"}.get(curriculum),
    }


ROWS = [row(name, TRUTHS[name][1]) for name in CURRICULA] + [
    row("planted_reused", "undecided"),
    row("planted_reused", "absent", took=False),
]
GROWN = {"planted_<s>": {"grown": 3, "took": 1, "wanted": 2, "characters_grown_again": 0}}
NULLS = {"untrained": {"absent": 8}, "shuffled": {"undecided": 7, "reused": 1}}


def test_every_planted_curriculum_is_in_the_study():
    assert {f.__name__ for f in PLANTED} == set(CURRICULA)


def test_no_two_runs_share_a_seed():
    seeds = [study(seed=s).config(n, r).seed for s in (0, 1) for n in CURRICULA for r in range(4)]
    assert len(set(seeds)) == len(seeds)


def test_a_rule_that_a_curriculum_has_of_its_own_is_kept_in_other_worlds():
    other = replace(WORLDS["tiny"], cue_kinds=6)
    worlds = {name: study(world=other).config(name, 0).curriculum.world for name in CURRICULA}
    assert worlds.pop("planted_other_rule") == replace(other, self_rule="any")
    assert set(worlds.values()) == {other}


@pytest.mark.parametrize("settings", [{"opportunity": "one token"}, {"cues": 1}])
def test_where_self_can_have_no_rule_of_its_own_that_curriculum_is_left_out(settings):
    assert set(CURRICULA) - set(study(world=replace(WORLDS["tiny"], **settings)).curricula()) == {
        "planted_other_rule"
    }
    assert study().curricula() == list(CURRICULA)


def test_mixed_organisms_are_one_truth():
    of_two = [name for name in CURRICULA if TRUTHS[name][1] == "mixed" and name != "planted_mixed_spare"]
    assert sum(study(members=9).wanted(name) for name in of_two) == 9
    assert study(members=8).wanted("planted_reused") == 8


def test_a_summary_keeps_the_contract_and_scores_only_what_took():
    found = summarise(study(), ROWS, NULLS, GROWN)
    assert set(found) >= {"study", "n", "seeds", "findings", "confusion", "accuracy", "undecided"}
    assert found["n"] == len(ROWS) - 1
    assert found["confusion"]["reused"] == {"reused": 1, "undecided": 1}
    assert found["accuracy"][0] == pytest.approx(8 / 9)
    assert found["findings"]["accuracy of the second make"][0] == 1.0
    assert found["undecided"] == 1
    assert found["mechanisms"]["planted_other_rule"] == {"another": 1}
    asked = "told as second copy, by another mechanism, where self's lane learned another rule"
    assert found["findings"][asked][0] == 1.0
    assert found["findings"]["told to compute alike, where the same components serve both"][0] == 1.0
    mixed_up = [
        row | {"told": "second copy"} if row["curriculum"] == "planted_other_rule" else row for row in ROWS
    ]
    assert summarise(study(), mixed_up, NULLS, GROWN)["findings"][asked][0] == 0.0
    assert found["confusion_of_another_rule"] == {"second copy": {"second copy": 1}}
    assert found["confusion"]["second copy"] == {"second copy": 1}, (
        "an organism of another world is in no other score"
    )
    assert list(found["planting_failed"]) == ["planted_reused"]


def test_the_page_escapes_what_comes_from_runs_and_says_what_is_wrong():
    summary = summarise(study(), ROWS, NULLS, GROWN) | {"command": "python <study>"}
    text = page(summary)
    assert "&lt;i&gt;loud" in text
    for dangerous in ("<b>0", "<i>loud", "<study>", "<s>"):
        assert dangerous not in text
    lines = plain_lines(summary)
    assert len(lines) == 3
    assert "1 reused called undecided" in lines[0]
    assert "In 1 of 16 organisms with nothing to find" in lines[2]
    assert "<h1>Planted controls" in text
    assert "Not a test" not in lines[2]
    assert (
        "Not a test: thresholds were chosen on run seeds 1000"
        in plain_lines(summary | {"chosen_on_these": [1000]})[2]
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"members": 0}, "members: expected 1 or more"),
        ({"seed": 2**31}, "seed: expected 0 to"),
        ({"organism": OrganismConfig(width=60, heads=3)}, "organism.heads: expected a multiple of 2"),
    ],
)
def test_wrong_settings_grow_nothing(settings, words, tmp_path):
    with pytest.raises(UserError, match=words):
        run_controls(study(**settings), tmp_path / "out", "")
    assert not (tmp_path / "out").exists()


def test_a_study_too_short_to_plant_anything_says_so_and_is_not_made_twice(tmp_path, monkeypatch):
    """Two curricula, one step long: nothing takes, everything is counted, and the same again grows and
    measures nothing."""
    monkeypatch.setattr(calibration, "ROUNDS", 1)
    monkeypatch.setattr(calibration, "CURRICULA", ("planted_reused", "planted_second_copy"))
    analysed: list[str] = []

    def finding(folder, seed):
        analysed.append(folder.name)
        return {"run": folder.name, "seed": 1, "organisms": [], "components": []}

    monkeypatch.setattr(calibration, "analyse_run", finding)
    monkeypatch.setattr(calibration, "_nulls", lambda *_: {})
    monkeypatch.setattr(
        scoring, "scored", lambda finding, truth: [failed_row(finding["run"], m) for m in range(2)]
    )
    said: list[str] = []
    plan = study(members=2, steps=1)
    path = run_controls(plan, tmp_path, "python scripts/study.py controls", quiet=True, say=said.append)
    summary = json.loads(path.read_text())
    assert summary["n"] == 0
    assert summary["accuracy"] == [None, None, None]
    assert {name: len(of) for name, of in summary["planting_failed"].items()} == {
        "planted_reused": 2,
        "planted_second_copy": 2,
    }
    assert len(analysed) == 2
    assert any("only 0 organisms are what they were planted to be" in line for line in said)
    analysed.clear()
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}
    again = run_controls(plan, tmp_path, "python scripts/study.py controls", quiet=True, say=said.append)
    assert again == path
    assert len(analysed) == 2, "findings that are there are looked up, run by run"
    assert before == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}


def failed_row(run: str, member: int) -> dict:
    """What the scorer says of an organism in which planting did not take."""
    return row(run.split("-")[0], "absent", took=False) | {"run": run, "member": member}


def test_a_misspelt_study_is_told_in_one_line():
    wrong = run("study", "control")
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 1)
    assert "controls" in wrong.stderr
