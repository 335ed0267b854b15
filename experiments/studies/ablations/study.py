"""The study *ablations*: which parts of the incentive does *repurposed* need?

In *audited_half_dropout* three things come together: half-dropout grows a spare, a monitor watches one circuit of
characters, and components that serve both roles cost. Here each is left out, alone and with the others, in all eight
combinations, from the same weights and scenes.

    python scripts/study.py ablations

Expected (cpu scale): the repurposed share goes with the overlap cost.
"""

from collections.abc import Mapping, Sequence

from analysis.thresholds import TABLE
from experiments.studies.ablations import page
from experiments.studies.ablations.arms import ABLATION_ARMS, ablation_config
from experiments.studies.ablations.summary import (
    PRIMARY,
    AblationsSummary,
    ablation_findings,
    part_differences,
)
from experiments.studies.incentives.arms import ArmSummary, summarise_arm
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from organisms.storage.manifest import fork_entry
from reports.section import Section


@register_study
class AblationsStudy(Study[ArmSummary, AblationsSummary]):
    """The incentive with parts left out."""

    name = "ablations"
    title = "Ablations: which parts of the incentive does it take?"
    first_seed = 790

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run of each arm. All have one seed; arms with equal first phases copy them from the first of these."""
        return {arm.name: ablation_config(settings, arm, self.seed_of(settings)) for arm in ABLATION_ARMS}

    def measure(self, run: StudyRun) -> ArmSummary:
        """The verdicts of an arm."""
        arm = next(arm for arm in ABLATION_ARMS if arm.name == run.label)
        fork = fork_entry(run.config.curriculum, run.run.entries())
        return summarise_arm(arm.columns, run.findings(), fork.sha256)

    def summarise(self, settings: StudySettings, measured: Mapping[str, ArmSummary]) -> AblationsSummary:
        """Differences between the whole incentive and the same without a part."""
        differences = part_differences(measured)
        primary = next(each for each in differences if each.name == PRIMARY)
        return AblationsSummary(
            n=sum(arm.n for arm in measured.values()),
            seeds=[self.seed_of(settings)],
            primary=PrimaryEndpoint(PRIMARY, primary.difference, len(primary.differences)),
            findings=ablation_findings(measured, differences),
            calibrated=all(arm.calibrated for arm in measured.values()),
            thresholds=dict(TABLE),
            arms=measured,
            differences=differences,
        )

    def headline(self, summary: AblationsSummary) -> Sequence[str]:
        """What goes with each part, which verdicts are left, and how far to trust it."""
        return page.ablations_headline(summary)

    def sections(self, summary: AblationsSummary) -> Sequence[Section]:
        """Arms, differences, each organism."""
        return page.ablation_sections(summary)
