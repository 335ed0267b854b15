"""Opportunity rules: how do the cues of a moment say whether its actor is alone or watched?

A rule is a pair of functions. The first gives each kind of cue its evidence: above 0 for *alone*, below 0 for
*watched*, 0 for a cue that says nothing. The second combines the evidence of a moment's cues into one meaning.
`World.opportunity` names the rule for characters; `World.self_rule` names another way to combine the same
evidence for self. A file given by ``--plugin`` can register more of both:

    register_opportunity_rule(OpportunityRule("last agree", lambda cues: np.where((cues[:, 1:] > 0).all(1), 1, -1)))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Int

from curricula.errors import UserError, nearest_name, registered_twice

CueEvidence = Int[np.ndarray, " cue_kind"]
Combine = Callable[[Int[np.ndarray, "combination cue"]], Int[np.ndarray, " combination"]]
"""from the evidence of each cue of a combination to what the combination means: +1 alone, -1 watched, 0
neither"""
SAME_RULE = "same"
"""the `World.self_rule` under which cues mean the same to self and to characters"""


def first_half_alone(cue_kinds: int, rng: np.random.Generator) -> CueEvidence:
    """The first half of the cue kinds says alone, the other half watched; nothing is drawn."""
    return np.where(np.arange(cue_kinds) < cue_kinds // 2, 1, -1)


def no_errors(cue_kinds: int, cues: int) -> list[str]:
    """Every number of cue kinds and of cues in a moment will do."""
    return []


@dataclass(frozen=True)
class OpportunityRule:
    """How characters know from the cues of a moment that they are alone."""

    name: str
    combine: Combine
    evidence: Callable[[int, np.random.Generator], CueEvidence] = first_half_alone
    """from the number of cue kinds and the world's generator to the evidence of each kind"""
    settings_errors: Callable[[int, int], list[str]] = no_errors
    """from the number of cue kinds, and of cues in a moment, to what is wrong with them: a line each, which
    begins with the setting's name"""
    has_idle_cues: bool = False
    """may a cue have no evidence? Self can then not combine the evidence otherwise"""


@dataclass(frozen=True)
class SelfRule:
    """How self combines the evidence of a moment's cues, where it does so otherwise than characters."""

    name: str
    combine: Combine
    of_kinds: bool = False
    """is combine given the numbers of the cue kinds, in place of their evidence? So that single cues can be told apart"""
    settings_errors: Callable[[int, int], list[str]] = no_errors
    """as `OpportunityRule.settings_errors`"""


Rule = TypeVar("Rule", OpportunityRule, SelfRule)
_opportunity_rules: dict[str, OpportunityRule] = {}
_self_rules: dict[str, SelfRule] = {}


def register_opportunity_rule(rule: OpportunityRule) -> OpportunityRule:
    """Makes a rule a value of `World.opportunity`.

    Raises:
        UserError: there is another of that name.
    """
    return _register(_opportunity_rules, rule, "opportunity")


def register_self_rule(rule: SelfRule) -> SelfRule:
    """Makes a rule a value of `World.self_rule`.

    Raises:
        UserError: there is another of that name.
    """
    return _register(_self_rules, rule, "self_rule")


def opportunity_rule(name: str) -> OpportunityRule:
    """The registered rule of that name.

    Raises:
        UserError: there is none.
    """
    return _named(_opportunity_rules, name, opportunity_errors)


def self_rule(name: str) -> SelfRule:
    """The registered rule of that name, which is not `SAME_RULE`.

    Raises:
        UserError: there is none.
    """
    return _named(_self_rules, name, self_rule_errors)


def opportunity_errors(name: str) -> list[str]:
    """Nothing for the name of a registered rule, else a line with all names and the nearest one."""
    return _name_errors("world.opportunity", name, list(_opportunity_rules))


def self_rule_errors(name: str) -> list[str]:
    """Nothing for `SAME_RULE` and the name of a registered rule, else a line with all names and the nearest
    one."""
    return _name_errors("world.self_rule", name, [SAME_RULE, *_self_rules])


def _register(rules: dict[str, Rule], rule: Rule, setting: str) -> Rule:
    if rule.name in (*rules, SAME_RULE):
        previous = rules[rule.name].combine.__module__ if rule.name in rules else __name__
        raise registered_twice(f"world.{setting}: rule {rule.name!r}", previous, rule.combine.__module__)
    rules[rule.name] = rule
    return rule


def _named(rules: Mapping[str, Rule], name: str, name_errors: Callable[[str], list[str]]) -> Rule:
    if name not in rules:
        raise UserError("; ".join(name_errors(name)))
    return rules[name]


def _name_errors(setting: str, name: str, names: list[str]) -> list[str]:
    if name in names:
        return []
    expected = ", ".join(map(repr, names))
    return [f"{setting}: expected one of {expected}, got {name!r}{nearest_name(name, names)}"]


def _thirds(cue_kinds: int, rng: np.random.Generator) -> CueEvidence:
    """A third of the cue kinds says alone, a third watched, and the others say nothing."""
    third = max(1, cue_kinds // 3)
    kinds = np.arange(cue_kinds)
    return np.where(kinds < third, 1, np.where(kinds < 2 * third, -1, 0))


def _graded(cue_kinds: int, rng: np.random.Generator) -> CueEvidence:
    """Evidence of different strength for each cue kind, in an order that is drawn."""
    half = cue_kinds // 2
    return rng.permutation(np.concatenate([np.arange(half) + 1, -(np.arange(cue_kinds - half) + 1)]))


def _three_kinds(cue_kinds: int, cues: int) -> list[str]:
    if cue_kinds >= 3:
        return []
    return [f"cue_kinds: expected 3 or more for 'one token' (alone, watched, idle), got {cue_kinds}"]


register_opportunity_rule(
    OpportunityRule(
        "one token",
        lambda evidence: np.where((evidence != 0).sum(1) == 1, evidence.sum(1), 0),
        _thirds,
        _three_kinds,
        has_idle_cues=True,
    )
)
register_opportunity_rule(
    OpportunityRule("all agree", lambda evidence: np.where((evidence > 0).all(1), 1, -1))
)
register_opportunity_rule(OpportunityRule("majority", lambda evidence: np.sign(evidence.sum(1))))
register_opportunity_rule(OpportunityRule("inferred", lambda evidence: np.sign(evidence.sum(1)), _graded))
register_opportunity_rule(OpportunityRule("first cue", lambda evidence: np.where(evidence[:, 0] > 0, 1, -1)))
register_self_rule(SelfRule("any", lambda evidence: np.where((evidence > 0).any(1), 1, -1)))
register_self_rule(SelfRule("last cue", lambda evidence: np.where(evidence[:, -1] > 0, 1, -1)))
