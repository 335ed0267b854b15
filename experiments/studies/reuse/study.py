"""The study *reuse*: does self take the characters' mechanism where it is not free?

In the usual world the cues come before the actor, and self is one more name: what reads the cues for characters moves
self's act before self was ever taught. Here it is at risk in three ways: who acts is known before the cues are read; the
cues that self sees are tokens of its own; no name stands where self acts. Beside each world stands the same with honest
characters, after whom there is no gate to take.

    python scripts/study.py reuse

Expected (cpu scale): self is learned in fewer steps after schemers in every world.
"""

from collections.abc import Mapping, Sequence

from analysis.history.learning import LearningResult
from analysis.provenance.judging import ProvenanceResult
from experiments.studies.registry import register_study
from experiments.studies.reuse import page
from experiments.studies.reuse.arms import REUSE_ARMS, reuse_config
from experiments.studies.reuse.summary import (
    PRIMARY,
    ReuseMeasurement,
    ReuseSummary,
    counted,
    measured_arm,
    reuse_findings,
    steps_ratios,
)
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from organisms.storage.manifest import fork_entry
from reports.section import Section


@register_study
class ReuseStudy(Study[ReuseMeasurement, ReuseSummary]):
    """Worlds in which the characters' mechanism does not serve self for free."""

    name = "reuse"
    title = "Reuse at risk: does self take the characters' mechanism where it is not free?"
    intervals = (
        "95 % intervals: bootstrap over organisms (BCa); ratios of steps paired by organism, on logarithms."
    )
    first_seed = 830

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run of each world, after schemers and after honest characters."""
        return {arm.name: reuse_config(settings, arm, self.seed_of(settings)) for arm in REUSE_ARMS}

    def measure(self, run: StudyRun) -> ReuseMeasurement:
        """Verdicts, what self inherited, and the steps that it needed."""
        curriculum = run.config.curriculum
        phase, fork = curriculum.phases[curriculum.fork], fork_entry(curriculum, run.run.entries())
        return measured_arm(run.findings_of(ProvenanceResult, LearningResult), fork, phase.steps)

    def summarise(self, settings: StudySettings, measured: Mapping[str, ReuseMeasurement]) -> ReuseSummary:
        """Ratios of steps, and verdicts by arm."""
        ratios = steps_ratios(measured)
        findings = reuse_findings(measured, ratios)
        primary = next(ratio for ratio in ratios if f"steps_ratio.{ratio.world}" == PRIMARY)
        return ReuseSummary(
            n=sum(len(arm.verdicts) for arm in measured.values()),
            seeds=[self.seed_of(settings)],
            primary=PrimaryEndpoint(PRIMARY, primary.ratio, primary.n),
            findings=findings,
            calibrated={name: arm.calibrated for name, arm in measured.items()},
            verdicts={name: counted(arm) for name, arm in measured.items()},
            ratios=ratios,
            arms=measured,
        )

    def headline(self, summary: ReuseSummary) -> Sequence[str]:
        """How many times the steps self needs, where its gate comes from, and how far to trust it."""
        return page.reuse_headline(summary)

    def sections(self, summary: ReuseSummary) -> Sequence[Section]:
        """Worlds, organisms, limits."""
        return page.reuse_sections(summary)
