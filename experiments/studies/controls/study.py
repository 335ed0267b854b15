"""The study *controls*: how often are verdicts right about organisms whose provenance was planted?

Planted organisms of every truth and of several makes are trained and analysed blind, and only then is what
was planted read (`analysis.provenance.scoring`). An organism in which the planting did not take, by a check
that knows the lanes, is not scored: another is trained in its place, and counted. Nulls stand beside: the
same organisms before their first step, and with the two answers of every pair exchanged at random.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.history.set_course import KeptWord, SetCourseResult
from analysis.patching.checkpoint import NULLS, Null
from analysis.provenance import scoring
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.planted_truth import planted_truth, read_truth
from analysis.provenance.scored_lines import corroborated_as, score_lines
from analysis.provenance.scoring import ScoredOrganism, scored_organisms
from analysis.provenance.verdict import VerdictName
from analysis.thresholds import ALIKE_CHOSEN_ON, CHOSEN_ON, TABLE
from curricula.catalogue.compiled import COMPILED
from experiments.measurements.measuring import (
    MeasuringChoice,
    chosen_measurements,
    measure_run,
    opened_for_measuring,
)
from experiments.studies.controls import page
from experiments.studies.controls.coverage import measured_coverage
from experiments.studies.controls.summary import (
    PRIMARY,
    ControlsMeasurement,
    ControlsSummary,
    PlantingCount,
    confusion_by_make,
    control_findings,
    control_groups,
    failed_plantings,
    mixed_organisms,
)
from experiments.studies.registry import register_study
from experiments.studies.study import ANALYSIS_SEED, PrimaryEndpoint, Study, StudyRun, StudySettings, triple
from organisms.ensemble.config import RunConfig
from organisms.planted.compiled_program import has_compiler
from organisms.planted.lanes import is_parted
from reports.section import Section

CURRICULA = (
    *("planted_reused", "planted_second_copy", "planted_repurposed"),
    *("planted_mixed_quarter", "planted_mixed", "planted_mixed_three_quarters", "planted_absent"),
    *("frozen_reused", "grafted_second_copy", "grafted_repurposed"),
    "planted_mixed_spare",
    "planted_other_rule",
    *("planted_divided", "planted_spread"),
    *("planted_part_spare_quarter", "planted_part_spare_half", "planted_part_spare_three_quarters"),
    *("masked_reused", "masked_second_copy", "masked_repurposed", "masked_divided"),
)
"""curricula in the order that decides the seeds of their runs: what is added comes last. Without *masked_absent*: an
honest self is checked by behaviour alone, in either make"""
COMPILED_CURRICULA = tuple(make.__name__ for make in COMPILED)
"""curricula whose organisms are compiled, where the compiler is installed"""
COVERAGE_CURRICULUM = "compiled_mixed"
"""the curriculum whose organisms intervals are tested on"""
FIRST_COMPILED = 50
"""number of the first of them where the seeds of runs are counted: room for more that are trained"""
OTHER_RULE = "planted_other_rule"
"""the curriculum in which self has a rule of its own; it is in another world than all others, and scored
apart from them"""
MIXTURES, SHARES_OF_MIXTURE = ("planted_mixed", "planted_part_spare"), 3
"""how the names of mixtures begin, and how many shares of two provenances are mixed: a truth's organisms are
divided by that"""
ROUNDS = 4
"""runs of one curriculum at most, until enough organisms are what they were planted to be"""
NO_COMPILER = "no organisms are compiled, since tracr-pypi is not installed; pip install -e '.[compiled]'"
NULL_CURRICULA = ("planted_reused", "planted_second_copy")
"""curricula on whose first runs the nulls are measured"""


@dataclass(frozen=True)
class NullVerdicts:
    """Verdicts of organisms in which there is nothing to find, judged as if the behaviour were there."""

    verdicts: tuple[VerdictName, ...]


@register_study
class ControlsStudy(Study[ControlsMeasurement, ControlsSummary]):
    """Planted organisms of every truth and make."""

    name = "controls"
    title = "Planted controls: how often is a verdict right?"
    first_seed = 0

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The first run of each curriculum that can be planted in the study's world."""
        return {name: self.config(settings, name) for name in plantable(settings)}

    def config(self, settings: StudySettings, name: str, attempt: int = 0) -> RunConfig:
        """A run of a planted curriculum; each has a seed of its own, so that no two organisms are siblings."""
        is_compiled = name in COMPILED_CURRICULA
        number = FIRST_COMPILED + COMPILED_CURRICULA.index(name) if is_compiled else CURRICULA.index(name)
        seed = self.seed_of(settings, number, attempt)
        return settings.config(name, seed, required_organisms(settings, name))

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """A further run of each curriculum of which too few organisms are what they were planted to be."""
        further: dict[str, RunConfig] = {}
        if not has_compiler():
            log(NO_COMPILER)
        for name in plantable(settings):
            folders = [folder for label, folder in trained.items() if curriculum_of(label) == name]
            took = sum(sum(planted_truth(read_truth(folder)).planting_took) for folder in folders)
            required = required_organisms(settings, name)
            if took >= required:
                continue
            if len(folders) >= ROUNDS:
                log(
                    f"{name}: only {took} organisms are what they were planted to be after {ROUNDS} runs of "
                    f"{required}"
                )
                continue
            further[f"{name}.{len(folders)}"] = self.config(settings, name, len(folders))
        if further:
            names = ", ".join(map(curriculum_of, further))
            log(f"training more, since planting failed too often: {names}")
        return further

    def measure(self, run: StudyRun) -> ControlsMeasurement:
        """The organisms of a run, scored; of two runs also the nulls."""
        findings = run.findings()
        nulls = {null: null_verdicts(run, null) for null in NULLS if run.label in NULL_CURRICULA}
        organisms = tuple(scored_organisms(findings, planted_truth(read_truth(run.folder))))
        coverage = measured_coverage(run) if run.label == COVERAGE_CURRICULUM else ()
        reseeded = findings.run.reseeded.count
        courses = findings[SetCourseResult].members
        kept: tuple[KeptWord | None, ...] = tuple(c.of_self.says if c.of_self else None for c in courses)
        return ControlsMeasurement(curriculum_of(run.label), organisms, reseeded, nulls, kept, coverage)

    def summarise(
        self, settings: StudySettings, measured: Mapping[str, ControlsMeasurement]
    ) -> ControlsSummary:
        """Scores over all organisms."""
        planting = {name: planting_count(settings, name, measured) for name in plantable(settings)}
        organisms = [
            organism
            for name in planting
            for organism in required_of(_organisms_of(name, measured), planting[name].required)
        ]
        groups = control_groups(organisms, OTHER_RULE)
        took = [organism for organism in organisms if organism.planting_took]
        mixed, seeds = mixed_organisms(groups), sorted({organism.seed for organism in organisms})
        one_cell = [organism for organism in groups.same_rule if organism.truth in scoring.IN_ONE_CELL]
        accuracy = triple(scoring.accuracy(groups.routing))
        return ControlsSummary(
            n=len(took),
            seeds=seeds,
            primary=PrimaryEndpoint(PRIMARY, accuracy, len(groups.routing)),
            findings=control_findings(groups, measured.values()),
            chosen_on_these=sorted(CHOSEN_ON.intersection(seeds)),
            similarity_chosen_on_these=sorted(ALIKE_CHOSEN_ON.intersection(seeds)),
            accuracy=accuracy,
            confusion=confusion_by_make(groups),
            undecided=sum(organism.verdict == "undecided" for organism in took),
            mixed=len(mixed),
            mixed_with_shares=sum(organism.shares["reused"] is not None for organism in mixed),
            corroboration=score_lines(one_cell),
            corroborated_as={
                truth: {name: triple(share) for name, share in shares.items()}
                for truth, shares in corroborated_as([o for o in took if o.lines]).items()
            },
            similarity=scoring.similarity_counts(took),
            nulls=null_counts(measured.values()),
            planting_failed=failed_plantings(organisms),
            confusion_where_planting_failed=scoring.confusion(
                [organism for organism in organisms if not organism.planting_took]
            ),
            planting=planting,
            left_out=[name for name in CURRICULA if name not in planting],
            makes=list(dict.fromkeys(organism.make for organism in took)),
            thresholds=dict(TABLE),
            organisms=organisms,
        )

    def headline(self, summary: ControlsSummary) -> Sequence[str]:
        """How often verdicts are right, how well shares come back, and what to be wary of."""
        return page.controls_headline(summary)

    def sections(self, summary: ControlsSummary) -> Sequence[Section]:
        """Verdicts, shares, places, corroboration, nulls, thresholds, each organism."""
        return page.control_sections(summary)

    def warning(self, summary: ControlsSummary) -> str:
        """Whether thresholds were chosen on these runs."""
        return page.controls_warning(summary)


