"""Does the study of worlds change nothing but worlds and sizes, and does it count what happened?"""

from dataclasses import replace

import pytest
from scored import scored_organism
from studies import settings_of

from curricula.catalogue.building_blocks import WORLDS
from experiments.studies.page import study_page
from experiments.studies.worlds.arms import ARMS, CONTROLLED, CONTROLS, ELSEWHERE, FIXED, planned_runs
from experiments.studies.worlds.course import (
    AbandonedAttempt,
    TrainingCourse,
    abandoned_attempts,
    training_course,
)
from experiments.studies.worlds.study import WorldsStudy
from experiments.studies.worlds.summary import (
    PRIMARY,
    STEPS_RATIO,
    UNSEEN,
    WorldMeasurement,
    controls_row,
    world_row,
)
from organisms.ensemble.config import named_config
from organisms.model.config import ORGANISMS
from organisms.storage.manifest import Entry
from organisms.training.validation import check_config

STUDY = WorldsStudy()
SETTINGS = settings_of(scale="cpu", world=WORLDS["cpu"], organism=ORGANISMS["cpu"], members=2)
FIRST = named_config("shared", "cpu", 2, 0).curriculum.phases[0]


def course_of(solved=(True, True), behaves=(True, True), abandoned=(), steps=(800, 800)):
    return TrainingCourse(
        steps=steps,
        steps_run=max(steps),
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
            scored = (scored_organism(truth, truth), scored_organism(truth, planting_took=False))
            given_up = AbandonedAttempt(0, 500, 0.5, None)
            measured[f"{name}.{planted}"] = WorldMeasurement(course_of(abandoned=(given_up,)), scored, False)
    return measured


def test_nothing_but_world_and_sizes_differs_from_the_catalogue_s_curriculum():
    configs, usual = STUDY.runs(SETTINGS), named_config("shared", "cpu", 2, 0)
    assert len({config.seed for config in configs.values()}) == len(configs) - 1
    assert configs[FIXED].seed == configs["usual"].seed
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


def test_phases_of_the_run_of_fixed_length_last_their_steps():
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


def test_attempts_given_up_are_counted_with_their_largest_rise():
    attempts = (AbandonedAttempt(0, 1000, 0.5, 0.01), AbandonedAttempt(1, 500, 0.6, None))
    row = world_row(course_of((False, False), (True, True), attempts, (1800, 1300)))
    assert (row.reseeded_attempts, row.largest_rise) == (2, 0.01)
    assert row.as_taught[0] == 0
    assert world_row(course_of()).largest_rise is None


def test_the_course_of_a_run_is_read_from_its_checkpoints_and_its_summary():
    """Member 0 was reseeded once, member 1 took longer in the first phase; the second phase has no criterion."""
    first, second = STUDY.runs(SETTINGS)["usual"].curriculum.phases
    second = replace(second.of_fixed_length(), steps=300)
    config = STUDY.runs(SETTINGS)["usual"]
    config = replace(config, curriculum=replace(config.curriculum, phases=(first, second)))
    entries = [
        entry(500, (500, 500), (0, 0), (0.5, 0.8)),
        entry(600, (600, 600), (0, 0), (0.5, 0.95)),
        entry(1100, (500, 600), (1, 0), (0.95, 0.95)),
        replace(entry(1400, (), (1, 0), (0.95, 0.95)), phase=second.name, extra={}),
    ]
    rates = {f"character_{name}": [0.95, 0.95] for name in ("alone_secret", "watched_professed")}
    rates |= {"self_alone_secret": [0.95, 0.95], "self_watched_professed": [0.95, 0.5]}
    met = {"steps": [500, 600], "went_on": [False, True], "met": [True, True]}
    reseeded = {"attempts": [1, 0], "count": 1, "failed": 0}
    summary = {"reseeded": reseeded, "behaviour": rates, "steps": 1400, "phases": {first.name: met}}
    course = training_course(config, entries, summary)
    assert course.steps == (600 + 500 + 300, 600 + 300)
    assert course.solved == (False, True)
    assert course.behaves == (True, False)
    assert course.went_on == {first.name: 1}
    assert course.steps_run == 1400
    assert [attempt.steps for attempt in course.abandoned] == [600]


def test_worlds_and_sizes_of_the_command_are_refused():
    narrower = replace(SETTINGS, organism=replace(SETTINGS.organism, width=32))
    assert STUDY.errors(SETTINGS) == []
    assert "leave out --world and --organism" in STUDY.errors(narrower)[0]


def test_who_learned_but_does_not_behave_at_the_end_is_not_as_taught():
    row = world_row(course_of((True, False), (False, True)))
    assert (row.solved, row.behave, row.as_taught[0]) == (1, 1, 0.0)


def test_organisms_in_which_planting_failed_are_no_controls():
    scored = (
        scored_organism("reused", "reused"),
        scored_organism("reused", "mixed"),
        scored_organism("divided", "parted on shared ground"),
        scored_organism("reused", "reused", planting_took=False),
    )
    row = controls_row([WorldMeasurement(course_of(), scored, True)])
    assert (row.right[0], row.took, row.grown) == (pytest.approx(2 / 3), 3, 4)
    assert row.verdicts["reused"] == {"reused": 1, "mixed": 1}


def test_the_summary_and_the_page_say_the_same():
    assert set(measured_everywhere()) == set(planned_runs())
    measured = measured_everywhere(majority={"solved": (True, False)}, usual={"steps": (800, 400)})
    summary = STUDY.summarise(SETTINGS, measured)
    assert (summary.primary.name, summary.primary.n) == (PRIMARY, 10)
    assert summary.primary.value[0] == pytest.approx(0.9)
    assert summary.findings[UNSEEN][0] == 1, "majority was seen while the rule was made"
    assert summary.findings[STEPS_RATIO][0] == pytest.approx(0.5**0.5), "geometric mean of 1 and 0.5"
    lines = STUDY.headline(summary)
    assert "0.90 [" in lines[0]
    assert "(2 organisms each)" in lines[0]
    assert "given up: 0, and 6 of planted" in lines[1]
    assert STUDY.warning(summary) == ""
    assert STUDY.warning(STUDY.summarise(replace(SETTINGS, steps=30), measured)) != ""
    page = study_page(STUDY, summary, "study.py worlds <b>")
    assert "&lt;b&gt;" in page
    assert "3 of 6" in page, "planting took in half of the controls"
