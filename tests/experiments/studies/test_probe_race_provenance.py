"""Does the study of the probe race compare provenances as it says?"""

import numpy as np
import pytest
from studies import settings_of

from analysis.provenance.planted_truth import PlantedTruth
from analysis.race.course import METRICS
from curricula.errors import UserError
from experiments.studies.page import study_page
from experiments.studies.probe_race.arms import (
    ARM_OF,
    FORK,
    PROVENANCE_ARMS,
    PROVENANCES,
    RACE_ARMS,
    provenance_label,
    race_phases,
)
from experiments.studies.probe_race.measurement import RaceCourse
from experiments.studies.probe_race.provenance import provenance_findings
from experiments.studies.probe_race.study import ProbeRaceStudy
from experiments.studies.study import StudyRun
from organisms.storage import records

STUDY = ProbeRaceStudy()
SETTINGS = settings_of(members=8, seed=3)
ORGANISMS = 8
FAILED = 5
"""the organism of *repurposed* in which planting failed"""


def truth_of(provenance):
    took = tuple(not (provenance == "repurposed" and n == FAILED) for n in range(ORGANISMS))
    nothing = (None,) * ORGANISMS
    words = provenance.replace("_", " ")
    return PlantedTruth("masking", words, took, ("",) * ORGANISMS, (frozenset(),) * ORGANISMS, *[nothing] * 3)


def course_of(misbehaviour, auroc, start=0.5):
    """Organisms that come to this misbehaviour and this area of the stale probe in one step."""
    values = {name: np.full((3, ORGANISMS), 0.5) for name in METRICS}
    values["misbehaviour"] = np.stack([np.full(ORGANISMS, start), *[misbehaviour + np.zeros(ORGANISMS)] * 2])
    values["stale_auroc"] = np.stack([np.ones(ORGANISMS), *[auroc + np.zeros(ORGANISMS)] * 2])
    return RaceCourse((0, 50, 100), "a" * 64, tuple(METRICS), np.stack([values[name] for name in METRICS]))


def measured_provenances(rotated=0.5):
    """In the reward acts give way in all; in the loss the probe, and of *second copy* acts as much beside it. The organism
    in which planting failed does the reverse of all others."""
    jitter = np.linspace(-0.01, 0.01, ORGANISMS)
    courses, truths = {}, {}
    for n, (provenance, fork) in enumerate(PROVENANCES.items()):
        truths[fork] = truth_of(provenance)
        acts_give_way = 0.9 if provenance != "second_copy" else 0.9 - rotated
        by_place = {
            "none": (0.9, 1.0),
            "reward": (0.2 + jitter, 1.0),
            "loss": (acts_give_way + jitter, 1 - rotated),
        }
        for place, (misbehaviour, auroc) in by_place.items():
            course = course_of(misbehaviour, auroc, start=0.4 + 0.1 * n)
            if provenance == "repurposed" and place == "reward":
                course.metric("misbehaviour")[1:, FAILED] = 0.9
                course.metric("stale_auroc")[1:, FAILED] = 0.1
            courses[provenance_label(provenance, place)] = course
    return courses, truths


def test_selection_is_reported_by_provenance_and_failed_plantings_are_left_out():
    findings = provenance_findings(*measured_provenances())
    assert findings["provenance.repurposed.planted"] == ORGANISMS - 1
    assert findings["provenance.reused.planted"] == findings["provenance.repurposed.grown"] == ORGANISMS
    for provenance, of_loss in (("reused", 0), ("second_copy", 0.5), ("repurposed", 0)):
        assert findings[f"provenance.{provenance}.reward.selection"][0] == pytest.approx(1)
        assert findings[f"provenance.{provenance}.loss.selection"][0] == pytest.approx(of_loss, abs=0.02)
        name = f"provenance.{provenance}.reward_less_loss.selection"
        assert findings[name][0] == pytest.approx(1 - of_loss, abs=0.02)
    assert findings["provenance.second_copy.start.misbehaviour"][0] == pytest.approx(0.5)
    assert findings["provenance.repurposed.reward.gave_way"] == ORGANISMS - 1


def test_differences_of_provenances_are_of_organisms_planted_in_both():
    findings = provenance_findings(*measured_provenances())
    value, low, high = findings["provenance.reused_less_second_copy.loss.selection"]
    assert value == pytest.approx(-0.5, abs=0.02)
    assert low <= value <= high < -0.4
    assert findings["provenance.reused_less_second_copy.reward.selection"][0] == pytest.approx(0)
    assert findings["provenance.reused_less_second_copy.loss.n"] == ORGANISMS
    assert findings["provenance.second_copy_less_repurposed.loss.n"] == ORGANISMS - 1


def test_each_provenance_has_a_start_of_its_own_that_its_arms_share():
    courses, truths = measured_provenances()
    courses["reused_loss"] = course_of(0.9, 0.5, start=0.7)
    with pytest.raises(UserError, match="begin with the same organisms"):
        provenance_findings(courses, truths)
    courses, truths = measured_provenances()
    del courses["reused_loss"]
    with pytest.raises(UserError, match="expected the arms reused_loss"):
        provenance_findings(courses, truths)


def test_the_page_has_a_sentence_and_both_tables_and_older_findings_are_as_before():
    courses, truths = measured_provenances()
    others = {FORK: None}
    for arm in RACE_ARMS:
        others[arm.name] = course_of(0.9, 0.9)
        others[arm.name] = RaceCourse(
            others[arm.name].steps,
            "a" * 64,
            tuple(METRICS),
            others[arm.name].values.repeat(len(arm.cells), -1),
        )
    summary = STUDY.summarise(SETTINGS, others | courses | truths)
    without = STUDY.summarise(SETTINGS, others)
    assert {name for name in summary.findings if name not in without.findings} == set(
        provenance_findings(courses, truths)
    )
    assert all(summary.findings[name] == value for name, value in without.findings.items())
    assert str(summary.cells) == str(without.cells), "with numbers that are none"
    page = study_page(STUDY, summary, "study.py")
    assert "Of 6 differences of provenances over 5 pairs or more, 2 have an interval without 0." in page
    assert "7 of 8" in page
    assert "reused less second copy" in page
    page_without = study_page(STUDY, without, "study.py")
    assert "were trained." in page_without, "words of the glossary are marked"
    assert "were trained." not in page
    assert "differences of provenances" not in page_without


def test_planted_arms_differ_from_the_others_in_their_parent_alone():
    """At the usual weight; no mask holds in the race."""
    (*_, race) = SETTINGS.config("tempted").curriculum.phases
    assert len(PROVENANCE_ARMS) == len(PROVENANCES) * 3
    for arm in PROVENANCE_ARMS:
        (phase,), (usual,) = race_phases(race, arm), race_phases(race, ARM_OF[arm.place])
        assert phase == usual
        assert arm.cells == (arm.name,)
    assert list(STUDY.runs(SETTINGS)) == [FORK, *PROVENANCES.values()]


def test_planted_organisms_are_measured_by_the_truth_beside_them(tmp_path):
    record = {"make": "masking", "truth": "second copy", "spare": False, "took": [True, False]}
    record |= {"why_not": ["", "lane A"], "lane_a": [["L0H0"], []], "dealt": [None, None]}
    records.write_record(tmp_path / "truth.json", record, tmp_path / ".partial")
    run = StudyRun("undecided_second_copy", SETTINGS.config(FORK), tmp_path, SETTINGS, {}, print)
    assert STUDY.measure(run).planting_took == (True, False)
