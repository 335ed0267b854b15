"""How did the members of a run come through its phases? Read from the checkpoints that it committed, and so from the scenes by
which phases end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.thresholds import BEHAVES
from curricula.phases import Phase
from curricula.world.world import ROLES
from organisms.ensemble.config import RunConfig
from organisms.storage.manifest import Entry
from organisms.training.behaviour import meets
from organisms.training.phase_course import mean_rate


@dataclass(frozen=True)
class AbandonedAttempt:
    """An attempt at the first phase after which a member was reseeded."""

    member: int
    steps: int
    rate: float
    """mean of both rates where the attempt ended"""
    rise: float | None
    """how much that mean had risen over as many steps as the phase has; None where the attempt was no longer"""


@dataclass(frozen=True)
class TrainingCourse:
    """What came of the members [member] of a run."""

    steps: tuple[int, ...]
    """steps of each, in all of its attempts"""
    steps_run: int
    """steps of the whole ensemble: members that are done wait for the others"""
    abandoned: tuple[AbandonedAttempt, ...]
    went_on: Mapping[str, int]
    """how many members a phase lasted longer for than its steps, by phase"""
    solved: tuple[bool, ...]
    """did it meet the first phase's criterion without being reseeded?"""
    behaves: tuple[bool, ...]
    """does it show both behaviours of both roles at the end?"""


def training_course(
    config: RunConfig, entries: Sequence[Entry], summary: Mapping[str, Any]
) -> TrainingCourse:
    """The course of a finished run. entries: its checkpoints; summary: what it says of itself."""
    attempts, behaviour = summary["reseeded"]["attempts"], summary["behaviour"]
    rates = {name: np.asarray(values) for name, values in behaviour.items()}
    first = config.curriculum.phases[0]
    ended = summary["phases"].get(first.name)
    solved = (np.asarray(attempts) == 0) & np.asarray(ended["met"] if ended else True)
    behaves = np.all([meets(rates, role, BEHAVES) for role in ROLES], axis=0)
    abandoned = abandoned_attempts(first, entries)
    steps = np.zeros(config.members, int)
    for phase in config.curriculum.phases:
        last = [entry for entry in entries if entry.phase == phase.name][-1]
        steps += np.asarray(last.extra.get("phase_steps", phase.steps))
    for attempt in abandoned:
        steps[attempt.member] += attempt.steps
    return TrainingCourse(
        steps=tuple(steps.tolist()),
        steps_run=summary["steps"],
        abandoned=abandoned,
        went_on={name: sum(phase["went_on"]) for name, phase in summary["phases"].items()},
        solved=tuple(solved.tolist()),
        behaves=tuple(behaves.tolist()),
    )


def abandoned_attempts(phase: Phase, entries: Sequence[Entry]) -> tuple[AbandonedAttempt, ...]:
    """The attempts at the first phase that were given up, by member and time."""
    of_phase = [entry for entry in entries if entry.phase == phase.name]
    final = np.asarray(of_phase[-1].extra["attempts"])
    abandoned: list[AbandonedAttempt] = []
    for member, count in enumerate(final):
        for attempt in range(count):
            course = [entry for entry in of_phase if entry.extra["attempts"][member] == attempt]
            steps = [int(entry.extra["phase_steps"][member]) for entry in course]
            rates = [float(mean_rate(entry, phase)[member]) for entry in course]
            before = [rate for rate, at in zip(rates, steps, strict=True) if at <= steps[-1] - phase.steps]
            rise = rates[-1] - before[-1] if before else None
            abandoned.append(AbandonedAttempt(member, steps[-1], rates[-1], rise))
    return tuple(abandoned)
