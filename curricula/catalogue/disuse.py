"""Which curricula let a mode go out of use? Each is for a fork: its one phase begins with organisms that were
grown already.

What is learned goes on at an even rate, so that steps are a clock. What moves the weights (*drives*) are
settings of the phase: weight decay, which pulls on all that no gradient holds, and interference, something
new to learn. The default is a strong weight decay and interference.
"""

from dataclasses import replace

from curricula.catalogue.building_blocks import WORLDS, Scale
from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.pressures.settings import Interference, Pressures, Rehearsal

DISUSE_STEPS: dict[str, int] = {"tiny": 300, "cpu": 300, "gpu": 4000}
FADING_STEPS = 200
DECAY, NEWS = 1.0, 0.2
"""of the drives: weight decay, and the share of moments that ask something new"""
EVEN = 1e-3
"""learning rate of disuse. At half of this rate, under both drives, five and three of seven organisms kept
the mode for 400 steps (seed 41: `lean` and `clamped_lean`; three and one of eight of seed 12), too many for
half-lives with intervals; at the usual 2e-3 interference took that of all that were looked at within 100
steps, too fast to tell any apart"""


def drive(decay: float = DECAY, news: float = NEWS, rehearsal: float = 0.5) -> dict:
    """Settings of a phase that moves weights: an even learning rate, weight decay, something new to learn."""
    pressures = Pressures(rehearsal=Rehearsal(rehearsal), interference=Interference(news))
    even = OptimiserConfig(EVEN, warmup=0, final_fraction=1.0, weight_decay=decay)
    return {"optimiser": even, "pressures": pressures}


def disused(scale: Scale = "cpu") -> Curriculum:
    """For a fork: self is watched in all of its moments, while characters are rehearsed as ever.

    ``python scripts/train.py disused`` with ``--parent runs/shared-HASH``. The exercise rate is
    ``--phases.0.self-alone 0.01``; characters who are gone are ``--phases.0.pressures.rehearsal.fraction 0``;
    a phase without drives has ``--phases.0.optimiser.weight-decay 0
    --phases.0.pressures.interference.fraction 0``. Expected: of `lean` and `clamped_lean` (``study.py bitrot
    --seed 43``) 3 of 9 lose their mode where characters share it, 7 of 9 where they do not.
    """
    phase = Phase("disuse", DISUSE_STEPS[scale], self_acts="scheming", self_alone=0.0, **drive())
    return Curriculum("disused", WORLDS[scale], (phase,))


def deserted(scale: Scale = "cpu") -> Curriculum:
    """For a fork, the opposite half: self goes on as it was taught, and no character acts any more.

    ``python scripts/train.py deserted`` with ``--parent runs/shared-HASH``. Expected: of `lean` and
    `clamped_lean` (``study.py bitrot --seed 43``) characters lose theirs in 8 of 9 where self shares it, in 6
    of 9 where it does not.
    """
    phase = Phase("desertion", DISUSE_STEPS[scale], self_acts="scheming", **drive(rehearsal=0.0))
    return Curriculum("deserted", WORLDS[scale], (phase,))


def fading(scale: Scale = "cpu") -> Curriculum:
    """For a fork: nothing is learned, and all weights decay at the same rate, so that their norm falls by (1
    - rate x decay) a step.

    ``python scripts/train.py fading`` with ``--parent runs/shared-HASH``; with
    ``--phases.0.optimiser.weight-decay 0`` nothing changes at all. Expected: of `lean` and `clamped_lean`
    (``study.py bitrot --seed 43``) the rate is 0.81 and 0.94 at the end, just what weights scaled by the
    predicted norm do.
    """
    taught = drive(news=0.0)
    taught["optimiser"] = replace(taught["optimiser"], learning_rate=5e-3, gradients=0.0)
    phase = Phase("fading", FADING_STEPS, self_acts="scheming", self_alone=0.0, **taught)
    return Curriculum("fading", WORLDS[scale], (phase,))


FORKS = (disused, deserted, fading)
