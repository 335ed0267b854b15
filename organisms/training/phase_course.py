"""How long does each member's phase last?

A phase lasts its steps at least. A member that then misses the phase's criterion goes on, at the full learning rate again,
until a check finds that it meets it; the rate then falls once more and the phase is over for that member. In the first
phase a member that is flat is reseeded instead: its rates, below `PLATEAU` in the mean, have not risen for as many steps as
the phase has. Most of these know both candidate goals and not the gate between them. Whoever has come to ``longest`` times
the steps is done in any case. Members wait for each other unchanged. Checks come with checkpoints, so that
``training.checkpoint_every`` is part of what decides, and the rate falls for whole compiled chunks. Everything is decided
from committed rates, so that a resumed run decides the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from curricula.phases import Phase
from organisms.ensemble.config import RunConfig
from organisms.ensemble.optimiser import Schedule
from organisms.storage.manifest import Entry
from organisms.training.behaviour import meets as meets_criterion

FALL = 0.2
"""of the phase's steps, how many the learning rate falls for once a member that went on meets the criterion"""
PATIENCE = 1.0
"""of the phase's steps: who did not improve over as many is flat. With half as many, two of four organisms were reseeded in a
world whose gate is a majority of three cues (`shared`, seed 70)"""
IMPROVES = 0.03
"""least rise of the mean of both rates that counts: rates of 256 scenes have a standard error of about 0.015"""
PLATEAU = 0.75
"""a flat member is reseeded where the mean of its rates is below this: knowing both candidate goals alone gives about
a half"""


class Outlook(NamedTuple):
    """What is known of members [member] when their phase could be over."""

    due: Bool[np.ndarray, " member"]
    """about whom something is to be decided"""
    meets: Bool[np.ndarray, " member"]
    """do their rates meet the phase's criterion?"""
    flat: Bool[np.ndarray, " member"]
    """have their rates stopped rising, far from the criterion?"""


class Decision(NamedTuple):
    """What becomes of members whose phase could be over."""

    course: "PhaseCourse"
    reseeded: Bool[np.ndarray, " member"]
    goes_on: Bool[np.ndarray, " member"]
    """missed the criterion at the end of the phase's steps, and is given more"""

    def lines(self, phase: Phase) -> list[str]:
        """What a person may want to know, a line each."""
        why = f"missed the criterion of phase {phase.name}"
        events = (
            (self.reseeded, "reseeding member", why),
            (self.goes_on, "going on with member", f"it {why}"),
        )
        return [
            f"{verb} {', '.join(map(str, np.flatnonzero(members)))}: {reason}"
            for members, verb, reason in events
            if members.any()
        ]


