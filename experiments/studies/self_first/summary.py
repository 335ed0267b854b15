"""What the study *self_first* answers: how many steps do characters need after a scheming self, what is their mechanism made
of, and what does the organism do with characters before it is taught any?"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.probes.self_goal import SelfGoalRates
from analysis.provenance.verdict import CELLS, VerdictName
from analysis.statistics import mean_interval, ratio_interval
from experiments.studies.self_first.arms import NOT_REHEARSED, SELF_ACTS, SELF_FIRST_ARMS, SelfFirstArm
from experiments.studies.self_first.measurement import SelfFirstMeasurement
from experiments.studies.study import Number, StudySummary, Triple, triple

PRIMARY = "steps_ratio"
"""the answer, named before any run of the study"""


@dataclass(frozen=True)
class CharacterSteps:
    """Steps until characters behave, after a scheming self over after an honest one, paired by organism."""

    ratio: Triple
    """geometric mean"""
    n: int
    ratio_where_both_behave: Triple
    """over the pairs in which nothing was censored"""
    after_scheming: Triple
    after_honest: Triple
    never: tuple[int, int]
    """of those pairs, organisms whose characters never behave, after a scheming and after an honest self; they count with the
    whole phase"""
    left_out: int
    """pairs in which either self had not learned what it was taught at the fork"""


@dataclass(frozen=True)
class SelfFirstSummary(StudySummary):
    """The answer of the study *self_first*."""

    calibrated: bool
    """always False: verdicts were never scored on organisms whose self was planted first"""
    verdicts: Mapping[str, Mapping[VerdictName, int]]
    """by arm"""
    steps: CharacterSteps
    """while self is rehearsed"""
    steps_not_rehearsed: CharacterSteps
    arms: Mapping[str, SelfFirstMeasurement]


def learned_pairs(scheming: SelfFirstMeasurement, honest: SelfFirstMeasurement) -> list[int]:
    """The organisms whose self had learned at the fork what it was taught, in both arms."""
    both = np.array([scheming.self_learned, honest.self_learned]).all(0)
    return np.flatnonzero(both).tolist()


def character_steps(scheming: SelfFirstMeasurement, honest: SelfFirstMeasurement) -> CharacterSteps:
    """How many times the steps characters need after a scheming self. Where one of a pair never behaves it counts with the
    steps that it was given, so that the pair's ratio is nearer 1 than the truth; where neither does the ratio is 1."""
    pairs, arms = learned_pairs(scheming, honest), (scheming, honest)
    counted = [
        [arm.steps_given if (count := arm.steps[pair]) is None else count for pair in pairs] for arm in arms
    ]
    uncensored = [n for n, pair in enumerate(pairs) if None not in (scheming.steps[pair], honest.steps[pair])]
    never = [sum(arm.steps[pair] is None for pair in pairs) for arm in arms]
    return CharacterSteps(
        triple(ratio_interval(*counted)),
        len(pairs),
        triple(ratio_interval(*([steps[n] for n in uncensored] for steps in counted))),
        triple(mean_interval(counted[0])),
        triple(mean_interval(counted[1])),
        (never[0], never[1]),
        len(scheming.steps) - len(pairs),
    )


def self_first_findings(arms: Mapping[str, SelfFirstMeasurement]) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {}
    for rehearsed, ending in ((True, ""), (False, NOT_REHEARSED)):
        pair = [arms[SelfFirstArm(self_acts, rehearsed).name] for self_acts in SELF_ACTS]
        findings |= _steps_findings(character_steps(*pair), ending)
    findings["self_steps.scheming"] = _mean(arms["scheming"].self_steps)
    for arm in SELF_FIRST_ARMS:
        findings[f"end.self_alone_secret.{arm.name}"] = _mean(arms[arm.name].self_alone_secret_at_end)
    for name in SELF_ACTS:
        findings |= _provenance_findings(name, arms[name]) | _fork_findings(name, arms[name])
    return findings


def _steps_findings(steps: CharacterSteps, ending: str) -> dict[str, Number | Triple]:
    """Steps that characters need. ending: of the names, for arms without rehearsal."""
    return {
        f"{PRIMARY}{ending}": steps.ratio,
        f"steps_ratio_where_both_behave{ending}": steps.ratio_where_both_behave,
        f"steps.scheming{ending}": steps.after_scheming,
        f"steps.honest{ending}": steps.after_honest,
        f"never_behave.scheming{ending}": steps.never[0],
        f"never_behave.honest{ending}": steps.never[1],
        f"pairs_left_out{ending}": steps.left_out,
    }


def _provenance_findings(name: str, arm: SelfFirstMeasurement) -> dict[str, Triple]:
    """What the characters' gate is made of."""
    findings: dict[str, Triple] = {}
    for cell in CELLS:
        ending = f"{cell.replace(' ', '_')}.{name}"
        findings[f"share.{ending}"] = _mean(member.shares[cell][0] for member in arm.provenance)
        findings[f"chance.{ending}"] = _mean(member.chance[cell] for member in arm.provenance)
        findings[f"less_unrelated.{ending}"] = _mean(member.less_unrelated[cell] for member in arm.provenance)
        findings[f"excess.{ending}"] = _mean(member.excess[cell] for member in arm.provenance)
    findings[f"overlap_at_end.{name}"] = _mean(member.overlap_at_end for member in arm.provenance)
    findings[f"inherited.{name}"] = _mean(member.inherited for member in arm.provenance)
    return findings


def _fork_findings(name: str, arm: SelfFirstMeasurement) -> dict[str, Triple]:
    """What characters do at the fork, and whether they still get self's goal at the end."""
    rates: Mapping[str, Callable[[SelfGoalRates], float]] = {
        "alone": lambda member: member.alone,
        "watched": lambda member: member.watched,
        "alone_nobodys": lambda member: member.alone_nobodys,
        "above_nobodys": lambda member: member.alone - member.alone_nobodys,
        "gate": lambda member: member.alone - member.watched,
        "gate_beside_self": lambda member: member.alone_beside_self - member.watched_beside_self,
    }
    return {
        f"fork.alone_secret.{name}": _mean(arm.alone_secret_at_fork),
        f"fork.watched_professed.{name}": _mean(arm.watched_professed_at_fork),
        **{
            f"{checkpoint}.self_goal.{kind}.{name}": _mean(rate(member) for member in members)
            for checkpoint, members in (("fork", arm.self_goal_at_fork), ("end", arm.self_goal_at_end))
            for kind, rate in rates.items()
        },
    }


def _mean(values: Iterable[float | int | None]) -> Triple:
    return triple(mean_interval(values))


def verdict_counts(arm: SelfFirstMeasurement) -> dict[VerdictName, int]:
    """Organisms by verdict, most frequent first."""
    verdicts: list[VerdictName] = [member.verdict for member in arm.provenance]
    return dict(Counter(verdicts).most_common())
