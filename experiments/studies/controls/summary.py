"""What the study of planted controls says: how often verdicts are right, and how well shares come back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.history.set_course import KeptWord
from analysis.provenance import scoring
from analysis.provenance.planted_truth import NO_SPARE, RIGHT_VERDICTS, SimilarityWord, TruthName
from analysis.provenance.scored_lines import LineScore, by_a_wrong_name, by_its_name
from analysis.provenance.scoring import ScoredOrganism
from analysis.provenance.verdict import APART, VerdictName
from analysis.statistics import Interval, count_interval, mean_interval
from experiments.studies.controls.coverage import CoverageBatch
from experiments.studies.controls.labels import FINDING_LABELS
from experiments.studies.incentives.summary import dotted
from experiments.studies.study import Number, StudySummary, Triple, triple

PRIMARY = "accuracy.routing"
"""share of the organisms planted by routing, where what is planted is a verdict, whose verdict that is"""
COMPILED_MAKE = "compiled"
"""make of the organisms that are compiled from programs"""
ONE_OF_TWO_WAYS: tuple[TruthName, ...] = ("reused", "repurposed", "second copy")
"""truths that several makes plant, and that a self can come by"""
BY_ANOTHER_MECHANISM = "second copy, by another mechanism"
"""the verdict in full that is right where self's lane learned another rule"""


@dataclass(frozen=True)
class ControlsMeasurement:
    """What came of one run."""

    curriculum: str
    organisms: tuple[ScoredOrganism, ...]
    reseeded: int
    """organisms that missed the characters' criterion and were trained from another seed"""
    nulls: Mapping[str, tuple[VerdictName, ...]]
    """verdicts where there is nothing to find, by null; of the first runs of two curricula"""
    kept: tuple[KeptWord | None, ...] = ()
    """of each organism, whether self's own set was kept since the fork; None where that could not be followed"""
    coverage: tuple[CoverageBatch, ...] = ()
    """of mixed compiled organisms besides; see `experiments.studies.controls.coverage`"""


@dataclass(frozen=True)
class PlantingCount:
    """How many organisms a curriculum gave, over all of its runs."""

    trained: int
    planting_took: int
    required: int
    reseeded: int


@dataclass(frozen=True)
class ControlGroups:
    """The organisms in which planting took, as they are scored."""

    same_rule: Sequence[ScoredOrganism]
    """all of one world"""
    other_rule: Sequence[ScoredOrganism]
    """with a rule of self's: they are of another world, and in no other score"""
    compiled: Sequence[ScoredOrganism]
    """of a world of their own too, and scored apart"""

    @property
    def routing(self) -> list[ScoredOrganism]:
        """Those of one world that were planted by routing, where what was planted is a verdict."""
        return self._whole(("routing",))

    @property
    def masking(self) -> list[ScoredOrganism]:
        """The same, planted by masks."""
        return self._whole(("masking",))

    @property
    def surgery_and_freezing(self) -> list[ScoredOrganism]:
        """The same, planted by surgery or freezing."""
        return self._whole(("surgery", "freezing"))

    @property
    def no_spare(self) -> list[ScoredOrganism]:
        """Those of one world in which self took what served characters, and was no spare."""
        return [organism for organism in self.same_rule if organism.truth in NO_SPARE]

    @property
    def part_spare(self) -> list[ScoredOrganism]:
        """Those of one world in which self took a spare for a part of its goals."""
        return [organism for organism in self.same_rule if organism.truth == "part spare"]

    def _whole(self, makes: Collection[str]) -> list[ScoredOrganism]:
        return [
            organism
            for organism in self.same_rule
            if organism.make in makes and organism.truth not in RIGHT_VERDICTS
        ]


@dataclass(frozen=True)
class ControlsSummary(StudySummary):
    """The answer of the study *controls*."""

    chosen_on_these: Sequence[int]
    """run seeds that thresholds were chosen on"""
    similarity_chosen_on_these: Sequence[int]
    accuracy: Triple
    confusion: Mapping[str, Mapping[TruthName, Mapping[VerdictName, int]]]
    """how often each truth got each verdict, by make"""
    undecided: int
    mixed: int
    mixed_with_shares: int
    """mixed organisms whose shares could be measured"""
    corroboration: Mapping[str, LineScore]
    corroborated_as: Mapping[TruthName, Mapping[VerdictName, Triple]]
    """by what was planted, the share of organisms whose evidence would corroborate a verdict, were it given: rightly, or
    wrongly"""
    similarity: Mapping[str, Mapping[SimilarityWord, int]]
    """by curriculum, whether self's circuit was found to compute as the characters' does"""
    nulls: Mapping[str, Mapping[VerdictName, int]]
    planting_failed: Mapping[str, Sequence[str]]
    """by curriculum, the organisms in which planting did not take, and why"""
    confusion_where_planting_failed: Mapping[TruthName, Mapping[VerdictName, int]]
    planting: Mapping[str, PlantingCount]
    left_out: Sequence[str]
    """curricula that can not be planted in the study's world"""
    makes: Sequence[str]
    """how the organisms that are scored were made"""
    thresholds: Mapping[str, Number | str]
    organisms: Sequence[ScoredOrganism]


