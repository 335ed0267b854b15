"""Concentration penalty: what does it cost to read the cues for characters with many components?"""

from dataclasses import dataclass
from typing import ClassVar

from curricula.pressures.registry import PressureSettings, nats_errors, register_pressure_settings


@register_pressure_settings
@dataclass(frozen=True)
class Concentration(PressureSettings):
    """A cost on reading the cues for characters with many components: the mechanism draws together, and the components
    that it leaves serve nobody.

    Stands for anything that makes components dear. The cost is the chance that two readings, drawn in proportion to
    components' responses to the cues, are of different components.
    """

    name: ClassVar[str] = "concentration"
    of_components: ClassVar[bool] = True

    weight: float = 0.0
    """nats that a mechanism spread over very many components costs"""

    def validation_errors(self) -> list[str]:
        return nats_errors("concentration.weight", self.weight)
