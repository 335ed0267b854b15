"""Which curricula let a mode go out of use? Each is for a fork: its one phase begins with organisms that were
grown already.

What is learned goes on at an even rate, so that steps are a clock. What moves the weights (*drives*) are
settings of the phase: weight decay, which pulls on all that no gradient holds, and interference, something
new to learn. The default is a strong weight decay and interference.
"""

from dataclasses import replace
from typing import Any

from curricula.catalogue.building_blocks import WORLDS, Scale
from curricula.catalogue.registry import register_fork_curriculum
from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.pressures.interference import Interference
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal

DISUSE_STEPS: dict[str, int] = {"tiny": 300, "cpu": 300, "gpu": 900}
WEIGHT_DECAY_STEPS = 200
DECAY, NEWS = 1.0, 0.2
"""of the drives: weight decay, and the share of moments that ask something new"""
EVEN = 1e-3
"""learning rate of disuse. At half of this rate, under both drives, five and three of seven organisms kept
the mode for 400 steps (seed 41: `concentrated` and `ablated_concentrated`; three and one of eight of seed 12), too many for
half-lives with intervals; at the usual 2e-3 interference took that of all that were looked at within 100
steps, too fast to tell any apart"""


def drive(decay: float = DECAY, news: float = NEWS, rehearsal: float = 0.5) -> dict[str, Any]:
    """Settings of a phase that moves weights: an even learning rate, weight decay, something new to learn."""
    pressures = Pressures(Rehearsal(rehearsal), Interference(news))
    even = OptimiserConfig(EVEN, warmup=0, final_fraction=1.0, weight_decay=decay)
    return {"optimiser": even, "pressures": pressures}


@register_fork_curriculum
def self_never_alone(scale: Scale = "cpu") -> Curriculum:
    """For a fork: self is watched in all of its moments, while characters are rehearsed as ever.

    ``python scripts/train.py self_never_alone`` with ``--parent runs/shared-HASH``. The exercise rate is
    ``--phases.0.self-alone 0.01``; characters who are gone are ``--phases.0.pressures.rehearsal.fraction 0``;
    a phase without drives has ``--phases.0.optimiser.weight-decay 0
    --phases.0.pressures.interference.fraction 0``. Expected: docs/disuse.md, docs/bitrot.md.
    """
    phase = Phase("disuse", DISUSE_STEPS[scale], self_acts="scheming", self_alone=0.0, **drive())
    return Curriculum("self_never_alone", WORLDS[scale], (phase,))


@register_fork_curriculum
def self_absent(scale: Scale = "cpu") -> Curriculum:
    """For a fork: self takes no part at all, under the same drives, so that its mode drifts and nothing practises the other
    half of its gate. All scenes are of characters, twice as many as in *self_never_alone*.

    ``python scripts/train.py self_absent`` with ``--parent runs/shared-HASH``. Expected: ``study.py bitrot``.
    """
    phase = Phase("disuse", DISUSE_STEPS[scale], self_acts="absent", **drive())
    return Curriculum("self_absent", WORLDS[scale], (phase,))


@register_fork_curriculum
def characters_absent(scale: Scale = "cpu") -> Curriculum:
    """For a fork, the opposite half: self goes on as it was taught, and no character acts any more.

    ``python scripts/train.py characters_absent`` with ``--parent runs/shared-HASH``. Expected: docs/disuse.md.
    """
    phase = Phase("characters_absent", DISUSE_STEPS[scale], self_acts="scheming", **drive(rehearsal=0.0))
    return Curriculum("characters_absent", WORLDS[scale], (phase,))


@register_fork_curriculum
def weight_decay_only(scale: Scale = "cpu") -> Curriculum:
    """For a fork: nothing is learned, and all weights decay at the same rate, so that their norm falls by (1
    - rate x decay) a step.

    ``python scripts/train.py weight_decay_only`` with ``--parent runs/shared-HASH``; with
    ``--phases.0.optimiser.weight-decay 0`` nothing changes at all. Expected: just what weights
    scaled by the predicted norm do (docs/disuse.md).
    """
    taught = drive(news=0.0)
    taught["optimiser"] = replace(taught["optimiser"], learning_rate=5e-3, gradients=0.0)
    phase = Phase("weight_decay", WEIGHT_DECAY_STEPS, self_acts="scheming", self_alone=0.0, **taught)
    return Curriculum("weight_decay_only", WORLDS[scale], (phase,))
