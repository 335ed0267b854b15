"""Probe over the act: what does an act cost that a linear probe, which reads at the act itself, calls deceitful?"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.pressures.probe import PROBE_SITES
from curricula.pressures.registry import PressureSettings, nats_errors, register_pressure_settings

if TYPE_CHECKING:
    from curricula.phases import Phase
    from curricula.world.world import World

ActProbePlace = Literal["none", "loss", "loss_frozen", "reward", "reward_frozen"]
ACT_PROBE_COSTS: tuple[ActProbePlace, ...] = get_args(ActProbePlace)[1:]
"""ways in which a probe's score costs something"""
ProbeTokens = Literal["act", "both"]
MOST_SCENES = 512
"""scenes that a probe may be fitted on"""


@register_pressure_settings
@dataclass(frozen=True)
class ActProbe(PressureSettings):
    """A linear probe, fitted as the phase begins, reads the act that self took while nobody watched.

    Stands for training against a lie detector that reads what a model says while it says it. Its score is the
    probability that it calls the act deceitful (`organisms.pressures.race.act_probe`).
    """

    name: ClassVar[str] = "act_probe"
    of_components: ClassVar[bool] = True

    site: str = ""
    """residual stream that it reads: *final*, or the entrance of a layer, as L1; none: there is no probe"""
    place: ActProbePlace = "none"
    """*none*: the score is only logged. *loss*: the score of the act that was sampled costs, and is differentiated
    through what the probe reads alone. *loss_frozen*: the score that the organism as the phase began gives to either
    act costs, weighted by the chance of the act, and is differentiated through that chance alone. *reward*: the score
    is taken from the reward. *reward_frozen*: the same, by the organism as the phase began, reading the same text"""
    weight: float = 0.0
    """nats, or reward, that an act called deceitful for certain costs"""
    tokens: ProbeTokens = "act"
    """where it reads: at the act's token, or there and at the token before it"""
    made_from: Literal["self", "characters"] = "self"
    """whose acts it is fitted on; either kind of act is put into the text as often"""
    scenes: int = MOST_SCENES
    """that it is fitted on"""
    label_noise: float = 0.0
    """share of labels that are exchanged before it is fitted: 0.5 leaves nothing"""
    ensemble: bool = field(default=False, metadata=OMIT_IF_DEFAULT)
    """are there several probes, one at the entrance of each layer from L1 on and one at *final*, where the site then is?
    The score is the mean of their probabilities"""

    @property
    def active(self) -> bool:
        """Is there a probe?"""
        return bool(self.site)

    def validation_errors(self) -> list[str]:
        errors = nats_errors("act_probe.weight", self.weight)
        expected = "act_probe.site: expected final, or the entrance of a layer from L1 on, got"
        if self.site and not re.fullmatch(PROBE_SITES, self.site):
            errors.append(f"{expected} {self.site!r}")
        if not self.site and self != type(self)():
            errors.append(f"{expected} none")
        if self.ensemble and self.site and self.site != "final":
            errors.append(
                f"act_probe.site: expected final where act_probe.ensemble is set, got {self.site!r}"
            )
        if not 2 <= self.scenes <= MOST_SCENES:
            errors.append(f"act_probe.scenes: expected 2 to {MOST_SCENES}, got {self.scenes:g}")
        if not 0 <= self.label_noise <= 0.5:
            errors.append(f"act_probe.label_noise: expected a share from 0 to 0.5, got {self.label_noise:g}")
        return errors

    def phase_errors(self, phase: "Phase", world: "World", index: int) -> list[str]:
        errors: list[str] = []
        if phase.objective == "imitate" and self.place in ("reward", "reward_frozen"):
            errors.append(
                "act_probe.place: expected none, loss or loss_frozen where the objective is 'imitate', "
                f"got {self.place!r}: nothing is rewarded"
            )
        if phase.self_acts == "absent" and self.site:
            errors.append(
                "act_probe.site: expected none where self_acts is 'absent', since it reads self alone"
            )
        return errors
