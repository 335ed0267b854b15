"""The study *swap*: does self change sides when the auditor watches the other half?

Forks of *half_dropout* can do the characters' gate with either half of every layer. Each fork is taught self
once with the first half watched and once with the second, on the same scenes: where the monitor decides which
half self takes, its share in a half changes from one to the other. Beside these stand a watched circuit, a
sham watch of random components and nobody, each with and without the overlap cost, and the halves with the
characters' side of that cost stopped.

    python scripts/study.py swap

Expected (cpu scale): self's share in the watched half, watched less not, below -0.5 with the overlap cost.
"""

from collections.abc import Mapping, Sequence

from experiments.measurements.measuring import calibrated
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from experiments.studies.swap import page
from experiments.studies.swap.arms import HALVES, WATCH_ARMS, arm_config
from experiments.studies.swap.effects import (
    CALLS_PER_CHECKPOINT,
    COURSE_EVERY,
    WatchMeasurement,
    watch_measurement,
)
from experiments.studies.swap.paired import EXPECTED_BELOW, PRIMARY, paired_changes
from experiments.studies.swap.summary import (
    SwapSummary,
    half_courses,
    require_same_forks,
    summarise_watch_arm,
    swap_findings,
)
from organisms.ensemble.config import RunConfig
from organisms.pressures.half_dropout import half_masks
from reports.section import Section

STEPS_PER_SECOND = 150
"""organism-steps, of two idle cores, at cpu scale and without costs on the cue response"""
STEPS_PER_COSTED_STEP = 1.75
"""organism-steps without costs on the cue response that take as long as one with them, at cpu scale"""
SECONDS_PER_CALL = 0.06
"""of two idle cores, for a call of the program of Shapley values on one organism at cpu scale"""
CALLS_PER_VERDICT = 60
"""calls that cost as much as the measurements behind a verdict: 28 for effects, the others for circuits and
patches"""


@register_study
class SwapStudy(Study[WatchMeasurement, SwapSummary]):
    """The same forks, watched here or there."""

    name = "swap"
    title = "Swap: does self go where the auditor does not look?"
    intervals = (
        "95 % intervals: Wilson for counts, bootstrap over forks (BCa) for means of paired differences."
    )
    members = 24
    first_seed = 760

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run of each arm. All have one seed, and copy the phases before self from the first of them."""
        return {arm.name: arm_config(settings, arm, self.seed_of(settings)) for arm in WATCH_ARMS}

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps and calls of the analysis, and how long they take on two idle cores."""
        *trunk, intent = next(iter(self.runs(settings).values())).curriculum.phases
        plain = [arm for arm in WATCH_ARMS if (arm.watch, arm.cost) == ("nobody", "none")]
        costly = (len(WATCH_ARMS) - len(plain)) * intent.steps
        cheap = sum(phase.steps for phase in trunk) + len(plain) * intent.steps
        courses = sum(arm.watch in HALVES for arm in WATCH_ARMS) * (intent.steps // COURSE_EVERY + 1)
        calls = settings.members * (courses * CALLS_PER_CHECKPOINT + len(WATCH_ARMS) * CALLS_PER_VERDICT)
        training_seconds = settings.members * (cheap + STEPS_PER_COSTED_STEP * costly) / STEPS_PER_SECOND
        minutes = (training_seconds + calls * SECONDS_PER_CALL) / 60
        return (
            f"{self.name}: {settings.members} forks in {len(WATCH_ARMS)} arms: "
            f"{settings.members * (cheap + costly)} organism-steps, {settings.members * costly} of them with "
            f"costs on the cue response, and as much analysis as {calls} Shapley calls; about {minutes:.0f} "
            f"minutes on two idle cores at {STEPS_PER_SECOND} plain organism-steps a second (cpu scale)"
        )

    def measure(self, run: StudyRun) -> WatchMeasurement:
        """Effects and verdicts of an arm; of the halves also the course from the fork on."""
        return watch_measurement(run, with_course=run.label.split(".")[0] in HALVES)

    def summarise(self, settings: StudySettings, measured: Mapping[str, WatchMeasurement]) -> SwapSummary:
        """Paired differences between arms."""
        require_same_forks(measured)
        first_half = half_masks(settings.organism)[0]
        arms = {arm.name: summarise_watch_arm(arm, measured[arm.name], first_half) for arm in WATCH_ARMS}
        changes = paired_changes(measured, first_half)
        primary = next(change for change in changes if change.name == PRIMARY)
        return SwapSummary(
            n=sum(arm.n for arm in arms.values()),
            seeds=[self.seed_of(settings)],
            primary=PrimaryEndpoint(PRIMARY, primary.mean, settings.members),
            findings=swap_findings(arms, changes),
            expected_below=EXPECTED_BELOW,
            calibrated=calibrated(self.runs(settings)[WATCH_ARMS[0].name]),
            plan=self.plan(settings),
            arms=arms,
            changes=changes,
            courses=half_courses(measured, first_half),
        )

    def headline(self, summary: SwapSummary) -> Sequence[str]:
        """Whether self changes sides, who follows whom, and how far to trust it."""
        return page.swap_headline(summary)

    def sections(self, summary: SwapSummary) -> Sequence[Section]:
        """Forks side by side, who moves when, shams, verdicts, every number."""
        return page.swap_sections(summary)
