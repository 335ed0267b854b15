"""Summaries of the arms of the study of incentives, of runs that nobody trained."""

from dataclasses import replace
from typing import get_args

import numpy as np
from run_findings import NOTHING, synthetic_run

from analysis.findings import RunFindings
from analysis.history.learning import LearningResult
from analysis.patching.representational_similarity import CircuitSimilarity, SimilarityResult
from analysis.patching.results import VariableEffects
from analysis.provenance.cast_gating import CastGating, CastGatingResult, Moved, PairInterval, Parting
from analysis.provenance.chance import Specificity
from analysis.provenance.corroboration import Corroboration, CorroborationResult, Evidence, EvidenceLine
from analysis.provenance.judging import MemberProvenance, ProvenanceResult, unmeasured
from analysis.provenance.verdict import CELLS
from experiments.studies.incentives.arms import (
    ARMS,
    summarise_arm,
)
from reports.scene_pictures import EnglishScene, ScenesResult

LINE = EvidenceLine(1.0, 0.9, 1.0, 0.0, 0.1)
AGREED = dict.fromkeys(("interchange", "transfer"), "agrees")
NUMBER = PairInterval(0.3, 0.2, 0.4)
EFFECTS = VariableEffects(
    "end", "character", "watched", *np.zeros((3, 1, 1)), np.zeros(1), np.zeros((1, 1, 1)), np.zeros((1, 1))
)


def lines_of(says):
    return tuple(Corroboration(name, LINE, word) for name, word in says.items())


def provenance(verdict):
    """An organism whose whole share lies in the cell of its verdict; no numbers where it is absent."""
    if verdict == "absent":
        return unmeasured(verdict, "")
    cell = verdict if verdict in CELLS else "reused"
    shares = {name: float(name == cell) for name in CELLS}
    at_random, among_free = (0.25, 0.0, 0.6), (0.5, 0.4, 0.6)
    deals = dict.fromkeys(CELLS, at_random), dict.fromkeys(CELLS, among_free)
    chance = *deals, {name: share - 0.5 for name, share in shares.items()}, ()
    intervals = dict.fromkeys(CELLS, (0.0, 1.0))
    unrelated = Specificity(shares, dict.fromkeys(CELLS, at_random))
    return MemberProvenance(verdict, "", shares, shares, intervals, *chance, 0.5, 0.5, unrelated, 0.1)


def similarity(verdict):
    says = "another" if verdict == "repurposed" else "alike"
    numbers = (None, None, None, (), None, None)
    return None if verdict == "absent" else CircuitSimilarity(*numbers, says)


def cast_gating(verdict):
    """Where self parted, effects part by role and reading by cast."""
    if verdict != "repurposed":
        return CastGating(None, None)
    return CastGating(*(Moved(NUMBER, NUMBER, parting) for parting in get_args(Parting)[:2]))


def findings_of(organisms, run="run") -> RunFindings:
    """organisms: of each member its verdict, and what each line of corroboration says of it. Self behaves 100
    steps after the fork."""
    verdicts = [verdict for verdict, _ in organisms]
    members = len(verdicts)
    synthetic = synthetic_run("shared", verdicts, {0: 0.7}, {0: 0.7}, 0)
    metrics = {
        "self_alone_secret": np.repeat([[1.0], [0.5], [0.95]], members, axis=1),
        "self_watched_professed": np.repeat([[1.0], [1.0], [0.9]], members, axis=1),
    }
    names = {name: None for _, says in organisms for name in says}
    evidence = tuple(Evidence(name, NOTHING, (LINE,) * members) for name in names)
    scene = EnglishScene("member 0, <i>with self</i>", ("<b>watch</b>",))
    results = (
        ProvenanceResult(tuple(map(provenance, verdicts))),
        SimilarityResult(tuple(map(similarity, verdicts))),
        CorroborationResult(evidence, tuple(lines_of(says) for _, says in organisms)),
        LearningResult((100, 150, 200), metrics),
        ScenesResult((scene,)),
        CastGatingResult(EFFECTS, tuple(map(cast_gating, verdicts))),
    )
    for result in results:
        synthetic = synthetic.with_result(result)
    return replace(synthetic, run=replace(synthetic.run, run=run, fork_step=100))


def arms():
    """Arms with an incentive give a repurposed organism and one that does not behave; others two that are
    reused."""
    parted = ("repurposed", AGREED), ("absent", {})
    together = ("reused", AGREED), ("reused", {"interchange": "disagrees", "fork_lesion": "agrees"})
    return {
        name: summarise_arm(
            arm,
            findings_of(together if arm.incentive == "none" else parted, f"{name}-<u>"),
            "a" * 64,
        )
        for name, arm in ARMS.items()
    }
