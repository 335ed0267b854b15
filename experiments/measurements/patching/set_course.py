"""Set course: does what self's components computed at the fork, and since, still drive the final organism?

See `analysis.history.set_course`, which also tells what a course does not show.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool

from analysis.findings import RunFindings
from analysis.history.set_course import (
    BOOTSTRAPS,
    LEAST_CHANGE,
    MOST_CHECKPOINTS,
    MemberCourses,
    MovedNats,
    SetCourse,
    SetCourseResult,
    checkpoints_of_course,
    gate_parts,
    handed_over,
    next_member,
    set_course,
)
from analysis.history.trajectories import final_attempt
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import AnalysisStream
from analysis.patching.interchange import (
    CHOOSING_PAIRS,
    ENOUGH,
    PAIRS,
    CrossRoleScenes,
    Exchange,
    cross_role_pairs,
)
from analysis.patching.results import EffectsResult
from analysis.provenance.spare import own_sets
from analysis.thresholds import CARRIES, OF_HOME, SERVES
from curricula.world.contrasts import Role, measurable
from curricula.world.world import ROLES
from experiments.measurements.protocol import MeasuredRun, Measurement, measured_entries
from organisms.storage.loading import load
from reports.section import Section
from reports.sections.set_course import course_rows, course_section
from reports.tables import Row


class SetCourseMeasurement(Measurement[SetCourseResult]):
    """Outputs of earlier checkpoints in the final organism, for what self took and for what characters keep."""

    name = "set_course"
    result = SetCourseResult
    requires = (EffectsResult,)
    settings = MappingProxyType(
        {
            "kept.share_of_own": OF_HOME,
            "home.least": CARRIES,
            "serves.share_of_gate": SERVES,
            "change.least": LEAST_CHANGE,
            "checkpoints.most": MOST_CHECKPOINTS,
            "pairs": PAIRS,
            "pairs.choosing": CHOOSING_PAIRS,
            "gate_part.least_of_most": ENOUGH,
            "bootstraps": BOOTSTRAPS,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> SetCourseResult:
        """Both sets of every member, from the fork to the end."""
        effects, end = results[EffectsResult], run.end
        if not measurable(end.world, "self", "role"):
            return SetCourseResult((MemberCourses(None, None),) * run.config.members)
        of_characters, of_self = (effects.require("end", role).value for role in ("character", "self"))
        by_member = [own_sets(*of_member) for of_member in zip(of_characters, of_self, strict=True)]
        choosing, measuring = (
            cross_role_pairs(end.world, keys, end.secret_goals, pairs)
            for keys, pairs in zip(
                end.split_member_keys(2, AnalysisStream.SET_COURSE), (CHOOSING_PAIRS, PAIRS), strict=True
            )
        )
        courses: dict[Role, list[SetCourse | None]] = {}
        for role in ROLES:
            sets = np.stack([of_member[role] for of_member in by_member])
            courses[role] = _courses(
                run, role, gate_parts(end, choosing.scene_pairs(role, role), sets), measuring
            )
        both = zip(courses["self"], courses["character"], strict=True)
        return SetCourseResult(tuple(MemberCourses(*of_member) for of_member in both))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Every checkpoint of every course."""
        return course_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Courses of both sets."""
        return course_section(findings)


def _courses(
    run: MeasuredRun, role: Role, sets: Bool[np.ndarray, "member component"], scenes: CrossRoleScenes
) -> list[SetCourse | None]:
    """The course of one role's set in every member."""
    entries = run.run.entries()
    fork, end = measured_entries(run.config, entries, run.null)
    between = entries[entries.index(fork) : entries.index(end) + 1]
    followed = [between[n] for n in checkpoints_of_course(len(between))]
    same, at_fork = scenes.scene_pairs(role, role), scenes.scene_pairs(role, "character")
    moved: list[Exchange] = []
    for entry in followed:
        donors = load(run.run, run.config, entry)
        placed = CheckpointMeasurer(donors, run.config, run.secret_goals, run.seed).organisms
        moved.append(handed_over(run.end, placed, same, sets))
    from_characters = handed_over(run.end, run.fork.organisms, at_fork, sets).moved[..., 0]
    from_another = handed_over(run.end, next_member(run.fork.organisms), at_fork, sets).moved[..., 0]
    if len(sets) == 1 or run.config.parent:  # a neighbour may be a copy of the same parent
        from_another = np.full_like(from_another, np.nan)
    is_own = np.stack([final_attempt(run.run, entry) for entry in followed])  # [checkpoint member]
    courses: list[SetCourse | None] = []
    for member, mask in enumerate(sets):
        in_lineage = is_own[:, member]
        nats = MovedNats(
            np.stack([of_entry.moved[member, :, 0] for of_entry in moved])[in_lineage],
            from_characters[member] if role == "self" else None,
            from_another[member],
            moved[-1].total[member],
        )
        steps = [entry.step for entry, chosen in zip(followed, in_lineage, strict=True) if chosen]
        courses.append(set_course(mask, steps, nats, run.seed + member) if in_lineage[0] else None)
    return courses
