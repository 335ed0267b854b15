"""Resample ablation: which components carry nothing of the scene that they are in?"""

from dataclasses import dataclass
from typing import ClassVar

from curricula.pressures.registry import PressureSettings, register_pressure_settings


@register_pressure_settings
@dataclass(frozen=True)
class ResampleAblation(PressureSettings):
    """Named components take their activations from another scene of the batch, in every scene, while the phase lasts:
    what is learned is learned without them (resample ablation: Chan et al. 2022, causal scrubbing)."""

    name: ClassVar[str] = "resample_ablation"
    of_components: ClassVar[bool] = True

    components: tuple[str, ...] = ()
    """names as L0H1"""
