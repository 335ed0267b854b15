"""What is measured of an arm of the study *self_first*: the characters' behaviour, and what their mechanism is made of.

Shares, spares and verdicts are the usual ones with the roles exchanged: self was taught first, so that it stands in the
place of characters. The fork is the checkpoint before characters are taught.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.findings import RunFindings
from analysis.history.learning import LearningResult
from analysis.probes.self_goal import SELF_GOAL_SCENES, SelfGoalRates, self_goal_rates
from analysis.provenance.judging import MemberProvenance, ProvenanceResult
from analysis.provenance.verdict import APART, CELLS, ProvenanceCell, VerdictName
from analysis.thresholds import BEHAVES
from experiments.measurements.measuring import (
    MeasuringChoice,
    chosen_measurements,
    measure_run,
    opened_for_measuring,
)
from experiments.studies.incentives.arms import steps_to_behave
from experiments.studies.study import ANALYSIS_SEED, StudyRun, Triple, triple
from organisms.storage.loading import fork_and_end
from organisms.storage.manifest import Entry
from organisms.training.behaviour import meets
from organisms.training.phase_course import committed_rates

PROVENANCE = MeasuringChoice(only=(ProvenanceResult,))
"""shares and verdicts, with the effects, circuits and spares that these require"""


@dataclass(frozen=True)
class ExchangedShares:
    """What the characters' gate of one organism is made of, by membership of self's mechanism. None where characters do not
    behave, or either role has no circuit."""

    verdict: VerdictName
    shares: Mapping[ProvenanceCell, Triple]
    """with intervals over pairs"""
    chance: Mapping[ProvenanceCell, float | None]
    """mean share if effects were dealt at random: of *repurposed* and *second copy* what characters have on components that
    self leaves free, over these alone; of the others all effects, over all components"""
    excess: Mapping[ProvenanceCell, float | None]
    """shares less chance"""
    less_unrelated: Mapping[ProvenanceCell, float | None]
    """shares less those of what characters profess, in the place of their gate"""
    overlap_at_end: float | None
    """1 less the total variation between both roles' effects"""
    inherited: float | None
    """nats by which being watched moves characters' acts at the fork, as a share of those at the end"""


@dataclass(frozen=True)
class RatesCourse:
    """The lower of characters' two rates at every checkpoint from the fork on."""

    steps: tuple[int, ...]
    """since the fork"""
    rates: tuple[tuple[float, ...], ...]
    """of each member"""


@dataclass(frozen=True)
class SelfFirstMeasurement:
    """What was measured of an arm's organisms, one entry a member."""

    provenance: tuple[ExchangedShares, ...]
    """empty where self is not rehearsed: then what served self at the end is not known"""
    self_steps: tuple[int | None, ...]
    """of the phase of self alone, until self schemes; None where it never does, as an honest one"""
    self_learned: tuple[bool, ...]
    """did self do at the fork what it had been taught?"""
    steps: tuple[int | None, ...]
    """of the characters' phase, until these behave; None where they never do"""
    steps_given: int
    """steps of that phase: whose characters do not behave by then counts with these"""
    alone_secret_at_fork: tuple[float, ...]
    """how often characters act on their secret when alone, before any was taught"""
    watched_professed_at_fork: tuple[float, ...]
    self_goal_at_fork: tuple[SelfGoalRates, ...]
    self_goal_at_end: tuple[SelfGoalRates, ...]
    self_alone_secret_at_end: tuple[float, ...]
    """how often self acts on its secret when alone, once characters were taught"""
    course: RatesCourse


def self_learned(fork: Entry, self_acts: str) -> tuple[bool, ...]:
    """Does self do at a checkpoint what it is taught: act on its secret when alone if it schemes and else hardly ever, and on
    its profession when watched?"""
    rates = committed_rates(fork)
    if self_acts == "honest":
        rates = rates | {"self_alone_secret": 1 - rates["self_alone_secret"]}
    return tuple(np.atleast_1d(meets(rates, "self", BEHAVES)).tolist())


def rates_course(entries: Sequence[Entry], fork: Entry) -> RatesCourse:
    """The characters' course from the fork on."""
    taught = [entry for entry in entries if entry.step >= fork.step]
    kinds = ("alone_secret", "watched_professed")
    lower = [np.minimum(*(committed_rates(entry)[f"character_{kind}"] for kind in kinds)) for entry in taught]
    by_member = np.stack(lower, axis=1).tolist()
    return RatesCourse(tuple(entry.step - fork.step for entry in taught), tuple(map(tuple, by_member)))


def exchanged_shares(member: MemberProvenance) -> ExchangedShares:
    """What the study keeps of an organism's provenance."""
    deals = {cell: member.shares_among_free if cell in APART else member.shares_at_random for cell in CELLS}
    return ExchangedShares(
        member.verdict,
        {cell: triple((member.shares[cell], *member.intervals[cell])) for cell in CELLS},
        {cell: finite(deals[cell][cell][0]) for cell in CELLS},
        {cell: finite(member.shares[cell] - deals[cell][cell][0]) for cell in CELLS},
        {cell: finite(member.unrelated.difference[cell][0]) for cell in CELLS},
        finite(member.overlap_at_end),
        finite(member.inherited),
    )


def finite(value: float) -> float | None:
    """A number, or None where it is not finite."""
    return float(value) if math.isfinite(value) else None


def self_first_measurement(run: StudyRun) -> SelfFirstMeasurement:
    """What the study needs of an arm, from the run's folder where it was measured before."""
    learning = run.findings_of(LearningResult)
    settings = {
        "seed": ANALYSIS_SEED,
        "self_goal.scenes": SELF_GOAL_SCENES,
        "self_goal.beside": "goals of nobody's",
        "behaves.least": BEHAVES,
        **{made.name: dict(made.settings) for made in chosen_measurements(PROVENANCE)},
    }
    return run.measured_once("self_first", SelfFirstMeasurement, settings, lambda: _measured(run, learning))


def _measured(run: StudyRun, learning: RunFindings) -> SelfFirstMeasurement:
    curriculum, entries = run.config.curriculum, run.run.entries()
    first, later = curriculum.role_order
    fork, end = fork_and_end(run.config, entries, later)
    opened = opened_for_measuring(run.run, ANALYSIS_SEED, role_order=(first, later))
    taught_self, taught_characters = curriculum.phases
    is_rehearsed, rates = taught_characters.teaches("self"), committed_rates(fork)
    provenance = measure_run(opened, PROVENANCE)[ProvenanceResult].members if is_rehearsed else ()
    at_fork, at_end = (
        self_goal_rates(measurer.organisms, curriculum.world, opened.secret_goals, measurer.seed)
        for measurer in (opened.fork, opened.end)
    )
    return SelfFirstMeasurement(
        provenance=tuple(map(exchanged_shares, provenance)),
        self_steps=tuple(
            None if count is None or count > taught_self.steps else count
            for count in steps_to_behave(learning)
        ),
        self_learned=self_learned(fork, taught_self.self_acts),
        steps=tuple(steps_to_behave(learning, later, fork.step)),
        steps_given=taught_characters.steps,
        alone_secret_at_fork=tuple(rates["character_alone_secret"].tolist()),
        watched_professed_at_fork=tuple(rates["character_watched_professed"].tolist()),
        self_goal_at_fork=at_fork,
        self_goal_at_end=at_end,
        self_alone_secret_at_end=tuple(committed_rates(end)["self_alone_secret"].tolist()),
        course=rates_course(entries, fork),
    )
