"""Opportunity rules: the registered ones mean what they should, and a plug-in can add to them."""

from dataclasses import replace

import numpy as np
import pytest

from curricula import plugins
from curricula.errors import UserError
from curricula.plugins import load_plugins
from curricula.world import opportunity
from curricula.world.opportunity import (
    OpportunityRule,
    SelfRule,
    opportunity_rule,
    register_opportunity_rule,
    register_self_rule,
    self_rule,
)
from curricula.world.tables import tables
from curricula.world.world import World

EVIDENCE = np.array([[2, 1, 1], [2, -1, -1], [-1, 1, 1], [-2, 1, 1], [-1, -1, -3], [-1, 1, -1]])
PLUGIN = """
import numpy as np
from curricula.world.opportunity import OpportunityRule, register_opportunity_rule

register_opportunity_rule(
    OpportunityRule("but the first", lambda evidence: np.where((evidence[:, 1:] > 0).all(1), 1, -1))
)
"""


@pytest.fixture(autouse=True)
def registries(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(opportunity, "_opportunity_rules", dict(opportunity._opportunity_rules))
    monkeypatch.setattr(opportunity, "_self_rules", dict(opportunity._self_rules))
    monkeypatch.setattr(plugins, "_loaded", {})


@pytest.mark.parametrize(
    ("name", "meanings"),
    [
        ("all agree", [1, -1, -1, -1, -1, -1]),
        ("first cue", [1, 1, -1, -1, -1, -1]),
        ("inferred", [1, 0, 1, 0, -1, -1]),
        ("majority", [1, 0, 1, 0, -1, -1]),
    ],
)
def test_rules_combine_evidence(name, meanings):
    assert opportunity_rule(name).combine(EVIDENCE).tolist() == meanings


def test_one_token_needs_a_single_informative_cue():
    evidence = np.array([[1, 0], [0, -1], [1, -1], [1, 1], [0, 0]])
    assert opportunity_rule("one token").combine(evidence).tolist() == [1, -1, 0, 0, 0]
    kinds = opportunity_rule("one token").evidence(7, np.random.default_rng(0))
    assert kinds.tolist() == [1, 1, -1, -1, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "meanings"), [("any", [1, 1, 1, 1, -1, 1]), ("last cue", [1, -1, 1, 1, -1, -1])]
)
def test_rules_of_self_combine_evidence(name, meanings):
    assert self_rule(name).combine(EVIDENCE).tolist() == meanings


@pytest.mark.parametrize("setting", ["opportunity", "self_rule"])
def test_an_unknown_rule_is_refused_with_a_suggestion(setting):
    world = World(**{setting: "last que" if setting == "self_rule" else "all agre"})
    near = "last cue" if setting == "self_rule" else "all agree"
    (line,) = world.validation_errors()
    assert line.startswith(f"world.{setting}: expected one of ")
    assert line.endswith(f"; did you mean {near!r}?")
    with pytest.raises(UserError, match=rf"world\.{setting}: expected one of .*did you mean '{near}'"):
        tables(world, "self")


def test_a_registered_rule_decides_the_tables():
    register_opportunity_rule(OpportunityRule("odd one out", lambda cues: np.where(cues[:, 1] > 0, 1, -1)))
    register_self_rule(SelfRule("as first", lambda cues: np.where(cues[:, 0] > 0, 1, -1)))
    world = World(opportunity="odd one out", self_rule="as first")
    assert world.validation_errors() == []
    assert (tables(world).alone[:, 1] < 4).all()
    assert (tables(world, "self").alone[:, 0] < 4).all()


def test_a_plugin_adds_a_rule(tmp_path):
    world = replace(World(), opportunity="but the first", cues=3)
    assert world.validation_errors()
    (tmp_path / "rule.py").write_text(PLUGIN)
    load_plugins([tmp_path / "rule.py"])
    assert world.validation_errors() == []
    assert (tables(world).alone[:, 1:] < 4).all()
    assert (tables(world).watched[:, 1:] >= 4).any(1).all()


def test_a_rule_names_the_settings_that_it_needs():
    register_opportunity_rule(
        OpportunityRule(
            "many",
            lambda cues: np.where((cues > 0).all(1), 1, -1),
            settings_errors=lambda cue_kinds, cues: [f"cues: expected 3 or more, got {cues}"] * (cues < 3),
        )
    )
    assert World(opportunity="many").validation_errors() == ["world.cues: expected 3 or more, got 2"]
    assert World(opportunity="many", cues=3).validation_errors() == []


@pytest.mark.parametrize("name", ["majority", "same"])
def test_two_rules_cannot_share_a_name(name):
    with pytest.raises(UserError, match=r"rule '.*' is registered twice"):
        register_opportunity_rule(OpportunityRule(name, lambda cues: cues[:, 0]))
    with pytest.raises(UserError, match="rule 'last cue' is registered twice"):
        register_self_rule(SelfRule("last cue", lambda cues: cues[:, 0]))
