"""The arms of the study of incentives: their curricula, and what each gave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from analysis.findings import RunFindings
from analysis.history.learning import LearningResult
from analysis.history.set_course import KeptWord, SetCourseResult
from analysis.patching.representational_similarity import SimilarityResult
from analysis.probes.belief import BehaviourResult
from analysis.provenance.cast_gating import CastGating, CastGatingResult, Moved, Parting
from analysis.provenance.corroboration import Agreement, CorroborationResult
from analysis.provenance.evidence_kinds import EvidenceKind, evidence_kinds, is_corroborated
from analysis.provenance.judging import MemberProvenance, ProvenanceResult
from analysis.provenance.scoring import finite_or_none
from analysis.provenance.spare import SpareResult
from analysis.provenance.verdict import (
    APART,
    CELLS,
    SHARED_GROUND,
    VERDICTS,
    ProvenanceCell,
    SpareWord,
    VerdictName,
    verdict_in_full,
)
from analysis.statistics import count_interval, mean_interval
from analysis.thresholds import BEHAVES
from curricula.world.world import Role
from experiments.studies.study import Triple, triple
from reports.scene_pictures import EnglishScene, ScenesResult

PartingOf = Literal["effects", "reading"]
PARTING_OF: Sequence[PartingOf] = get_args(PartingOf)


class Arm(NamedTuple):
    """What a curriculum of the study differs in."""

    incentive: str
    """to part from the characters' mechanism"""
    between: str
    """what comes between characters and self"""
    objective: str
    """how self is taught"""


ARMS: Mapping[str, Arm] = {
    "shared": Arm("none", "nothing", "imitate"),
    "redundant": Arm("none", "spares", "imitate"),
    "concentrated": Arm("none", "concentration", "imitate"),
    "audited": Arm("auditor", "spares", "imitate"),
    "ablated_concentrated": Arm("auditor and ablation", "concentration", "imitate"),
    "half_dropout": Arm("none", "half dropout", "imitate"),
    "audited_half_dropout": Arm("auditor of one circuit", "half dropout", "imitate"),
    "rewarded": Arm("none", "nothing", "reward"),
    "redundant_rewarded": Arm("none", "spares", "reward"),
    "audited_rewarded": Arm("auditor", "spares", "reward"),
    "audited_half_dropout_rewarded": Arm("auditor of one circuit", "half dropout", "reward"),
}
"""by their curricula in the catalogue"""


class ArmComparison(NamedTuple):
    """An arm beside the same without the incentive."""

    without: str
    verdict: ProvenanceCell
    """that the incentive is for"""


COMPARISONS: Mapping[str, ArmComparison] = {
    "audited_half_dropout": ArmComparison("half_dropout", "repurposed"),
    "audited": ArmComparison("redundant", "repurposed"),
    "audited_rewarded": ArmComparison("redundant_rewarded", "repurposed"),
    "ablated_concentrated": ArmComparison("concentrated", "second copy"),
}
"""arms with an incentive"""


@dataclass(frozen=True)
class ArmOrganism:
    """One organism of an arm. Shares are None where there is no number."""

    member: int
    verdict: VerdictName
    verdict_in_full: str
    reason: str
    """for the verdict"""
    shares: Mapping[ProvenanceCell, float | None]
    shares_by_chance: Mapping[ProvenanceCell, Triple]
    """shares if self's effects were dealt out anew within layers and kinds: mean, and 95 % of deals. Of *repurposed* and
    *second copy* over what characters leave, of the others over all components"""
    corroborated: bool
    kinds: Mapping[EvidenceKind, Agreement]
    parting: Mapping[PartingOf, Parting]
    """whether self's components part from the characters' by role or by cast, where they part: those with effects, and
    those that read the cues"""
    moved: Mapping[PartingOf, Triple]
    """how far characters beside self are on the way to self, with its 95 % interval"""
    spare: SpareWord | None
    """whether what self took was a spare at the fork; None where it took nothing, or characters had no gate then"""
    kept: KeptWord | None
    """whether self's own set was kept since the fork; None where that could not be followed"""

    @property
    def behaves(self) -> bool:
        """Whether it acts as taught, so that there is a mechanism to judge."""
        return self.verdict != "absent"

    def beyond_random(self, cell: ProvenanceCell) -> bool:
        """Whether a share is above what 0.975 of random deals give."""
        share, high = self.shares[cell], self.shares_by_chance[cell][2]
        return share is not None and high is not None and share > high

    def took_spare(self) -> bool:
        """Whether self parted with more than half of its effect, and what it took is known to have been a spare."""
        parted = sum(self.shares[cell] or 0.0 for cell in CELLS if cell in APART)
        return self.behaves and parted > 0.5 and self.spare == "spare"

    def excess(self, cell: ProvenanceCell) -> float | None:
        """A share less what chance gives on average; None where shares were not measured."""
        share, mean = self.shares[cell], self.shares_by_chance[cell][0]
        return None if share is None or mean is None else share - mean