def plantable(settings: StudySettings) -> list[str]:
    """Curricula that can be planted in the study's world and at its sizes: where a cue may mean nothing, or there is
    but one, self can have no rule of its own, and a lane of one head or block can not be parted. Compiled organisms
    have a world of their own, and need a compiler."""
    trained = [name for name in CURRICULA if not _unplantable(settings.config(name))]
    return [*trained, *(COMPILED_CURRICULA if has_compiler() else ())]


def _unplantable(config: RunConfig) -> bool:
    organism = config.organism
    too_narrow = is_parted(config.curriculum) and (organism.heads % 4 or organism.neuron_blocks % 4)
    return bool(too_narrow or config.curriculum.world.validation_errors())


def required_organisms(settings: StudySettings, name: str) -> int:
    """Organisms of a curriculum: those that are mixed in different shares are one truth."""
    return -(-settings.members // SHARES_OF_MIXTURE) if name.startswith(MIXTURES) else settings.members


def curriculum_of(label: str) -> str:
    """The curriculum of a run, by its label: the name, with a number where it is not the first run."""
    return label.partition(".")[0]


def _organisms_of(name: str, measured: Mapping[str, ControlsMeasurement]) -> list[ScoredOrganism]:
    runs = [of_run for of_run in measured.values() if of_run.curriculum == name]
    return [organism for of_run in runs for organism in of_run.organisms]


def required_of(organisms: Sequence[ScoredOrganism], required: int) -> list[ScoredOrganism]:
    """As many organisms in which planting took as are required, and all in which it did not."""
    took = [organism for organism in organisms if organism.planting_took]
    return [*took[:required], *(organism for organism in organisms if not organism.planting_took)]


def planting_count(
    settings: StudySettings, name: str, measured: Mapping[str, ControlsMeasurement]
) -> PlantingCount:
    """How many organisms a curriculum gave, over all of its runs."""
    organisms = _organisms_of(name, measured)
    return PlantingCount(
        len(organisms),
        sum(organism.planting_took for organism in organisms),
        required_organisms(settings, name),
        sum(of_run.reseeded for of_run in measured.values() if of_run.curriculum == name),
    )


def null_verdicts(run: StudyRun, null: Null) -> tuple[VerdictName, ...]:
    """Verdicts of a run's organisms under a null."""

    choice = MeasuringChoice(only=(ProvenanceResult,))

    def measure() -> NullVerdicts:
        run.log(f"{run.folder.name}: null of {null} organisms")
        opened = opened_for_measuring(run.run, ANALYSIS_SEED, null=null)
        findings = measure_run(opened, choice)
        return NullVerdicts(tuple(member.verdict for member in findings[ProvenanceResult].members))

    thresholds = {measurement.name: dict(measurement.settings) for measurement in chosen_measurements(choice)}
    settings = {"thresholds": thresholds, "seed": ANALYSIS_SEED}
    return run.measured_once(f"null-{null}", NullVerdicts, settings, measure).verdicts


def null_counts(measured: Iterable[ControlsMeasurement]) -> dict[str, dict[VerdictName, int]]:
    """How often each verdict was given where there is nothing to find, by null."""
    counts: dict[str, Counter[VerdictName]] = {}
    for of_run in measured:
        for null, verdicts in of_run.nulls.items():
            counts.setdefault(null, Counter()).update(verdicts)
    return {null: dict(verdicts) for null, verdicts in counts.items()}
