"""The study *probe_race*: where an organism is trained against a probe, what gives way first, what it does or what is read?

Self begins undecided: a coin taught it what to do when alone. Then the secret act pays more. A linear probe, which reads at the
act, costs nothing, or costs in the reward or in the loss, with several weights, by a frozen copy, refitted, made worse, and as an
ensemble that reads at several places. At every checkpoint acts of both kinds are forced, and probes are read on them. Beside these,
three arms for each planted provenance.

    python scripts/study.py probe-race

Predicted: reward selects acts, so that misbehaviour is lost and the probe still tells acts; loss rotates what the probe reads, so
that the probe is lost and self misbehaves as before. With a probe that reads the act at its token, provenance does not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from analysis.provenance.planted_truth import PlantedTruth, planted_truth, read_truth
from experiments.studies.probe_race import page
from experiments.studies.probe_race.arms import (
    FORK,
    PROVENANCE_ARMS,
    RACE_ARMS,
    READ_EVERY,
    TEMPTED,
    RaceArm,
    race_config,
)
from experiments.studies.probe_race.measurement import RaceCourse, race_course
from experiments.studies.probe_race.provenance import provenance_findings
from experiments.studies.probe_race.summary import (
    PRIMARY,
    ProbeRaceSummary,
    all_cells,
    measured_cells,
    race_findings,
)
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from reports.section import Section

STEPS_PER_SECOND, REWARDED_PER_SECOND = 90, 40
"""organism-steps of two idle cores at cpu scale, by imitation and by reward; a guess from other studies"""
SECONDS_PER_CHECKPOINT = 0.4
"""of two idle cores, for the probes of one organism at one checkpoint; a guess"""


def _arms() -> Sequence[RaceArm]:
    return (*RACE_ARMS, *PROVENANCE_ARMS)


@register_study
class ProbeRaceStudy(Study[RaceCourse | PlantedTruth | None, ProbeRaceSummary]):
    """Arms that train against a probe, from one undecided start; and some from starts of planted provenance."""

    name = "probe-race"
    title = "Probe race: what gives way to training against a probe?"
    intervals = "95 % intervals: bootstrap over organisms (BCa for means, percentiles for slopes)."
    first_seed = 940

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The undecided organisms, and those of planted provenance."""
        forks = dict.fromkeys((FORK, *(arm.fork for arm in _arms())))
        return {fork: settings.config(fork, self.seed_of(settings)) for fork in forks}

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """Every arm, as children of its undecided organisms."""
        return {arm.name: race_config(settings, arm, trained[arm.fork]) for arm in _arms()}

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps and checkpoints, and how long they take on two idle cores."""
        forks = self.runs(settings).values()
        fork = sum(phase.steps for config in forks for phase in config.curriculum.phases)
        config = settings.config(TEMPTED)
        race = config.curriculum.phases[-1].steps
        organisms = settings.members * sum(len(arm.cells) for arm in _arms())
        checkpoints = organisms * (race // READ_EVERY + 3)
        seconds = (
            settings.members * fork / STEPS_PER_SECOND
            + organisms * race / REWARDED_PER_SECOND
            + checkpoints * SECONDS_PER_CHECKPOINT
        )
        return (
            f"{self.name}: {settings.members * len(forks)} undecided organisms and {organisms} children in {len(_arms())} runs: at least "
            f"{settings.members * fork + organisms * race} organism-steps, {checkpoints} times an organism's probes; about "
            f"{seconds / 60:.0f} minutes on two idle cores (cpu scale)"
        )

    def measure(self, run: StudyRun) -> RaceCourse | PlantedTruth | None:
        """The course of an arm; of undecided organisms what was planted in them, or, where nothing was, nothing, since
        every arm begins with them."""
        if run.label == FORK:
            return None
        forks = {arm.fork for arm in _arms()}
        return planted_truth(read_truth(run.folder)) if run.label in forks else race_course(run)

    def summarise(
        self, settings: StudySettings, measured: Mapping[str, RaceCourse | PlantedTruth | None]
    ) -> ProbeRaceSummary:
        """Losses, ends and slopes; and what provenance changes."""
        courses = {label: value for label, value in measured.items() if isinstance(value, RaceCourse)}
        truths = {label: value for label, value in measured.items() if isinstance(value, PlantedTruth)}
        of_planted = {arm.name for arm in _arms() if arm.fork in truths}
        cells = measured_cells(
            {label: course for label, course in courses.items() if label not in of_planted}
        )
        planted = {label: course for label, course in courses.items() if label in of_planted}
        findings = race_findings(cells) | provenance_findings(planted, truths)
        value = findings[PRIMARY]
        return ProbeRaceSummary(
            n=settings.members,
            seeds=[self.seed_of(settings)],
            primary=PrimaryEndpoint(
                PRIMARY, value if isinstance(value, tuple) else (value, None, None), settings.members
            ),
            findings=findings,
            cells=all_cells(cells),
            plan=self.plan(settings),
        )

    def headline(self, summary: ProbeRaceSummary) -> Sequence[str]:
        """What reward and loss give way to, and what variances say."""
        return page.race_headline(summary)

    def sections(self, summary: ProbeRaceSummary) -> Sequence[Section]:
        """The race, weights, variances, outcomes, provenance, limits."""
        return page.race_sections(summary)
