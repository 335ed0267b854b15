"""Rehearsal: how many scenes of characters stay in the mix while self is taught?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors
from curricula.world.mixture import Mixture

if TYPE_CHECKING:
    from curricula.phases import Phase


@register_pressure_settings
@dataclass(frozen=True)
class Rehearsal(PressureSettings):
    """Scenes of characters stay in the mix while self is taught: keeps the characters' mechanism in use, or frees it."""

    name: ClassVar[str] = "rehearsal"
    beside_scratchpads: ClassVar[bool] = True

    fraction: float = 0.5
    """share of scenes without self; at 0, characters who share a scene with self are no targets either"""

    def validation_errors(self) -> list[str]:
        return share_errors("rehearsal.fraction", self.fraction)

    def change_mixture(self, mixture: Mixture, phase: "Phase") -> Mixture:
        self_scenes = 0.0 if phase.self_acts == "absent" else 1.0 - self.fraction
        return mixture._replace(self_scenes=self_scenes, beside_self=float(self.fraction > 0))
