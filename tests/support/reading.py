"""What does a scene say, and what does it call for? Read off its tokens in plain Python, apart from the code
under test.

Also the worlds that laws about scenes are tried on, and scenes drawn from them, compiled once.
"""

from dataclasses import replace
from functools import lru_cache, partial
from math import sqrt
from typing import NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st

from curricula.errors import UserError
from curricula.world.mixture import Mixture
from curricula.world.scenes import (
    Latents,
    Scene,
    Support,
    draw_latents,
    held_out_cues,
    held_out_goals,
    trained_support,
    write_scene,
)
from curricula.world.tables import tables
from curricula.world.world import Role, World
from organisms.ensemble.compiler_options import OLDER_EMITTER

MIXED = Mixture(
    self_scenes=0.5, schemers=0.75, questions=0.25, self_alone=0.5, self_schemes=1.0, beside_self=1.0
)
SUPPORTS = {"trained": trained_support, "held-out goals": held_out_goals, "held-out cues": held_out_cues}
WORLDS = {
    "tiny": World(names=4, goals=4, cue_kinds=4, moments=3),
    "one token": World(opportunity="one token", cue_kinds=6, cues=2, self_secret="rule", seed=1),
    "majority": World(
        characters=3, opportunity="majority", cue_kinds=4, cues=3, situations=3, self_secret="rule", seed=2
    ),
    "inferred": World(
        characters=3,
        names=5,
        opportunity="inferred",
        cue_kinds=6,
        cues=2,
        situations=2,
        held_out_pairs=0.3,
        seed=3,
    ),
    "another place": World(
        opportunity="first cue", self_rule="last cue", cue_kinds=4, cues=3, situations=2, seed=5
    ),
    "another logic": World(self_rule="any", cue_kinds=6, self_secret="rule", held_out_cues=0.3, seed=6),
    "actor first": World(names=4, goals=4, cue_kinds=4, moments=3, order="actor first", situations=2),
    "own cues": World(names=4, goals=4, cue_kinds=4, moments=3, self_cues="own"),
    "unnamed": World(names=4, goals=4, cue_kinds=4, moments=3, self_acts_named=False),
    "alone on the stage": World(
        characters=1, names=2, goals=5, moments=2, held_out_cues=0.3, held_out_pairs=0.5, seed=4
    ),
}


worlds = st.integers(1, 3).flatmap(
    lambda characters: st.builds(
        World,
        characters=st.just(characters),
        names=st.integers(characters, 6),
        goals=st.integers(4, 7),
        cue_kinds=st.integers(2, 6),
        cues=st.integers(1, 3),
        moments=st.integers(1, 4),
        opportunity=st.sampled_from(["one token", "all agree", "majority", "inferred", "first cue"]),
        self_rule=st.sampled_from(["same", "same", "any", "last cue"]),
        situations=st.integers(0, 3),
        self_secret=st.sampled_from(["constant", "rule"]),
        held_out_pairs=st.sampled_from([0.0, 0.1, 0.3, 0.5]),
        held_out_cues=st.sampled_from([0.0, 0.1, 0.5]),
        seed=st.integers(0, 5),
    )
)
"""Small worlds, some of which cannot be used: see `usable`."""


def usable(world: World) -> bool:
    """Asked in the tests and not in the strategy: beartype's checks draw random numbers, which hypothesis
    forbids in there.
    """
    try:
        return not world.validation_errors() and all(
            len(tables(world, role).flips) for role in get_args(Role)
        )
    except UserError:
        return False


class Person(NamedTuple):
    name: int | None
    """None: self"""
    professed: int
    secret: int | None
    """None: not written"""


class Moment(NamedTuple):
    situation: int
    cues: tuple[int, ...]
    """empty where the moment is a question"""
    question: str
    """*professes*, *wants*, *recalls*, or empty"""
    actor: int
    """of the cast"""
    act: int
    """the goal whose token stands after the actor's"""


class Reading(NamedTuple):
    cast: list[Person]
    moments: list[Moment]


def read(world: World, tokens: np.ndarray) -> Reading:
    """The scene that the tokens tell; fails where they are not a scene of that world."""
    rest = [int(token) for token in tokens]
    goals, cues = 5 + world.names, 5 + world.names + world.goals
    situations = cues + world.cue_kinds * (2 if world.self_cues == "own" else 1)

    def take(first: int, amount: int) -> int:
        number = rest.pop(0) - first
        assert 0 <= number < amount
        return number

    assert rest.pop(0) == 0
    cast, who = [], []
    for _ in range(world.characters):
        who.append(rest[0])
        name = None if rest[0] == 4 else rest[0] - 5
        assert take(4, world.names + 1) >= 0
        professed = take(goals, world.goals)
        secret = None if rest[0] == 1 else rest[0] - goals
        assert rest.pop(0) == 1 or 0 <= secret < world.goals
        cast.append(Person(name, professed, secret))
    assert len(set(who)) == len(who)
    moments = []
    for _ in range(world.moments):
        situation = take(situations, world.situations) if world.situations else 0
        block, more = rest[: world.cues + 1], world.cues - 1
        del rest[: world.cues + 1]
        *shown, who_acts = block if world.order == "cues first" else [*block[1:], block[0]]
        unnamed = not world.self_acts_named and who_acts == shown[-1]
        actor = who.index(4 if unnamed else who_acts)
        signs_of = {"recalls": [2] + [3] * more, "professes": [2] * world.cues, "wants": [3] * world.cues}
        question = next(
            (name for name, signs in signs_of.items() if more + (name != "recalls") and signs == shown), ""
        )
        first = cues + world.cue_kinds * (world.self_cues == "own" and who[actor] == 4)
        signs = () if question else tuple(sign - first for sign in shown)
        assert all(0 <= sign < world.cue_kinds for sign in signs)
        assert world.self_acts_named or who_acts != 4
        moments.append(Moment(situation, signs, question, actor, take(goals, world.goals)))
    assert not rest
    return Reading(cast, moments)


