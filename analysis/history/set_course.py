"""Set course: was what stands in a set of components kept from the fork on, or written anew in its place?

The final organism runs a scene watched and alone, and a set of its components is given the outputs that the same
components had at an earlier checkpoint (cross-model activation patching: Prakash et al. 2024, arXiv 2402.14811), on the
same cues among another cast. What counts is taking them from that checkpoint alone against watched. Set beside what the
set's own outputs do, this is 1 where the earlier checkpoint wrote there what the final one reads, and 0 where it did not.
*Self's own set* is what self took (`analysis.provenance.spare`) where that does most of what is done for self, else all
that serves self; the *characters' set* is what serves characters at the end. Of either the layers are followed that carry
the gate and not yet the goal that is chosen, which another cast does not share. Both are followed from the fork on, in
scenes in which the role acts: at the fork self had not been taught to, so that its course may begin low for that alone.

At the fork self had not been taught to act by what stood there. So self's set is also given what it wrote at the fork
where a *character* acts: whether it was kept is told by that. Beside the fork stands *another organism's* fork, which shares
the places of the components and nothing else.

A low number does *not* show that the earlier mechanism was thrown away: its code may have turned with all that reads it.
So the characters' set stands beside self's, which nobody says was replaced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.interchange import Exchange, ScenePairs, exchanges, first_that_suffices
from analysis.provenance.shares import quantile_range
from analysis.thresholds import CARRIES, OF_HOME
from organisms.model.transformer import Organism

BOOTSTRAPS = 500
MOST_CHECKPOINTS = 9
"""checkpoints of a course at most, the fork and the end among them"""
LEAST_CHANGE = 0.1
"""a course that changes by less has no largest change"""
KeptWord = Literal["kept", "rewritten", "undecided"]


@dataclass(frozen=True)
class CourseValue:
    """What a set's outputs of one checkpoint do in the final organism, over what its own do, with a 95 % interval over
    pairs."""

    step: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SetCourse:
    """One set of components of one organism."""

    components: tuple[int, ...]
    home: float
    """share of the role's gate that the set hands over with its own outputs"""
    course: tuple[CourseValue, ...]
    """from the fork to the end, where it is 1"""
    from_characters: CourseValue | None
    """what its outputs at the fork do where a character acts there; of self's set alone"""
    from_another: float
    """what another organism's fork does where a character acts there; NaN in a run of one organism"""
    largest_change: float
    """between two neighbouring checkpoints, as a share of what lies between the fork's value and 1; NaN where that is less
    than `LEAST_CHANGE`"""
    changed_between: tuple[int, int]
    """the steps of these checkpoints"""
    says: KeptWord
    """*kept* where the fork's outputs where characters act surely do more than half of what the set's own do"""


@dataclass(frozen=True)
class MemberCourses:
    """Both sets of one organism; None where no component serves the role, or the set hands over less than half of its
    gate."""

    of_self: SetCourse | None
    of_characters: SetCourse | None


@dataclass(frozen=True)
class SetCourseResult:
    """Courses of all members."""

    members: tuple[MemberCourses, ...]


def checkpoints_of_course(amount: int) -> Int[np.ndarray, " checkpoint"]:
    """Which of some checkpoints are followed: the first, the last and evenly spread ones between."""
    return np.unique(np.linspace(0, amount - 1, min(amount, MOST_CHECKPOINTS)).round().astype(int))


def gate_parts(
    end: CheckpointMeasurer, scenes: ScenePairs, sets: Bool[np.ndarray, "member component"]
) -> Bool[np.ndarray, "member component"]:
    """Of each member's set the first layers that hand over the most of the gate among another cast, as few as do."""
    size = end.config.heads + end.config.neuron_blocks
    layer = np.arange(sets.shape[1]) // size
    cuts = np.arange(1, end.config.layers + 1)
    parts = sets[:, None] & (layer < cuts[:, None])  # [member cut component]
    return first_that_suffices(end.organisms, end.world, end.config, scenes, parts)


def handed_over(
    end: CheckpointMeasurer, donors: Organism, scenes: ScenePairs, sets: Bool[np.ndarray, "member component"]
) -> Exchange:
    """What each member's set does in its final organism with the outputs of donors [member, ...]."""
    return exchanges(end.organisms, donors, end.world, end.config, scenes, sets[:, None])


class MovedNats(NamedTuple):
    """Nats that a set's outputs move in each pair."""

    by_checkpoint: Float[np.ndarray, "checkpoint pair"]
    """the fork's first, the end's last"""
    from_characters: Float[np.ndarray, " pair"] | None
    """of the fork where a character acts; None for the characters' own set"""
    from_another: Float[np.ndarray, " pair"]
    """of another organism's fork"""
    total: Float[np.ndarray, " pair"]
    """what the cues do"""


def next_member(organisms: Organism) -> Organism:
    """Each organism in the place of the one before it, the first in the last one's."""
    return jax.tree.map(lambda leaf: jnp.roll(leaf, -1, axis=0), organisms)


def set_course(
    mask: Bool[np.ndarray, " component"], steps: Sequence[int], nats: MovedNats, seed: int
) -> SetCourse | None:
    """The course of one set of one organism. steps: of the checkpoints, one at least.

    None where the set is empty, hands over less than half of the gate with its own outputs, or was followed at one
    checkpoint alone.
    """
    moved, total = nats.by_checkpoint, nats.total
    if len(moved) < 2:
        return None
    own_nats, gate = float(moved[-1].sum()), float(total.sum())
    if not mask.any() or gate <= 0 or own_nats < CARRIES * gate:
        return None
    pairs = np.random.default_rng(seed).integers(0, len(total), (BOOTSTRAPS, len(total)))
    own_draws = np.maximum(moved[-1, pairs].sum(1), 1e-9)

    def value_at(step: int, nats_moved: Float[np.ndarray, " pair"]) -> CourseValue:
        interval = quantile_range(nats_moved[pairs].sum(1) / own_draws)
        return CourseValue(step, float(nats_moved.sum()) / own_nats, *interval)

    course = tuple(value_at(step, of_step) for step, of_step in zip(steps, moved, strict=True))
    from_characters = None if nats.from_characters is None else value_at(steps[0], nats.from_characters)
    change, between = largest_change(np.array([value.value for value in course]), steps)
    return SetCourse(
        tuple(np.flatnonzero(mask).tolist()),
        own_nats / gate,
        course,
        from_characters,
        float(nats.from_another.sum()) / own_nats,
        change,
        between,
        kept_word(from_characters or course[0]),
    )


def largest_change(
    values: Float[np.ndarray, " checkpoint"], steps: Sequence[int]
) -> tuple[float, tuple[int, int]]:
    """The largest rise between two neighbouring checkpoints over the rise from the first to the last, and their steps."""
    rises, whole = np.diff(values), values[-1] - values[0]
    if whole < LEAST_CHANGE:
        return float("nan"), (steps[0], steps[-1])
    at = int(rises.argmax())
    return float(rises[at] / whole), (steps[at], steps[at + 1])


def kept_word(at_fork: CourseValue) -> KeptWord:
    """What the fork's value says."""
    if at_fork.low > OF_HOME:
        return "kept"
    return "rewritten" if at_fork.high < OF_HOME else "undecided"
