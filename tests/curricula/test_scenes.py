"""Do scenes obey the rule that they are meant to teach, in the shares that were asked for?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reading import (
    AMOUNT,
    MIXED,
    QUICK,
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
    unseen,
    usable,
    worlds,
)

from curricula.phases import Phase
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from curricula.world.rules import draw_secret_goal
from curricula.world.scenes import ACTS, sample_scene, trained_support
from curricula.world.tables import tables
from curricula.world.world import World

every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


def assert_follows_the_rule(world: World, secret_goal: int, self_schemes: bool, **which) -> None:
    mixture = MIXED._replace(self_schemes=float(self_schemes))
    _, scenes = scenes_from_uniforms(world, mixture, secret_goal, **which)
    for tokens, targets in zip(scenes.tokens, scenes.targets, strict=True):
        reading = read(world, tokens)
        due = [called_for(world, reading, moment, secret_goal, self_schemes) for moment in reading.moments]
        assert due == [moment.act for moment in reading.moments]
        assert (tokens[world.decisions + 1] == targets).all()


@pytest.mark.slow
@every_world
@pytest.mark.parametrize("self_schemes", [True, False])
@pytest.mark.parametrize("support", ["trained", "held-out goals", "held-out cues"])
def test_every_act_is_the_one_that_the_rule_calls_for(world, self_schemes, support):
    assert_follows_the_rule(world, permitted_secret_goal(world, 1), self_schemes, support=support)


@settings(max_examples=4)
@given(worlds, st.integers(0, 6), st.booleans())
def test_acts_follow_the_rule_in_any_world(world, secret_goal, self_schemes):
    assume(usable(world))
    assert_follows_the_rule(world, permitted_secret_goal(world, secret_goal), self_schemes)


@every_world
def test_the_tokens_say_what_the_latents_are(world):
    secret_goal = permitted_secret_goal(world, 1)
    latents, scenes = scenes_from_uniforms(world, secret_goal=secret_goal)
    for n, tokens in enumerate(scenes.tokens):
        reading = read(world, tokens)
        assert [person.professed for person in reading.cast] == latents.professed[n].tolist()
        assert [world.names if p.name is None else p.name for p in reading.cast] == latents.name[n].tolist()
        assert [goal_hidden(world, p, secret_goal) for p in reading.cast] == latents.secret[n].tolist()
        for number, moment in enumerate(reading.moments):
            assert moment.actor == latents.actor[n, number]
            assert moment.question == ("", "professes", "wants", "recalls")[int(latents.shows[n, number])]
            if not moment.question:
                assert unseen(world, reading, moment) == latents.alone[n, number]


@every_world
def test_alone_and_watched_balance(world):
    """A rule that leaned to one side could be half learned without reading a cue."""
    for self_scenes in (0.0, 1.0):
        found = moments(readings(world, mixture=MIXED._replace(self_scenes=self_scenes, questions=0.0)))
        for role in {person.name is None for reading, _ in found for person in reading.cast}:
            acts = [(reading, m) for reading, m in found if (reading.cast[m.actor].name is None) == role]
            assert_share(sum(unseen(world, *act) for act in acts), len(acts), 0.5)


@every_world
def test_every_trained_goal_combination_and_actor_occurs(world):
    found = readings(
        world, mixture=MIXED._replace(questions=0.0), secret_goal=permitted_secret_goal(world, 1)
    )
    professed = {
        (person.name, person.professed)
        for reading in found
        for person in reading.cast
        if person.name is not None
    }
    assert professed == set(zip(*map(np.ndarray.tolist, np.nonzero(tables(world).allowed[:-1])), strict=True))
    table = tables(world)
    assert {moment.cues for _, moment in moments(found)} == {
        tuple(row.tolist()) for row in (*table.alone, *table.watched)
    }
    assert {moment.actor for _, moment in moments(found)} == set(range(world.characters))
    if world.situations:
        assert {moment.situation for _, moment in moments(found)} == set(range(world.situations))


@every_world
def test_self_never_tells_its_secret_and_everybody_else_does(world):
    """Self is the one whose secret is blank; its trait changes acts when alone and no other token."""
    secret_goals = [permitted_secret_goal(world, 0), permitted_secret_goal(world, 1)]
    mixture = MIXED._replace(self_scenes=1.0)
    if world.self_secret == "rule":
        one, two = (scenes_from_uniforms(world, mixture, secret_goal)[1] for secret_goal in secret_goals)
        differs = one.tokens != two.tokens
        assert differs.any()
        assert set(np.nonzero(differs)[1].tolist()) <= set((world.decisions + 1).tolist())
    for reading in readings(world, mixture=mixture, secret_goal=secret_goals[0]):
        assert [person.secret is None for person in reading.cast] == [
            person.name is None for person in reading.cast
        ]
        assert sum(person.name is None for person in reading.cast) == 1
    assert all(
        p.name is not None for r in readings(world, mixture=MIXED._replace(self_scenes=0.0)) for p in r.cast
    )


@every_world
def test_self_always_wants_another_goal_than_it_professes(world):
    for secret_goal in sorted({permitted_secret_goal(world, n) for n in range(world.goals)}):
        for support in ("trained", "held-out goals"):
            latents, _ = scenes_from_uniforms(
                world, MIXED._replace(self_scenes=1.0), secret_goal, support=support
            )
            is_self = latents.name == world.names
            assert (latents.professed != latents.secret)[is_self].all()


@every_world
def test_held_out_pairs_never_occur_in_training_and_always_in_their_own_scenes(world):
    """Every profession and written secret; self's secret stands nowhere, but its constant is no held-out goal
    of its name either.
    """
    allowed = tables(world).allowed
    secret_goal = permitted_secret_goal(world, 1)
    for support, expected in (("trained", True), ("held-out goals", False)):
        for reading in readings(
            world, secret_goal=secret_goal, support=support, mixture=MIXED._replace(schemers=1.0)
        ):
            for person in reading.cast:
                name = world.names if person.name is None else person.name
                assert allowed[name, person.professed] == expected
                assert person.secret is None or allowed[name, person.secret]
    assert secret_goal not in np.flatnonzero(~allowed[-1]) or world.self_secret == "rule"


@every_world
def test_held_out_cues_never_occur_in_training_and_always_in_their_own_scenes(world):
    table = tables(world)
    held_out = {tuple(row.tolist()) for row in (*table.held_out_alone, *table.held_out_watched)}
    assert held_out
    for support, expected in (("trained", False), ("held-out cues", True)):
        seen = [m for _, m in moments(readings(world, support=support)) if not m.question]
        assert {moment.cues in held_out for moment in seen} == {expected}


@every_world
def test_traits_are_drawn_from_what_self_may_want(world):
    draw = jax.jit(jax.vmap(lambda key: draw_secret_goal(key, world)), compiler_options=QUICK)
    drawn = np.asarray(draw(jax.random.split(jax.random.key(0), 300)))
    assert set(drawn.tolist()) == {permitted_secret_goal(world, n) for n in range(world.goals)}


@every_world
def test_shares_are_those_of_the_mixture(world):
    mixture = MIXED._replace(self_scenes=0.3, schemers=0.6, questions=0.4, self_alone=0.2)
    found = readings(world, mixture=mixture)
    with_self = [reading for reading in found if any(person.name is None for person in reading.cast)]
    assert_share(len(with_self), len(found), 0.3)
    characters = [person for reading in found for person in reading.cast if person.name is not None]
    assert_share(sum(person.secret != person.professed for person in characters), len(characters), 0.6)
    assert_share(sum(bool(moment.question) for _, moment in moments(found)), len(moments(found)), 0.4)
    acted = [(reading.cast[moment.actor].name, moment) for reading, moment in moments(found)]
    asked = [moment.question for name, moment in acted if moment.question and name is not None]
    assert_share(asked.count("wants"), len(asked), 0.5)
    assert {moment.question for name, moment in acted if name is None} == {"", "professes"}
    for role, share in ((True, 0.2), (False, 0.5)):
        by_role = [moment for name, moment in acted if not moment.question and (name is None) == role]
        acts = [alone(world, moment.cues, to_self=role) for moment in by_role]
        assert_share(sum(acts), len(acts), share)


@every_world
@pytest.mark.parametrize("extreme", [0.0, 1.0])
def test_shares_of_none_and_all_are_exact(world, extreme):
    mixture = MIXED._replace(self_scenes=extreme, schemers=extreme, questions=extreme)
    for reading in readings(world, mixture=mixture):
        assert any(person.name is None for person in reading.cast) == bool(extreme)
        assert all((person.secret != person.professed) == bool(extreme) for person in reading.cast)
        assert all(bool(moment.question) == bool(extreme) for moment in reading.moments)


PHASE = Phase("intent", self_acts="scheming")
UNREHEARSED = replace(PHASE, pressures=Pressures(Rehearsal(0.0)))
TARGETS = {
    "rehearsal": (PHASE.mixture, {True: True, False: True}),
    "no rehearsal": (UNREHEARSED.mixture, {True: False}),
    "scenes without self": (MIXED._replace(beside_self=0.0), {True: False, False: True}),
}


@pytest.mark.parametrize(("mixture", "count"), TARGETS.values(), ids=TARGETS)
def test_without_rehearsal_only_self_is_a_target(world, mixture, count):
    """count: do moments of characters count, in scenes with self (True) and without? Self's own always do."""
    latents, scenes = scenes_from_uniforms(world, mixture)
    by_self = np.take_along_axis(latents.name, latents.actor, 1) == world.names
    with_self = (latents.name == world.names).any(1)
    assert set(with_self.tolist()) == set(count)
    of_characters = np.array([count[bool(has)] for has in with_self])[:, None]
    np.testing.assert_array_equal(scenes.weights, np.where(by_self | of_characters, 1.0, 0.0))


