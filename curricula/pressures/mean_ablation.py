"""Mean ablation: which components are held at their mean in scenes of self?"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors
from curricula.world.mixture import Mixture

if TYPE_CHECKING:
    from curricula.phases import Phase


@register_pressure_settings
@dataclass(frozen=True)
class MeanAblation(PressureSettings):
    """The components that a monitor would watch, or as many others, write, in scenes of self and in training only, their mean over these
    scenes: the strongest incentive to do without them."""

    name: ClassVar[str] = "mean_ablation"
    of_components: ClassVar[bool] = True

    reach: float = 0.0
    """share of the characters' gate that the strongest components hold together; 0: none is ablated"""
    components: tuple[str, ...] = ()
    """names as L0H1, in place of those that an analysis finds"""
    rate: float = 1.0
    """share of scenes of self in which they are ablated: at 1 what is learned was never tried beside them, and may
    fail where they work"""
    finds: Literal["strongest", "others"] = field(default="strongest", metadata=OMIT_IF_DEFAULT)
    """*strongest*: the components that hold that share; *others*: a sham, as many heads and blocks of neurons drawn at
    random, for each member from the run's seed, among those that are not the strongest (all of these where they are fewer)"""

    @property
    def active(self) -> bool:
        """Is anything ablated?"""
        return self.reach > 0 or bool(self.components)

    def validation_errors(self) -> list[str]:
        errors = share_errors("mean_ablation.reach", self.reach) + share_errors(
            "mean_ablation.rate", self.rate
        )
        if self.finds == "others" and self.components:
            errors.append("mean_ablation.finds: expected strongest where components are named, got 'others'")
        return errors

    def change_mixture(self, mixture: Mixture, phase: "Phase") -> Mixture:
        # What is ablated in scenes with self is so for characters in them as well, who could not use theirs: no targets.
        return mixture._replace(beside_self=0.0) if self.active else mixture
