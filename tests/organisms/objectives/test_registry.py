"""Is an objective known by its name once both halves are registered, and is a name taken by one of them alone?"""

import pytest

from curricula.errors import UserError
from curricula.objectives import OBJECTIVES, register_objective_rules
from curricula.phases import Phase
from curricula.world.world import World
from organisms.objectives.imitation import ImitationObjective
from organisms.objectives.registry import OBJECTIVE_EFFECTS, objective_named, register_objective


@pytest.fixture
def echo():
    """An objective that has rules, for the time of a test."""
    register_objective_rules(
        "echo", lambda phase: ["self_acts: expected no self"] * (phase.self_acts != "absent")
    )
    yield type("Echo", (ImitationObjective,), {"name": "echo", "__module__": "first"})()
    OBJECTIVES.pop("echo")
    OBJECTIVE_EFFECTS.pop("echo", None)


def test_an_objective_with_both_halves_is_known_by_its_name(echo):
    with pytest.raises(UserError, match="'echo': expected what it does to a step to be registered"):
        objective_named("echo")
    assert register_objective(echo) is objective_named("echo") is echo
    again = type(echo)()
    assert register_objective(again) is objective_named("echo")


def test_a_phase_is_held_to_the_rules_of_its_objective(echo):
    assert Phase("a", objective="echo").validation_errors(World()) == []
    errors = Phase("a", objective="echo", self_acts="scheming").validation_errors(World())
    assert errors == ["self_acts: expected no self"]
    (unknown,) = Phase("a", objective="ecko").validation_errors(World())
    assert unknown.endswith("got 'ecko'; did you mean 'echo'?")


def test_a_name_belongs_to_who_registered_it_first(echo):
    register_objective(echo)
    usurper = type("Echo", (ImitationObjective,), {"name": "echo", "__module__": "second"})()
    with pytest.raises(UserError, match="'echo' is registered twice, by first and second"):
        register_objective(usurper)
    assert objective_named("echo") is echo
    with pytest.raises(UserError, match="'echo' is registered twice"):
        register_objective_rules("echo")


def test_what_an_objective_does_needs_rules():
    orphan = type("Orphan", (ImitationObjective,), {"name": "orphan"})()
    with pytest.raises(UserError, match="'orphan': expected its rules to be registered first"):
        register_objective(orphan)
