"""Does a timeline show which role each component serves, and when that changed?"""

from dataclasses import replace
from typing import get_args

import numpy as np
from matplotlib.colors import to_rgb
from run_findings import run_with_history, synthetic_runs

from analysis.history.component_history import HistoryResult
from analysis.history.events import EventName
from reports.drawing import BLUE, ORANGE, PURPLE
from reports.timeline import FULL, SIGNS, draw_timeline, role_colours


def test_colours_show_which_role_is_served_and_how_much():
    characters = np.array([[0.0, FULL, 0.0, FULL, 2.0, np.nan]])
    self_ = np.array([[0.0, 0.0, FULL, FULL, 0.0, np.nan]])
    cells = role_colours(characters, self_)[0]
    for cell, expected in zip(cells, ("white", BLUE, ORANGE, PURPLE, BLUE, "white"), strict=True):
        np.testing.assert_allclose(cell, to_rgb(expected), atol=1e-9)
    half = role_colours(np.array([[FULL / 2]]), np.array([[0.0]]))[0, 0]
    np.testing.assert_allclose(half, (1 + np.array(to_rgb(BLUE))) / 2)


def with_events(findings, events):
    """The findings with other events of member 1."""
    history = findings[HistoryResult]
    members = list(history.members)
    members[1] = replace(members[1], events=events)
    return replace(history, members=tuple(members))


def test_a_timeline_names_components_with_events_and_no_others():
    """Drawn the same from the same findings; a component without events has no row."""
    findings = run_with_history(synthetic_runs()[0])
    run, history = replace(findings.run, run="run <b>&"), findings[HistoryResult]
    (event,) = history.members[1].events
    single = draw_timeline(run, history, 1)
    second = replace(event, component=run.components[1])
    assert single == draw_timeline(run, history, 1)
    assert single.startswith("<svg")
    assert "<b>" not in single
    assert len(single) < len(draw_timeline(run, with_events(findings, (event, second)), 1))


def test_an_organism_without_events_has_a_timeline_too():
    findings = run_with_history(synthetic_runs()[0])
    assert findings[HistoryResult].members[0].events == ()
    assert draw_timeline(findings.run, findings[HistoryResult], 0).startswith("<svg")


def test_every_kind_of_event_has_a_sign():
    assert set(SIGNS) == set(get_args(EventName))
    assert len(set(SIGNS.values())) == len(SIGNS)
