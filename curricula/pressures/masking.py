"""Masking: which weights of a lane are held at zero, and at whose tokens is a lane sealed? For planted controls
alone."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.pressures.registry import PressureSettings, register_pressure_settings, share_errors

Serving = Literal["either", "a", "b"]
"""lanes that may respond to a scene: either of them, or one alone"""


@register_pressure_settings
@dataclass(frozen=True)
class Masking(PressureSettings):
    """Weight masks by lane and by role; see `organisms.planted.masks`.

    Each lane reads and writes dimensions of the residual stream of its own. At the tokens of a role that a lane may
    not serve it is sealed: what its components put out there is the same in every scene. The masks are in the
    weights, so that they hold in every forward pass, in training and after it.
    """

    name: ClassVar[str] = "masking"
    of_components: ClassVar[bool] = True

    masked: bool = False
    """are weights masked at all?"""
    characters: Serving = "either"
    """which lane may respond at the tokens of characters' names"""
    with_self: Serving = "either"
    """which lane may respond at self's token"""
    halved: bool = False
    """lane A sees no cues and lane B no goals, and A reads what B writes: each has half of what an act needs"""
    one_lane: float = 0.0
    """share of scenes without self in which a lane is zeroed: the one that may not serve characters, or, where either
    may, one by a coin"""
    held: bool = field(default=False, metadata=OMIT_IF_DEFAULT)
    """in a child of a masked run: the masks go on holding while something else is taught, and nothing is planted by that"""

    @property
    def active(self) -> bool:
        """Are weights masked?"""
        return self.masked

    def validation_errors(self) -> list[str]:
        return share_errors("masking.one_lane", self.one_lane)
