"""Does the scorer count what was planted, and only that?"""

import pytest

from analysis.history import dating

COMPONENTS = ["L0H0", "L0H1", "L0H2", "L0H3"]
STEPS = [10 * n for n in range(20)]


def event(kind, component, role, checkpoint, from_role=None, interval=None):
    step = STEPS[checkpoint]
    return {
        "event": kind,
        "component": component,
        "role": role,
        "from_role": from_role,
        "of": None,
        "checkpoint": checkpoint,
        "step": step,
        "interval": interval or [step - 10, step],
    }


def change(lane, role, comes, abrupt=True, date=100):
    return {
        "lane": lane,
        "role": role,
        "comes": comes,
        "abrupt": abrupt,
        "after": 90,
        "until": 190,
        "date": [date],
    }


def score(events, changes, took=(True,), serves=(0.3, 0.3, 0.3, 0.01), rests=(0.0,) * 4):
    """Lane A is the first and the last head; every head but the last carries enough where its lane serves,
    and nothing where it does not."""
    comes = any(of["comes"] for of in changes)
    carried = {
        at: {role: [list(of)] for role in ("character", "self")}
        for at, of in (("90", rests if comes else serves), ("190", serves if comes else rests))
    }
    measured = {
        "curriculum": "planted_exchanged",
        "run": "planted-0",
        "components": COMPONENTS,
        "steps": STEPS,
        "phases": ["settled"] * 10 + ["exchanged"] * 10,
        "events": [events],
        "carried": carried,
    }
    truth = {"took": list(took), "lane_a": [["L0H0", "L0H3"]], "changes": changes}
    return dating.scored(measured, truth), measured


def test_components_of_the_lane_that_carry_enough_count_and_no_others():
    """The last head carries next to nothing."""
    rows, _ = score([], [change("a", "character", False)])
    assert [(row["component"], row["error"], row["event"]) for row in rows] == [("L0H0", None, None)]
    rows, _ = score([], [change("b", "self", True)])
    assert [row["component"] for row in rows] == ["L0H1", "L0H2"]
    assert score([], [change("a", "self", True)], took=[False])[0] == []


@pytest.mark.parametrize("comes", [True, False])
def test_a_component_that_did_its_lane_s_work_before_or_still_does_it_after_has_no_change_to_find(comes):
    rows, _ = score([], [change("b", "self", comes)], rests=(0.0, 0.04, 0.02, 0.0))
    assert [row["component"] for row in rows] == ["L0H2"]


@pytest.mark.parametrize(
    ("told", "role", "comes", "found"),
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
def test_an_event_finds_the_change_that_it_tells_of(told, role, comes, found):
    rows, _ = score([told], [change("a", role, comes)])
    assert [row["error"] is not None for row in rows] == [found]


def test_the_first_event_counts_by_how_far_it_is_off():
    """In checkpoints, however near a later one is; and only near surgery, or anywhere in the stretch in which
    a change is learned."""
    near, far = event("born", "L0H0", "self", 12), event("born", "L0H0", "self", 18)
    abrupt, learned = change("a", "self", True), change("a", "self", True, abrupt=False)
    assert [score([near, far], [abrupt])[0][0][name] for name in ("error", "step", "in_interval")] == [
        2,
        120,
        False,
    ]
    early, right = event("born", "L0H0", "self", 8), event("born", "L0H0", "self", 10)
    assert score([right, early], [abrupt])[0][0]["error"] == 2
    assert score([far], [abrupt])[0][0]["error"] is None
    assert score([far], [learned])[0][0]["error"] == 8
    assert score([event("born", "L0H0", "self", 9)], [learned])[0][0]["error"] is None
    assert score([event("born", "L0H0", "self", 11, None, [90, 130])], [abrupt])[0][0]["in_interval"]


def test_shares_are_of_organisms_and_medians_of_changes():
    rows = [{"organism": "0", "error": 1}, {"organism": "0", "error": None}] + 3 * [
        {"organism": "1", "error": 4}
    ]
    assert dating.found_share(rows)[0] == pytest.approx(0.75)
    assert dating.median_error(rows) == 4
    assert dating.median_error([{"error": None}]) is None


def test_events_where_nothing_happens_are_counted_a_component():
    told = [
        event("lost", "L0H0", "self", 5),
        event("born", "L0H1", "self", 9),
        event("born", "L0H2", "self", 10),
    ]
    _, measured = score(told, [])
    (row,) = dating.spurious(measured, "settled", [True])
    assert (row["events"], row["a_component"], row["checkpoints"]) == ({"lost": 1, "born": 1}, 0.5, 10)
    assert dating.spurious(measured, "settled", [False]) == []
