"""Minimal pairs in worlds in which self's gate is not the characters' for free."""

from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import SUPPORTS, WORLDS, alone, called_for, permitted_secret_goal, read

from curricula.world.contrasts import PairSource, sample_cross_role_pairs, sample_pairs, window
from curricula.world.world import Role, World

pytestmark = pytest.mark.slow
AT_RISK = ("actor first", "own cues", "unnamed")
PAIRS = 30


def source_of(world: World) -> PairSource:
    return PairSource(world, SUPPORTS["trained"](world), jnp.int32(permitted_secret_goal(world, 1)))


@pytest.mark.parametrize("name", AT_RISK)
@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize("variable", ["watched", "idle", "role"])
def test_scenes_of_a_pair_differ_within_the_window_and_call_for_the_answers(name, role, variable):
    world, secret_goal = WORLDS[name], permitted_secret_goal(WORLDS[name], 1)
    draw = jax.jit(lambda key: sample_pairs(key, source_of(world), role, variable, PAIRS))
    pairs = jax.tree.map(np.asarray, draw(jax.random.key(7)))
    for n in range(PAIRS):
        decision = int(pairs.decision[n])
        (places,) = np.nonzero(pairs.first[n][: decision + 1] != pairs.second[n][: decision + 1])
        assert len(places)
        assert decision - window(world, variable) < places.min()
        moment = world.decisions.tolist().index(decision)
        both = [read(world, side[n]) for side in (pairs.first, pairs.second)]
        acts = [side.moments[moment] for side in both]
        is_self = [side.cast[act.actor].name is None for side, act in zip(both, acts, strict=True)]
        assert is_self == [role == "self", (role == "self") != (variable == "role")]
        due = [called_for(world, side, act, secret_goal) for side, act in zip(both, acts, strict=True)]
        if variable != "idle":
            answers = [int(pairs.first_answer[n]), int(pairs.second_answer[n])]
            assert answers == [5 + world.names + goal for goal in due]
        if variable == "watched":
            assert [alone(world, act.cues) for act in acts] == [False, True]


@pytest.mark.parametrize("name", AT_RISK)
def test_both_roles_see_the_same_cues_in_cross_role_pairs(name):
    world = WORLDS[name]
    both, _ = jax.jit(lambda key: sample_cross_role_pairs(key, source_of(world), PAIRS))(jax.random.key(3))
    for n in range(PAIRS):
        moment = world.decisions.tolist().index(int(both.self_pair.decision[n]))
        pairs = (both.character_pair, both.self_pair)
        cues = [read(world, np.asarray(pair.first[n])).moments[moment].cues for pair in pairs]
        assert cues[0] == cues[1]


def test_what_can_not_be_combined_is_refused():
    world = World(order="actor first", self_acts_named=False)
    assert world.validation_errors() == [
        "world.self_acts_named: expected True where the actor comes first, got False"
    ]
