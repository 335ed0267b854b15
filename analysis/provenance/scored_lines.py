"""Scores of corroboration: how often is each line right about what was *planted*, where it speaks?

A line is held against the truth and not against the verdict. Where it always says the same it may well be
right in most organisms, and shows nothing: so what it says is tested for independence of what was planted
(Fisher's exact test), with Holm's correction over lines. Lines that planting does not decide are left out. A
score does *not* show what a line is worth on organisms that were not planted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from analysis.provenance.planted_truth import TruthName
from analysis.provenance.scoring import ScoredOrganism
from analysis.provenance.verdict import VerdictName
from analysis.statistics import Interval, count_interval, jsonable

LEVEL = 0.05
"""of the test, after Holm's correction over lines"""


@dataclass(frozen=True)
class WordCounts:
    """What a line says in the organisms of one truth."""

    right: int
    wrong: int
    silent: int


@dataclass(frozen=True)
class LineScore:
    """How often one line is right about what was planted."""

    right: int
    spoken: int
    """organisms in which it is not silent"""
    organisms: int
    rate: tuple[float | None, float | None, float | None]
    """of those in which it is not silent, the share in which it is right, with its interval; None where it is silent in
    all, so that a summary with this score can be read back"""
    p_if_independent: float | None
    """of what it says not depending on what was planted"""
    better_than_chance: bool
    by_truth: Mapping[TruthName, WordCounts]
    """a line can be right in most organisms by those that are easy for it"""


def score_lines(organisms: Sequence[ScoredOrganism]) -> dict[str, LineScore]:
    """The score of every line that was measured in any of the organisms."""
    names = dict.fromkeys(name for organism in organisms for name in organism.lines)
    return _holm({name: _score(name, organisms) for name in names})


def corroborated_as(organisms: Sequence[ScoredOrganism]) -> dict[TruthName, dict[VerdictName, Interval]]:
    """By what was planted, the share of organisms whose evidence would corroborate each verdict, were it given: rightly or
    wrongly."""
    by_truth: dict[TruthName, dict[VerdictName, Interval]] = {}
    truths: set[TruthName] = {organism.truth for organism in organisms}
    for truth in sorted(truths):
        words = [organism.corroborated_as for organism in organisms if organism.truth == truth]
        names: list[VerdictName] = list(words[0])
        by_truth[truth] = {
            name: count_interval(sum(of_organism[name] for of_organism in words), len(words))
            for name in names
        }
    return by_truth


def by_a_wrong_name(organism: ScoredOrganism) -> bool:
    """Would the evidence corroborate a verdict that is not what was planted?"""
    return any(holds for name, holds in organism.corroborated_as.items() if name != organism.truth)


def by_its_name(organism: ScoredOrganism) -> bool:
    """Would the evidence corroborate what was planted, were that the verdict?"""
    return any(holds for name, holds in organism.corroborated_as.items() if name == organism.truth)


def _score(name: str, organisms: Sequence[ScoredOrganism]) -> LineScore:
    lines = [(organism.truth, organism.lines[name]) for organism in organisms if name in organism.lines]
    # Whether the line should lie above its bar, and whether it does.
    above = [
        (line.claims_above, (line.says == "agrees") == line.claims_above)
        for _, line in lines
        if line.says != "silent"
    ]
    right = sum(expected == observed for expected, observed in above)
    table = [[above.count((expected, observed)) for observed in (True, False)] for expected in (True, False)]
    p = float(np.asarray(stats.fisher_exact(table, alternative="greater"))[1]) if above else None
    words = Counter((truth, line.says) for truth, line in lines)
    by_truth: dict[TruthName, WordCounts] = {}
    for truth, count in Counter[TruthName](organism.truth for organism in organisms).items():
        right_here, wrong_here = words[truth, "agrees"], words[truth, "disagrees"]
        by_truth[truth] = WordCounts(right_here, wrong_here, count - right_here - wrong_here)
    value, low, high = jsonable(count_interval(right, len(above)))
    return LineScore(right, len(above), len(organisms), (value, low, high), p, False, by_truth)


def _holm(scores: dict[str, LineScore]) -> dict[str, LineScore]:
    """The scores with those marked that are better than chance (Holm 1979)."""
    tested = sorted(
        (score.p_if_independent, name) for name, score in scores.items() if score.p_if_independent is not None
    )
    passed = set()
    for n, (p, name) in enumerate(tested):
        if p * (len(tested) - n) >= LEVEL:
            break
        passed.add(name)
    return {name: replace(score, better_than_chance=name in passed) for name, score in scores.items()}
