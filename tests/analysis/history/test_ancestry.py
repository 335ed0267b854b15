"""Is what became of each component told as its effects say?"""

import pytest

from analysis.history.ancestry import stories, told


def rows(*effects):
    return [
        {"step": 100 + 50 * n, "character": list(character), "self": list(own)}
        for n, (character, own) in enumerate(effects)
    ]


def test_a_spare_that_leaves_characters_for_self_is_told_with_its_dates():
    """a: the primary. b: a spare, taken over at step 200. c: served nobody, now self. d: was needed, no
    longer. e: nothing."""
    found = stories(
        ["a", "b", "c", "d", "e"],
        rows(
            ([0.5, 0.4, 0.0, 0.10, 0.0], [0.5, 0.4, 0.0, 0.1, 0.0]),
            ([0.6, 0.3, 0.0, 0.10, 0.0], [0.4, 0.5, 0.1, 0.0, 0.0]),
            ([0.9, 0.0, 0.0, 0.00, 0.0], [0.0, 0.7, 0.3, 0.0, 0.0]),
        ),
    )
    assert {story["component"]: story["role"] for story in found} == {
        "a": "serves characters alone",
        "b": "left characters for self",
        "c": "new, for self",
        "d": "lost",
    }
    spare = next(story for story in found if story["component"] == "b")
    assert (spare["left_characters"], spare["came_to_self"]) == (200, 200)
    assert next(story for story in found if story["component"] == "a")["left_characters"] is None


def test_a_component_that_stays_serves_both():
    (found,) = stories(["a"], rows(([0.9], [0.9]), ([0.8], [1.0])))
    assert found["role"] == "serves both"


def test_what_was_there_all_along_did_not_come():
    (found,) = stories(["a"], rows(([0.9], [0.98]), ([0.9], [1.0])))
    assert found["came_to_self"] is None


def test_effects_are_shares_of_the_gate_at_the_end(tiny_run):
    """At the fork self has next to no gate, and shares of that would be anything."""
    found = told(tiny_run, 1)
    last = found["checkpoints"][-1]
    assert sum(last["self"]) == pytest.approx(1, abs=1e-3)
    for row in found["checkpoints"]:
        for role in ("character", "self"):
            assert sum(row[role]) == pytest.approx(row[f"{role}_nats"] / last[f"{role}_nats"], abs=1e-3)
