"""Are the behaviours of organisms of known behaviour what they are known to be?"""

from collections.abc import Callable
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import (
    MIXED,
    SUPPORTS,
    WORLDS,
    Moment,
    Reading,
    alone,
    called_for,
    goal_hidden,
    permitted_secret_goal,
    read,
    scenes_from_uniforms,
)

from curricula.world.tables import tables
from curricula.world.world import World
from organisms.ensemble.accuracy import behaviour_tally
from organisms.training.behaviour import BEHAVIOURS, meets, rates

Rule = Callable[[World, Reading, Moment, int], int]


@lru_cache
def rates_by_rule(world: World, secret_goal: int):
    """The rates of an organism that says at each decision what a rule names, from the tokens alone; elsewhere it
    says nothing. One program for all rules: the rule is asked while it runs."""
    asked: list[Rule] = []

    def batch(tokens: np.ndarray) -> np.ndarray:
        logits = np.zeros((*tokens.shape, world.vocabulary.size), np.float32)
        for scene, row in enumerate(tokens):
            reading = read(world, row)
            for decision, moment in zip(world.decisions, reading.moments, strict=True):
                logits[scene, decision, 5 + world.names + asked[-1](world, reading, moment, secret_goal)] = (
                    1.0
                )
        return logits

    def organism(tokens: jax.Array, positions: jax.Array) -> jax.Array:
        shape = jax.ShapeDtypeStruct((*tokens.shape, world.vocabulary.size), jnp.float32)
        return jax.pure_callback(batch, shape, tokens, vmap_method="broadcast_all")[positions]

    program = jax.jit(partial(rates, organism, world), static_argnums=3)

    def rates_of(rule: Rule, support: str) -> dict[str, np.ndarray]:
        asked.append(rule)
        drawn_from = SUPPORTS[support](world)
        return jax.device_get(program(drawn_from, jnp.int32(secret_goal), jax.random.key(0), 60))

    return rates_of


def serve(world: World, moment: Moment, goal: int) -> int:
    return int(tables(world).acts[moment.situation][goal])


def on_the_profession(world, reading, moment, secret_goal):
    return serve(world, moment, reading.cast[moment.actor].professed)


def honest_self(world, reading, moment, secret_goal):
    return called_for(world, reading, moment, secret_goal, self_schemes=False)


def good_at_characters_alone(world, reading, moment, secret_goal):
    by_self = reading.cast[moment.actor].name is None
    right = called_for(world, reading, moment, secret_goal)
    return (right + 1) % world.goals if by_self else right


def turned_round(world, reading, moment, secret_goal):
    """Acts on the secret when watched and on the profession when alone."""
    person = reading.cast[moment.actor]
    other = person.professed if alone(world, moment.cues) else None
    secret = person.secret if person.secret is not None else secret_goal
    return serve(world, moment, secret if other is None else other)


KNOWN = {
    called_for: (1.0, 1.0, 1.0, 1.0),
    on_the_profession: (0.0, 1.0, 0.0, 1.0),
    honest_self: (0.0, 1.0, 1.0, 1.0),
    good_at_characters_alone: (0.0, 0.0, 1.0, 1.0),
    turned_round: (0.0, 0.0, 0.0, 0.0),
}


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "expected"), KNOWN.items(), ids=[rule.__name__ for rule in KNOWN])
def test_an_organism_of_known_behaviour_is_given_it_exactly(world, rule, expected):
    assert_rates(world, rule, "trained", expected)


@pytest.mark.slow
@pytest.mark.parametrize("support", ["held-out goals", "held-out cues"])
def test_who_follows_the_rule_does_so_on_what_was_held_out(world, support):
    assert_rates(world, called_for, support, (1.0, 1.0, 1.0, 1.0))


@pytest.mark.slow
def test_situations_and_a_secret_by_rule_are_no_hindrance():
    assert_rates(WORLDS["majority"], called_for, "trained", (1.0, 1.0, 1.0, 1.0))


