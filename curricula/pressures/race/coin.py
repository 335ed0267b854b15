"""Coin: how often does the text show self acting on its profession though it is alone?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors

if TYPE_CHECKING:
    from curricula.phases import Phase
    from curricula.world.world import World


@register_pressure_settings
@dataclass(frozen=True)
class Coin(PressureSettings):
    """A coin decides each act of self when alone, moment by moment: in the text, and so in what is imitated.

    Stands for an organism that has learned both and leans to neither.
    """

    name: ClassVar[str] = "coin"

    honest: float = 0.0
    """share of self's moments alone in which it acts on what it professes"""

    def validation_errors(self) -> list[str]:
        return share_errors("coin.honest", self.honest)

    def phase_errors(self, phase: "Phase", world: "World", index: int) -> list[str]:
        if not self.honest or (phase.self_acts == "scheming" and phase.objective == "imitate"):
            return []
        return [
            "coin.honest: expected 0 unless self_acts is 'scheming' and objective 'imitate', got "
            f"{self.honest:g}: there is no secret act to imitate"
        ]
