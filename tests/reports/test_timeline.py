"""Does a timeline show who serves whom, and when that changed?"""

from dataclasses import asdict

import numpy as np
from histories import NAMES, history
from matplotlib.colors import to_rgb

from analysis.history.events import EVENT_NAMES, component_events
from reports.drawing import BLUE, ORANGE, PURPLE
from reports.timeline import FULL, SIGNS, colours, timeline


def told(found):
    share = found.share[:, 0]
    return {"steps": found.steps, "phases": found.phases}, {
        "member": 3,
        "effects": {"character": share[:, 0].tolist(), "self": share[:, 1].tolist()},
        "events": [asdict(event) for event in component_events(found, NAMES, 0)],
    }


def test_colours_tell_who_is_served_and_how_much():
    characters, own = (
        np.array([[0.0, FULL, 0.0, FULL, 2.0, np.nan]]),
        np.array([[0.0, 0.0, FULL, FULL, 0.0, np.nan]]),
    )
    found = colours(characters, own)[0]
    for seen, expected in zip(found, ("white", BLUE, ORANGE, PURPLE, BLUE, "white"), strict=True):
        np.testing.assert_allclose(seen, to_rgb(expected), atol=1e-9)
    half = colours(np.array([[FULL / 2]]), np.array([[0.0]]))[0, 0]
    np.testing.assert_allclose(half, (1 + np.array(to_rgb(BLUE))) / 2)


def test_a_timeline_names_the_components_that_something_happened_to_and_no_others():
    """Drawn the same from the same findings; a component without events has no row."""
    found = history([[0.2, 0, 0, 0]] * 4 + [[0, 0, 0.2, 0]] * 4, [[0] * 4] * 4 + [[0.3, 0, 0, 0]] * 4)
    whole, organism = told(found)
    assert {event["component"] for event in organism["events"]} == {"L0H0", "L0M0"}
    drawn = timeline(whole, organism, NAMES, "run <b>&")
    assert drawn == timeline(whole, organism, NAMES, "run <b>&")
    assert drawn.startswith("<svg")
    assert "<b>" not in drawn
    less = timeline(whole, organism | {"events": organism["events"][:1]}, NAMES, "run <b>&")
    assert len(less) < len(drawn)


def test_nothing_to_tell_is_told():
    whole, organism = told(history([[0] * 4] * 6, [[0] * 4] * 6))
    assert organism["events"] == []
    assert timeline(whole, organism, NAMES, "run").startswith("<svg")


def test_every_kind_of_event_has_a_sign():
    assert set(SIGNS) == set(EVENT_NAMES)
    assert len(set(SIGNS.values())) == len(EVENT_NAMES)
