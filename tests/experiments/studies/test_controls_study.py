"""Does the study of controls add up, write what it should, and refuse what it cannot do?"""

import json
import shutil
from dataclasses import replace

import pytest
from commands import run
from controls import OTHER, measured, scored
from page_script import without_links
from scored import scored_organism
from studies import settings_of

from analysis.provenance.verdict import CELLS
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.compiled import COMPILED, COMPILED_WORLD
from curricula.catalogue.masked import MASKED
from curricula.catalogue.planted import PLANTED
from curricula.catalogue.planted_negatives import NEGATIVES
from curricula.errors import UserError
from experiments.studies.controls import study as module
from experiments.studies.controls.coverage import CoverageBatch
from experiments.studies.controls.labels import FINDING_LABELS
from experiments.studies.controls.study import (
    COMPILED_CURRICULA,
    CURRICULA,
    ControlsStudy,
    curriculum_of,
    plantable,
    required_of,
    required_organisms,
)
from experiments.studies.controls.summary import ControlsMeasurement
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.study import StudyRun
from organisms.model.config import ORGANISMS, OrganismConfig
from organisms.planted.planting import TRUTHS
from organisms.storage.loading import require_finished

STUDY = ControlsStudy()


def test_every_planted_curriculum_is_in_the_study():
    assert {function.__name__ for function in COMPILED} == set(COMPILED_CURRICULA)
    planted = {function.__name__ for function in PLANTED + NEGATIVES + MASKED}
    assert planted - set(CURRICULA) == {"masked_absent"}
    assert set(CURRICULA) <= planted


