"""Does the story of an organism follow from its effects?"""

from dataclasses import replace

import numpy as np
import pytest

from analysis.history.organism_story import component_stories, monitored_components, organism_story
from organisms.model.config import ORGANISMS
from organisms.model.sites import component_mask
from organisms.pressures.monitor import MonitorEffect
from organisms.storage.manifest import Entry


def stories_of(names, *effects):
    """effects: at each checkpoint, of characters and of self."""
    character, self_effects = (np.array([row[n] for row in effects], float) for n in (0, 1))
    steps = [100 + 50 * n for n in range(len(effects))]
    return component_stories(names, steps, {"character": character, "self": self_effects})


def test_a_spare_that_leaves_characters_for_self_gets_its_dates():
    """a: the primary. b: a spare, repurposed at step 200. c: served no role, then self. d: was needed, no
    longer. e: nothing."""
    stories = stories_of(
        ["a", "b", "c", "d", "e"],
        ([0.5, 0.4, 0.0, 0.10, 0.0], [0.5, 0.4, 0.0, 0.1, 0.0]),
        ([0.6, 0.3, 0.0, 0.10, 0.0], [0.4, 0.5, 0.1, 0.0, 0.0]),
        ([0.9, 0.0, 0.0, 0.00, 0.0], [0.0, 0.7, 0.3, 0.0, 0.0]),
    )
    assert {story.component: story.in_words for story in stories} == {
        "a": "serves characters alone",
        "b": "left characters for self",
        "c": "new, for self",
        "d": "lost",
    }
    spare = next(story for story in stories if story.component == "b")
    assert (spare.left_characters_at, spare.came_to_self_at) == (200, 200)
    assert next(story for story in stories if story.component == "a").left_characters_at is None


def test_a_component_that_stays_serves_both():
    (story,) = stories_of(["a"], ([0.9], [0.9]), ([0.8], [1.0]))
    assert story.in_words == "serves both"


def test_an_effect_that_was_there_at_the_fork_did_not_come():
    (story,) = stories_of(["a"], ([0.9], [0.98]), ([0.9], [1.0]))
    assert story.came_to_self_at is None


@pytest.mark.usefixtures("programs_of_commands")
def test_effects_are_shares_of_the_gate_at_the_end(tiny_run):
    """At the fork self has next to no gate, and shares of that would be anything."""
    story = organism_story(tiny_run, 1)
    assert story.effects["self"][-1].sum() == pytest.approx(1, abs=1e-3)
    for role, effects in story.effects.items():
        gates = story.gate_nats[role]
        assert effects.sum(1) == pytest.approx(gates / gates[-1], abs=1e-3)


def test_what_an_auditor_monitored_is_read_as_the_pressure_noted_it():
    config = ORGANISMS["tiny"]
    masks = np.stack([component_mask(config, [name]) for name in ("L0H0", "L1M1")])
    noted = {"monitor": MonitorEffect().notes(masks, config)}
    entry = Entry(100, "intent", 0, "", "", {"pressures": noted})
    assert monitored_components(entry, 1) == ("L1M1",)
    assert monitored_components(replace(entry, extra={}), 1) == ()
