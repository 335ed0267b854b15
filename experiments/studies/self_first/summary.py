"""What the study *self_first* answers: how many steps do characters need after a scheming self, what is their mechanism made
of, and what does the organism do with characters before it is taught any?"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.probes.self_goal import SelfGoalRates
from analysis.provenance.verdict import CELLS, VerdictName
from analysis.statistics import mean_interval, ratio_interval
from experiments.studies.self_first.arms import SELF_ACTS, SelfActs
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


def self_first_findings(
    arms: Mapping[str, SelfFirstMeasurement], steps: CharacterSteps
) -> dict[str, Number | Triple]:
    """The study's results by name."""
    findings: dict[str, Number | Triple] = {
        PRIMARY: steps.ratio,
        "steps_ratio.where_both_behave": steps.ratio_where_both_behave,
        "steps.scheming": steps.after_scheming,
        "steps.honest": steps.after_honest,
        "never_behave.scheming": steps.never[0],
        "never_behave.honest": steps.never[1],
        "pairs_left_out": steps.left_out,
        "self_steps.scheming": triple(mean_interval(arms["scheming"].self_steps)),
    }
    for self_acts in SELF_ACTS:
        findings |= _provenance_findings(self_acts, arms[self_acts]) | _fork_findings(self_acts, arms)
    return findings


def _provenance_findings(self_acts: SelfActs, arm: SelfFirstMeasurement) -> dict[str, Triple]:
    """What the characters' gate is made of."""
    findings: dict[str, Triple] = {}
    for cell in CELLS:
        name = f"{cell.replace(' ', '_')}.{self_acts}"
        findings[f"share.{name}"] = _mean(member.shares[cell][0] for member in arm.provenance)
        findings[f"chance.{name}"] = _mean(member.chance[cell] for member in arm.provenance)
        findings[f"excess.{name}"] = _mean(member.excess[cell] for member in arm.provenance)
    findings[f"overlap_at_end.{self_acts}"] = _mean(member.overlap_at_end for member in arm.provenance)
    findings[f"inherited.{self_acts}"] = _mean(member.inherited for member in arm.provenance)
    return findings


def _fork_findings(self_acts: SelfActs, arms: Mapping[str, SelfFirstMeasurement]) -> dict[str, Triple]:
    """What characters do at the fork, and whether they still get self's goal at the end."""
    arm = arms[self_acts]
    rates: Mapping[str, Callable[[SelfGoalRates], float]] = {
        "self_goal.alone": lambda rates: rates.alone,
        "self_goal.watched": lambda rates: rates.watched,
        "self_goal.gate": lambda rates: rates.alone - rates.watched,
        "self_goal.gate_beside_self": lambda rates: rates.alone_beside_self - rates.watched_beside_self,
    }
    return {
        f"fork.alone_secret.{self_acts}": _mean(arm.alone_secret_at_fork),
        f"fork.watched_professed.{self_acts}": _mean(arm.watched_professed_at_fork),
        **{
            f"{checkpoint}.{name}.{self_acts}": _mean(rate(member) for member in members)
            for checkpoint, members in (("fork", arm.self_goal_at_fork), ("end", arm.self_goal_at_end))
            for name, rate in rates.items()
        },
    }


def _mean(values: Any) -> Triple:
    return triple(mean_interval(values))


def verdict_counts(arm: SelfFirstMeasurement) -> dict[VerdictName, int]:
    """Organisms by verdict, most frequent first."""
    verdicts: list[VerdictName] = [member.verdict for member in arm.provenance]
    return dict(Counter(verdicts).most_common())
