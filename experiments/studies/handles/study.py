"""The study *handles*: is text about schemers a handle on the organism's own scheming?

From characters alone, at the fork and at the end, an auditor makes a location (components that matter for the characters' gate),
a linear probe (deceit against all else) and a direction (alone less watched), and tries them on self at the end. Organisms are
planted, where provenance is known; incentivised, by verdict; and negatives, who are honest, who learn something else meanwhile,
or who never learned anything.

    python scripts/study.py handles

Expected (cpu scale): a reused self obeys both locations, a second copy neither, a repurposed one the fork's alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from analysis.provenance.planted_truth import planted_truth, read_truth
from experiments.studies.controls.study import curriculum_of
from experiments.studies.handles import page
from experiments.studies.handles.arms import (
    INCENTIVISED_ARMS,
    handle_runs,
    planted_arms,
    planted_run,
)
from experiments.studies.handles.measurement import HandleArmMeasurement, measured_handles
from experiments.studies.handles.rates import PRIMARY, grouped, holding_rates, told_cells
from experiments.studies.handles.shown import shown_organism, shown_scenes
from experiments.studies.handles.summary import HandlesSummary, handle_findings
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from reports.section import Section

STEPS_PER_SECOND = 150
"""organism-steps, of two idle cores, at cpu scale"""
MINUTES_PER_ORGANISM = 0.15
"""of the analysis, on two idle cores at cpu scale; a guess from that of other studies"""
ATTEMPTS = 3
"""runs of one planted curriculum at most, until enough organisms are what they were planted to be"""


@register_study
class HandlesStudy(Study[HandleArmMeasurement, HandlesSummary]):
    """Handles from characters, tried on self."""

    name = "handles"
    title = "Handles: is text about schemers a handle on the organism's own scheming?"
    shares_runs_with = ("controls", "incentives")

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run of each arm, and another one of that with an incentive to repurpose."""
        return handle_runs(settings)

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """A further run of each planted curriculum of which too few organisms are what they were planted to be."""
        further: dict[str, RunConfig] = {}
        for name in planted_arms(settings):
            folders = [folder for label, folder in trained.items() if curriculum_of(label) == name]
            took = sum(sum(planted_truth(read_truth(folder)).planting_took) for folder in folders)
            if took < settings.members and len(folders) < ATTEMPTS:
                further[f"{name}.{len(folders)}"] = planted_run(settings, name, len(folders))
        if further:
            log(f"training more, since planting failed too often: {', '.join(map(curriculum_of, further))}")
        return further

    def plan(self, settings: StudySettings) -> str:
        """Organism-steps, runs to analyse, and how long they take on two idle cores."""
        runs = self.runs(settings).values()
        steps = sum(run.members * sum(phase.steps for phase in run.curriculum.phases) for run in runs)
        minutes = steps / STEPS_PER_SECOND / 60 + len(runs) * settings.members * MINUTES_PER_ORGANISM
        return (
            f"{self.name}: {sum(run.members for run in runs)} organisms in {len(runs)} runs: at most {steps} organism-steps, since "
            f"arms share their first phases; about {minutes:.0f} minutes on two idle cores at {STEPS_PER_SECOND} organism-steps a "
            "second (cpu scale), and less where runs of controls and incentives lie beside it"
        )

    def measure(self, run: StudyRun) -> HandleArmMeasurement:
        """The handles of a run's organisms."""
        return measured_handles(run)

    def summarise(
        self, settings: StudySettings, measured: Mapping[str, HandleArmMeasurement]
    ) -> HandlesSummary:
        """Rates by group of organisms."""
        organisms = [organism for arm in measured.values() for organism in arm.organisms]
        groups = grouped(organisms)
        rates = holding_rates(groups)
        findings = handle_findings(groups, rates)
        primary = next((rate for rate in rates if f"fork_less_end.{rate.name}" == PRIMARY), None)
        endpoint = (primary.difference, primary.n) if primary else ((None, None, None), 0)
        return HandlesSummary(
            n=sum(map(len, groups.values())),
            seeds=sorted({arm.seed for arm in measured.values()}),
            primary=PrimaryEndpoint(PRIMARY, *endpoint),
            findings=findings,
            counts={group.name: len(members) for group, members in groups.items()},
            planting_failed=dict(Counter(organism.arm for organism in organisms if not organism.counts)),
            rates=rates,
            by_both_locations={group.name: told_cells(members) for group, members in groups.items()},
            organisms=[shown_organism(organism) for members in groups.values() for organism in members],
            scenes=shown_scenes({name: arm for name, arm in measured.items() if name in INCENTIVISED_ARMS}),
        )

    def headline(self, summary: HandlesSummary) -> Sequence[str]:
        """Which locations hold what, what probes and directions do, and how far to trust it."""
        return page.handles_headline(summary)

    def sections(self, summary: HandlesSummary) -> Sequence[Section]:
        """Locations, probes, directions, telling apart, a scene, limits."""
        return page.handles_sections(summary)
