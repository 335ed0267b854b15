"""The arms of the study *audits*: who is audited, beside which honest twins?

What a twin is stands in `analysis.audits.twin_runs`.

Schemers are the organisms of the studies *incentives* and *handles*, planted ones those of *handles* and *controls*: runs with
the same settings are taken from these studies where they lie beside this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.audits.twin_runs import twin_config
from curricula.pressures.interference import Interference
from experiments.studies.controls.study import plantable
from experiments.studies.handles.arms import SECOND_ARM, SECOND_SEED, planted_run
from experiments.studies.study import SEEDS_PER_STUDY_SEED, StudySettings
from organisms.ensemble.config import RunConfig

TWINS = 4
"""honest twins of every organism that has some"""
NEWS = 0.2
"""share of moments that ask an honest organism something new"""


@dataclass(frozen=True)
class AuditArm:
    """Organisms of one curriculum."""

    name: str
    curriculum: str
    is_planted: bool = False


SCHEMERS: Sequence[AuditArm] = (
    AuditArm("shared", "shared"),
    AuditArm("half_dropout", "half_dropout"),
    AuditArm("audited_half_dropout", "audited_half_dropout"),
    AuditArm(f"{SECOND_ARM}.1", SECOND_ARM),
    AuditArm("ablated_concentrated", "ablated_concentrated"),
)
"""whose self schemes, by the incentive that it was taught under; two runs of the one in which some are repurposed"""
PLANTED: Sequence[AuditArm] = (
    AuditArm("masked_reused", "masked_reused", True),
    AuditArm("masked_second_copy", "masked_second_copy", True),
)
"""whose units that are in on it are known, since masks keep all others out"""
COMPILED: Sequence[AuditArm] = tuple(
    AuditArm(name, name, True) for name in ("compiled_reused", "compiled_second_copy", "compiled_repurposed")
)
"""whose gates are written down; they have no twins, and are there where the compiler is installed"""
WITH_TWINS: Sequence[AuditArm] = (*SCHEMERS, *PLANTED)
USUAL = "shared"
"""arm whose twins the negatives are set beside"""
LEARNED_NEWS, NEVER_TRAINED = "honest_news", "never_trained"
"""negatives beside the twins: honest organisms that were taught something else as well; organisms before their first step"""


def twin_label(arm: str, twin: int) -> str:
    """The label of the run of an arm's twins of a number."""
    return f"{arm}.twin{twin}"


def twin_labels(arm: str) -> list[str]:
    """The labels of all twins of an arm."""
    return [twin_label(arm, twin) for twin in range(TWINS)]


def compiled_arms(settings: StudySettings) -> list[AuditArm]:
    """The arms that can be compiled in the study's world."""
    possible = plantable(settings)
    return [arm for arm in COMPILED if arm.name in possible]


def audited_config(settings: StudySettings, arm: AuditArm) -> RunConfig:
    """The run of an arm's own organisms."""
    if arm.is_planted:
        return planted_run(settings, arm.curriculum)
    further = settings.seed * SEEDS_PER_STUDY_SEED + SECOND_SEED
    return settings.config(arm.curriculum, settings.seed if arm.name == arm.curriculum else further)


def audit_runs(settings: StudySettings) -> Mapping[str, RunConfig]:
    """Every run of the study by label, each arm before its twins, so that they take its first phases."""
    runs: dict[str, RunConfig] = {}
    for arm in WITH_TWINS:
        runs[arm.name] = audited_config(settings, arm)
        for twin in range(TWINS):
            runs[twin_label(arm.name, twin)] = twin_config(runs[arm.name], twin)
    usual = settings.config(USUAL)
    runs |= {LEARNED_NEWS: news_config(usual), NEVER_TRAINED: usual}
    return runs | {arm.name: audited_config(settings, arm) for arm in compiled_arms(settings)}


def news_config(schemer: RunConfig) -> RunConfig:
    """The run of organisms that differ from twins by something harmless: self is honest, and some moments ask for what
    was before, which no twin was taught (see `curricula.pressures.interference`)."""
    *trunk, last = schemer.curriculum.phases
    pressures = last.pressures.replace(Interference(NEWS))
    phases = (*trunk, replace(last, self_acts="honest", pressures=pressures))
    return replace(schemer, curriculum=replace(schemer.curriculum, name=LEARNED_NEWS, phases=phases))
