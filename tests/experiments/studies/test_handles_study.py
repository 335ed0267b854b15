"""Does the study of handles count what it says, tell provenances apart by its rule, and go on where it was?"""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from studies import settings_of

from analysis.handles.locations import LOCATION_KINDS, LocationLesion
from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS
from analysis.handles.results import MemberHandles
from analysis.handles.steering import Steering
from analysis.handles.token_reading import TokenReading
from analysis.handles.transfer_probe import ProbeTransfer, SiteReading
from analysis.provenance.corroboration import EvidenceLine
from curricula.pressures.interference import Interference
from curricula.typed_json import summary_of
from experiments.compare import train_missing
from experiments.results.blocks import handles as results
from experiments.results.data import ResultsData
from experiments.studies.controls.study import ControlsStudy
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.handles import arms
from experiments.studies.handles.arms import (
    HONEST,
    INCENTIVISED_ARMS,
    INTERFERENCE,
    SECOND_ARM,
    UNTRAINED,
    arm_of_label,
    handle_runs,
)
from experiments.studies.handles.measurement import HandleArmMeasurement, HandledOrganism
from experiments.studies.handles.rates import PRIMARY
from experiments.studies.handles.study import HandlesStudy
from experiments.studies.incentives.study import IncentivesStudy
from experiments.studies.page import study_page
from organisms.ensemble.config import read_config
from organisms.storage.config_hash import run_folder
from organisms.storage.run import read_run
from organisms.training.validation import check_config

STUDY = HandlesStudy()
SETTINGS = settings_of(members=2, seed=3)
NAN = float("nan")
PROVENANCES = {"reused": (0.95, 0.9), "repurposed": (0.9, 0.1), "second copy": (0.1, 0.0)}
"""share of self's gate that the fork's and the end's location takes"""


def handles_of(fork, end, gap=0.8):
    """Handles of an organism whose locations take these shares; all of them, where it has no gate."""
    shares = dict(zip(HANDLE_MAKERS, (fork, end, 1.0), strict=True))
    has_gate = np.isfinite(fork)

    def line(value):
        return EvidenceLine(value, value - 0.1, value + 0.1, 0.2, 0.3) if has_gate else None

    lesions = tuple(
        LocationLesion(maker, kind, (0, 1), line(shares[maker]), 3.0, 0.5)
        for maker in HANDLE_MAKERS
        for kind in LOCATION_KINDS
    )
    reading = SiteReading(0.95, 0.5 + gap / 2, 0.4, 0.3, 0.01, 1.0, gap)
    probes = tuple(
        ProbeTransfer(maker, token, "L1", reading, (0.9, 0.8), 0.5, 0.9)
        for maker in CHARACTER_MAKERS
        for token in ("actor", "act")
    )
    steering = tuple(
        Steering(maker, "L1", 0.9, shares[maker], 4.0, 0.7, *(0.02, 0.1) * 2) for maker in HANDLE_MAKERS
    )
    return MemberHandles(lesions, probes, steering)


def reading_of(member=0):
    words = ("start", *("Ada", "tea", "jam"), *("Self", "tea", "blank"), *("a", "b", "Self", "jam") * 2)
    return TokenReading(
        member,
        "L1",
        ("Ada ..", "Self ..", "m1", "m2"),
        words,
        (True, False),
        (True, True),
        (9, 13),
        (0.5,) * 15,
        (0.9,) * 15,
    )


def measured(planted_failed=0):
    """Three organisms of every provenance, planted and incentivised, that do as was predicted; and negatives."""
    arms_measured = {}
    for provenance, shares in PROVENANCES.items():
        for source, prefix in (("planted", "planted_"), ("incentivised", "incentivised ")):
            label = prefix + provenance.replace(" ", "_")
            organisms = tuple(
                HandledOrganism(
                    label,
                    n,
                    source,
                    provenance,
                    source != "planted" or n >= planted_failed,
                    handles_of(*shares),
                )
                for n in range(3)
            )
            arms_measured[label] = HandleArmMeasurement(7, organisms, (reading_of(),))
    negatives = tuple(
        HandledOrganism(name, 0, "negative", name, True, handles_of(NAN, NAN)) for name in (HONEST, UNTRAINED)
    )
    return arms_measured | {HONEST: HandleArmMeasurement(8, negatives, ())}


