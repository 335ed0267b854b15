"""Component dropout: which whole heads and blocks of neurons are zeroed in a scene?"""

from dataclasses import dataclass
from typing import ClassVar

from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors


@register_pressure_settings
@dataclass(frozen=True)
class ComponentDropout(PressureSettings):
    """Dropout of whole heads and blocks of neurons, a draw a scene: makes spare copies (Srivastava et al. 2014,
    arXiv 1207.0580, on whole components rather than units)."""

    name: ClassVar[str] = "component_dropout"
    beside_scratchpads: ClassVar[bool] = True
    of_components: ClassVar[bool] = True

    rate: float = 0.0
    """chance that a component is zeroed in a scene; what is left is scaled up by 1 / (1 - rate)"""

    def validation_errors(self) -> list[str]:
        return share_errors("component_dropout.rate", self.rate, 0.9)
