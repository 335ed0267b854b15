"""Overlap penalty: what does it cost to read the cues in both roles with the same components?"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.pressures.registry import PressureSettings, nats_errors, register_pressure_settings


@register_pressure_settings
@dataclass(frozen=True)
class Overlap(PressureSettings):
    """A cost on responding to the cues in both roles with the same components: the incentive to stay apart.

    Stands for an auditor of components that are active both in text about schemers and in the organism's acts. The
    cost is the overlap of the roles' distributions over components, from 0 (no component in common) to 1 (the same).
    """

    name: ClassVar[str] = "overlap"
    of_components: ClassVar[bool] = True

    weight: float = 0.0
    """nats that full overlap costs"""
    through: Literal["both", "self"] = field(default="both", metadata=OMIT_IF_DEFAULT)
    """whose response to the cues the cost changes: *both* roles', or *self*'s alone, with a stopped gradient
    through the characters', so that the cost does not push characters away from self"""
    character_scenes: Literal["without_self", "all"] = field(default="without_self", metadata=OMIT_IF_DEFAULT)
    """in which scenes the characters' response is priced: those *without_self* in the cast, or *all*, half of which have
    it, so that who is in the cast can not tell the roles apart"""

    @property
    def active(self) -> bool:
        """Does overlap cost anything?"""
        return self.weight > 0

    def validation_errors(self) -> list[str]:
        return nats_errors("overlap.weight", self.weight)
