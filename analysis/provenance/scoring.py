"""The scorer of verdicts: how often is the analysis right about organisms whose provenance is known?

With `analysis.history.dating`, the one module of the analysis that is given the truth beside a run, which
`analysis.provenance.planted_truth` reads. It compares what
the analysis concluded, blind, with the truth beside the run: verdicts, shares, and where the effects sit.
*undecided* counts as wrong. A score holds for organisms planted like these; it does *not* show that unplanted
ones are judged as well.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.findings import RunFindings
from analysis.patching.representational_similarity import SimilarityResult
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.provenance.corroboration import Agreement, CorroborationResult, agreement
from analysis.provenance.evidence_kinds import corroborated_if_called
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.planted_truth import (
    CellShares,
    PlantedTruth,
    SimilarityWord,
    TruthName,
    planted_similarity,
    right_verdict,
)
from analysis.provenance.verdict import CELLS, VERDICTS, ProvenanceCell, VerdictName, verdict_in_full
from analysis.statistics import Interval, auroc, count_interval, mean_interval
from curricula.world.contrasts import Role

WITH_LANES = ("routing", "masking")
"""makes whose lanes are known by component"""
IN_ONE_CELL: tuple[ProvenanceCell, ...] = ("reused", "second copy", "repurposed")
"""truths that put all of self's gate into one cell"""


@dataclass(frozen=True)
class ScoredLine:
    """A line of corroboration, held against what was *planted*."""

    claims_above: bool
    """whether what was planted should put the line above its bar"""
    says: Agreement
    value: float | None
    null: float | None


@dataclass(frozen=True)
class ScoredOrganism:
    """What was planted in one organism, whether it took, and what the analysis concluded. Numbers are None
    where nothing was measured."""

    curriculum: str
    run: str
    seed: int
    member: int
    make: str
    truth: TruthName
    planting_took: bool
    why_not: str
    verdict: VerdictName
    verdict_in_full: str
    reason: str
    shares: CellShares
    strict_shares: CellShares
    excess: CellShares
    """shares less what chance would give"""
    planted_shares: CellShares | None
    goals_in_lane_a: float | None
    goals_in_spare: float | None
    auroc: Mapping[Role, float]
    """by which components' effects distinguish the lane that was given to a role, for roles with one lane"""
    cmd: float | None
    """area between the faithfulness of self's circuit and 1"""
    null_cmd: float | None
    """of random circuits"""
    cmd_of_spread: float | None
    circuit_found: bool
    lines: Mapping[str, ScoredLine]
    corroborated_as: Mapping[VerdictName, bool]
    """whether the evidence would corroborate a verdict, were it given: rightly or wrongly"""
    similarity: SimilarityWord | None
    planted_similarity: SimilarityWord | None

    @property
    def reused_error(self) -> float | None:
        """How far the reused share lies from what lane A carries of self's gate."""
        planted = self.planted_shares["reused"] if self.planted_shares else None
        return _distance(self.shares["reused"], planted)

    @property
    def goals_error(self) -> float | None:
        """How far the reused share lies from the share of self's goals that lane A was given: what was
        planted by construction, where `reused_error` takes it from another measurement."""
        return _distance(self.shares["reused"], self.goals_in_lane_a)

    @property
    def spare_error(self) -> float | None:
        """How far the repurposed share lies from the share of self's goals that a spare was given."""
        return _distance(self.shares["repurposed"], self.goals_in_spare)

    @property
    def is_right(self) -> bool:
        """Is the verdict the one that is right about what was planted?"""
        return self.verdict == right_verdict(self.truth)


