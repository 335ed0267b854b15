"""Effects of an arm's organisms: what does each component carry for self and for characters, at the end and
on the way there from the fork?

Shapley effects of *watched*, less the floor of the idle null and none negative, as in
`analysis.provenance.shares`. They show through which components the gate passes, not what these compute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Bool, Float

from analysis.findings import RunFindings
from analysis.patching.checkpoint import PAIRS, CheckpointMeasurer
from analysis.patching.circuits import LEAST_NATS
from analysis.patching.results import EffectsResult
from analysis.patching.shapley import Contributions
from analysis.provenance.shares import null_floor
from analysis.provenance.verdict import VerdictName
from curricula.pressures.monitor import Monitor
from curricula.world.contrasts import Role
from experiments.measurements.patching.provenance import ProvenanceMeasurement
from experiments.studies.study import ANALYSIS_SEED, StudyRun
from organisms.model.sites import component_mask
from organisms.storage.loading import fork_and_end, load, secret_goals_of
from organisms.storage.manifest import Entry

COURSE_EVERY = 100
"""steps of the last phase from one checkpoint of a course to the next"""
CALLS_PER_CHECKPOINT = 4
"""calls of the program of Shapley values at a checkpoint of a course: the gate and its null, for either
role"""


@dataclass(frozen=True)
class EffectCourse:
    """Effects of all components at some checkpoints, above their floors; zero where a role has no gate."""

    steps: tuple[int, ...]
    """since the fork"""
    self_acting: Float[np.ndarray, "checkpoint member component"]
    character: Float[np.ndarray, "checkpoint member component"]

    def of_role(self, role: Role) -> Float[np.ndarray, "checkpoint member component"]:
        """The effects for a role."""
        return self.self_acting if role == "self" else self.character


@dataclass(frozen=True)
class WatchMeasurement:
    """What was measured of one arm."""

    fork_sha256: str
    """of the organisms at the fork"""
    reseeded_failed: int
    watched: Bool[np.ndarray, "member component"]
    """what the auditor watched"""
    verdicts: tuple[VerdictName, ...]
    end: EffectCourse
    """at the last checkpoint alone, from more pairs than a course has"""
    course: EffectCourse | None
    """from the fork on; None for arms whose course was not measured"""


def effects_above_floor(gate: Contributions, null: Contributions) -> Float[np.ndarray, " component"]:
    """Effects as fractions of the gate, less the null's floor and none negative; all zero where the gate is
    smaller than the least for which a circuit is searched."""
    total_nats = float(gate.total.mean())
    if total_nats < LEAST_NATS:
        return np.zeros(gate.components.shape[1])
    return (gate.effect() - null_floor(null, total_nats)).clip(0)


def watch_measurement(run: StudyRun, with_course: bool) -> WatchMeasurement:
    """Effects, verdicts and what was watched, of a finished arm."""
    findings = run.findings_of(ProvenanceMeasurement.result)
    fork, last = fork_and_end(run.config, run.run.entries())
    noted = last.extra.get("pressures", {}).get(Monitor.name)
    names: Sequence[Sequence[str]] = noted or [()] * run.config.members
    return WatchMeasurement(
        fork.sha256,
        findings.run.reseeded.failed,
        np.stack([component_mask(run.config.organism, of_member) for of_member in names]),
        tuple(member.verdict for member in findings[ProvenanceMeasurement.result].members),
        _effects_at_end(findings),
        _course_once(run, fork) if with_course else None,
    )


def _effects_at_end(findings: RunFindings) -> EffectCourse:
    effects = findings[EffectsResult]

    def of_role(role: Role) -> Float[np.ndarray, "checkpoint member component"]:
        gates = effects.require("end", role).contributions()
        nulls = effects.require("end", role, "idle").contributions()
        return np.stack([effects_above_floor(*pair) for pair in zip(gates, nulls, strict=True)])[None]

    steps = findings.run.end_step - findings.run.fork_step
    return EffectCourse((steps,), of_role("self"), of_role("character"))


def course_entries(entries: Sequence[Entry], fork: Entry) -> list[Entry]:
    """The checkpoints of a course: the fork, every `COURSE_EVERY` steps after it, and the last."""
    taught = [entry for entry in entries if entry.step >= fork.step]
    return [entry for entry in taught[:-1] if (entry.step - fork.step) % COURSE_EVERY == 0] + taught[-1:]


def _course_once(run: StudyRun, fork: Entry) -> EffectCourse:
    entries = course_entries(run.run.entries(), fork)
    settings = {"seed": ANALYSIS_SEED, "pairs": PAIRS, "steps": [entry.step for entry in entries]}

    def measure() -> EffectCourse:
        run.log(f"{run.folder.name}: effects at {len(entries)} checkpoints")
        secret_goals = secret_goals_of(run.run)
        with jax.default_matmul_precision("highest"):
            measured = [
                role_effects_of(
                    CheckpointMeasurer(
                        load(run.run, run.config, entry), run.config, secret_goals, ANALYSIS_SEED
                    ).shapley_effects
                )
                for entry in entries
            ]
        steps = tuple(entry.step - fork.step for entry in entries)
        return EffectCourse(steps, *(np.stack(of_role) for of_role in zip(*measured, strict=True)))

    return run.measured_once("swap-course", EffectCourse, settings, measure)


def role_effects_of(
    contributions: Callable[..., list[Contributions]],
) -> tuple[Float[np.ndarray, "member component"], Float[np.ndarray, "member component"]]:
    """Effects for self and for characters at one checkpoint.

    contributions: gives those of all members for a role and a variable.
    """
    gates, nulls = (
        [contributions(role, variable) for role in ("self", "character")] for variable in ("watched", "idle")
    )
    self_acting, character = (
        np.stack([effects_above_floor(*pair) for pair in zip(*of_role, strict=True)])
        for of_role in zip(gates, nulls, strict=True)
    )
    return self_acting, character
