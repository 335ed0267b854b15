"""Are the findings of controls that are counted run by run counted rightly?"""

from dataclasses import replace

import pytest
from controls import OTHER, measured
from scored import scored_organism
from studies import settings_of

from analysis.provenance.verdict import CELLS
from experiments.studies.controls.study import (
    ControlsStudy,
)
from experiments.studies.controls.summary import ControlsMeasurement, control_findings, control_groups

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