def control_groups(organisms: Iterable[ScoredOrganism], other_rule: str) -> ControlGroups:
    """The organisms in which planting took, by how they are scored. other_rule: the curriculum in which self
    has a rule of its own."""
    scored = [organism for organism in organisms if organism.planting_took]
    compiled = [organism for organism in scored if organism.make == COMPILED_MAKE]
    trained = [organism for organism in scored if organism.make != COMPILED_MAKE]
    return ControlGroups(
        [organism for organism in trained if organism.curriculum != other_rule],
        [organism for organism in trained if organism.curriculum == other_rule],
        compiled,
    )


def confusion_by_make(groups: ControlGroups) -> dict[str, dict[TruthName, dict[VerdictName, int]]]:
    """How often each truth got each verdict, by make, and apart from them where self has a rule of its own."""
    makes: dict[str, Sequence[ScoredOrganism]] = {}
    for make in dict.fromkeys(organism.make for organism in groups.same_rule):
        makes[make] = [organism for organism in groups.same_rule if organism.make == make]
    makes["routing, other rule"] = groups.other_rule
    makes[COMPILED_MAKE] = groups.compiled
    return {make: scoring.confusion(organisms) for make, organisms in makes.items() if organisms}


def control_findings(
    groups: ControlGroups, measured: Iterable[ControlsMeasurement] = ()
) -> dict[str, Number | Triple]:
    """The study's results by name. measured: every run, for what is not scored organism by organism."""
    runs = list(measured)
    batches = [batch for of_run in runs for batch in of_run.coverage]
    covered = [is_covered for batch in batches for is_covered in batch.covered]
    errors = [error for batch in batches for error in batch.errors]
    intervals = _accuracies(groups) | _share_errors(groups) | _mechanisms(groups) | _circuits(groups)
    intervals["coverage.compiled"] = count_interval(sum(covered), len(covered))
    intervals["coverage.share_error"] = mean_interval(errors)
    grown = [organism for of_run in runs for organism in of_run.organisms if organism.truth == "part spare"]
    intervals["error.part_spare.all_grown"] = mean_interval(organism.spare_error for organism in grown)
    scored = {(organism.run, organism.member) for organism in groups.same_rule}
    intervals |= {f"kept.{dotted(truth)}": kept_share(runs, truth, scored) for truth in ONE_OF_TWO_WAYS}
    return {name: triple(intervals[name]) for name in FINDING_LABELS}


def kept_share(
    runs: Iterable[ControlsMeasurement], truth: TruthName, scored: Collection[tuple[str, int]]
) -> Interval:
    """Of scored organisms (run, member) of a truth whose set was told to be kept or rewritten, the share that kept it."""
    words = [
        word
        for of_run in runs
        for organism, word in zip(of_run.organisms, of_run.kept, strict=True)
        if organism.planting_took and organism.truth == truth and (organism.run, organism.member) in scored
    ]
    return count_interval(words.count("kept"), words.count("kept") + words.count("rewritten"))


def _accuracies(groups: ControlGroups) -> dict[str, Interval]:
    present = [organism for organism in groups.routing if organism.truth != "absent"]
    return {
        "accuracy.routing": scoring.accuracy(groups.routing),
        "accuracy.routing_without_absent": scoring.accuracy(present),
        "accuracy.surgery_and_freezing": scoring.accuracy(groups.surgery_and_freezing),
        "accuracy.compiled_without_mixed": scoring.accuracy(
            [organism for organism in groups.compiled if organism.truth != "mixed"]
        ),
        "accuracy.masking": scoring.accuracy(groups.masking),
        **{
            f"accuracy.of.{dotted(truth)}": scoring.accuracy(
                [o for o in groups.same_rule if o.truth == truth]
            )
            for truth in ONE_OF_TWO_WAYS
        },
        "excess.planted_repurposed": mean_interval(
            o.excess["repurposed"] for o in groups.same_rule if o.truth == "repurposed"
        ),
        "repurposed_where_no_spare": scoring.share_that(
            groups.no_spare, lambda organism: organism.verdict == "repurposed"
        ),
        "pair_accuracy.repurposed_or_second_copy": scoring.pair_accuracy(
            groups.same_rule, ("repurposed", "second copy")
        ),
    }