def _distance(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else abs(first - second)


def scored_organisms(findings: RunFindings, truth: PlantedTruth) -> list[ScoredOrganism]:
    """The organisms of a run, each with what was planted in it."""
    return [_scored(findings, truth, member) for member in findings.members]


def _scored(findings: RunFindings, truth: PlantedTruth, member: int) -> ScoredOrganism:
    run, provenance = findings.run, findings[ProvenanceResult].members[member]
    similarity, circuits = findings.get(SimilarityResult), findings[CircuitsResult].find("end", "self")
    compared = similarity.members[member] if similarity else None
    effect = findings[EffectsResult].require("end", "self").value[member]
    return ScoredOrganism(
        curriculum=run.curriculum,
        run=run.run,
        seed=run.seed,
        member=member,
        make=truth.make,
        truth=truth.truth,
        planting_took=truth.planting_took[member],
        why_not=truth.why_not[member],
        verdict=provenance.verdict,
        verdict_in_full=verdict_in_full(provenance.verdict, compared.says if compared else None),
        reason=provenance.reason,
        shares={cell: finite_or_none(provenance.shares[cell]) for cell in CELLS},
        strict_shares={cell: finite_or_none(provenance.strict_shares[cell]) for cell in CELLS},
        excess={cell: finite_or_none(provenance.excess[cell]) for cell in CELLS},
        planted_shares=truth.shares[member],
        goals_in_lane_a=truth.goals_in_lane_a[member],
        goals_in_spare=truth.goals_in_spare[member],
        auroc=_localisation(findings, truth, member) if truth.make in WITH_LANES else {},
        cmd=finite_or_none(circuits.cmd[member]),
        null_cmd=finite_or_none(mean_interval(circuits.null_cmd[member].tolist())[0]),
        cmd_of_spread=cmd_of_spread(effect, circuits.sizes),
        circuit_found=circuits.found[member],
        lines=_scored_lines(findings, truth.truth, member),
        corroborated_as=corroborated_if_called(findings[CorroborationResult].evidence, member, IN_ONE_CELL),
        similarity=compared.says if compared else None,
        planted_similarity=planted_similarity(truth.truth, run.config.curriculum.world),
    )


def finite_or_none(value: float | None) -> float | None:
    """The number; None where it is not finite."""
    return float(value) if value is not None and np.isfinite(value) else None


def _scored_lines(findings: RunFindings, truth: TruthName, member: int) -> dict[str, ScoredLine]:
    """Every line that was measured and that planting decides."""
    corroboration = findings.get(CorroborationResult)
    lines: dict[str, ScoredLine] = {}
    for evidence in corroboration.evidence if corroboration else ():
        line = evidence.lines[member]
        if line is not None and evidence.depends_on_planting:
            says = agreement(truth, evidence.claims, line)
            numbers = finite_or_none(line.value), finite_or_none(line.null)
            lines[evidence.name] = ScoredLine(truth in evidence.claims.above, says, *numbers)
    return lines


def _localisation(findings: RunFindings, truth: PlantedTruth, member: int) -> dict[Role, float]:
    """AUROC of components' effects for telling the lane that was given to a role from the other, for each
    role that has one lane."""
    lane_a = np.isin(findings.run.components, list(truth.lane_a[member]))
    lanes: dict[Role, Bool[np.ndarray, " component"]] = {"character": lane_a}
    if truth.truth in IN_ONE_CELL:
        lanes["self"] = lane_a if truth.truth == "reused" else ~lane_a
    effects = {role: findings[EffectsResult].require("end", role).value[member] for role in lanes}
    return {
        role: auroc(effects[role], lane) for role, lane in lanes.items() if np.isfinite(effects[role]).all()
    }


def cmd_of_spread(effect: Float[np.ndarray, " component"], sizes: Int[np.ndarray, " size"]) -> float | None:
    """The CMD of a circuit whose components, best first, each add their effect and no more: what is left even
    of a perfect ranking where an effect is spread over many of few components (k equal ones of n: k / 2n).
    None where effects were not measured."""
    above = np.sort(effect.clip(0))[::-1]
    if not np.isfinite(effect).all() or not above.sum():
        return None
    reached = np.append(0.0, above.cumsum() / above.sum())[sizes]
    return float(np.trapezoid(1 - reached, sizes / sizes[-1]))


def confusion(organisms: Sequence[ScoredOrganism]) -> dict[TruthName, dict[VerdictName, int]]:
    """How often each truth got each verdict."""
    counts: dict[TruthName, Counter[VerdictName]] = {}
    for organism in organisms:
        counts.setdefault(organism.truth, Counter())[organism.verdict] += 1
    return {
        truth: {verdict: of_truth[verdict] for verdict in VERDICTS if of_truth[verdict]}
        for truth, of_truth in counts.items()
    }


def accuracy(organisms: Sequence[ScoredOrganism]) -> Interval:
    """Share of organisms whose verdict is right about what was planted, with its Wilson interval; *undecided* is
    wrong."""
    return share_that(organisms, lambda organism: organism.is_right)


def share_that(organisms: Sequence[ScoredOrganism], holds: Callable[[ScoredOrganism], bool]) -> Interval:
    """Share of organisms of which something holds, with its Wilson interval."""
    return count_interval(sum(map(holds, organisms)), len(organisms))


def pair_accuracy(organisms: Sequence[ScoredOrganism], truths: tuple[VerdictName, VerdictName]) -> Interval:
    """Of organisms of either truth that got one of the two as verdict, the share that got the right one."""
    return accuracy([row for row in organisms if row.truth in truths and row.verdict in truths])


def similarity_counts(organisms: Iterable[ScoredOrganism]) -> dict[str, dict[SimilarityWord, int]]:
    """By curriculum, of how many organisms self's circuit was found to compute alike or otherwise; only those
    in which both circuits were found."""
    counts: dict[str, Counter[SimilarityWord]] = {}
    for organism in organisms:
        if organism.similarity is not None:
            counts.setdefault(organism.curriculum, Counter())[organism.similarity] += 1
    return {curriculum: dict(words) for curriculum, words in counts.items()}


def share_error(organisms: Iterable[ScoredOrganism], strict: bool = False) -> Interval:
    """Mean over organisms of the share that would have to move to another cell for measured and planted
    shares to agree (half of the summed absolute differences). strict: of the strict shares."""
    errors = []
    for organism in organisms:
        shares = organism.strict_shares if strict else organism.shares
        planted = organism.planted_shares
        distances = [_distance(shares[cell], planted[cell] if planted else None) for cell in CELLS]
        if None not in distances:
            errors.append(sum(distance for distance in distances if distance is not None) / 2)
    return mean_interval(errors)
