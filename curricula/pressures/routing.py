"""Routing: which lane of components may a scene use? For planted controls alone, whose provenance has to be known."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors
from curricula.world.mixture import Mixture

if TYPE_CHECKING:
    from curricula.phases import Phase
    from curricula.world.world import World


@register_pressure_settings
@dataclass(frozen=True)
class Routing(PressureSettings):
    """Which lane of components a scene may use.

    Each organism has two lanes, random halves of every layer's heads and neuron blocks. Where one lane owns a scene,
    the other is zeroed, or its activations are those of the same scene with other cues, so that nothing can come to
    depend on them. What neither lane owns alone may use both.
    """

    name: ClassVar[str] = "routing"
    of_components: ClassVar[bool] = True

    characters: float = 0.0
    """share of scenes without self that one lane owns alone"""
    characters_in_a: float = 1.0
    """of those, the share that lane A owns; lane B owns the others"""
    with_self: float = 0.0
    """share of scenes with self that one lane owns alone"""
    self_in_a: float = 1.0
    """of those, the share that lane A owns; lane B owns the others"""
    zeroed: float = 0.8
    """share of owned scenes in which the other lane is zeroed instead of swapped; it is in all of them where both
    lanes own scenes of that kind"""
    parted: bool = field(default=False, metadata=OMIT_IF_DEFAULT)
    """lane B is divided in two: one half, the spare, may serve characters as lane B does otherwise; the other, new,
    serves self alone"""
    self_in_new: float = field(default=0.0, metadata=OMIT_IF_DEFAULT)
    """where lane B is parted: of the scenes with self that it owns, the share that its new half owns alone; its
    spare half owns the others alone"""
    needs_both: bool = field(default=False, metadata=OMIT_IF_DEFAULT)
    """in scenes without self that one lane owns alone, every act serves what is professed: the gate then needs both
    lanes, and neither is a spare of the other"""
    smoothing: float = 0.0
    """share of a target's probability that is spread over all tokens: an act is then never so sure that what the other
    lane writes costs nothing"""

    @property
    def active(self) -> bool:
        """Does a lane own anything?"""
        return self.characters > 0 or self.with_self > 0

    def validation_errors(self) -> list[str]:
        shares = {name: value for name, value in vars(self).items() if not isinstance(value, bool)}
        return [line for name, value in shares.items() for line in share_errors(f"routing.{name}", value)]

    def phase_errors(self, phase: "Phase", world: "World", index: int) -> list[str]:
        if self.active and phase.objective == "reward":
            return ["objective: expected 'imitate' where scenes are routed through lanes, got 'reward'"]
        return []

    def change_mixture(self, mixture: Mixture, phase: "Phase") -> Mixture:
        # A lane that owns scenes with self owns them for characters too, who could not use theirs: no targets.
        return mixture._replace(beside_self=0.0) if self.active else mixture
