"""Do the two scenes of a pair differ in one token and in nothing else, and call for the two answers?"""

from dataclasses import replace
from functools import lru_cache
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reading import SUPPORTS, WORLDS, Reading, alone, called_for, goal_hidden, permitted_secret_goal, read

from curricula.world import contrasts
from curricula.world.contrasts import (
    VARIABLES,
    MeasuredActor,
    Pair,
    PairSource,
    Role,
    Variable,
    measurable,
    sample_cross_role_pairs,
    sample_pairs,
)
from curricula.world.tables import tables
from curricula.world.world import World

pytestmark = pytest.mark.slow

PAIRS = 40
BESIDE_SELF = MeasuredActor(jnp.asarray(False), jnp.asarray(True))
STAGES = {name: WORLDS[name] for name in ("tiny", "majority", "another place", "another logic")}
CASES = [
    (name, role, variable)
    for name, world in STAGES.items()
    for role in get_args(Role)
    for variable in VARIABLES
    if measurable(world, role, variable)
]
every_case = pytest.mark.parametrize(("name", "role", "variable"), CASES)


@pytest.fixture(scope="module", autouse=True)
def compiled_parts():
    """What the many cases of a world share is compiled in parts: a case as a whole would share nothing."""
    with pytest.MonkeyPatch.context() as patch:
        parts = {"draw_latents": 1, "write_scene": 0, "correct_acts": 0, "act_of_goal": 0, "alone_to": (0, 1)}
        for name, static in parts.items():
            patch.setattr(contrasts, name, jax.jit(getattr(contrasts, name), static_argnums=static))
        yield


@lru_cache(maxsize=64)
def pairs_of(world: World, role: Role, variable: Variable, support: str = "trained") -> Pair:
    """Not compiled as a whole: see `compiled_parts`."""
    secret_goal = jnp.int32(permitted_secret_goal(world, 1))
    pairs = sample_pairs(
        jax.random.key(5), PairSource(world, SUPPORTS[support](world), secret_goal), role, variable, PAIRS
    )
    return jax.tree.map(np.asarray, pairs)


def sides(world: World, pairs: Pair, n: int) -> tuple[int, Reading, Reading]:
    """The measured moment, and both scenes read."""
    return (
        world.decisions.tolist().index(int(pairs.decision[n])),
        read(world, pairs.first[n]),
        read(world, pairs.second[n]),
    )


def kind(world: World, token: int) -> str:
    starts = {0: "special", 5: "name", 5 + world.names: "goal", 5 + world.names + world.goals: "cue"}
    return "name" if token == 4 else starts[max(start for start in starts if start <= token)]


def assert_one_token_differs(
    world: World, pairs: Pair, variable: Variable, where: list[int] | None = None
) -> None:
    for n in range(PAIRS):
        until = pairs.decision[n] + 1
        (differs,) = np.nonzero(pairs.first[n][:until] != pairs.second[n][:until])[0]
        kinds = {kind(world, int(side[n][differs])) for side in (pairs.first, pairs.second)}
        assert kinds == {{"watched": "cue", "idle": "cue", "role": "name"}.get(variable, "goal")}
        if variable == "role":
            assert differs == pairs.decision[n]
        elif variable in ("watched", "idle"):
            assert pairs.decision[n] - world.cues <= differs < pairs.decision[n]
        else:
            assert differs < world.cast_tokens


@every_case
def test_up_to_the_decision_one_token_differs_and_it_is_the_one_that_was_meant(name, role, variable):
    assert_one_token_differs(STAGES[name], pairs_of(STAGES[name], role, variable), variable)