def _share_errors(groups: ControlGroups) -> dict[str, Interval]:
    mixed = mixed_organisms(groups)
    return {
        "error.mixed.goals_in_lane_a": mean_interval(organism.goals_error for organism in mixed),
        "error.mixed.lanes_patched": mean_interval(organism.reused_error for organism in mixed),
        "error.part_spare.goals_in_spare": mean_interval(
            organism.spare_error for organism in groups.part_spare
        ),
        "share_error.part_spare": scoring.share_error(groups.part_spare),
        "share_error.masking": scoring.share_error(groups.masking),
        "share_error.mixed": scoring.share_error(mixed),
        "share_error.mixed_strict": scoring.share_error(mixed, strict=True),
        "share_error.routing": scoring.share_error(groups.routing),
        "share_error.compiled": scoring.share_error(groups.compiled),
    }


def mixed_organisms(groups: ControlGroups) -> list[ScoredOrganism]:
    """The organisms of which both lanes serve self."""
    return [organism for organism in groups.routing if organism.truth == "mixed"]


def _mechanisms(groups: ControlGroups) -> dict[str, Interval]:
    same_rule = groups.same_rule
    shared = [organism for organism in same_rule if organism.planted_similarity == "alike"]
    parted = [organism for organism in same_rule if organism.verdict in APART]
    in_one_cell = [organism for organism in same_rule if organism.truth in scoring.IN_ONE_CELL]
    return {
        "corroborated.by_its_name": scoring.share_that(in_one_cell, by_its_name),
        "corroborated.by_a_wrong_name": scoring.share_that(in_one_cell, by_a_wrong_name),
        "corroborated.where_the_verdict_is_wrong": scoring.share_that(
            [organism for organism in same_rule if not organism.is_right and organism.lines],
            lambda organism: organism.corroborated_as.get(organism.verdict, False),
        ),
        "direction.reused": _direction(same_rule, ("reused",)),
        "direction.parted": _direction(same_rule, ("repurposed", "second copy")),
        "direction.untrained": _direction(same_rule, scoring.IN_ONE_CELL, null=True),
        "similarity.alike_where_shared": scoring.share_that(
            shared, lambda organism: organism.similarity == "alike"
        ),
        "similarity.by_another_mechanism_where_rules_differ": scoring.share_that(
            groups.other_rule, lambda organism: organism.verdict_in_full == BY_ANOTHER_MECHANISM
        ),
        "similarity.another_where_rules_agree": scoring.share_that(
            parted, lambda organism: organism.similarity == "another"
        ),
    }


def _direction(organisms: Iterable[ScoredOrganism], truths: Sequence[str], null: bool = False) -> Interval:
    """What a trained direction carries from characters into self in organisms of some truths, or its
    floor."""
    lines = [
        organism.lines.get("interchange_direction") for organism in organisms if organism.truth in truths
    ]
    return mean_interval(line.null if null else line.value for line in lines if line is not None)


def _circuits(groups: ControlGroups) -> dict[str, Interval]:
    measured = [organism for organism in groups.routing if organism.circuit_found]
    numbers: dict[str, Callable[[ScoredOrganism], float | None]] = {
        "cmd.circuits": lambda organism: organism.cmd,
        "cmd.effects_spread": lambda organism: organism.cmd_of_spread,
        "cmd.random_circuits": lambda organism: organism.null_cmd,
    }
    return {
        "localisation_auroc.character": mean_interval(o.auroc.get("character") for o in groups.routing),
        "localisation_auroc.self": mean_interval(o.auroc.get("self") for o in groups.routing),
        **{name: mean_interval(map(number, measured)) for name, number in numbers.items()},
    }


def failed_plantings(organisms: Iterable[ScoredOrganism]) -> dict[str, list[str]]:
    """By curriculum, the organisms in which planting did not take, and why."""
    lines: dict[str, list[str]] = {}
    for organism in organisms:
        if not organism.planting_took:
            line = f"{organism.run} {organism.member}: {organism.why_not}"
            lines.setdefault(organism.curriculum, []).append(line)
    return lines
