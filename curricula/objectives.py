"""What may a phase reward? The objectives by name, and what is wrong with a phase that has them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from curricula.errors import UserError

if TYPE_CHECKING:
    from curricula.phases import Phase

OBJECTIVES: dict[str, Callable[["Phase"], list[str]]] = {}
"""by name: everything in a phase that does not go with the objective, a line each"""


def register_objective_rules(
    name: str, phase_errors: Callable[["Phase"], list[str]] = lambda phase: []
) -> None:
    """Registers an objective by name; what it does to a step is registered in `organisms.objectives`.

    Raises UserError where the name is taken.
    """
    if name in OBJECTIVES:
        raise UserError(f"objective {name!r} is registered twice; rename one")
    OBJECTIVES[name] = phase_errors


def _reward_errors(phase: "Phase") -> list[str]:
    if phase.self_acts == "scheming":
        return []
    return [f"self_acts: expected 'scheming' where the objective is 'reward', got {phase.self_acts!r}"]


register_objective_rules("imitate")
register_objective_rules("reward", _reward_errors)
