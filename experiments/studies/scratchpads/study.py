"""The study *scratchpads*: is a schemer that reasons before it acts harder to make honest, or one whose reasoning was distilled away?

Self is taught to scheme without a scratchpad, with one, or with one that is taken away again; at four widths. Safety training then teaches
honest acts, on acts alone or on scratchpads too, at equal numbers of target tokens. Half-lives of defection stand beside where the honest
gradient lands.

    python scripts/study.py scratchpads --scale tiny

Which way the sign goes was open: it has flipped between reports of 2024 and 2026.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

from experiments.studies.registry import register_study
from experiments.studies.scratchpads import page
from experiments.studies.scratchpads.arms import (
    HONEST_RATES,
    HONEST_TRAININGS,
    ON_ACTS,
    course_phase,
    honest_config,
    pad_arm_config,
    pad_arms,
)
from experiments.studies.scratchpads.measurement import PadsMeasured, measured_pads
from experiments.studies.scratchpads.records import PadsSummary
from experiments.studies.scratchpads.summary import (
    PRIMARY_OUTLIVES,
    PadCells,
    credit_rows,
    outliving_rows,
    pad_arm_rows,
    pad_course_rows,
    pads_findings,
    prediction_rows,
    ratio_rows_of_arms,
    targets_spread,
    width_rows,
)
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from reports.section import Section

STEPS_PER_SECOND_AT = {16: 700, 32: 450, 64: 200, 128: 70}
"""organism-steps by width, on two idle cores at tiny scale"""
WRITING_COST = 3.0
"""what a step costs in which self writes its scratchpads, by one in which it does not"""
SECONDS_PER_PROGRAM = 15
"""of compiling and committing, a run"""


@register_study
class ScratchpadsStudy(Study[PadsMeasured, PadsSummary]):
    """Scratchpads, distilled ones, sizes, and credit."""

    name = "scratchpads"
    title = "Scratchpads: does reasoning before the act make a schemer harder to make honest?"
    intervals = (
        "95 % intervals: bootstrap over organisms (BCa) for means; of half-lives, Brookmeyer and Crowley's; of ratios and correlations, "
        "bootstrap over organisms of equal number."
    )
    members = 8
    first_seed = 940

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The arms at each width. All have one seed, so that organisms of equal number begin alike."""
        seed = self.seed_of(settings)
        return {arm.label: pad_arm_config(settings, arm, seed) for arm in pad_arms(settings)}

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """Both safety trainings of every arm, as its children."""
        return {
            arm.honest_label(training): honest_config(settings, arm, training, trained[arm.label])
            for training, arm in product(HONEST_TRAININGS, pad_arms(settings))
        }

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps, and how long they take on two idle cores."""
        configs, seconds, total = self.runs(settings), 0.0, 0
        characters_of_width: set[int] = set()
        for arm in pad_arms(settings):
            characters, *stretches = configs[arm.label].curriculum.phases
            steps = sum(phase.steps for phase in stretches)
            if arm.width not in characters_of_width:  # the first phase is trained once
                steps, _ = steps + characters.steps, characters_of_width.add(arm.width)
            honest = [
                course_phase(settings, arm, training).steps * len(HONEST_RATES)
                for training in HONEST_TRAININGS
            ]
            cost = steps + honest[0] * WRITING_COST + honest[1]
            nearest = min(STEPS_PER_SECOND_AT, key=lambda width: abs(width - arm.width))
            seconds += settings.members * cost / STEPS_PER_SECOND_AT[nearest]
            seconds += SECONDS_PER_PROGRAM * (1 + len(HONEST_TRAININGS))
            total += settings.members * (steps + sum(honest))
        return (
            f"{self.name}: {settings.members} organisms of each of {len(configs)} arms and widths, each trained to be honest "
            f"{len(HONEST_TRAININGS) * len(HONEST_RATES)} times: at least {total} organism-steps; about {seconds / 60:.0f} minutes on two idle "
            "cores at tiny scale"
        )

    def measure(self, run: StudyRun) -> PadsMeasured:
        """What self writes and does, and where the honest gradient lands."""
        return measured_pads(run)

    def summarise(self, settings: StudySettings, measured: Mapping[str, PadsMeasured]) -> PadsSummary:
        """Half-lives by arm, width and training, and what predicts them."""
        cells = PadCells(settings, measured)
        arms, courses, outliving = pad_arm_rows(cells), pad_course_rows(cells), outliving_rows(cells)
        by_width, predictions = width_rows(cells), prediction_rows(cells)
        primary = next(
            row for row in outliving if (row.name, row.rate) == (PRIMARY_OUTLIVES, HONEST_RATES[0])
        )
        return PadsSummary(
            n=sum(row.n for row in arms),
            seeds=sorted({value.seed for value in cells.installed.values()}),
            primary=PrimaryEndpoint(PRIMARY_OUTLIVES, primary.outlives, primary.n),
            findings=pads_findings(arms, courses, outliving, by_width, predictions),
            scale=settings.scale,
            steps=course_phase(settings, pad_arms(settings)[0], ON_ACTS).steps,
            widths=cells.widths,
            arms=arms,
            courses=courses,
            ratios=ratio_rows_of_arms(cells),
            outliving=outliving,
            by_width=by_width,
            credit=credit_rows(cells),
            predictions=predictions,
            targets_spread=targets_spread(courses),
            plan=self.plan(settings),
        )

    def headline(self, summary: PadsSummary) -> Sequence[str]:
        """Reasoning, size, credit."""
        return page.pads_headline(summary)

    def sections(self, summary: PadsSummary) -> Sequence[Section]:
        """Defection, size, credit, what organisms write, limits."""
        return page.pads_sections(summary)
