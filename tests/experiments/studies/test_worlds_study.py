"""Does the study of worlds change nothing but worlds and sizes, and does it count what happened?"""

from dataclasses import replace

import pytest
from studies import settings_of

from curricula.catalogue.building_blocks import WORLDS
from experiments.studies.page import study_page
from experiments.studies.worlds.arms import ARMS, CONTROLLED, CONTROLS, ELSEWHERE, FIXED, planned_runs
from experiments.studies.worlds.course import AbandonedAttempt, TrainingCourse, abandoned_attempts
from experiments.studies.worlds.study import WorldsStudy
from experiments.studies.worlds.summary import PRIMARY, Judged, WorldMeasurement, controls_row, world_row
from organisms.ensemble.config import named_config
from organisms.model.config import ORGANISMS
from organisms.storage.manifest import Entry
from organisms.training.validation import check_config

STUDY = WorldsStudy()
SETTINGS = settings_of(scale="cpu", world=WORLDS["cpu"], organism=ORGANISMS["cpu"], members=2)
FIRST = named_config("shared", "cpu", 2, 0).curriculum.phases[0]


def course_of(solved=(True, True), behaves=(True, True), abandoned=(), steps=(800, 800)):
    attempts = tuple(sum(each.member == member for each in abandoned) for member in range(len(solved)))
    return TrainingCourse(
        steps=steps,
        steps_run=max(steps),
        attempts=attempts,
        abandoned=tuple(abandoned),
        went_on={"characters": 0, "intent": 0},
        solved=solved,
        behaves=behaves,
    )


def measured_everywhere(**elsewhere):
    measured = {name: WorldMeasurement(course_of(**elsewhere.get(name, {}))) for name in (*ARMS, FIXED)}
    for name in CONTROLLED:
        for planted in CONTROLS:
            truth = planted.removeprefix("planted_").replace("_", " ")
            judged = (Judged(truth, True, truth), Judged(truth, False, "mixed"))
            measured[f"{name}.{planted}"] = WorldMeasurement(course_of(), judged, False)
    return measured


def test_nothing_but_world_and_sizes_differs_from_the_catalogue_s_curriculum():
    configs, usual = STUDY.runs(SETTINGS), named_config("shared", "cpu", 2, 0)
    assert len({config.seed for config in configs.values()}) == len(configs)
    for config in configs.values():
        check_config(config)
    for arm in ARMS.values():
        config = configs[arm.name]
        assert config.curriculum.world == replace(usual.curriculum.world, **arm.world)
        assert config.organism == replace(usual.organism, **arm.organism)
        curriculum = replace(config.curriculum, world=usual.curriculum.world)
        assert replace(config, seed=0, organism=usual.organism, curriculum=curriculum) == usual
    assert len({(config.curriculum.world, config.organism) for config in configs.values()}) == 1 + len(
        ELSEWHERE
    )


def test_the_run_of_fixed_length_begins_anew_whoever_misses_the_criterion():
    config = STUDY.runs(SETTINGS)[FIXED]
    check_config(config)
    assert [(phase.criterion, phase.longest) for phase in config.curriculum.phases] == [(0.9, 1), (0.0, 1)]


def entry(step, phase_steps, attempts, rates):
    retention = {name: list(rates) for name in ("character_alone_secret", "character_watched_professed")}
    extra = {"phase_steps": list(phase_steps), "attempts": list(attempts), "retention": retention}
    return Entry(step, FIRST.name, 0, "", "", extra)


def test_an_attempt_that_was_given_up_is_told_with_its_rise():
    entries = [
        entry(100, (100, 100), (0, 0), (0.2, 0.2)),
        entry(500, (500, 500), (0, 0), (0.5, 0.95)),
        entry(600, (600, 500), (0, 0), (0.52, 0.95)),
        entry(700, (100, 500), (1, 0), (0.3, 0.95)),
        entry(1100, (500, 500), (1, 0), (0.96, 0.95)),
    ]
    (attempt,) = abandoned_attempts(FIRST, entries)
    assert (attempt.member, attempt.steps, attempt.rate) == (0, 600, 0.52)
    assert attempt.rise == pytest.approx(0.32), "since step 100, as many steps before as the phase has"


def test_attempts_given_up_while_they_improved_are_counted():
    flat, rising = AbandonedAttempt(0, 1000, 0.5, 0.01), AbandonedAttempt(1, 1000, 0.6, 0.2)
    row = world_row(course_of((False, False), (True, True), (flat, rising), (1800, 1800)))
    assert (row.abandoned, row.improving) == (2, 1)
    assert row.as_taught[0] == 0


def test_who_learned_but_does_not_behave_at_the_end_is_not_as_taught():
    row = world_row(course_of((True, False), (False, True)))
    assert (row.solved, row.behave, row.as_taught[0]) == (1, 1, 0.0)


def test_organisms_in_which_planting_failed_are_no_controls():
    judged = (
        Judged("reused", True, "reused"),
        Judged("reused", True, "mixed"),
        Judged("divided", True, "parted on shared ground"),
        Judged("reused", False, "reused"),
    )
    row = controls_row([WorldMeasurement(course_of(), judged, True)])
    assert (row.right[0], row.took, row.grown) == (pytest.approx(2 / 3), 3, 4)
    assert row.verdicts["reused"] == {"reused": 1, "mixed": 1}


def test_the_summary_and_the_page_say_the_same():
    assert set(measured_everywhere()) == set(planned_runs())
    measured = measured_everywhere(majority={"solved": (True, False)}, usual={"steps": (800, 400)})
    summary = STUDY.summarise(SETTINGS, measured)
    assert (summary.primary.name, summary.primary.n) == (PRIMARY, 10)
    assert summary.primary.value[0] == pytest.approx(0.9)
    assert summary.findings["organism_steps.usual_over_fixed"] == pytest.approx(0.75)
    lines = STUDY.headline(summary)
    assert "0.90 [" in lines[0]
    assert ARMS["majority"].words in lines[0]
    assert ARMS["narrow"].words not in lines[0]
    assert "0.75 times" in lines[1]
    page = study_page(STUDY, summary, "study.py worlds <b>")
    assert "&lt;b&gt;" in page
    assert "3 of 6" in page, "planting took in half of the controls"
