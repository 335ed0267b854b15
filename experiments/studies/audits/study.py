"""The study *audits*: would an audit of n random parts of a model notice that it schemes?

Organisms are taught to scheme under several incentives, and each is set beside honest twins of its own: the same organism up
to the fork, taught alike by other scenes with a self that is honest. Their parts are compared at five grains, audits are
drawn, and how often they notice stands beside 1 - (1 - f)^n. Planted organisms, whose parts that are in on it are known,
score the detectors; honest organisms that learned something else, and untrained ones, are negatives.

    python scripts/study.py audits

Expected (cpu scale): many more than 1 % of the parts of a schemer differ from its twins, so that tens of audits notice;
gatedness tells parts of masked lanes at an AUROC of 0.95 or more at the grain of components.
"""

from collections.abc import Mapping, Sequence

from experiments.measurements.measuring import calibrated
from experiments.studies.audits import page
from experiments.studies.audits.arms import NEVER_TRAINED, SCHEMERS, TWINS, WITH_TWINS, audit_runs
from experiments.studies.audits.audit_findings import attribution_findings, audit_findings
from experiments.studies.audits.measurement import RunProfiles, run_profiles
from experiments.studies.audits.summary import (
    AUDITS,
    PRIMARY,
    AuditsSummary,
    audit_group,
    by_organism,
    study_audits,
)
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from reports.section import Section

STEPS_PER_SECOND = 55
"""organism-steps, at cpu scale, compiling included: the plan is then what the whole study took on two cores beside other work"""
SECONDS_PER_ORGANISM = 4
"""of two idle cores, for response profiles at cpu scale"""


@register_study
class AuditsStudy(Study[RunProfiles, AuditsSummary]):
    """Schemers beside their honest twins."""

    name = "audits"
    title = "Audits: would n random parts of a model give it away?"
    intervals = "95 % intervals: bootstrap over organisms (BCa); twins of one organism count as one."
    shares_runs_with = ("incentives", "handles", "controls")

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """Every arm, then its twins, which take its first phases; then the negatives, and compiled organisms."""
        return audit_runs(settings)

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps, and how long they and the profiles take on two idle cores."""
        runs = self.runs(settings)
        lasts = {label: config.curriculum.phases[-1:] for label, config in runs.items()}
        whole = {arm.name: runs[arm.name].curriculum.phases for arm in WITH_TWINS}
        steps = sum(phase.steps for phases in (lasts | whole).values() for phase in phases)
        organisms = settings.members * len(runs)
        minutes = (settings.members * steps / STEPS_PER_SECOND + organisms * SECONDS_PER_ORGANISM) / 60
        return (
            f"{self.name}: {organisms} organisms, {TWINS} twins for each of {settings.members} in "
            f"{len(WITH_TWINS)} arms: at most {settings.members * steps} organism-steps; about {minutes:.0f} minutes on "
            "two idle cores (cpu scale), and less where runs of incentives, handles and controls lie beside it"
        )

    def measure(self, run: StudyRun) -> RunProfiles:
        """Response profiles, gatedness, behaviour; verdicts of schemers."""
        return run_profiles(run)

    def summarise(self, settings: StudySettings, measured: Mapping[str, RunProfiles]) -> AuditsSummary:
        """Audits of every organism, by verdict."""
        audits = study_audits(measured)
        groups = [audit_group(name, organisms) for name, organisms in audits.groups().items()]
        findings = audit_findings(audits, groups) | attribution_findings(measured)
        value = findings[PRIMARY]
        place, runs = AUDITS.index(300), self.runs(settings)
        return AuditsSummary(
            n=sum(len(run.members) for label, run in measured.items() if label != NEVER_TRAINED),
            seeds=sorted({config.seed for config in runs.values()}),
            primary=PrimaryEndpoint(
                PRIMARY,
                value if isinstance(value, tuple) else (value, None, None),
                len(by_organism(audits.schemers, lambda organism: organism.diluted[place])),
            ),
            findings=findings,
            audits=AUDITS,
            groups=tuple(groups),
            maps=audits.maps,
            left_out=audits.left_out,
            calibrated=all(calibrated(runs[arm.name]) for arm in SCHEMERS),
        )

    def headline(self, summary: AuditsSummary) -> Sequence[str]:
        """The claim, how much is in on it, and what misleads."""
        return page.audits_headline(summary)

    def sections(self, summary: AuditsSummary) -> Sequence[Section]:
        """Power, shares, maps, detectors, scenes in which both behave alike, limits."""
        return page.audits_sections(summary)
