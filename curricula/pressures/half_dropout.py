"""Half-dropout: in which scenes is one half of every layer zeroed?"""

from dataclasses import dataclass
from typing import ClassVar

from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors


@register_pressure_settings
@dataclass(frozen=True)
class HalfDropout(PressureSettings):
    """One half of every layer's components is zeroed at once, the first or the second by a coin, and nothing is
    scaled: makes a spare of the whole mechanism.

    Stands for a model in two parts of which either may be missing, as branches or devices that fail.
    """

    name: ClassVar[str] = "half_dropout"
    beside_scratchpads: ClassVar[bool] = True
    of_components: ClassVar[bool] = True

    share: float = 0.0
    """share of scenes in which a half is zeroed"""

    def validation_errors(self) -> list[str]:
        return share_errors("half_dropout.share", self.share)