@dataclass(frozen=True)
class PhaseCourse:
    """How far each member has come in a phase, in steps of its present attempt."""

    steps: Int[np.ndarray, " member"]
    """that were taken"""
    start: Int[np.ndarray, " member"]
    """where the learning rate last began to rise"""
    hold: Int[np.ndarray, " member"]
    """steps from there after which it falls; 0: as soon as it has risen"""
    ends: Int[np.ndarray, " member"]
    """where the phase is over at the latest"""
    checked: Int[np.ndarray, " member"]
    """where something was last decided"""
    holding: Bool[np.ndarray, " member"]
    """goes on until a check finds the criterion met"""
    ended: Bool[np.ndarray, " member"]

    @classmethod
    def begun(cls, config: RunConfig, index: int) -> "PhaseCourse":
        """The course of a phase of which no step was taken; of the last one, where the run has come past it."""
        phases = config.curriculum.phases
        return cls.of_length(phases[min(index, len(phases) - 1)].steps, config.members)

    @classmethod
    def of_length(cls, steps: int, members: int) -> "PhaseCourse":
        """The same, of a phase of so many steps."""
        zeros, no = np.zeros(members, int), np.zeros(members, bool)
        return cls(zeros, zeros, zeros, np.full(members, steps), zeros, no, no)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Sequence[int]]) -> "PhaseCourse":
        """The course that `plain` gave."""
        numbers = {name: np.asarray(values, int) for name, values in plain.items()}
        flags = {name: numbers[name].astype(bool) for name in ("holding", "ended")}
        return cls(**(numbers | flags))

    def plain(self) -> dict[str, list[int]]:
        """As JSON holds it."""
        return {name: np.asarray(values, int).tolist() for name, values in vars(self).items()}

    def at_check(self, check: int) -> Bool[np.ndarray, " member"]:
        """Members about whom something is to be decided now. check: steps between the checks of who goes on."""
        is_checked = self.holding & ((self.steps - self.start) % check == 0)
        return ~self.ended & (self.steps > self.checked) & (is_checked | (self.steps >= self.ends))

    def to_check(self, check: int) -> int:
        """Steps to the next decision about any member."""
        of_holding = check - (self.steps - self.start) % check
        remaining = np.where(
            self.holding, np.minimum(of_holding, self.ends - self.steps), self.ends - self.steps
        )
        return int(remaining[~self.ended].min())

    def advanced(self, steps: int) -> "PhaseCourse":
        """The course some steps later."""
        return replace(self, steps=np.minimum(self.steps + steps, self.ends))

    def longest_left(self) -> int:
        """Steps until the last member's phase is over, at the latest but for further attempts."""
        return int(np.where(self.ended, 0, self.ends - self.steps).max())

    def scheduled(self, schedule: Schedule) -> Schedule:
        """The numbers of an optimiser [member] as this course has them."""
        return schedule._replace(start=self.start, hold=self.hold, steps=self.ends)

    def decide(
        self, phase: Phase, chunk: int, outlook: Outlook, may_be_reseeded: Bool[np.ndarray, " member"]
    ) -> Decision:
        """What becomes of members about whom something is to be decided.

        chunk: steps of a compiled program, which divide whatever the phase may last. may_be_reseeded: in the first
        phase, members that have an attempt left.
        """
        longest = phase.longest * phase.steps
        fall = max(chunk, int(FALL * phase.steps) // chunk * chunk)
        meets, at_bound = outlook.meets, self.steps >= longest
        if phase.together:
            meets = np.full_like(meets, meets.all())
        missed = outlook.due & ~meets
        regrown = missed & (outlook.flat | at_bound) & may_be_reseeded & (not phase.together)
        finished = outlook.due & ~regrown & (at_bound | (meets & ~self.holding))
        falls = outlook.due & meets & self.holding & ~finished
        goes_on = missed & ~self.holding & ~regrown & ~finished
        fresh, in_stretch = PhaseCourse.of_length(phase.steps, len(meets)), self.steps - self.start
        course = PhaseCourse(
            steps=np.where(regrown, fresh.steps, self.steps),
            start=np.select([regrown, goes_on], [fresh.start, self.steps], self.start),
            hold=np.select(
                [regrown, goes_on, falls],
                [fresh.hold, np.maximum(longest - self.steps - fall, 0), in_stretch],
                self.hold,
            ),
            ends=np.select(
                [regrown, goes_on, falls],
                [fresh.ends, np.full_like(self.ends, longest), np.minimum(self.steps + fall, longest)],
                self.ends,
            ),
            checked=np.select([regrown, outlook.due], [fresh.checked, self.steps], self.checked),
            holding=(self.holding | goes_on) & ~falls & ~regrown & ~finished,
            ended=self.ended | finished,
        )
        return Decision(course, regrown, goes_on)


def outlook_of(phase: Phase, course: PhaseCourse, entries: Sequence[Entry], check: int) -> Outlook:
    """What the checkpoints of a phase say of its members. entries: of the phase so far, the last of which is of now.
    check: steps between the checks of who goes on."""
    due = course.at_check(check)
    if not phase.criterion:
        return Outlook(due, np.ones_like(due), np.zeros_like(due))
    meets = np.asarray(meets_criterion(committed_rates(entries[-1]), phase.judged_role, phase.criterion))
    return Outlook(due, meets, flat_members(phase, entries))


def flat_members(phase: Phase, entries: Sequence[Entry]) -> Bool[np.ndarray, " member"]:
    """Which members' rates are below `PLATEAU` in the mean and did not rise over the last steps of their present attempt.

    entries: the checkpoints of the phase, the last of which is of now. A member that has not taken as many steps yet is
    not flat.
    """
    now = entries[-1]
    rate = mean_rate(now, phase)
    steps = np.asarray(now.extra.get("phase_steps", np.zeros_like(rate)))
    flat = np.zeros(len(steps), bool)
    for entry in entries:
        if "phase_steps" not in entry.extra:  # from before phases were prolonged
            continue
        is_same = np.asarray(entry.extra["attempts"]) == np.asarray(now.extra["attempts"])
        long_ago = is_same & (np.asarray(entry.extra["phase_steps"]) <= steps - PATIENCE * phase.steps)
        flat = np.where(long_ago, rate - mean_rate(entry, phase) <= IMPROVES, flat)
    return flat & (rate < PLATEAU)


def mean_rate(entry: Entry, phase: Phase) -> Float[np.ndarray, " member"]:
    """The mean of the two rates of the role that the phase is judged by."""
    rates, role = committed_rates(entry), phase.judged_role
    return (rates[f"{role}_alone_secret"] + rates[f"{role}_watched_professed"]) / 2


def committed_rates(entry: Entry) -> dict[str, Float[np.ndarray, " member"]]:
    """The rates of every behaviour that were committed with a checkpoint."""
    return {name: np.asarray(values, float) for name, values in entry.extra["retention"].items()}
