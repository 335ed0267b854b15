"""Is what became of each component told by its right name, at its right date?"""

import numpy as np
import pytest
from histories import NAMES, history

from analysis.history.events import KINDS, LASTING, LEAVES, SERVES, changes, events, happened, serving
from analysis.history.trajectories import WORKING_NATS

NOTHING = [0.0] * 4


def told(found):
    return [
        (e["event"], e["component"], e["from_role"], e["role"], e["step"]) for e in events(found, NAMES, 0)
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
        ([(0, 0)] * 3 + [(0.9 * SERVES, 0)] * 5, []),
        ([(0, 0)] * 3 + [(0.2, 0)] * (LASTING - 1) + [(0, 0)] * 3, []),
        ([(0.2, 0)] * 3 + [((SERVES + LEAVES) / 2, 0)] * 5, []),
        ([(0.2, 0.2)] * 8, []),
        # Whether it lasts cannot be known yet.
        ([(0, 0)] * 5 + [(0.2, 0)] * (LASTING - 1), []),
        # A drift across a threshold is none, but who drifted into serving can be lost, and can come to share.
        ([(0.045, 0)] * 4 + [(0.055, 0)] * 6, []),
        ([(0.045, 0)] * 4 + [(0.055, 0)] * 6 + [(0, 0)] * 3, [("lost", None, "character", 500)]),
        ([(0.045, 0)] * 4 + [(0.055, 0)] * 6 + [(0.055, 0.2)] * 3, [("shared", "character", "self", 500)]),
    ],
)
def test_what_happened_is_told_by_its_name(shares, expected):
    assert told(course(*shares)) == [(event, "L0H0", *rest) for event, *rest in expected]


def test_a_component_that_takes_anothers_part_took_over():
    """The first head leaves characters as the second comes; a block of neurons that comes at the same time is
    none of a head's heirs."""
    found = history([[0.3, 0, 0, 0]] * 5 + [[0, 0.3, 0.2, 0]] * 5, [NOTHING] * 10)
    prints = found.prints.copy()
    prints[:5, 0, 0, 0] = prints[5:, 0, 1, 0] = 1.0
    seen = events(found._replace(prints=prints), NAMES, 0)
    assert {(e["event"], e["component"], e["of"]) for e in seen} == {
        ("lost", "L0H0", None),
        ("took over", "L0H1", "L0H0"),
        ("born", "L0M0", None),
    }


def test_a_component_unlike_the_one_that_left_is_born():
    """The other head is the one that is like it afterwards."""
    names = ["L0H0", "L0H1", "L0H2", "L0M0"]
    found = history([[0.3, 0, 0.3, 0]] * 5 + [[0, 0.3, 0.3, 0]] * 5, [NOTHING] * 10)
    prints = found.prints.copy()
    prints[:5, 0, 0], prints[5:, 0, 2] = 1.0, 1.0
    assert [
        e["event"] for e in events(found._replace(prints=prints), names, 0) if e["component"] == "L0H1"
    ] == ["born"]


def test_a_gradual_change_is_dated_when_it_is_half_done():
    """From 0.4 to nothing by a twentieth a checkpoint: it stops serving long after it is half way."""
    ramp = np.linspace(0.4, 0.0, 9)
    found = course(*[(0.4, 0)] * 9, *[(x, 0) for x in ramp], *[(0, 0)] * 9)
    (event,) = events(found, NAMES, 0)
    assert event["checkpoint"] == 9 + 4
    assert (event["event"], event["interval"]) == ("lost", [50 * 12, 50 * 14])


def test_an_interval_is_as_wide_as_the_noise_makes_it():
    """Errors as large as the change leave open when it came; an abrupt change that is plain lies between two
    checkpoints."""
    shares = [(0.0, 0)] * 4 + [(0.06, 0)] * 4
    (plain,) = events(course(*shares), NAMES, 0)
    assert plain["interval"] == [150, 200]
    (noisy,) = events(course(*shares)._replace(error=np.full((8, 1, 2, 4), 0.03)), NAMES, 0)
    assert noisy["interval"] == [0, 350]
    assert noisy["step"] == plain["step"] == 200


def test_nobody_serves_a_role_whose_gate_is_too_small_to_act_by():
    shares = [[0, 0, 0, 0]] * 3 + [[0.3, 0, 0, 0]] * 5
    assert told(history(shares, [NOTHING] * 8, nats=(0.9 * WORKING_NATS, 9.0))) == []
    assert len(told(history(shares, [NOTHING] * 8, nats=(1.1 * WORKING_NATS, 9.0)))) == 1


def test_an_earlier_attempt_is_no_part_of_the_history():
    """Its checkpoints have no numbers, and nothing is dated to where they end."""
    found = course(*[(0, 0)] * 4, *[(0.2, 0)] * 8)
    given_up = found.share.copy(), found.nats.copy()
    for of in given_up:
        of[:6] = np.nan
    assert events(found._replace(share=given_up[0], nats=given_up[1]), NAMES, 0) == []
    assert [change.at for change in changes(found, 0)] == [4]


def test_states_have_memory():
    """Between the two thresholds a component goes on with what it did."""
    between = (SERVES + LEAVES) / 2
    share = np.array([0, between, 0.2, 0.2, between, between, 0, 0, between])
    assert serving(share, np.ones(9, bool)).tolist() == [False, False, *[True] * 4, *[False] * 3]


def test_a_line_counts_kinds():
    of = lambda *kinds: {"events": [{"event": kind} for kind in kinds]}  # noqa: E731
    assert happened(of("lost", "born", "born")) == "2 born, 1 lost"
    assert happened(of()) == "nothing happened"
    assert all(kind in happened(of(*KINDS)) for kind in KINDS)