def test_no_two_runs_share_a_seed():
    """And they are the seeds that runs have had."""
    seeds = [
        STUDY.config(settings_of(seed=seed), name, attempt).seed
        for seed in (0, 1)
        for name in (*CURRICULA, *COMPILED_CURRICULA)
        for attempt in range(4)
    ]
    assert len(set(seeds)) == len(seeds)
    assert seeds[:6] == [0, 1, 2, 3, 10, 11]
    assert seeds[len(seeds) // 2] == 1000


def test_a_rule_that_a_curriculum_has_of_its_own_is_kept_in_other_worlds():
    wide = replace(WORLDS["tiny"], cue_kinds=6)
    configs = STUDY.runs(settings_of(world=wide))
    worlds = {name: config.curriculum.world for name, config in configs.items()}
    assert {worlds.pop(name) for name in COMPILED_CURRICULA if name in worlds} <= {COMPILED_WORLD}
    assert worlds.pop(OTHER) == replace(wide, self_rule="any")
    assert set(worlds.values()) == {wide}


@pytest.mark.parametrize("settings", [{"opportunity": "one token"}, {"cues": 1}])
def test_where_self_can_have_no_rule_of_its_own_that_curriculum_is_left_out(settings, monkeypatch):
    world = replace(WORLDS["tiny"], **settings)
    monkeypatch.setattr(module, "has_compiler", lambda: False)
    assert set(plantable(settings_of())) - set(plantable(settings_of(world=world))) == {OTHER}


def test_what_needs_four_parts_of_a_layer_is_left_out_where_there_are_two(monkeypatch):
    """A spare half and a new half of a lane: at the tiny scale a lane has one block of neurons a layer."""
    monkeypatch.setattr(module, "has_compiler", lambda: False)
    wide = replace(settings_of().organism, neuron_blocks=4)
    assert plantable(settings_of(organism=wide)) == list(CURRICULA)
    left_out = set(CURRICULA) - set(plantable(settings_of()))
    assert left_out == {name for name in CURRICULA if TRUTHS[name][1] == "part spare"}


def test_mixed_organisms_are_one_truth():
    for truth in ("mixed", "part spare"):
        mixtures = [name for name in CURRICULA if TRUTHS[name][1] == truth and name != "planted_mixed_spare"]
        assert sum(required_organisms(settings_of(members=9), name) for name in mixtures) == 9
    assert required_organisms(settings_of(members=8), "planted_reused") == 8


def test_no_more_organisms_are_scored_than_are_required():
    """Of a further run as many as are missing; every failure is counted."""
    took, failed = scored("planted_reused", "reused"), scored("planted_reused", "absent", took=False)
    organisms = required_of([took, failed, took, took, failed], 2)
    assert [organism.planting_took for organism in organisms] == [True, True, False, False]


def test_a_summary_keeps_the_contract_and_scores_only_what_took():
    summary = STUDY.summarise(settings_of(members=2), measured())
    assert summary.n == len(plantable(settings_of())) + 1
    assert summary.primary.name == "accuracy.routing"
    assert summary.primary.value == summary.accuracy == summary.findings["accuracy.routing"]
    assert (summary.accuracy[0], summary.primary.n) == (pytest.approx(8 / 9), 9)
    assert set(summary.findings) == set(FINDING_LABELS)
    assert set(summary.confusion) == {"routing", "masking", "surgery", "freezing", "routing, other rule"}
    assert summary.confusion["routing"]["reused"] == {"reused": 1, "undecided": 1}
    assert summary.findings["accuracy.surgery_and_freezing"][0] == 1.0
    assert summary.undecided == 1
    assert list(summary.planting_failed) == ["planted_reused"]
    assert summary.planting["planted_reused"].trained == 3
    assert summary.nulls == {"untrained": {"absent": 8}, "shuffled": {"undecided": 7, "reused": 1}}


def test_compiled_organisms_are_scored_apart_where_a_compiler_is_installed(monkeypatch):
    """Without mixed ones, and in no other score."""
    monkeypatch.setattr(module, "has_compiler", lambda: True)
    wide = replace(settings_of().organism, neuron_blocks=4)
    assert plantable(settings_of(organism=wide)) == [*CURRICULA, *COMPILED_CURRICULA]
    planted = {**dict.fromkeys(CELLS, 0.0), "reused": 0.5, "migrated": 0.5}
    same = {"make": "compiled", "shares": planted, "planted_shares": planted, "curriculum": "compiled_mixed"}
    verdicts = (
        ("migrated", "migrated"),
        ("migrated", "undecided"),
        ("mixed", "mixed"),
        ("mixed", "migrated"),
    )
    organisms = tuple(scored_organism(*of_one, **same) for of_one in verdicts)
    batches = (
        CoverageBatch(("migrated",) * 2, (True, False), (0.0, 0.1)),
        CoverageBatch(("migrated",), (True,), (0.2,)),
    )
    of_run = ControlsMeasurement("compiled_mixed", organisms, 0, {}, (None,) * len(organisms), batches)
    summary = STUDY.summarise(settings_of(members=4), {**measured(), "compiled_mixed": of_run})
    assert summary.confusion["compiled"] == {
        "migrated": {"migrated": 1, "undecided": 1},
        "mixed": {"mixed": 1, "migrated": 1},
    }
    assert summary.findings["accuracy.compiled_without_mixed"][0] == 0.5
    assert summary.findings["share_error.compiled"][0] == 0.0
    assert summary.findings["coverage.compiled"][0] == pytest.approx(2 / 3)
    assert summary.findings["coverage.share_error"][0] == pytest.approx(0.1)
    without = STUDY.summarise(settings_of(members=4), measured())
    for name in ("accuracy.routing", "accuracy.surgery_and_freezing", "similarity.alike_where_shared"):
        assert summary.findings[name] == without.findings[name]
    assert "compiled" in summary.makes
    assert "No compiled organisms are scored" in without_links(study_page(STUDY, without, ""))
    assert "No compiled organisms are scored" not in study_page(STUDY, summary, "")


def test_where_there_was_no_spare_repurposed_is_wrong_and_in_no_accuracy():
    """Truths that are no verdicts have a finding of their own, over all makes."""
    told = measured()
    for name in ("planted_divided", "planted_spread", "masked_divided"):
        wrong = scored(name, "repurposed" if name == "masked_divided" else "mixed")
        told[name] = replace(told[name], organisms=(wrong,))
    summary = STUDY.summarise(settings_of(), told)
    assert summary.findings["repurposed_where_no_spare"][0] == pytest.approx(1 / 3)
    assert summary.confusion["masking"]["divided"] == {"repurposed": 1}
    assert (summary.accuracy[0], summary.findings["accuracy.masking"][0]) == (pytest.approx(8 / 9), 1.0)
    assert "1 divided called repurposed" in STUDY.headline(summary)[0]


def test_part_spare_is_scored_against_the_goals_dealt_to_the_spare():
    wide = settings_of(organism=replace(settings_of().organism, neuron_blocks=4))
    told = measured()
    for name in told:
        if TRUTHS[name][1] == "part spare":
            organism = replace(scored(name, "mixed", reused=0.0), goals_in_spare=0.5)
            shares = {**organism.shares, "repurposed": 0.6, "second copy": 0.4}
            told[name] = replace(told[name], organisms=(replace(organism, shares=shares),))
    findings = STUDY.summarise(wide, told).findings
    assert findings["error.part_spare.goals_in_spare"][0] == pytest.approx(0.1)


def test_an_organism_of_another_world_is_in_no_other_score():
    summary = STUDY.summarise(settings_of(), measured())
    assert summary.confusion["routing, other rule"] == {"second copy": {"second copy": 1}}
    assert summary.confusion["routing"]["second copy"] == {"second copy": 1}


def test_a_rule_of_its_own_has_to_be_named_in_the_verdict_in_full():
    name = "similarity.by_another_mechanism_where_rules_differ"
    summary = STUDY.summarise(settings_of(), measured())
    assert summary.similarity[OTHER] == {"another": 1}
    assert summary.findings[name][0] == 1.0
    assert summary.findings["similarity.alike_where_shared"][0] == 1.0
    unnamed = STUDY.summarise(settings_of(), measured(verdict_in_full="second copy"))
    assert unnamed.findings[name][0] == 0.0


def test_the_page_escapes_what_comes_from_runs_and_names_what_is_wrong():
    summary = STUDY.summarise(settings_of(), measured())
    text = study_page(STUDY, summary, "python <study>")
    assert "&lt;i&gt;loud" in text
    for dangerous in ("<b>0", "<i>loud", "<study>"):
        assert dangerous not in text
    lines = STUDY.headline(summary)
    assert len(lines) == 3
    assert "1 reused called undecided" in lines[0]
    assert "In 1 of 16 organisms with nothing to find" in lines[2]
    assert "<h1>Planted controls" in text
    assert "Not a test" not in lines[2]
    chosen = replace(summary, chosen_on_these=[1000])
    assert "Not a test: thresholds were chosen on run seeds 1000" in STUDY.headline(chosen)[2]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"members": 0}, "members: expected 1 or more"),
        ({"seed": 2**31}, "seed: expected 0 to"),
        ({"organism": OrganismConfig(width=60, heads=3)}, r"organism\.heads: expected a multiple of 2"),
    ],
)
def test_wrong_settings_train_nothing(settings, words, tmp_path):
    with pytest.raises(UserError, match=words):
        run_study(STUDY, settings_of(**settings), StudyOutput(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_study_too_short_to_plant_anything_says_so_and_is_not_made_twice(tmp_path, monkeypatch):
    """Two curricula, one step long and at most two runs of each: planting fails in all, everything is
    counted, and the same again trains nothing."""
    names = ("planted_reused", "planted_second_copy")
    monkeypatch.setattr(module, "ROUNDS", 2)
    monkeypatch.setattr(module, "CURRICULA", names)
    monkeypatch.setattr(module, "has_compiler", lambda: False)
    analysed = []

    def measure(run):
        analysed.append(run.label)
        failed = scored(curriculum_of(run.label), "absent", took=False)
        organisms = tuple(replace(failed, run=run.folder.name, member=member) for member in range(2))
        return ControlsMeasurement(curriculum_of(run.label), organisms, 0, {}, (None,) * len(organisms))

    study, lines = ControlsStudy(), []
    monkeypatch.setattr(study, "measure", measure)
    output = StudyOutput(tmp_path, "python scripts/study.py controls", quiet=True, log=lines.append)
    settings = settings_of(members=2, steps=1, organism=replace(ORGANISMS["tiny"], layers=1))
    path = run_study(study, settings, output)
    summary = json.loads(path.read_text())
    assert summary["n"] == 0
    assert summary["accuracy"] == [None, None, None]
    failures = {name: len(of_curriculum) for name, of_curriculum in summary["planting_failed"].items()}
    assert failures == dict.fromkeys(names, 4)
    assert analysed == [*names, *(f"{name}.1" for name in names)]
    assert any("tracr-pypi is not installed" in line for line in lines)
    assert summary["makes"] == []
    assert any("only 0 organisms are what they were planted to be after 2 runs" in line for line in lines)
    times = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}
    assert run_study(study, settings, output) == path
    assert times == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}


def test_nulls_are_judged_as_if_the_behaviour_were_there(tiny_run, tmp_path):
    """Untrained organisms get no verdict, and not for want of behaviour; measured once."""
    folder, lines = tmp_path / "run", []
    shutil.copytree(tiny_run.folder, folder)
    config = require_finished(tiny_run)
    study_run = StudyRun("planted_reused", config, folder, settings_of(), {}, lines.append)
    assert module.null_verdicts(study_run, "untrained") == ("undecided", "undecided")
    assert module.null_verdicts(study_run, "untrained") == ("undecided", "undecided")
    assert len(lines) == 1


@pytest.mark.slow
def test_a_misspelt_study_gets_one_line():
    wrong = run("study", "control")
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 1)
    assert "controls" in wrong.stderr
