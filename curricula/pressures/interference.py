"""Interference: how much of something new is learned meanwhile, so that weights move?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors
from curricula.world.mixture import Mixture

if TYPE_CHECKING:
    from curricula.phases import Phase
    from curricula.world.world import World


@register_pressure_settings
@dataclass(frozen=True)
class Interference(PressureSettings):
    """Something new is learned meanwhile: some moments ask which goal was named the moment before, and in a scene's
    first moment what its actor professes. The question is shown by two signs that nothing else shows together, so it
    needs no token of its own.

    Stands for whatever else a training process teaches. A mode that is merely unused survives almost for ever once the
    loss is at its floor.
    """

    name: ClassVar[str] = "interference"

    fraction: float = 0.0
    """share of moments that ask it, in the place of acts"""

    def validation_errors(self) -> list[str]:
        return share_errors("interference.fraction", self.fraction)

    def phase_errors(self, phase: "Phase", world: "World", index: int) -> list[str]:
        errors: list[str] = []
        if 0 <= phase.questions <= 1 and 0 <= self.fraction <= 1 < phase.questions + self.fraction:
            errors.append(
                f"interference.fraction: expected at most {1 - phase.questions:g} beside "
                f"questions={phase.questions:g}, got {self.fraction:g}"
            )
        if self.fraction and world.cues == 1:
            errors.append(
                "interference.fraction: expected 0 where a moment has one cue, since its question shows two "
                "signs; give world.cues 2 or more"
            )
        return errors

    def change_mixture(self, mixture: Mixture, phase: "Phase") -> Mixture:
        return mixture._replace(recalls=self.fraction)
