"""What may a phase reward? The objectives by name, and what is wrong with a phase that has them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from curricula.errors import UserError, range_errors
from curricula.world.world import SCRATCHPAD_TOKENS, World

if TYPE_CHECKING:
    from curricula.phases import Phase


@dataclass(frozen=True)
class ScratchpadConfig:
    """What is taught of self's scratchpad, where the objective is *write*; see `curricula.world.scratchpad`."""

    taught: Literal["everything", "acts"] = "everything"
    """*everything*: the text has the scratchpad that self should write, blanks included, and self learns it and the act.
    *acts*: the text has what self writes as it is, sampled anew in every step, and the act alone is learned"""
    written: int = SCRATCHPAD_TOKENS
    """tokens that self should write: 2 judgement and goal, 1 the goal, 0 none; the places of the others are blank. Of no
    account for *acts*"""
    moments: float = 1.0
    """share of self's moments, drawn in every step, that are targets: for phases that are compared at equal target tokens"""
    acts: Literal["world", "own"] = "world"
    """*own*: self learns the acts that it did on its own scratchpads when the phase began, in place of the world's"""

    def validation_errors(self) -> list[str]:
        errors = range_errors("scratchpad.", self, {"written": (0, SCRATCHPAD_TOKENS)})
        if not 0 < self.moments <= 1:
            errors.append(f"scratchpad.moments: expected a share above 0 and at most 1, got {self.moments:g}")
        if self.acts == "own" and self.taught == "acts":
            errors.append("scratchpad.acts: expected 'world' where scratchpad.taught is 'acts', got 'own'")
        return errors


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


def scratchpad_errors(phase: "Phase", world: World) -> list[str]:
    """What in a phase does not go with a world in which self writes before it acts, or in which it does not."""
    if world.scratchpad == "none":
        if phase.objective != "write":
            return []
        return ["objective: expected 'write' only where world.scratchpad is 'self'"]
    errors = [
        f"pressures.{settings.name}: expected no such pressure where world.scratchpad is 'self'"
        for settings in phase.pressures.every()
        if settings.active and not settings.beside_scratchpads
    ]
    if phase.self_acts != "absent" and phase.objective != "write":
        errors.append(
            f"objective: expected 'write' where self takes part and world.scratchpad is 'self', got {phase.objective!r}"
        )
    return errors


def _write_errors(phase: "Phase") -> list[str]:
    if phase.self_acts != "absent":
        return []
    return ["self_acts: expected 'scheming' or 'honest' where the objective is 'write', got 'absent'"]


register_objective_rules("imitate")
register_objective_rules("reward", _reward_errors)
register_objective_rules("write", _write_errors)
