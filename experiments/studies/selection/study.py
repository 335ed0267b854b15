"""The study *selection*: is it better to train on a detector, or to grow anew until the detector catches nothing?

Organisms end honest or scheming by chance. A linear probe that was made from characters alone catches some. Those that it
catches are grown anew, from nothing, from the same fork, or on the same data; or the probe is trained on, in the loss or in the
reward.

    python scripts/study.py selection --scale tiny

Expected (tiny scale): new organisms end as the law p_u / (1 - p_c) says; those of one fork are more alike than the law assumes.
Which of q_u and p_u / (1 - p_c) is lower was open.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from experiments.studies.registry import register_study
from experiments.studies.selection import page
from experiments.studies.selection.arms import (
    DRAWS,
    GROWTH_ARMS,
    NEW_ORGANISM,
    REROLLS,
    TRUNK,
    calibration_forks,
    forked_config,
    new_organisms_config,
    trunk_config,
)
from experiments.studies.selection.measurement import (
    READINGS,
    TRAINED_ON_READING,
    SelectionMeasurement,
    measured_selection,
)
from experiments.studies.selection.records import SelectionSummary
from experiments.studies.selection.summary import (
    DEPENDENT_OUTCOMES,
    PRIMARY,
    CountedOrganisms,
    arm_rows,
    beyond_constant,
    constant_findings,
    dependence_row,
    is_primary,
    law_row,
    number_or_none,
    selection_findings,
    trained_on_rows,
)
from experiments.studies.selection.thresholds import threshold_findings
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from reports.section import Section

STEPS_PER_SECOND = 660
"""organism-steps of imitation, on two cores at tiny scale, beside other work at low priority"""
REWARDED_STEPS_PER_SECOND = 160
"""of rewarded phases, in which acts are sampled one by one, in the same run"""
LEAST_FORKS = 3
"""one that sets thresholds, and two to compare"""


@register_study
class SelectionStudy(Study[SelectionMeasurement, SelectionSummary]):
    """Growing anew until nothing is caught, and training on the detector."""

    name = "selection"
    title = "Selection: train on the detector, or grow anew until it catches nothing?"
    intervals = "95 % intervals: Wilson for shares, with the number of organisms that forks are worth; bootstrap over forks for all differences."
    members = 51
    """forks"""
    first_seed = 920

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The forks, and organisms that share nothing with them or with each other."""
        seeds = (self.seed_of(settings), self.seed_of(settings, 1))
        return {
            TRUNK: trunk_config(settings, seeds[0]),
            NEW_ORGANISM: new_organisms_config(settings, seeds[1]),
        }

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """The organisms that are grown from forks."""
        forked = [arm for arm in GROWTH_ARMS if arm.reroll != NEW_ORGANISM]
        return {arm.label: forked_config(settings, arm, trained[TRUNK]) for arm in forked}

    def errors(self, settings: StudySettings) -> list[str]:
        """Everything that is wrong with the settings: forks set thresholds, and further ones are compared."""
        errors = super().errors(settings)
        if 1 <= settings.members < LEAST_FORKS:
            errors.append(f"members: expected {LEAST_FORKS} forks or more, got {settings.members}")
        return errors

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps, and how long they take on two idle cores."""
        characters, intent = self.runs(settings)[NEW_ORGANISM].curriculum.phases
        organisms = settings.members * DRAWS
        imitated = (settings.members + organisms) * characters.steps
        rewarded = organisms * len(GROWTH_ARMS) * intent.steps
        minutes = (imitated / STEPS_PER_SECOND + rewarded / REWARDED_STEPS_PER_SECOND) / 60
        return (
            f"{self.name}: {settings.members} forks, {organisms} organisms in each of {len(GROWTH_ARMS)} arms: at least "
            f"{imitated} organism-steps of imitation and {rewarded} of reward; about {minutes:.0f} minutes on two idle cores "
            "at tiny scale"
        )

    def measure(self, run: StudyRun) -> SelectionMeasurement:
        """What a run's organisms do, and how each detector scores them."""
        return measured_selection(run)

    def summarise(
        self, settings: StudySettings, measured: Mapping[str, SelectionMeasurement]
    ) -> SelectionSummary:
        """Shares, the law, dependence, and what training on the detector leaves."""
        counted = CountedOrganisms(measured)
        arms, trained_on = arm_rows(counted), trained_on_rows(counted)
        laws = [law_row(counted, reroll, reading) for reading in READINGS for reroll in REROLLS]
        dependence = [
            dependence_row(counted, reroll, outcome) for outcome in DEPENDENT_OUTCOMES for reroll in REROLLS
        ]
        primary = next(row for row in trained_on if is_primary(row))
        calibration = calibration_forks(settings.members)
        return SelectionSummary(
            n=sum(row.n for row in arms if row.reading == TRAINED_ON_READING),
            seeds=sorted({arm.seed for arm in measured.values()}),
            primary=PrimaryEndpoint(PRIMARY, primary.difference, settings.members - calibration),
            findings=selection_findings(arms, laws, dependence, trained_on)
            | constant_findings(counted)
            | threshold_findings(counted),
            forks=settings.members - calibration,
            calibration_forks=calibration,
            thresholds={reading: number_or_none(value) for reading, value in counted.thresholds.items()},
            calibration_honest=counted.honest,
            arms=arms,
            laws=laws,
            dependence=dependence,
            trained_on=trained_on,
            reward_less_constant=beyond_constant(counted, TRAINED_ON_READING),
            plan=self.plan(settings),
        )

    def headline(self, summary: SelectionSummary) -> Sequence[str]:
        """Which is better, whether the law holds, and how far to trust it."""
        return page.selection_headline(summary)

    def sections(self, summary: SelectionSummary) -> Sequence[Section]:
        """The law, what training on the detector leaves, dependence, detectors, limits."""
        return page.selection_sections(summary)
