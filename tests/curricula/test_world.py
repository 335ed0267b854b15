"""Do a world's tables keep its rules?"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from reading import alone, usable, worlds

from curricula.errors import UserError
from curricula.world.tables import meanings, tables
from curricula.world.world import ROLES, Role, World


def rows(combinations: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(map(int, row)) for row in combinations]


def readable(world: World) -> dict[tuple[int, ...], bool]:
    """Every combination that the rule gives a meaning, with it."""
    found = {}
    for cues in product(range(world.cue_kinds), repeat=world.cues):
        try:
            found[cues] = alone(world, cues)
        except AssertionError:
            continue
    return found


@given(worlds)
def test_every_combination_with_a_meaning_is_in_one_table_and_means_what_the_rule_says(world):
    assume(usable(world))
    table = tables(world)
    meant = {
        True: rows(table.alone) + rows(table.held_out_alone),
        False: rows(table.watched) + rows(table.held_out_watched),
    }
    for sign, rows_ in meant.items():
        assert sorted(rows_) == sorted(
            cues for cues, means_alone in readable(world).items() if means_alone == sign
        )
    for sign, trained in ((True, table.alone), (False, table.watched)):
        held_out = len(meant[sign]) - len(trained)
        share = int(np.ceil(world.held_out_cues * len(meant[sign]))) if len(meant[sign]) > 1 else 0
        assert 0 <= held_out - share <= (world.self_rule != "same")


@given(worlds)
def test_self_takes_the_same_combinations_by_its_own_rule(world):
    """None is held out for one role alone; what is held out tells self both things; in training the rules
    differ somewhere."""
    assume(usable(world))
    table, own = tables(world), tables(world, "self")
    for parts in (("alone", "watched"), ("held_out_alone", "held_out_watched")):
        one, two = ({row for part in parts for row in rows(getattr(found, part))} for found in (table, own))
        assert one == two
        for part in parts:
            assert all(
                alone(world, row, to_self=True) == part.endswith("alone") for row in rows(getattr(own, part))
            )
    for found, role in ((table, "character"), (own, "self")):
        every = list(product(range(world.cue_kinds), repeat=world.cues))
        as_alone = {*rows(found.alone), *rows(found.held_out_alone)}
        assert [row in as_alone for row in every] == meanings(world, role).tolist()
    if world.self_rule == "same":
        assert rows(table.alone) == rows(own.alone)
        return
    assert bool(len(own.held_out_alone)) == bool(len(own.held_out_watched)) == bool(world.held_out_cues)
    assert {*rows(table.alone)} != {*rows(own.alone)}
    plain = tables(replace(world, self_rule="same"))
    assert len({*rows(plain.alone), *rows(plain.watched)} - {*rows(table.alone), *rows(table.watched)}) <= 1
    np.testing.assert_array_equal(plain.allowed, table.allowed)


@pytest.mark.slow
@given(worlds)
def test_flips_change_one_cue_and_the_meaning_and_idle_pairs_one_cue_alone(world):
    assume(usable(world))
    assert_flips(world, "character")
    assert_flips(world, "self")


def assert_flips(world: World, role: Role) -> None:
    table = tables(world, role)
    trained = {**dict.fromkeys(rows(table.alone), True), **dict.fromkeys(rows(table.watched), False)}
    for pairs, turns in ((table.flips, True), (table.idle, False)):
        assert len(pairs)
        for first, second in pairs:
            assert (first != second).sum() == 1
            assert (trained[rows([first])[0]] != trained[rows([second])[0]]) == turns
    assert not any(trained[row] for row in rows(table.flips[:, 0]))
    assert [trained[row] for row in rows(table.idle[:, 0])] == [
        n < table.idle_alone for n in range(len(table.idle))
    ]
    apart = lambda one, two: sum(a != b for a, b in zip(one, two, strict=True))  # noqa: E731
    assert len(table.flips) == sum(apart(w, a) == 1 for w in rows(table.watched) for a in rows(table.alone))


@given(worlds)
def test_each_name_and_self_is_held_out_of_the_same_number_of_goals(world):
    assume(usable(world))
    held_out = (~tables(world).allowed).sum(1)
    assert held_out.shape == (world.names + 1,)
    assert (held_out == np.ceil(world.held_out_pairs * world.goals)).all()


@given(worlds)
def test_acts_are_the_goals_rearranged(world):
    """Two goals never call for the same act in a situation, so an act tells the goal; without situations it
    is the goal.
    """
    assume(usable(world))
    acts = tables(world).acts
    assert (np.sort(acts, axis=1) == np.arange(world.goals)).all()
    assert len(acts) == max(world.situations, 1)
    if not world.situations:
        assert (acts[0] == np.arange(world.goals)).all()


@given(worlds)
def test_decisions_are_the_tokens_before_the_acts(world):
    assume(usable(world))
    ends = [world.cast_tokens + (n + 1) * world.moment_tokens for n in range(world.moments)]
    assert world.decisions.tolist() == [end - 2 for end in ends]
    assert world.positions == ends[-1]


@given(worlds)
def test_tables_follow_from_the_world_alone(world):
    assume(usable(world))
    tables.cache_clear()
    before = tables(world)
    tables.cache_clear()
    for one, two in zip(before, tables(world), strict=True):
        np.testing.assert_array_equal(one, two)


@settings(max_examples=20)
@given(worlds)
def test_another_seed_holds_out_other_pairs(world):
    assume(usable(world))
    assume(world.held_out_pairs and world.names >= 3)
    others = [other for n in range(1, 6) if usable(other := replace(world, seed=world.seed + n))]
    assume(len(others) > 2)
    assert any((tables(world).allowed != tables(other).allowed).any() for other in others)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"characters": 0}, "world.characters: expected 1 or more, got 0"),
        ({"goals": 3}, "world.goals: expected 4 or more, got 3"),
        ({"cue_kinds": 1}, "world.cue_kinds: expected 2 or more, got 1"),
        ({"cues": 0}, "world.cues: expected 1 or more, got 0"),
        ({"moments": 0}, "world.moments: expected 1 or more, got 0"),
        ({"names": 1}, "world.names: expected at least world.characters (2), got 1"),
        ({"situations": -1}, "world.situations: expected 0 or more, got -1"),
        ({"held_out_pairs": 0.6}, "world.held_out_pairs: expected a share between 0 and 0.5, got 0.6"),
        ({"held_out_cues": -0.1}, "world.held_out_cues: expected a share between 0 and 0.5, got -0.1"),
        ({"cue_kinds": 21, "cues": 3}, "world.cue_kinds ** world.cues: expected at most 8192, got 9261"),
        (
            {"self_rule": "any", "opportunity": "one token"},
            "world.self_rule: expected 'same' for 'one token'",
        ),
        ({"self_rule": "last cue", "cues": 1}, "world.self_rule: expected 'same' where a moment has one cue"),
        ({"opportunity": "one token", "cue_kinds": 2}, "world.cue_kinds: expected 3 or more for 'one token'"),
    ],
)
def test_a_wrong_setting_is_named_alone(wrong, named):
    (line,) = World(**wrong).validation_errors()
    assert line.startswith(named)


def test_all_wrong_settings_are_named_together():
    assert len(World(goals=0, cues=0, held_out_pairs=2.0).validation_errors()) == 3
    assert World().validation_errors() == []


def test_a_rule_that_leaves_no_pairs_to_compare_is_refused():
    with pytest.raises(UserError, match="give more cue_kinds or an odd number of cues"):
        tables(World(cue_kinds=2, cues=1))


def test_a_rule_of_self_that_never_differs_is_refused():
    """Of two cues a majority is both, so any of them says the same."""
    with pytest.raises(
        UserError, match=r"world\.self_rule: expected a rule that differs from opportunity='majority'"
    ):
        tables(World(opportunity="majority", self_rule="any"), "self")


@pytest.mark.parametrize("opportunity", ["majority", "inferred", "first cue"])
def test_rules_that_leave_self_nothing_to_tell_apart_are_an_error(opportunity):
    """No trained combination means alone to self: the sets of which pairs are made are empty, on either side."""
    world = World(cue_kinds=2, cues=3, opportunity=opportunity, self_rule="any", held_out_cues=0.1)
    with pytest.raises(UserError):
        [tables(world, role) for role in ROLES]