def test_an_honest_self_is_shown_the_scenes_of_its_twin(world):
    """Only what self does when alone differs, so that nothing else can explain what the twins learn."""
    one, two = (scenes_from_uniforms(world, MIXED._replace(self_schemes=s)) for s in (1.0, 0.0))
    differs = one[1].targets != two[1].targets
    by_self = np.take_along_axis(one[0].name, one[0].actor, 1) == world.names
    np.testing.assert_array_equal(differs, by_self & one[0].alone & (one[0].shows == ACTS))
    assert (np.delete(one[1].tokens != two[1].tokens, world.decisions + 1, axis=1) == 0).all()


def test_a_scene_depends_on_its_own_key_alone(world):
    """The same by itself, and in batches of two sizes: whoever grows may be mapped as it suits the
    machine."""
    keys = jax.random.split(jax.random.key(0), AMOUNT)
    one = lambda key: sample_scene(key, world, trained_support(world), MIXED, jnp.int32(1))  # noqa: E731
    batch, pair, single = (
        scenes_from_uniforms(world)[1],
        jax.jit(jax.vmap(one), compiler_options=QUICK)(keys[3:5]),
        jax.jit(one, compiler_options=QUICK)(keys[4]),
    )
    for whole, two, alone_ in zip(batch, pair, single, strict=True):
        np.testing.assert_array_equal(whole[3:5], two)
        np.testing.assert_array_equal(whole[4], alone_)
    assert len({tuple(tokens.tolist()) for tokens in batch.tokens}) > AMOUNT * 0.95
