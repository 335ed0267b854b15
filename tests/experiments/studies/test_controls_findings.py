"""Are the findings of controls that are counted run by run counted rightly, and is their page made of the summary alone?"""

import json
from dataclasses import replace

import pytest
from controls import OTHER, measured
from scored import scored_organism
from studies import settings_of

from analysis.provenance.scoring import ScoredLine
from analysis.provenance.verdict import CELLS
from curricula.typed_json import read_needed
from experiments.studies.controls.study import (
    ControlsStudy,
)
from experiments.studies.controls.summary import (
    ControlsMeasurement,
    ControlsSummary,
    control_findings,
    control_groups,
)
from experiments.studies.execution import StudyOutput, write_study
from experiments.studies.page import study_page

STUDY = ControlsStudy()


def test_whether_sets_were_kept_is_counted_where_planting_took_and_it_could_be_told():
    measurements = measured()
    # One that is right, one that is undecided, and one that did not take.
    measurements["planted_reused"] = replace(
        measurements["planted_reused"], kept=("kept", "rewritten", "kept")
    )
    findings = STUDY.summarise(settings_of(), measurements).findings
    assert findings["kept.reused"][0] == 0.5
    assert findings["kept.second_copy"][0] is None
    assert findings["accuracy.of.reused"][0] < findings["accuracy.of.repurposed"][0] == 1


def test_part_spare_is_scored_over_all_that_were_grown_as_well():
    """One that took is off by 0.1 and one that did not by 0.3."""
    shares = dict.fromkeys(CELLS, 0.0)
    grown = [
        scored_organism(
            "part spare", planting_took=took, goals_in_spare=0.5, shares={**shares, "repurposed": share}
        )
        for took, share in ((True, 0.6), (False, 0.2))
    ]
    of_run = ControlsMeasurement("planted_part_spare_half", tuple(grown), 0, {}, (None, None))
    findings = control_findings(control_groups(grown, OTHER), [of_run])
    assert findings["error.part_spare.all_grown"][0] == pytest.approx(0.2)
    assert findings["error.part_spare.goals_in_spare"][0] == pytest.approx(0.1)


def test_the_page_is_made_again_of_the_summary_that_was_written(tmp_path):
    """Also where a line of corroboration is silent in all organisms, and so has no rate."""
    measurements = measured()
    silent = {"weight_change": ScoredLine(True, "silent", None, None)}
    of_run = measurements["planted_reused"]
    organisms = tuple(replace(organism, lines=silent) for organism in of_run.organisms)
    measurements["planted_reused"] = replace(of_run, organisms=organisms)
    summary = STUDY.summarise(settings_of(), measurements)
    path = write_study(STUDY, settings_of(), summary, StudyOutput(tmp_path, "command", log=print))
    record = json.loads(path.read_text())
    assert record["corroboration"]["weight_change"]["rate"] == [None, None, None]
    page = study_page(STUDY, read_needed(ControlsSummary, record, "summary"), "command")
    assert page == (path.parent / "report.html").read_text()