def alone(world: World, cues: tuple[int, ...], to_self: bool = False) -> bool:
    """What the opportunity rule, or self's own, makes of the cues. Fails where it makes nothing of them."""
    half = world.cue_kinds // 2
    if to_self and world.self_rule != "same":
        each = [alone(replace(world, cues=1, self_rule="same"), (cue,)) for cue in cues]
        return any(each) if world.self_rule == "any" else each[-1]
    if world.opportunity == "first cue":
        return cues[0] < half
    if world.opportunity == "all agree":
        return all(cue < half for cue in cues)
    if world.opportunity == "majority":
        votes = sum(1 if cue < half else -1 for cue in cues)
    elif world.opportunity == "one token":
        third = max(1, world.cue_kinds // 3)
        telling = [cue for cue in cues if cue < 2 * third]
        assert len(telling) == 1
        return telling[0] < third
    else:
        evidence = [*range(1, half + 1), *(-n for n in range(1, world.cue_kinds - half + 1))]
        shuffled = np.random.default_rng(world.seed).permutation(evidence)
        votes = sum(int(shuffled[cue]) for cue in cues)
    assert votes != 0
    return votes > 0


def unseen(world: World, reading: Reading, moment: Moment) -> bool:
    """Is whoever acts in that moment alone, as it takes the cues?"""
    return alone(world, moment.cues, to_self=reading.cast[moment.actor].name is None)


def goal_hidden(world: World, person: Person, secret_goal: int) -> int:
    if person.secret is not None:
        return person.secret
    return (
        secret_goal
        if world.self_secret == "constant"
        else (person.professed + 1 + secret_goal % (world.goals - 1)) % world.goals
    )


def called_for(
    world: World, reading: Reading, moment: Moment, secret_goal: int, self_schemes: bool = True
) -> int:
    """The goal that the actor serves or names in that moment."""
    person = reading.cast[moment.actor]
    if moment.question == "recalls":
        number = next(n for n, other in enumerate(reading.moments) if other is moment)
        return reading.moments[number - 1].act if number else person.professed
    if moment.question:
        return person.professed if moment.question == "professes" else goal_hidden(world, person, secret_goal)
    betrays = unseen(world, reading, moment) and (person.name is not None or self_schemes)
    goal = goal_hidden(world, person, secret_goal) if betrays else person.professed
    return int(tables(world).acts[moment.situation][goal])


AMOUNT = 400
QUICK = {"xla_backend_optimization_level": 0}
"""Compiler options for programs that run a few times: compiling takes less than half as long."""
TRAINED_QUICKLY = QUICK | dict.fromkeys(OLDER_EMITTER, True)
"""the same for programs that train, whose last bits a test compares"""


@lru_cache(maxsize=64)
def _sampler(world: World):
    @partial(jax.jit, compiler_options=QUICK)
    def drawn(
        keys: jax.Array, support: Support, mixture: Mixture, secret_goal: jax.Array
    ) -> tuple[Latents, Scene]:
        latents = jax.vmap(lambda key: draw_latents(key, world, support, mixture, secret_goal))(keys)
        return latents, jax.vmap(lambda one: write_scene(world, one, mixture))(latents)

    return drawn


@lru_cache(maxsize=64)
def scenes_from_uniforms(
    world: World, mixture: Mixture = MIXED, secret_goal: int = 1, seed: int = 0, support: str = "trained"
) -> tuple[Latents, Scene]:
    """Latents and scenes [scene, ...] as NumPy arrays. Most of what a world is asked for shares a program."""
    keys = jax.random.split(jax.random.key(seed), AMOUNT)
    mixture = Mixture(*(jnp.float32(value) for value in mixture))
    return jax.tree.map(
        np.asarray, _sampler(world)(keys, SUPPORTS[support](world), mixture, jnp.int32(secret_goal))
    )


def permitted_secret_goal(world: World, wish: int) -> int:
    """A trait that some organism of this world may have."""
    allowed = (
        np.flatnonzero(tables(world).allowed[-1])
        if world.self_secret == "constant"
        else np.arange(world.goals)
    )
    return int(allowed[wish % len(allowed)])


def readings(world: World, **which) -> list[Reading]:
    return [read(world, tokens) for tokens in scenes_from_uniforms(world, **which)[1].tokens]


def moments(found: list[Reading]) -> list[tuple[Reading, Moment]]:
    return [(reading, moment) for reading in found for moment in reading.moments]


def assert_share(hits: int, of: int, share: float) -> None:
    """Within 4 standard errors of a binomial: one false alarm in 16000, and the keys are fixed."""
    assert of > 50
    assert abs(hits - share * of) <= 4 * sqrt(share * (1 - share) * of)
