"""The study *self_first*: what do characters take from a self that schemed before them?

In the other studies characters are learned first, and self may take what reads the cues for them. Here the order is turned
round: self alone is taught to scheme, then characters are, while self is rehearsed. In the control self is taught to be
honest first, which leaves no gate to take. Since a rehearsed honest self calls for another act at the same cues, both arms
stand beside the same without rehearsal.

    python scripts/study.py self_first

Expected (cpu scale): characters are learned in fewer steps after a scheming self, mostly by components that served self at
the fork. At the fork, before any character was taught, characters' acts on their own goals are near chance; those that are
alone act on self's.
"""

from collections.abc import Mapping, Sequence

from experiments.studies.registry import register_study
from experiments.studies.self_first import page
from experiments.studies.self_first.arms import NOT_REHEARSED, SELF_ACTS, SELF_FIRST_ARMS, self_first_config
from experiments.studies.self_first.measurement import SelfFirstMeasurement, self_first_measurement
from experiments.studies.self_first.summary import (
    PRIMARY,
    SelfFirstSummary,
    character_steps,
    self_first_findings,
    verdict_counts,
)
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from reports.section import Section


@register_study
class SelfFirstStudy(Study[SelfFirstMeasurement, SelfFirstSummary]):
    """Self is taught before characters."""

    name = "self_first"
    title = "Self first: what do characters take from a self that schemed before them?"
    intervals = "95 % intervals: bootstrap over organisms (BCa); the ratio of steps paired by organism, on logarithms."
    first_seed = 840

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run after a scheming and one after an honest self, with self rehearsed and without."""
        return {arm.name: self_first_config(settings, arm, self.seed_of(settings)) for arm in SELF_FIRST_ARMS}

    def measure(self, run: StudyRun) -> SelfFirstMeasurement:
        """Steps that characters need, shares with the roles exchanged, and characters at the fork."""
        return self_first_measurement(run)

    def summarise(
        self, settings: StudySettings, measured: Mapping[str, SelfFirstMeasurement]
    ) -> SelfFirstSummary:
        """The ratio of steps, and means over organisms by arm."""
        steps = character_steps(measured["scheming"], measured["honest"])
        not_rehearsed = character_steps(*(measured[name + NOT_REHEARSED] for name in SELF_ACTS))
        return SelfFirstSummary(
            n=sum(len(arm.steps) for arm in measured.values()),
            seeds=[self.seed_of(settings)],
            primary=PrimaryEndpoint(PRIMARY, steps.ratio, steps.n),
            findings=self_first_findings(measured),
            calibrated=False,
            verdicts={name: verdict_counts(measured[name]) for name in SELF_ACTS},
            steps=steps,
            steps_not_rehearsed=not_rehearsed,
            arms=measured,
        )

    def headline(self, summary: SelfFirstSummary) -> Sequence[str]:
        """How many times the steps, what the characters' gate is made of, and what characters do at the fork."""
        return page.self_first_headline(summary)

    def sections(self, summary: SelfFirstSummary) -> Sequence[Section]:
        """Steps, shares, the fork, organisms, limits."""
        return page.self_first_sections(summary)