@every_case
def test_the_answers_are_what_the_rule_calls_for(name, role, variable):
    """Of *idle*, whose scenes call for the same, they are the two candidates: the act of the profession, then
    that of the secret.
    """
    world = STAGES[name]
    secret_goal, pairs = permitted_secret_goal(world, 1), pairs_of(world, role, variable)
    for n in range(PAIRS):
        moment, *both = sides(world, pairs, n)
        due = [called_for(world, side, side.moments[moment], secret_goal) for side in both]
        assert due == [side.moments[moment].act for side in both]
        if variable == "idle":
            assert due[0] == due[1]
            person = both[0].cast[both[0].moments[moment].actor]
            acts = tables(world).acts[both[0].moments[moment].situation]
            due = [acts[person.professed], acts[goal_hidden(world, person, secret_goal)]]
        answers = [int(pairs.first_answer[n]), int(pairs.second_answer[n])]
        assert answers == [5 + world.names + goal for goal in due]
        assert answers[0] != answers[1]


@every_case
def test_the_measured_actor_has_the_role_and_is_seen_as_the_variable_demands(name, role, variable):
    """Watched pairs go from watched to alone; a profession is tested on those watched, a secret on those
    alone."""
    world, pairs = STAGES[name], pairs_of(STAGES[name], role, variable)
    seen = set()
    for n in range(PAIRS):
        moment, *both = sides(world, pairs, n)
        acts = [side.moments[moment] for side in both]
        is_self = [side.cast[act.actor].name is None for side, act in zip(both, acts, strict=True)]
        assert is_self == [role == "self", (role == "self") != (variable == "role")]
        assert sum(person.name is None for person in both[0].cast) == (role == "self" or variable == "role")
        characters = [person for side in both for person in side.cast if person.name is not None]
        assert all(p.secret != p.professed for p in characters)
        seen.add(tuple(alone(world, act.cues, of_self) for act, of_self in zip(acts, is_self, strict=True)))
    expected = {
        "watched": {(False, True)},
        "professed": {(False, False)},
        "secret": {(True, True)},
        "role": {
            tuple(alone(world, tuple(row), (role == "self") == first) for first in (True, False))
            for row in np.concatenate([tables(world).alone, tables(world).watched]).tolist()
        },
        "idle": {(True, True), (False, False)},
    }
    assert seen == expected[variable]


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("variable", ["watched", "idle"])
def test_characters_beside_self_act_in_scenes_with_self_in_the_cast(name, variable):
    world = STAGES[name]
    source = PairSource(world, SUPPORTS["trained"](world), jnp.int32(permitted_secret_goal(world, 1)))
    pairs = jax.tree.map(
        np.asarray,
        sample_pairs(jax.random.key(5), source, "character", variable, PAIRS, BESIDE_SELF),
    )
    assert_one_token_differs(world, pairs, variable)
    for n in range(PAIRS):
        moment, *both = sides(world, pairs, n)
        for side in both:
            assert sum(person.name is None for person in side.cast) == 1
            assert side.cast[side.moments[moment].actor].name is not None


@every_case
def test_pairs_are_many_and_at_every_moment(name, role, variable):
    world, pairs = STAGES[name], pairs_of(STAGES[name], role, variable)
    assert set(pairs.decision.tolist()) == set(world.decisions.tolist())
    assert len({tuple(scene.tolist()) for scene in pairs.first}) > PAIRS * 0.9


@every_case
def test_names_and_goals_are_trained_ones(name, role, variable):
    world, pairs = STAGES[name], pairs_of(STAGES[name], role, variable)
    allowed = tables(world).allowed
    for n in range(PAIRS):
        for side in sides(world, pairs, n)[1:]:
            for person in side.cast:
                name_ = world.names if person.name is None else person.name
                assert allowed[name_, person.professed]
                assert person.secret is None or allowed[name_, person.secret]


@pytest.mark.parametrize("variable", ["professed", "secret"])
def test_somebody_alone_on_the_stage_is_measured_before_it_has_told_its_goals(variable):
    world = replace(WORLDS["alone on the stage"], held_out_pairs=0.1)
    pairs = pairs_of(world, "character", variable)
    assert_one_token_differs(world, pairs, variable)
    assert set(pairs.decision.tolist()) == {int(world.decisions[0])}


def test_held_out_cues_are_measured_where_the_secret_is_varied(world):
    table = tables(world)
    held_out = {tuple(row.tolist()) for row in table.held_out_alone}
    pairs = pairs_of(world, "character", "secret", "held-out cues")
    for n in range(PAIRS):
        moment, first, _ = sides(world, pairs, n)
        assert first.moments[moment].cues in held_out