def test_arms_are_the_runs_of_other_studies_and_two_more():
    """Incentivised ones as *incentives* has them, planted ones as *controls* does, at one seed."""
    runs = handle_runs(SETTINGS)
    incentives = IncentivesStudy().runs(SETTINGS)
    assert {name: runs[name] for name in INCENTIVISED_ARMS} == {
        name: incentives[name] for name in INCENTIVISED_ARMS
    }
    controls = ControlsStudy().runs(SETTINGS)
    planted = {name: run for name, run in runs.items() if arm_of_label(name).source == "planted"}
    assert planted == {name: controls[name] for name in planted}
    assert {"planted_repurposed", "planted_second_copy", "planted_reused"} <= set(planted)
    assert runs[f"{SECOND_ARM}.1"] == replace(runs[SECOND_ARM], seed=runs[f"{SECOND_ARM}.1"].seed)
    assert runs[f"{SECOND_ARM}.1"].seed != runs[SECOND_ARM].seed
    *trunk, taught = runs[INTERFERENCE].curriculum.phases
    assert tuple(trunk) == runs[HONEST].curriculum.phases[:-1]
    assert taught.pressures[Interference].fraction > 0
    assert taught.self_acts == "honest"
    for config in runs.values():
        check_config(config)
    assert {arm_of_label(name).source for name in runs} == {"planted", "incentivised", "negative"}


def test_where_all_do_as_predicted_the_summary_says_so():
    summary = STUDY.summarise(SETTINGS, measured())
    assert summary.primary.name == PRIMARY
    assert summary.primary.value[0] == pytest.approx(0.8)
    assert summary.primary.n == 3
    for source in ("planted", "incentivised"):
        for provenance in ("reused", "repurposed", "second_copy"):
            assert summary.findings[f"as_predicted.{source}.{provenance}.location"][0] == 1
    assert summary.findings["holds.end.planted.repurposed.location"][0] == 0
    assert summary.findings["told_apart.planted"][0] == 1
    assert summary.by_both_locations["planted.second_copy"] == {"second copy": 3}
    assert summary.by_both_locations["negative.honest"] == {"nothing": 1}
    assert summary.counts["planted.repurposed"] == 3
    # The probe reads every organism alike: as predicted where all hold, and nowhere else.
    assert summary.findings["as_predicted.planted.reused.probe"][0] == 1
    assert summary.findings["as_predicted.planted.second_copy.probe"][0] == 0
    assert summary.findings["planted.reused.lesion.fork.core.beyond_random"][0] == pytest.approx(0.75)


def test_the_primary_endpoint_is_not_corrected_and_the_others_are():
    summary = STUDY.summarise(SETTINGS, measured())
    names = {rate.name: rate for rate in summary.rates}
    assert names["incentivised.repurposed.location"].corrected_p is None
    assert all(
        rate.corrected_p is not None
        for name, rate in names.items()
        if name != "incentivised.repurposed.location"
    )
    assert f"corrected_p.{PRIMARY.removeprefix('fork_less_end.')}" not in summary.findings


def test_an_organism_in_which_planting_failed_counts_nowhere_and_is_told():
    summary = STUDY.summarise(SETTINGS, measured(planted_failed=1))
    assert summary.counts["planted.repurposed"] == 2
    assert summary.planting_failed["planted_repurposed"] == 1
    assert "planted_repurposed" in study_page(STUDY, summary, "study.py handles")


def test_a_copy_that_the_fork_s_location_holds_is_told_wrongly():
    arms_measured = measured()
    copies = arms_measured["planted_second_copy"]
    first, *others = copies.organisms
    wrong = replace(first, handles=handles_of(0.7, 0.0))
    arms_measured["planted_second_copy"] = replace(copies, organisms=(wrong, *others))
    findings = STUDY.summarise(SETTINGS, arms_measured).findings
    assert findings["told_apart.planted"][0] == pytest.approx(5 / 6)
    assert findings["told_apart_by_chance.planted"][0] == pytest.approx(1 / 2), "random sets hold nothing"
    assert findings["as_predicted_by_chance.planted.second_copy.location"][0] == 1
    assert findings["as_predicted_by_chance.planted.reused.location"][0] == 0


