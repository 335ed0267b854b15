"""The study *probe_race*: where an organism is trained against a probe, what gives way first, what it does or what is read?

Self begins undecided: a coin taught it what to do when alone. Then the secret act pays more. A linear probe, which reads at the
act, costs nothing, or costs in the reward or in the loss, with several weights, by a frozen copy, refitted, and made worse. At every
checkpoint acts of both kinds are forced, and probes are read on them.

    python scripts/study.py probe-race

Predicted: reward selects acts, so that misbehaviour is lost and the probe still tells acts; loss rotates what the probe reads, so
that the probe is lost and self misbehaves as before.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from experiments.studies.probe_race import page
from experiments.studies.probe_race.arms import FORK, RACE_ARMS, READ_EVERY, TEMPTED, race_config
from experiments.studies.probe_race.measurement import RaceCourse, race_course
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


@register_study
class ProbeRaceStudy(Study[RaceCourse | None, ProbeRaceSummary]):
    """Arms that train against a probe, from one undecided start."""

    name = "probe-race"
    title = "Probe race: what gives way to training against a probe?"
    intervals = "95 % intervals: bootstrap over organisms (BCa for means, percentiles for slopes)."
    first_seed = 940

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The undecided organisms."""
        return {FORK: settings.config(FORK, self.seed_of(settings))}

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """Every arm, as children of the undecided organisms."""
        return {arm.name: race_config(settings, arm, trained[FORK]) for arm in RACE_ARMS}

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps and checkpoints, and how long they take on two idle cores."""
        fork = sum(phase.steps for phase in settings.config(FORK).curriculum.phases)
        config = settings.config(TEMPTED)
        race = config.curriculum.phases[-1].steps
        organisms = settings.members * sum(len(arm.cells) for arm in RACE_ARMS)
        checkpoints = organisms * (race // READ_EVERY + 3)
        seconds = (
            settings.members * fork / STEPS_PER_SECOND
            + organisms * race / REWARDED_PER_SECOND
            + checkpoints * SECONDS_PER_CHECKPOINT
        )
        return (
            f"{self.name}: {settings.members} undecided organisms and {organisms} children in {len(RACE_ARMS)} runs: at least "
            f"{settings.members * fork + organisms * race} organism-steps, {checkpoints} times an organism's probes; about "
            f"{seconds / 60:.0f} minutes on two idle cores (cpu scale)"
        )

    def measure(self, run: StudyRun) -> RaceCourse | None:
        """The course of an arm; of the undecided organisms nothing, since every arm begins with them."""
        return None if run.label == FORK else race_course(run)

    def summarise(
        self, settings: StudySettings, measured: Mapping[str, RaceCourse | None]
    ) -> ProbeRaceSummary:
        """Losses, ends and slopes."""
        courses = {label: course for label, course in measured.items() if course is not None}
        cells = measured_cells(courses)
        findings = race_findings(cells)
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
        """The race, weights, variances, outcomes, limits."""
        return page.race_sections(summary)
