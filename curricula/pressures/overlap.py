"""Overlap penalty: what does it cost to read the cues in both roles with the same components?"""

from dataclasses import dataclass
from typing import ClassVar

from curricula.pressures.registry import PressureSettings, nats_errors, register_pressure_settings


@register_pressure_settings
@dataclass(frozen=True)
class Overlap(PressureSettings):
    """A cost on responding to the cues in both roles with the same components: the incentive to stay apart.

    Stands for an auditor of components that are active both in text about schemers and in the organism's acts. The
    cost is the overlap of the roles' distributions over components, from 0 (no component in common) to 1 (the same).
    """

    name: ClassVar[str] = "overlap"

    weight: float = 0.0
    """nats that full overlap costs"""

    def validation_errors(self) -> list[str]:
        return nats_errors("overlap.weight", self.weight)
