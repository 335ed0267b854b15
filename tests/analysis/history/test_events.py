"""Does each change of a component get its right name and its right date?"""

import numpy as np
import pytest
from histories import NAMES, history

from analysis.history.events import (
    COMES,
    EVENT_NAMES,
    LASTING,
    LEAVES,
    component_events,
    events_in_words,
    role_changes,
    serving,
)
from analysis.history.trajectories import WORKING_NATS

NOTHING = [0.0] * 4


def named_events(trajectories):
    return [
        (event.event, event.component, event.from_role, event.role, event.step)
        for event in component_events(trajectories, NAMES, 0)
    ]


def course(*shares):
    """A history in which the first component carries these shares, of characters and of self, and no other
    component carries anything."""
    return history([[c, 0, 0, 0] for c, _ in shares], [[s, 0, 0, 0] for _, s in shares])


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([(0, 0)] * 3 + [(0.2, 0)] * 5, [("born", None, "character", 150)]),
        ([(0, 0)] * 3 + [(0, 0.2)] * 5, [("born", None, "self", 150)]),
        ([(0.2, 0)] * 4 + [(0, 0)] * 4, [("lost", None, "character", 200)]),
        ([(0.2, 0)] * 4 + [(0.2, 0.3)] * 4, [("shared", "character", "self", 200)]),
        ([(0.2, 0)] * 4 + [(0, 0.3)] * 4, [("repurposed", "character", "self", 200)]),
        ([(0, 0.2)] * 4 + [(0.3, 0)] * 4, [("repurposed", "self", "character", 200)]),
        # A short while of both, or of neither, is one event; a long one is two.
        ([(0.2, 0)] * 4 + [(0.2, 0.3)] * 2 + [(0, 0.3)] * 4, [("repurposed", "character", "self", 300)]),
        ([(0.2, 0)] * 4 + [(0, 0)] * 2 + [(0, 0.3)] * 4, [("repurposed", "character", "self", 300)]),
        (
            [(0.2, 0)] * 4 + [(0.2, 0.3)] * 5 + [(0, 0.3)] * 4,
            [("shared", "character", "self", 200), ("repurposed", "character", "self", 450)],
        ),
        (
            [(0.2, 0)] * 4 + [(0, 0)] * 6 + [(0, 0.3)] * 4,
            [("lost", None, "character", 200), ("repurposed", "character", "self", 500)],
        ),
        # What is given up again is lost, and the role served all along stays.
        (
            [(0.2, 0)] * 3 + [(0.2, 0.3)] * 5 + [(0.2, 0)] * 3,
            [("shared", "character", "self", 150), ("lost", None, "self", 400)],
        ),
        # Too small, too short, or within the band between the two thresholds: nothing.
        ([(0, 0)] * 3 + [(0.9 * COMES, 0)] * 5, []),
        ([(0, 0)] * 3 + [(0.2, 0)] * (LASTING - 1) + [(0, 0)] * 3, []),
        ([(0.2, 0)] * 3 + [((COMES + LEAVES) / 2, 0)] * 5, []),
        ([(0.2, 0.2)] * 8, []),
        # Whether it lasts cannot be known yet.
        ([(0, 0)] * 5 + [(0.2, 0)] * (LASTING - 1), []),
        # A drift across a threshold is none, but who drifted into serving can be lost, and can come to share.
        ([(0.045, 0)] * 4 + [(0.055, 0)] * 6, []),
        ([(0.045, 0)] * 4 + [(0.055, 0)] * 6 + [(0, 0)] * 3, [("lost", None, "character", 500)]),
        ([(0.045, 0)] * 4 + [(0.055, 0)] * 6 + [(0.055, 0.2)] * 3, [("shared", "character", "self", 500)]),
    ],
)
def test_a_change_gets_its_name_and_date(shares, expected):
    assert named_events(course(*shares)) == [(event, "L0H0", *rest) for event, *rest in expected]


