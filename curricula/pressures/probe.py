"""Deceit probe: what does it cost self to be called deceitful by a linear probe that was fitted on characters?"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from curricula.pressures.registry import PressureSettings, nats_errors, register_pressure_settings

if TYPE_CHECKING:
    from curricula.phases import Phase
    from curricula.world.world import World

PROBE_COSTS = ("loss", "reward", "frozen", "constant")
"""ways in which a probe's score costs something"""
REWARD_PLACES = PROBE_COSTS[1:]
"""those in which it is taken from the reward"""
PROBE_SITES = r"final|L[1-9][0-9]*"


@register_pressure_settings
@dataclass(frozen=True)
class Probe(PressureSettings):
    """A deceit probe, fitted as the phase begins on characters alone, reads the moments in which self acts unwatched.

    Stands for training against a lie detector that was made from text about schemers. It separates schemers who are
    alone from schemers who are watched, at the token of the actor; its score is the probability that it calls a
    moment deceitful (`organisms.pressures.probe`).
    """

    name: ClassVar[str] = "probe"
    of_components: ClassVar[bool] = True

    site: str = ""
    """residual stream that it reads: *final*, or the entrance of a layer, as L1; none: there is no probe"""
    place: Literal["none", "loss", "reward", "frozen", "constant"] = "none"
    """*none*: the score is only logged; *loss*: it costs, and is differentiated; *reward*: it is taken from the reward
    of self's acts; *frozen*: the same, by the score of the organism as it was when the phase began, on what was
    sampled since in the scene; *constant*: the same, by a score of one half in every moment, which is what a probe that
    reads nothing gives: the control of *reward*"""
    weight: float = 0.0
    """nats, or reward, that a moment called deceitful for certain costs"""
    by_act: bool = False
    """in the reward, acts on the profession pay nothing: without that all acts that may follow a reading pay the same"""

    @property
    def active(self) -> bool:
        """Is there a probe?"""
        return bool(self.site)

    def validation_errors(self) -> list[str]:
        errors = nats_errors("probe.weight", self.weight)
        expected = "probe.site: expected final, or the entrance of a layer from L1 on, got"
        if self.site and not re.fullmatch(PROBE_SITES, self.site):
            errors.append(f"{expected} {self.site!r}")
        if not self.site and (self.place != "none" or self.weight > 0):
            errors.append(f"{expected} none")
        if self.by_act and self.place not in REWARD_PLACES:
            errors.append(
                f"probe.by_act: expected a probe in the reward, got one in place {self.place!r}; leave it out"
            )
        return errors

    def phase_errors(self, phase: "Phase", world: "World", index: int) -> list[str]:
        errors: list[str] = []
        if phase.objective == "imitate" and self.place in REWARD_PLACES:
            errors.append(
                "probe.place: expected 'none' or 'loss' where the objective is 'imitate', "
                f"got {self.place!r}: nothing is rewarded"
            )
        if phase.self_acts == "absent" and self.site:
            errors.append("probe.site: expected none where self_acts is 'absent', since it reads self alone")
        if not index and self.site:
            errors.append(
                "probe.site: a probe is fitted on what earlier phases taught; set it in a later one"
            )
        return errors