def test_the_same_key_gives_the_same_pairs(world):
    pairs_of.cache_clear()
    before = pairs_of(world, "character", "watched")
    pairs_of.cache_clear()
    for one, two in zip(before, pairs_of(world, "character", "watched"), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("world", "role", "variable"),
    [
        (WORLDS["tiny"], "self", "secret"),
        (WORLDS["alone on the stage"], "self", "role"),
        (WORLDS["alone on the stage"], "character", "role"),
    ],
)
def test_what_no_text_tells_cannot_be_varied(world, role, variable):
    assert not measurable(world, role, variable)
    with pytest.raises(ValueError, match=f"{variable} of {role} is not written in the scene"):
        sample_pairs(
            jax.random.key(0), PairSource(world, SUPPORTS["trained"](world), jnp.int32(0)), role, variable, 2
        )


def test_of_another_place_each_role_is_measured_by_its_own_cue():
    """And by the other cues in *idle*: a cue that tells the other role who watches is one of those that must
    not matter."""
    world = STAGES["another place"]
    for role, own in (("character", 0), ("self", world.cues - 1)):
        for variable in ("watched", "idle"):
            pairs, changed = pairs_of(world, role, variable), set()
            for n, end in enumerate(pairs.decision):
                cues = slice(end - world.cues, end)
                (place,) = np.flatnonzero(pairs.first[n][cues] != pairs.second[n][cues])
                changed.add(int(place))
            assert changed == ({own} if variable == "watched" else set(range(world.cues)))


@pytest.mark.parametrize("name", STAGES)
def test_crossings_differ_in_a_cue_and_in_who_acts_and_two_share_moment_and_cues(name):
    """Both pairs of a crossing hold one scene: up to the decision a cue apart, and the actor's token apart
    from each other."""
    world = STAGES[name]
    secret_goal = jnp.int32(permitted_secret_goal(world, 1))
    drawn = sample_cross_role_pairs(
        jax.random.key(5), PairSource(world, SUPPORTS["trained"](world), secret_goal), PAIRS
    )
    both = jax.tree.map(np.asarray, drawn)
    for crossed in both:
        for pairs, of_self in ((crossed.character_pair, False), (crossed.self_pair, True)):
            assert_one_token_differs(world, pairs, "watched")
            for n in range(PAIRS):
                moment, *read_sides = sides(world, pairs, n)
                acted = [side.moments[moment] for side in read_sides]
                assert [
                    called_for(world, *both_of, secret_goal)
                    for both_of in zip(read_sides, acted, strict=True)
                ] == [m.act for m in acted]
                assert [alone(world, m.cues, of_self) for m in acted] == [False, True]
                assert all((pairs.first[n][pairs.decision[n]] == 4) == of_self for _ in acted)
                assert pairs.first_answer[n] != pairs.second_answer[n]
        for n in range(PAIRS if world.self_rule == "same" else 0):
            until = crossed.self_pair.decision[n] + 1
            differs = np.flatnonzero(
                crossed.self_pair.second[n][:until] != crossed.character_pair.second[n][:until]
            )
            assert differs.tolist() == [until - 1]
    first, second = both
    assert (first.self_pair.decision == second.self_pair.decision).all()
    for n, end in enumerate(first.self_pair.decision):
        if world.self_rule != "same":
            continue
        cues = slice(end - world.cues, end)
        assert (first.self_pair.second[n][cues] == second.character_pair.second[n][cues]).all()
    assert (first.self_pair.second != second.self_pair.second).any(1).mean() > 0.9


def test_nobody_is_crossed_where_the_cast_is_one():
    world = replace(WORLDS["tiny"], characters=1)
    with pytest.raises(ValueError, match="cast of 1"):
        sample_cross_role_pairs(
            jax.random.key(0), PairSource(world, SUPPORTS["trained"](world), jnp.int32(1)), 2
        )