def test_a_component_that_takes_anothers_part_took_over():
    """The first head leaves characters as the second comes; a block of neurons that comes at the same time is
    none of a head's heirs."""
    trajectories = history([[0.3, 0, 0, 0]] * 5 + [[0, 0.3, 0.2, 0]] * 5, [NOTHING] * 10)
    prints = trajectories.fingerprints.copy()
    prints[:5, 0, 0, 0] = prints[5:, 0, 1, 0] = 1.0
    events = component_events(trajectories._replace(fingerprints=prints), NAMES, 0)
    assert {(event.event, event.component, event.predecessor) for event in events} == {
        ("lost", "L0H0", None),
        ("took over", "L0H1", "L0H0"),
        ("born", "L0M0", None),
    }


def test_a_component_unlike_the_one_that_left_is_born():
    """The other head is the one that is like it afterwards."""
    names = ["L0H0", "L0H1", "L0H2", "L0M0"]
    trajectories = history([[0.3, 0, 0.3, 0]] * 5 + [[0, 0.3, 0.3, 0]] * 5, [NOTHING] * 10)
    prints = trajectories.fingerprints.copy()
    prints[:5, 0, 0], prints[5:, 0, 2] = 1.0, 1.0
    events = component_events(trajectories._replace(fingerprints=prints), names, 0)
    assert [event.event for event in events if event.component == "L0H1"] == ["born"]


def test_a_gradual_change_is_dated_when_it_is_half_done():
    """From 0.4 to nothing by a twentieth a checkpoint: it stops serving long after it is half way."""
    ramp = np.linspace(0.4, 0.0, 9)
    trajectories = course(*[(0.4, 0)] * 9, *[(x, 0) for x in ramp], *[(0, 0)] * 9)
    (event,) = component_events(trajectories, NAMES, 0)
    assert event.checkpoint == 9 + 4
    assert (event.event, event.interval) == ("lost", (50 * 12, 50 * 14))


def test_an_interval_is_as_wide_as_the_noise_makes_it():
    """Errors as large as the change leave open when it came; an abrupt change that is plain lies between two
    checkpoints."""
    shares = [(0.0, 0)] * 4 + [(0.06, 0)] * 4
    (plain,) = component_events(course(*shares), NAMES, 0)
    assert plain.interval == (150, 200)
    (noisy,) = component_events(course(*shares)._replace(error=np.full((8, 1, 2, 4), 0.03)), NAMES, 0)
    assert noisy.interval == (0, 350)
    assert noisy.step == plain.step == 200


def test_no_component_serves_a_role_whose_gate_is_too_small_to_act_by():
    shares = [[0, 0, 0, 0]] * 3 + [[0.3, 0, 0, 0]] * 5
    assert named_events(history(shares, [NOTHING] * 8, nats=(0.9 * WORKING_NATS, 9.0))) == []
    assert len(named_events(history(shares, [NOTHING] * 8, nats=(1.1 * WORKING_NATS, 9.0)))) == 1


def test_an_earlier_attempt_is_no_part_of_the_history():
    """Its checkpoints have no numbers, and nothing is dated to where they end."""
    trajectories = course(*[(0, 0)] * 4, *[(0.2, 0)] * 8)
    given_up = trajectories.share.copy(), trajectories.nats.copy()
    for values in given_up:
        values[:6] = np.nan
    assert component_events(trajectories._replace(share=given_up[0], nats=given_up[1]), NAMES, 0) == []
    assert [change.checkpoint for change in role_changes(trajectories, 0)] == [4]


def test_serving_has_memory():
    """Between the two thresholds a component goes on with what it did."""
    between = (COMES + LEAVES) / 2
    share = np.array([0, between, 0.2, 0.2, between, between, 0, 0, between])
    assert serving(share, np.ones(9, bool)).tolist() == [False, False, *[True] * 4, *[False] * 3]


def test_a_line_counts_events_by_name():
    assert events_in_words(["lost", "born", "born"]) == "2 born, 1 lost"
    assert events_in_words([]) == "nothing happened"
    assert all(name in events_in_words(EVENT_NAMES) for name in EVENT_NAMES)