@dataclass(frozen=True)
class ArmSummary:
    """What came of one arm. Rates, shares and corroboration are of the organisms that behave; the others are
    counted."""

    incentive: str
    between: str
    objective: str
    run: str
    calibrated: bool
    n: int
    n_behaving: int
    n_shares: int
    """organisms whose shares could be measured"""
    reseeded: int
    """organisms that missed the characters' criterion and were trained from another seed"""
    reseeded_failed: int
    fork_sha256: str
    """of the organisms at the fork"""
    verdicts: Mapping[VerdictName, int]
    computing_otherwise: int
    rates: Mapping[VerdictName, Triple]
    """share of the organisms that behave with each verdict"""
    rates_of_all: Mapping[VerdictName, Triple]
    """share of all organisms with each verdict"""
    shares: Mapping[ProvenanceCell, Triple]
    shares_by_chance: Mapping[ProvenanceCell, Triple]
    excess: Mapping[ProvenanceCell, Triple]
    """mean over organisms of the share less what chance gives, with its BCa interval"""
    beyond_random: Mapping[ProvenanceCell, int]
    """organisms whose share is beyond random deals"""
    corroborated: Mapping[VerdictName, int]
    """organisms of each verdict whose evidence agrees with it"""
    steps_to_behave: Triple
    """steps of the phase that teaches self until it behaves"""
    behaving_within_phase: int
    behaviour: Mapping[str, Triple]
    scenes: Sequence[EnglishScene]
    organisms: Sequence[ArmOrganism]


def summarise_arm(arm: Arm, findings: RunFindings, fork_sha256: str) -> ArmSummary:
    """What came of one arm, from its analysed run."""
    organisms = arm_organisms(findings)
    behaving = [organism for organism in organisms if organism.behaves]
    counts = Counter(organism.verdict for organism in organisms)
    steps = steps_to_behave(findings)
    scenes = findings.get(ScenesResult)
    rates = [member.trained.by_name() for member in findings[BehaviourResult].members]
    rated: tuple[VerdictName, ...] = (*CELLS, SHARED_GROUND, "mixed")
    return ArmSummary(
        *arm,
        run=findings.run.run,
        calibrated=findings.run.calibrated,
        n=len(organisms),
        n_behaving=len(behaving),
        n_shares=sum(organism.shares["reused"] is not None for organism in behaving),
        reseeded=findings.run.reseeded.count,
        reseeded_failed=findings.run.reseeded.failed,
        fork_sha256=fork_sha256,
        verdicts={verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]},
        computing_otherwise=sum(organism.verdict_in_full != organism.verdict for organism in organisms),
        rates={verdict: triple(count_interval(counts[verdict], len(behaving))) for verdict in rated},
        rates_of_all={verdict: triple(count_interval(counts[verdict], len(organisms))) for verdict in rated},
        shares={cell: triple(mean_interval(o.shares[cell] for o in behaving)) for cell in CELLS},
        shares_by_chance={
            cell: triple(mean_interval(o.shares_by_chance[cell][0] for o in behaving)) for cell in CELLS
        },
        excess={cell: triple(mean_interval(o.excess(cell) for o in behaving)) for cell in CELLS},
        beyond_random={cell: sum(o.beyond_random(cell) for o in behaving) for cell in CELLS},
        corroborated={
            verdict: sum(o.corroborated for o in behaving if o.verdict == verdict)
            for verdict in (*CELLS, SHARED_GROUND)
            if counts[verdict]
        },
        steps_to_behave=triple(mean_interval(steps)),
        behaving_within_phase=sum(step is not None for step in steps),
        behaviour={rate: triple(mean_interval(row[rate] for row in rates)) for rate in (rates or [{}])[0]},
        scenes=scenes.scenes[:2] if scenes else (),
        organisms=organisms,
    )


def arm_organisms(findings: RunFindings) -> list[ArmOrganism]:
    """The organisms of a run, each with what the evidence says of its verdict."""
    similarity, corroboration = findings.get(SimilarityResult), findings.get(CorroborationResult)
    organisms = []
    for member in findings.members:
        provenance = findings[ProvenanceResult].members[member]
        circuits = similarity.members[member] if similarity else None
        kinds = evidence_kinds(corroboration.members[member] if corroboration else ())
        organisms.append(
            ArmOrganism(
                member,
                provenance.verdict,
                verdict_in_full(provenance.verdict, circuits.says if circuits else None),
                provenance.reason,
                {cell: finite_or_none(provenance.shares[cell]) for cell in CELLS},
                _by_chance(provenance),
                is_corroborated(kinds),
                kinds,
                {of: place.parting for of, place in _moved(findings, member).items()},
                {of: triple(astuple(place.moved)) for of, place in _moved(findings, member).items()},
                spare.says if (spare := findings[SpareResult].members[member]) else None,
                course.says if (course := findings[SetCourseResult].members[member].of_self) else None,
            )
        )
    return organisms


def _moved(findings: RunFindings, member: int) -> dict[PartingOf, Moved]:
    """What is known of where a member's characters are beside self."""
    result = findings.get(CastGatingResult)
    gating = result.members[member] if result else CastGating(None, None)
    by_name = {"effects": gating.effects, "reading": gating.reading}
    return {of: moved for of in PARTING_OF if (moved := by_name[of])}


def _by_chance(provenance: MemberProvenance) -> dict[ProvenanceCell, Triple]:
    return {
        cell: triple((provenance.shares_among_free if cell in APART else provenance.shares_at_random)[cell])
        for cell in CELLS
    }


def steps_to_behave(
    findings: RunFindings, role: Role = "self", fork_step: int | None = None
) -> list[int | None]:
    """Of each member, the steps from the fork until both rates of a role, in one reading of its training scenes, reach the
    criterion; None where they never do. fork_step: by default that before self was taught."""
    learning = findings[LearningResult]
    start = findings.run.fork_step if fork_step is None else fork_step
    rates = np.minimum(
        *(learning.metrics[f"{role}_{kind}"] for kind in ("alone_secret", "watched_professed"))
    )
    reaches = (np.asarray(learning.steps) > start)[:, None] & (rates >= BEHAVES)  # NaN reaches nothing
    return [
        int(learning.steps[int(np.argmax(reaches[:, member]))]) - start if reaches[:, member].any() else None
        for member in findings.members
    ]
