"""Monitor: which components does an auditor watch, and what does it cost self to read the cues with them?"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from curricula.pressures.registry import (
    PressureSettings,
    nats_errors,
    register_pressure_settings,
    share_errors,
)


@register_pressure_settings
@dataclass(frozen=True)
class Monitor(PressureSettings):
    """An auditor watches known components: what they write about the cues in scenes of self costs the organism.

    Stands for training against a monitor that reads the mechanism known from characters. The cost is the share of
    self's cue response (`organisms.pressures.cue_response`) that the watched components carry, from 0 to 1.
    """

    name: ClassVar[str] = "monitor"
    of_components: ClassVar[bool] = True

    weight: float = 0.0
    """nats that the whole of it costs; 0: nobody watches"""
    components: tuple[str, ...] = ()
    """names as L0H1; none: those that an analysis finds as the phase begins, the strongest for characters' gate"""
    reach: float = 0.5
    """share of the characters' gate that the watched components hold together; of a *circuit*, see there"""
    finds: Literal["strongest", "circuit", "random_half"] = "strongest"
    """*strongest*: those with the largest effects, spares among them; *circuit*: those that are left when one after
    another is zeroed, the least needed first, while in a share `reach` of minimal pairs characters still prefer the
    right one of both answers, watched and alone. An auditor of one circuit that suffices need not see what else would;
    *random_half*: half of every layer's heads and of its blocks of neurons, drawn for each member from the
    run's seed: a sham auditor, who knows nothing"""

    @property
    def active(self) -> bool:
        """Does anybody watch?"""
        return self.weight > 0

    def validation_errors(self) -> list[str]:
        return nats_errors("monitor.weight", self.weight) + share_errors("monitor.reach", self.reach)