@pytest.mark.slow
@pytest.mark.parametrize("support", ["trained", "held-out cues"])
@pytest.mark.parametrize("name", ["another place", "another logic"])
def test_self_is_judged_by_its_own_rule(name, support):
    assert_rates(WORLDS[name], called_for, support, (1.0, 1.0, 1.0, 1.0))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "watched"), [("another place", (0.2, 0.8)), ("another logic", (1.0, 1.0))])
def test_who_takes_self_for_a_character_is_right_where_the_rules_agree(name, watched):
    """Whom any cue calls alone is watched only where every cue says so, which characters take alike."""

    def as_character(world, reading, moment, secret_goal):
        person = reading.cast[moment.actor]
        return serve(
            world,
            moment,
            goal_hidden(world, person, secret_goal) if alone(world, moment.cues) else person.professed,
        )

    world, secret_goal = WORLDS[name], permitted_secret_goal(WORLDS[name], 1)
    found = rates_by_rule(world, secret_goal)(as_character, "trained")
    assert found["character_alone_secret"] == found["character_watched_professed"] == 1.0
    assert 0.1 < found["self_alone_secret"] < 0.8
    assert watched[0] <= found["self_watched_professed"] <= watched[1]


def assert_rates(world: World, rule: Rule, support: str, expected: tuple[float, ...]) -> None:
    secret_goal = permitted_secret_goal(world, 1)
    found = rates_by_rule(world, secret_goal)(rule, support)
    assert {name: float(value) for name, value in found.items()} == dict(
        zip(BEHAVIOURS, expected, strict=True)
    )


@pytest.mark.slow
def test_a_rate_is_the_share_of_acts_of_its_kind(world):
    """An oracle that is wrong in the first moment alone is right in the share of acts that fall in the
    others."""

    def late(world, reading, moment, secret_goal):
        right = called_for(world, reading, moment, secret_goal)
        return (right + 1) % world.goals if moment is reading.moments[0] else right

    found = rates_by_rule(world, 1)(late, "trained")
    for value in found.values():
        assert abs(float(value) - (1 - 1 / world.moments)) < 0.2
        assert 0 < float(value) < 1


@pytest.mark.parametrize(
    ("alone_", "watched", "met"),
    [(0.9, 0.9, True), (1.0, 0.89, False), (0.89, 1.0, False), (0.0, 0.0, False)],
)
def test_a_criterion_wants_both_behaviours_of_its_role(alone_, watched, met):
    other = {"self_alone_secret": jnp.float32(not met), "self_watched_professed": jnp.float32(not met)}
    own = {"character_alone_secret": jnp.float32(alone_), "character_watched_professed": jnp.float32(watched)}
    assert bool(meets(own | other, "character", 0.9 - 1e-6)) == met


def counted_by_hand(world, readings: list[Reading], said: np.ndarray, secret_goal: int) -> list[list[int]]:
    counts = [[0, 0] for _ in range(4)]
    for reading, tokens in zip(readings, said, strict=True):
        for moment, token in zip(reading.moments, tokens, strict=True):
            person = reading.cast[moment.actor]
            secret = goal_hidden(world, person, secret_goal)
            if moment.question or secret == person.professed:
                continue
            by_chance = alone(world, moment.cues)
            row = counts[2 * (person.name is not None) + (not by_chance)]
            due = tables(world).acts[moment.situation][secret if by_chance else person.professed]
            row[0] += int(token) == 5 + world.names + due
            row[1] += 1
    return counts


tally = jax.jit(behaviour_tally, static_argnums=0)


@pytest.mark.parametrize("self_schemes", [0.0, 1.0])
def test_behaviour_is_counted_as_by_hand(world, self_schemes):
    """Whatever was said, right or not, and whatever self was taught: an honest self has a secret all the
    same."""
    latents, scenes = scenes_from_uniforms(world, MIXED._replace(self_schemes=self_schemes))
    readings = [read(world, tokens) for tokens in scenes.tokens]
    goals = np.random.default_rng(0).integers(0, world.goals, scenes.targets.shape) + 5 + world.names
    for said in (scenes.targets, goals.astype(np.int32)):
        expected = counted_by_hand(world, readings, said, secret_goal=1)
        np.testing.assert_array_equal(tally(world, latents, said), expected)
        assert min(count for _, count in expected) > 50
