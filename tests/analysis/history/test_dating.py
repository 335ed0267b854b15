"""Does the scorer count what was planted, and only that?"""

import numpy as np
import pytest

from analysis.history import dating
from analysis.history.dating import LaneChange, LineageHistory, PlantedHistory, ScoredChange
from analysis.history.events import ComponentEvent

COMPONENTS = ["L0H0", "L0H1", "L0H2", "L0H3"]
STEPS = [10 * n for n in range(20)]


def event(name, component, role, checkpoint, from_role=None, interval=None):
    step = STEPS[checkpoint]
    return ComponentEvent(
        name, component, role, from_role, None, step, interval or (step - 10, step), checkpoint
    )


def change(lane, role, comes, abrupt=True, date=100):
    return LaneChange(lane, role, comes, abrupt, 90, 190, (date,))


def score(events, changes, took=(True,), serves=(0.3, 0.3, 0.3, 0.01), rests=(0.0,) * 4):
    """Lane A is the first and the last head; every head but the last carries enough where its lane serves,
    and nothing where it does not."""
    comes = any(planted.comes for planted in changes)
    ends = (rests, serves) if comes else (serves, rests)
    history = LineageHistory(
        "planted-0",
        "planted_exchanged",
        tuple(COMPONENTS),
        tuple(STEPS),
        ("settled",) * 10 + ("exchanged",) * 10,
        (tuple(events),),
        (90, 190),
        np.array([[[end, end]] for end in ends], float),
    )
    planted = PlantedHistory(tuple(took), (frozenset({"L0H0", "L0H3"}),), tuple(changes))
    return dating.scored_changes(history, planted), history


def test_components_of_the_lane_that_carry_enough_count_and_no_others():
    """The last head carries next to nothing."""
    rows, _ = score([], [change("a", "character", False)])
    assert [(row.component, row.error, row.event) for row in rows] == [("L0H0", None, None)]
    rows, _ = score([], [change("b", "self", True)])
    assert [row.component for row in rows] == ["L0H1", "L0H2"]
    assert score([], [change("a", "self", True)], took=[False])[0] == []


@pytest.mark.parametrize("comes", [True, False])
def test_a_component_that_did_its_lane_s_work_before_or_still_does_it_after_has_no_change_to_find(comes):
    rows, _ = score([], [change("b", "self", comes)], rests=(0.0, 0.04, 0.02, 0.0))
    assert [row.component for row in rows] == ["L0H2"]


@pytest.mark.parametrize(
    ("report", "role", "comes", "detected"),
    [
        (event("repurposed", "L0H0", "self", 10, "character"), "self", True, True),
        (event("repurposed", "L0H0", "self", 10, "character"), "character", False, True),
        (event("repurposed", "L0H0", "self", 10, "character"), "self", False, False),
        (event("repurposed", "L0H0", "self", 10, "character"), "character", True, False),
        (event("shared", "L0H0", "self", 10, "character"), "self", True, True),
        (event("shared", "L0H0", "self", 10, "character"), "character", False, False),
        (event("born", "L0H0", "self", 10), "self", True, True),
        (event("took over", "L0H0", "self", 10), "self", True, True),
        (event("lost", "L0H0", "character", 10), "character", False, True),
        (event("lost", "L0H0", "character", 10), "character", True, False),
        (event("born", "L0H1", "self", 10), "self", True, False),
    ],
)
def test_an_event_detects_the_change_that_it_reports(report, role, comes, detected):
    rows, _ = score([report], [change("a", role, comes)])
    assert [row.error is not None for row in rows] == [detected]


def test_the_first_event_counts_by_how_far_it_is_off():
    """In checkpoints, however near a later one is; and only near surgery, or anywhere in the stretch in which
    a change is learned."""
    near, far = event("born", "L0H0", "self", 12), event("born", "L0H0", "self", 18)
    abrupt, learned = change("a", "self", True), change("a", "self", True, abrupt=False)
    assert [
        getattr(score([near, far], [abrupt])[0][0], name) for name in ("error", "step", "in_interval")
    ] == [
        2,
        120,
        False,
    ]
    early, right = event("born", "L0H0", "self", 8), event("born", "L0H0", "self", 10)
    assert score([right, early], [abrupt])[0][0].error == 2
    assert score([far], [abrupt])[0][0].error is None
    assert score([far], [learned])[0][0].error == 8
    assert score([event("born", "L0H0", "self", 9)], [learned])[0][0].error is None
    assert score([event("born", "L0H0", "self", 11, None, (90, 130))], [abrupt])[0][0].in_interval


def test_shares_are_of_organisms_and_medians_of_changes():
    def scored(organism, error):
        return ScoredChange("c", organism, "L0H0", "self", True, True, 0.3, 100, None, None, error, None)

    changes = [scored("0", 1), scored("0", None)] + 3 * [scored("1", 4)]
    assert dating.detected_share(changes)[0] == pytest.approx(0.75)
    assert dating.median_error(changes) == 4
    assert dating.median_error([scored("0", None)]) is None


def test_events_where_nothing_happens_are_counted_a_component():
    events = [
        event("lost", "L0H0", "self", 5),
        event("born", "L0H1", "self", 9),
        event("born", "L0H2", "self", 10),
    ]
    _, history = score(events, [])
    (row,) = dating.quiet_stretches(history, "settled", [True])
    assert (row.events, row.events_per_component, row.checkpoints) == ({"lost": 1, "born": 1}, 0.5, 10)
    assert dating.quiet_stretches(history, "settled", [False]) == []
