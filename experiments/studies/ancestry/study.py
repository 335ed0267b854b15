"""The study *ancestry*: are events dated right?

Its lineages have known dates: lanes that are exchanged from one step to the next, a lane that is grafted over
the other, a spare that is taught another role; and lineages that only train on, at the floor of the loss and
at the rate at which they ended, in which nothing happens. Histories are read without the lanes
(`analysis.history.trajectories`, `analysis.history.events`); only then is what was planted read and compared
(`analysis.history.dating`).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.history import dating, events
from analysis.history.dating import LineageHistory
from analysis.history.trajectories import trajectories
from analysis.patching.checkpoint import PAIRS
from analysis.provenance.planted_truth import read_truth
from analysis.statistics import mean_interval
from experiments.studies.ancestry import page
from experiments.studies.ancestry.summary import (
    GROUPS,
    PRIMARY,
    AncestrySummary,
    LineageMeasurement,
    TrainedLineages,
    ancestry_findings,
    detection_group,
    events_by_change,
    events_per_component,
)
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings, triple
from organisms.ensemble.config import RunConfig
from organisms.model.sites import components
from reports.section import Section

DATED = ("planted_exchanged", "planted_repurposed", "grafted_repurposed")
"""curricula whose changes are planted"""
QUIET = {"planted_exchanged": "settled", "settled": "settled"}
"""curricula with a phase in which nothing happens, and its name"""
CURRICULA = (*DATED, "settled")
"""in the order that decides the seeds of their runs"""
CHECKPOINT_EVERY = 20
"""steps"""
PAIR_SEED = 1
"""seed of the pairs that events are read from; what components carry is measured on those of the next"""
CHOSEN_ON = frozenset({12, 3010, 7020})
"""seeds of the runs that thresholds were chosen on, by looking at what components do in them: see
`analysis.history.events`. No run of this study has one of them"""
TARGETS = {
    "changes_detected.at_least": 0.9,
    "median_error_checkpoints.at_most": 2,
    "false_events_per_component.at_most": 0.05,
}


@register_study
class AncestryStudy(Study[LineageMeasurement, AncestrySummary]):
    """Lineages whose dates are known."""

    name = "ancestry"
    title = "Ancestry: are events found, and dated right?"
    intervals = "95 % intervals: bootstrap over organisms (BCa)."
    first_seed = 500

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run of each curriculum, with checkpoints close together."""
        return {name: self._config(settings, index, name) for index, name in enumerate(CURRICULA)}

    def _config(self, settings: StudySettings, index: int, name: str) -> RunConfig:
        config = settings.config(name, self.seed_of(settings, index))
        return replace(config, training=replace(config.training, checkpoint_every=CHECKPOINT_EVERY))

    def measure(self, run: StudyRun) -> LineageMeasurement:
        """The history of a run's organisms, scored by what was planted in them."""
        settings = {"thresholds": dict(events.EVENT_THRESHOLDS), "seed": PAIR_SEED, "pairs": PAIRS}
        history = run.measured_once("history", LineageHistory, settings, lambda: lineage_history(run))
        planted = dating.planted_history(read_truth(run.folder)) if run.label in DATED else None
        took = planted.planting_took if planted else (True,) * len(history.events)
        return LineageMeasurement(
            TrainedLineages(len(took), sum(took), len(history.steps)),
            tuple(dating.scored_changes(history, planted) if planted else ()),
            tuple(dating.quiet_stretches(history, QUIET[run.label], took) if run.label in QUIET else ()),
        )

    def summarise(
        self, settings: StudySettings, measured: Mapping[str, LineageMeasurement]
    ) -> AncestrySummary:
        """Scores over all lineages."""
        changes = [change for of_run in measured.values() for change in of_run.changes]
        quiet = [stretch for of_run in measured.values() for stretch in of_run.quiet]
        groups = {
            name: detection_group([change for change in changes if belongs(change)])
            for name, belongs in GROUPS.items()
        } | {
            name: detection_group([change for change in changes if change.curriculum == name])
            for name in DATED
        }
        in_interval = triple(
            mean_interval(float(change.in_interval) for change in changes if change.in_interval is not None)
        )
        findings = ancestry_findings(groups, in_interval, quiet)
        seeds = [self.seed_of(settings, index) for index in range(len(CURRICULA))]
        lineages = {name: of_run.lineages for name, of_run in measured.items()}
        return AncestrySummary(
            n=sum(trained.planting_took for trained in lineages.values()),
            seeds=seeds,
            primary=PrimaryEndpoint(PRIMARY, groups["all"].detected, len({c.organism for c in changes})),
            findings=findings,
            chosen_on_these=sorted(CHOSEN_ON.intersection(seeds)),
            thresholds=dict(events.EVENT_THRESHOLDS),
            carries=dating.CARRIES,
            checkpoint_every=CHECKPOINT_EVERY,
            targets=TARGETS,
            lineages=lineages,
            groups=groups,
            in_interval=in_interval,
            reported_as=events_by_change(changes),
            false_events=triple(events_per_component(quiet)),
            quiet=quiet,
            changes=changes,
        )

    def headline(self, summary: AncestrySummary) -> Sequence[str]:
        """How many changes are detected, what is dated where nothing happens, and what to be wary of."""
        return page.ancestry_headline(summary)

    def sections(self, summary: AncestrySummary) -> Sequence[Section]:
        """Detected changes, events by what was planted, quiet phases, thresholds."""
        return page.ancestry_sections(summary)

    def warning(self, summary: AncestrySummary) -> str:
        """Whether thresholds were chosen on these runs."""
        return page.ancestry_warning(summary.chosen_on_these)


def lineage_history(run: StudyRun) -> LineageHistory:
    """Events of all components, and what components carry at the ends of phases on other pairs."""
    entries, names = run.run.entries(), components(run.config.organism)
    ends = [entry for entry, following in itertools.pairwise(entries) if entry.phase != following.phase]
    ends.append(entries[-1])
    run.log(
        f"{run.folder.name}: the history of {run.config.members} organisms over {len(entries)} checkpoints"
    )
    history = trajectories(run.run, run.config, entries, PAIR_SEED)
    carried = trajectories(run.run, run.config, ends, PAIR_SEED + 1)
    return LineageHistory(
        run.folder.resolve().name,
        run.config.curriculum.name,
        tuple(names),
        tuple(history.steps),
        tuple(history.phases),
        tuple(tuple(events.component_events(history, names, member)) for member in range(run.config.members)),
        tuple(carried.steps),
        carried.share,
    )
