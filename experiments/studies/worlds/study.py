"""The study *worlds*: is the usual curriculum learned in other worlds and at other sizes, with no other setting changed?

Phases end when they are learned (see `organisms.training.phase_course`). The curriculum *shared* is grown in the usual
world and in five others, and once with phases of fixed length; planted organisms are judged in two of the others.

    python scripts/study.py worlds --members 4

Expected (cpu scale): nine of ten organisms learn in their first attempt and behave at the end.
"""

from collections.abc import Mapping, Sequence

from analysis.provenance.planted_truth import planted_truth, read_truth
from analysis.provenance.scoring import scored_organisms
from curricula.catalogue.building_blocks import WORLDS
from experiments.studies.registry import register_study
from experiments.studies.study import Study, StudyRun, StudySettings
from experiments.studies.worlds import page
from experiments.studies.worlds.arms import CURRICULUM, planned_config, planned_runs
from experiments.studies.worlds.course import training_course
from experiments.studies.worlds.summary import (
    WorldMeasurement,
    WorldsSummary,
    as_taught_elsewhere,
    controls_rows,
    worlds_findings,
    worlds_rows,
)
from organisms.ensemble.config import RunConfig
from organisms.model.config import ORGANISMS
from reports.section import Section


@register_study
class WorldsStudy(Study[WorldMeasurement, WorldsSummary]):
    """The same curriculum in other worlds and at other sizes."""

    name = "worlds"
    title = "Other worlds: is what is taught learned at other sizes?"
    members = 4
    first_seed = 860

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """A run of each world, one of fixed length, and planted ones."""
        return {
            label: planned_config(settings, planned, self.seed_of(settings, planned.seed))
            for label, planned in planned_runs().items()
        }

    def errors(self, settings: StudySettings) -> list[str]:
        """Everything that is wrong with the settings: a world and sizes of the command would be ignored."""
        errors = super().errors(settings)
        if (settings.world, settings.organism) != (WORLDS[settings.scale], ORGANISMS[settings.scale]):
            errors.append(
                "worlds: the study has worlds and sizes of its own; leave out --world and --organism"
            )
        return errors

    def warning(self, summary: WorldsSummary) -> str:
        """Where phases were cut, none was prolonged."""
        return page.worlds_warning(summary)

    def measure(self, run: StudyRun) -> WorldMeasurement:
        """How members came through the phases; of planted ones also the verdicts."""
        course = training_course(run.config, run.run.entries(), run.run.summary())
        if planned_runs()[run.label].curriculum == CURRICULUM:
            return WorldMeasurement(course)
        findings = run.findings()
        scored = scored_organisms(findings, planted_truth(read_truth(run.folder)))
        return WorldMeasurement(course, tuple(scored), findings.run.calibrated)

    def summarise(self, settings: StudySettings, measured: Mapping[str, WorldMeasurement]) -> WorldsSummary:
        """Counts by world."""
        worlds, controls = worlds_rows(measured), controls_rows(measured)
        seeds = sorted({self.seed_of(settings, planned.seed) for planned in planned_runs().values()})
        n = sum(row.n for row in worlds.values())
        return WorldsSummary(
            n=n + sum(row.grown for row in controls.values()),
            seeds=seeds,
            primary=as_taught_elsewhere(measured),
            findings=worlds_findings(measured, worlds, controls),
            worlds=worlds,
            controls=controls,
            phases_were_cut=settings.steps is not None,
        )

    def headline(self, summary: WorldsSummary) -> Sequence[str]:
        """How many learn elsewhere, at what cost, and how right verdicts are there."""
        return page.worlds_headline(summary)

    def sections(self, summary: WorldsSummary) -> Sequence[Section]:
        """Worlds, planted organisms, limits."""
        return page.worlds_sections(summary)
