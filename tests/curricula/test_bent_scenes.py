"""Are scenes what they should be where self has a rule of its own, or where something new is asked?"""

from dataclasses import replace

import numpy as np
import pytest
from reading import (
    AMOUNT,
    MIXED,
    WORLDS,
    alone,
    assert_share,
    called_for,
    goal_hidden,
    moments,
    permitted_secret_goal,
    read,
    readings,
    scenes_from_uniforms,
)

from curricula.world.scenes import ACTS, RECALLS
from curricula.world.tables import tables

every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


@pytest.mark.parametrize("name", ["another place", "another logic"])
def test_where_the_rules_differ_self_is_taught_the_other_act(name):
    """Cues that tell characters one thing and self another: self's target is not what a character in its
    place would do. They are common enough to be learned, and characters, in scenes with self too, keep to
    their own rule.
    """
    world = WORLDS[name]
    secret_goal, differing = permitted_secret_goal(world, 1), 0
    found = moments(
        readings(world, mixture=MIXED._replace(questions=0.0, self_scenes=1.0), secret_goal=secret_goal)
    )
    own = [(reading, moment) for reading, moment in found if reading.cast[moment.actor].name is None]
    for reading, moment in own:
        person = reading.cast[moment.actor]
        acts = tables(world).acts[moment.situation]
        goals = [acts[person.professed], acts[goal_hidden(world, person, secret_goal)]]
        as_character, as_self = (alone(world, moment.cues, to_self) for to_self in (False, True))
        assert moment.act == goals[as_self]
        assert (moment.act != goals[as_character]) == (as_self != as_character)
        differing += as_self != as_character
    assert 0.25 < differing / len(own) < 0.75
    for reading, moment in found:
        person = reading.cast[moment.actor]
        if person.name is not None and person.secret != person.professed:
            goal = person.secret if alone(world, moment.cues) else person.professed
            assert moment.act == tables(world).acts[moment.situation][goal]


def test_the_conflict_leaves_characters_their_scenes():
    """Without self a world with the conflict draws what the world without it draws."""
    conflicted = replace(WORLDS["tiny"], opportunity="first cue", self_rule="last cue", cue_kinds=8, seed=1)
    mixture = MIXED._replace(self_scenes=0.0)
    one, two = (
        scenes_from_uniforms(world, mixture)[1]
        for world in (conflicted, replace(conflicted, self_rule="same"))
    )
    np.testing.assert_array_equal(one.tokens, two.tokens)


ASKED = MIXED._replace(recalls=0.3)


@pytest.mark.parametrize("name", ["tiny", "majority", "another place"])
def test_interference_takes_its_share_of_acts_and_changes_nothing_else(name):
    world = WORLDS[name]
    (before, plain), (after, asked) = (
        scenes_from_uniforms(world, mixture, permitted_secret_goal(world, 1)) for mixture in (MIXED, ASKED)
    )
    recalls = after.shows == RECALLS
    assert_share(int(recalls.sum()), recalls.size, 0.3)
    assert (before.shows[recalls] == ACTS).all()
    for one, two in zip(
        before._replace(shows=before.shows[~recalls]),
        after._replace(shows=after.shows[~recalls]),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
    begin = world.cast_tokens
    by_moment = [scenes.tokens[:, begin:].reshape(AMOUNT, world.moments, -1) for scenes in (plain, asked)]
    np.testing.assert_array_equal(by_moment[0][~recalls], by_moment[1][~recalls])
    np.testing.assert_array_equal(plain.tokens[:, :begin], asked.tokens[:, :begin])
    for reading in [read(world, tokens) for tokens in asked.tokens]:
        for moment in reading.moments:
            assert moment.act == called_for(world, reading, moment, permitted_secret_goal(world, 1))


def test_where_all_is_asked_of_the_moment_before_everything_is_the_first_profession(world):
    for reading in readings(world, mixture=MIXED._replace(questions=0.0, recalls=1.0)):
        assert {moment.question for moment in reading.moments} == {"recalls"}
        assert {moment.act for moment in reading.moments} == {
            reading.cast[reading.moments[0].actor].professed
        }


def test_what_interference_asks_is_a_target_whoever_is_asked(world):
    latents, scenes = scenes_from_uniforms(world, ASKED._replace(beside_self=0.0, self_scenes=1.0))
    by_self = np.take_along_axis(latents.name, latents.actor, 1) == world.names
    np.testing.assert_array_equal(scenes.weights, by_self | (latents.shows == RECALLS))
