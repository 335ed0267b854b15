"""The study *incentives*: which incentive makes organisms repurpose a spare?

The same organisms are trained under every combination of an incentive to part from the characters' mechanism,
a phase in which spares grow, and the way in which self is taught; they are analysed as any others, verdicts
are counted, and so is what the incentive cost. Arms share their first phases, so that they start from the
same forks. The story of one organism is read from its lineage.
"""

from collections.abc import Mapping, Sequence

from analysis.history.organism_story import MATTERS, OrganismStory, organism_story
from analysis.patching.checkpoint import PAIRS
from analysis.thresholds import TABLE
from experiments.studies.incentives import page
from experiments.studies.incentives.arms import ARMS, ArmSummary, summarise_arm
from experiments.studies.incentives.summary import (
    PRIMARY,
    PRIMARY_ARM,
    PRIMARY_VERDICT,
    ArmMeasurement,
    IncentivesSummary,
    incentive_findings,
    reward_differences,
)
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from organisms.storage.manifest import fork_entry
from reports.section import Section

SEARCHED = frozenset({5, 11, 6000})
"""seeds on which incentives were searched for, or seen before the last change (docs/incentives.md)"""
PAIR_SEED = 1
"""seed of the pairs on which a story's effects are measured"""


@register_study
class IncentivesStudy(Study[ArmMeasurement, IncentivesSummary]):
    """The same organisms under every incentive."""

    name = "incentives"
    title = "Incentives: what makes self leave the mechanism at hand?"

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run of each arm. All arms have one seed, so that organisms of equal number begin alike."""
        return {name: settings.config(name, self.seed_of(settings)) for name in ARMS}

    def measure(self, run: StudyRun) -> ArmMeasurement:
        """The verdicts of an arm; of the primary arm also the story of one organism."""
        fork = fork_entry(run.config.curriculum, run.run.entries())
        arm = summarise_arm(ARMS[run.label], run.findings(), fork.sha256)
        member = member_of_story(arm) if run.label == PRIMARY_ARM else None
        if member is None:
            return ArmMeasurement(arm, None)
        return ArmMeasurement(arm, _story(run, member), arm.organisms[member].corroborated)

    def summarise(self, settings: StudySettings, measured: Mapping[str, ArmMeasurement]) -> IncentivesSummary:
        """Verdicts by arm."""
        arms = {name: of_run.arm for name, of_run in measured.items()}
        differences = reward_differences(arms)
        primary = arms[PRIMARY_ARM]
        return IncentivesSummary(
            n=sum(arm.n for arm in arms.values()),
            seeds=[settings.seed],
            primary=PrimaryEndpoint(PRIMARY, primary.excess[PRIMARY_VERDICT], primary.n_shares),
            findings=incentive_findings(arms, differences),
            searched_on_these=sorted(SEARCHED.intersection([settings.seed])),
            calibrated=all(arm.calibrated for arm in arms.values()),
            thresholds=dict(TABLE),
            curricula=arms,
            story=measured[PRIMARY_ARM].story,
            story_corroborated=measured[PRIMARY_ARM].story_corroborated,
            differences=differences,
        )

    def headline(self, summary: IncentivesSummary) -> Sequence[str]:
        """What the incentives did and what happened without, what else came out, and how far to trust it."""
        return page.incentives_headline(summary)

    def sections(self, summary: IncentivesSummary) -> Sequence[Section]:
        """Arms, costs, one story, scenes, each organism."""
        return page.incentive_sections(summary)


def member_of_story(arm: ArmSummary) -> int | None:
    """The first repurposed organism that is corroborated, or the first repurposed one where none is."""
    repurposed = [organism for organism in arm.organisms if organism.verdict == PRIMARY_VERDICT]
    first = next((organism for organism in repurposed if organism.corroborated), None)
    return (first or repurposed[0]).member if repurposed else None


def _story(run: StudyRun, member: int) -> OrganismStory:
    def measure() -> OrganismStory:
        run.log(f"{run.folder.name}: the story of organism {member}")
        return organism_story(run.run, member, PAIR_SEED)

    settings = {"seed": PAIR_SEED, "pairs": PAIRS, "effect.least": MATTERS}
    return run.measured_once(f"story-{member}", OrganismStory, settings, measure)