def test_the_page_gives_the_answer_in_three_lines_and_shows_a_scene():
    summary = STUDY.summarise(SETTINGS, measured() | {"shared": replace(measured()["incentivised reused"])})
    lines, text = STUDY.headline(summary), study_page(STUDY, summary, "python <study>")
    assert len(lines) == 3
    assert "takes 0.80 [" in lines[0]
    assert "second copy 3 of 3" in lines[1]
    assert "at a rate of 1.00 [" in lines[1]
    assert "no claim" in lines[2]
    assert "python &lt;study&gt;" in text
    assert text.count("<svg") == 2, "what handles take, and a scene token by token"


def test_a_group_that_nobody_is_in_is_no_error():
    """Where no organism repurposed a spare there is no endpoint."""
    arms_measured = {name: arm for name, arm in measured().items() if "repurposed" not in name}
    summary = STUDY.summarise(SETTINGS, arms_measured)
    assert (summary.primary.value, summary.primary.n) == ((None, None, None), 0)
    assert len(STUDY.headline(summary)) == 3
    study_page(STUDY, summary, "study.py handles")


@pytest.mark.slow
def test_a_finished_run_of_another_study_is_taken_as_it_is(tiny_run, tmp_path):
    config = read_config(tiny_run.config)
    there = run_folder(tmp_path / "incentives", config)
    shutil.copytree(tiny_run.folder, there)
    lines = []
    folders = train_missing([config], tmp_path / "handles", True, lines.append, [tmp_path / "incentives"])
    assert folders == [there]
    assert "trained already" in lines[0]
    assert not (tmp_path / "handles").exists()


@pytest.mark.slow
def test_a_tiny_study_goes_on_where_it_was(tmp_path, monkeypatch):
    """Two arms and the untrained; killed while it measures the second arm, the same command ends it, and given again changes
    nothing."""
    few = {
        name: run
        for name, run in handle_runs(settings_of(members=2, steps=10)).items()
        if name in ("shared", HONEST)
    }
    monkeypatch.setattr(HandlesStudy, "runs", lambda self, settings: few)
    monkeypatch.setattr("experiments.studies.handles.study.planted_arms", lambda settings: [])
    measure = HandlesStudy.measure

    def killed(self, run):
        if run.label == HONEST:
            raise KeyboardInterrupt
        return measure(self, run)

    settings = settings_of(members=2, steps=10)
    output = StudyOutput(tmp_path, "python <study>", quiet=True, log=lambda line: None)
    with monkeypatch.context() as patch:
        patch.setattr(HandlesStudy, "measure", killed)
        with pytest.raises(KeyboardInterrupt):
            run_study(STUDY, settings, output)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("handle*.json")}
    assert len(kept) == 1, "what was measured is there"
    summary = json.loads(run_study(STUDY, settings, output).read_text())
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert summary["n"] == 6
    assert summary["counts"]["negative.untrained"] == 2
    assert summary["counts"]["negative.honest"] == 2
    untrained = summary["findings"]["negative.untrained.lesion.fork.core"]
    assert untrained == [None, None, None], "who has no gate has none to take"
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "handles").rglob("*.json")}
    assert json.loads(run_study(STUDY, settings, output).read_text()) == summary
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert len([read_run(folder.parent) for folder in (tmp_path / "handles").glob("*/manifest.jsonl")]) == 2
    assert arms.UNTRAINED_OF in few


def test_blocks_for_the_documentation_say_what_a_kept_summary_says(tmp_path):
    summary = STUDY.summarise(SETTINGS, measured())
    data = ResultsData(tmp_path)
    data.folder.mkdir(parents=True)
    content = {**summary_of(summary), "command": "python scripts/study.py handles"}
    (data.folder / "handles.json").write_text(json.dumps({"schema": 1, **content}))
    assert "study.py handles" in results.handles_source(data)
    assert "takes 0.80 [" in results.handles_endpoint(data)
    assert "rate of 1.00 [" in results.handles_endpoint(data)
    rates = results.handles_rates(data)
    assert rates.count("\n") == 2 * 3 * 3 + 1, "a row a source, provenance and handle"
    assert "| planted, *second copy* | location | 3 | 0.00 [" in rates
    for block in (
        results.handles_locations,
        results.handles_cores,
        results.handles_named,
        results.handles_probes,
        results.handles_directions,
    ):
        assert "| planted, second copy |" in block(data)
        assert "| negative, honest |" in block(data)
    assert "| planted, *second copy* (3) | too few: 1.00 [" in results.handles_prediction(data)
