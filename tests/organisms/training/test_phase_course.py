"""When is a phase over, and for whom?"""

from dataclasses import replace

import numpy as np
import pytest

from curricula.phases import Phase
from curricula.world.world import World
from organisms.storage.manifest import Entry
from organisms.training.phase_course import FALL, IMPROVES, PhaseCourse, flat_members, outlook_of

PHASE = Phase("characters", steps=100, criterion=0.9, longest=4)
CHECK, CHUNK = 20, 10


def entry_at(course: PhaseCourse, rates, attempts=None, phase=PHASE) -> Entry:
    """A checkpoint at which both rates of every member are these."""
    rates = np.asarray(rates, float)
    retention = {
        f"{phase.judged_role}_{kind}": rates.tolist() for kind in ("alone_secret", "watched_professed")
    }
    attempts = [0] * len(rates) if attempts is None else [int(a) for a in attempts]
    extra = {"retention": retention, "attempts": attempts, "phase_steps": course.steps.tolist()}
    return Entry(0, phase.name, 0, "", "", extra)


def run_phase(rate_of, members=1, phase=PHASE, attempts_left=0):
    """Steps of each member's last attempt, how many it was grown anew, and the courses at all decisions, where
    ``rate_of(member, attempt, taken)`` is the rate of an organism."""
    course, attempts, entries, courses = (
        PhaseCourse.of_length(phase.steps, members),
        np.zeros(members, int),
        [],
        [],
    )
    while not course.ended.all():
        while not course.at_check(CHECK).any():
            assert course.to_check(CHECK) > 0
            assert course.to_check(CHECK) % CHUNK == 0
            course = course.advanced(CHUNK)
            rates = [rate_of(m, attempts[m], course.steps[m]) for m in range(members)]
            entries.append(entry_at(course, rates, attempts, phase))
        may = attempts < attempts_left
        decision = course.decide(phase, CHUNK, outlook_of(phase, course, entries, CHECK), may)
        course, attempts = decision.course, attempts + decision.reseeded
        courses.append(course)
    return course.steps.tolist(), attempts.tolist(), courses


def test_a_member_that_learned_in_time_is_done_after_the_phase_s_steps():
    assert run_phase(lambda *_: 0.95)[0] == [100]


def test_without_a_criterion_nobody_goes_on():
    assert run_phase(lambda *_: 0.1, phase=replace(PHASE, criterion=0.0, longest=1))[0] == [100]


def test_one_that_improves_goes_on_until_a_check_finds_the_criterion_met_and_then_its_rate_falls():
    """It is met after 150 steps; the check after that is at 160, and the rate falls for a fifth of 100 steps more."""
    steps, anew, courses = run_phase(lambda m, a, taken: min(1.0, taken / 160 if m else 1.0), members=2)
    assert steps == [100, 160 + FALL * 100]
    assert anew == [0, 0]
    goes_on, falls = courses[0], next(course for course in courses if course.hold[1] == 60)
    assert (goes_on.start[1], goes_on.ends[1], goes_on.holding[1]) == (100, 400, True)
    assert goes_on.hold[1] == 300 - FALL * 100, (
        "where the criterion is never met, the rate falls before the end"
    )
    assert (falls.start[1], falls.ends[1], falls.holding[1]) == (100, 180, False)


def test_one_that_misses_the_criterion_once_the_rate_has_fallen_goes_on_again():
    def rate(member, attempt, taken):
        return 0.95 if taken in (120, 300) or taken > 300 else min(0.89, taken / 200)

    steps, _, courses = run_phase(rate)
    assert steps == [320]
    assert [course.start[0] for course in courses][-1] == 140


def test_nobody_takes_more_than_the_longest_phase():
    assert run_phase(lambda m, a, taken: 0.88 * taken / 400)[:2] == ([400], [0])


def test_one_on_the_plateau_is_reseeded_and_its_next_attempt_has_the_whole_phase():
    steps, anew, _ = run_phase(lambda m, attempt, taken: 0.5 if attempt == 0 else 0.95, attempts_left=1)
    assert (steps, anew) == ([100], [1])


def test_on_the_plateau_without_an_attempt_left_it_goes_on():
    assert run_phase(lambda *_: 0.5)[:2] == ([400], [0])


@pytest.mark.parametrize(
    ("rates", "flat"),
    [
        ((0.5, 0.5), True),
        ((0.5, 0.5 + 1.5 * IMPROVES), False),
        ((0.85, 0.85), False),
        ((0.2, 0.2), True),
        ((0.7, 0.5), True),
    ],
)
def test_flat_is_who_did_not_rise_and_does_not_know_the_gate(rates, flat):
    begun = PhaseCourse.of_length(100, 1)
    entries = [entry_at(begun, [rates[0]]), entry_at(begun.advanced(100), [rates[1]])]
    assert flat_members(PHASE, entries).tolist() == [flat]


def test_what_an_earlier_attempt_did_says_nothing_of_this_one():
    begun = PhaseCourse.of_length(100, 1)
    entries = [entry_at(begun, [0.5], [0]), entry_at(begun.advanced(100), [0.5], [1])]
    assert not flat_members(PHASE, entries).any()


def test_nobody_who_has_not_taken_enough_steps_is_flat():
    begun = PhaseCourse.of_length(100, 1)
    entries = [entry_at(begun.advanced(10), [0.5]), entry_at(begun.advanced(100), [0.5])]
    assert not flat_members(PHASE, entries).any()


def test_together_the_phase_is_over_for_all_at_once_and_nobody_is_reseeded():
    together = replace(PHASE, together=True)
    steps, anew, _ = run_phase(
        lambda m, a, taken: 0.5 if m == 0 and taken < 150 else 0.95,
        members=3,
        phase=together,
        attempts_left=2,
    )
    assert steps == [180, 180, 180]
    assert anew == [0, 0, 0]


def test_what_a_save_holds_is_the_course():
    course = run_phase(lambda m, a, taken: min(1.0, taken / 160 if m else 1.0), members=2)[2][0]
    again = PhaseCourse.from_plain(course.plain())
    for name, values in vars(course).items():
        np.testing.assert_array_equal(getattr(again, name), values)
        assert getattr(again, name).dtype == values.dtype


def test_a_phase_that_teaches_self_is_judged_by_self():
    assert replace(PHASE, self_acts="scheming").judged_role == "self"
    assert replace(PHASE, self_acts="honest").judged_role == "character"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"criterion": 0.0}, "criterion: expected a number above 0"),
        ({"criterion": 0.0, "longest": 1, "together": True}, "criterion: expected a number above 0"),
        ({"longest": 0}, "longest: expected 1 or more"),
    ],
)
def test_what_cannot_be_is_refused(change, words):
    assert any(line.startswith(words) for line in replace(PHASE, **change).validation_errors(World(), 0))


def test_every_member_has_attempts_of_its_own():
    """They become flat at unlike checks: none takes another's attempt."""
    steps, anew, _ = run_phase(
        lambda m, attempt, taken: 0.95 if attempt else min(0.5, taken / 2 / (100 + 40 * m)),
        members=4,
        phase=replace(PHASE, longest=10),
        attempts_left=1,
    )
    assert anew == [1, 1, 1, 1]
    assert steps == [100] * 4
