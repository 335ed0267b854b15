"""Courses of sets in the report: was what stands in self's components kept from the fork on, or written anew?

A picture of both sets over the checkpoints, a table of what the fork's outputs do, and rows of set_course.parquet. What it
does *not* show: whether a code that turned, and all that reads it with it, is still the same mechanism.
"""

from collections.abc import Iterator, Sequence

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings import RunFindings
from analysis.history.set_course import CourseValue, MemberCourses, SetCourse, SetCourseResult
from analysis.provenance.judging import ProvenanceResult
from reports.drawing import BLUE, GREY, ORANGE, WIDTH, not_measured, style, svg
from reports.formats import DASH, interval_text, rate_text
from reports.section import Block, Heading, PageTable, Paragraph, Picture, Section, TableCell, one_group
from reports.sections.runs import runs_with
from reports.tables import Row

COLUMNS = (
    *("run", "organism", "verdict", "self's set, from characters", "self's set", "characters' set"),
    *("of another", "largest change of self's"),
)
NOTE = Markup(
    "What the outputs that a set of components had at the fork do in the final organism, over what its own do [95 % interval "
    "over pairs]: <em>kept</em> where that is surely more than a half, <em>rewritten</em> where surely less. Self's set: what "
    "self took where that does most, else all that serves self; from characters: what it wrote at the fork where a character acted, "
    "since self had not been taught then; it decides the word. Characters' set: what serves characters at the end. A dash: the "
    "set hands over less than half of its gate. Of another: outputs of self's set in another organism's fork, which shares the "
    "places of the components alone. Largest change: the largest rise between two checkpoints over the rise from the fork to the "
    "end; self's course begins low where self had yet to learn to act."
)
CAPTION = "Orange: self's set; blue: characters' set; each organism a line. Dashed: half of what the set's own outputs do."
NOT_SHOWN = (
    "A low number may mean that the code turned together with all that reads it. Compare the characters' set, which nobody "
    "says was replaced.",
)
CURVES = (("of_self", ORANGE, "self's set"), ("of_characters", BLUE, "characters' set"))


def course_section(findings: Sequence[RunFindings]) -> Section | None:
    """Pictures and one row an organism; nothing where no set could be followed."""
    runs = [
        (label, run)
        for label, run in runs_with(findings, SetCourseResult)
        if any(courses.of_self or courses.of_characters for courses in run[SetCourseResult].members)
    ]
    if not runs:
        return None
    blocks: list[Block] = []
    for label, run in runs:
        blocks += [Heading(label), Picture(_draw_courses(run), CAPTION)]
    rows = [_row(label, run, member) for label, run in runs for member in run.members]
    blocks += [PageTable(COLUMNS, one_group(*rows)), Paragraph(NOTE, soft=True)]
    title = "Was what self uses kept since the fork, or rewritten?"
    return Section(title, "courses", tuple(blocks), NOT_SHOWN, link="Kept?", rank=13)


def course_text(course: SetCourse | None) -> str:
    """``0.82 [0.75, 0.90], kept``; a dash where there is none."""
    return f"{_value_text(course.from_characters or course.course[0])}, {course.says}" if course else DASH


def _value_text(value: CourseValue) -> str:
    return interval_text((value.value, value.low, value.high))


def _row(label: str, findings: RunFindings, member: int) -> tuple[TableCell, ...]:
    courses, provenance = findings[SetCourseResult].members[member], findings.get(ProvenanceResult)
    of_self = courses.of_self
    change = DASH
    if of_self and of_self.largest_change == of_self.largest_change:
        first, last = of_self.changed_between
        change = f"{rate_text(of_self.largest_change)}, steps {first} to {last}"
    texts = (
        course_text(of_self),
        _value_text(of_self.course[0]) if of_self else DASH,
        course_text(courses.of_characters),
        *(rate_text(of_self.from_another) if of_self else DASH, change),
    )
    return (
        TableCell(label, "name"),
        TableCell(str(member)),
        TableCell(provenance.members[member].verdict if provenance else DASH),
        *(TableCell(text, "number") for text in texts),
    )


def _draw_courses(findings: RunFindings) -> Markup:
    """Both sets of every organism over the checkpoints from the fork on."""
    members = findings[SetCourseResult].members
    with style():
        figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
        for axes, (name, colour, title) in zip(figure.subplots(1, 2, sharey=True), CURVES, strict=True):
            if not any([_draw_course(axes, courses, name, colour) for courses in members]):
                not_measured(axes)
            axes.axhline(0.5, color=GREY, lw=0.7, ls="--")
            axes.set(title=title, xlabel="step", ylabel="of what its own outputs do")
        return svg(figure, f"Courses of sets of {findings.run.run}")


def _draw_course(axes: Axes, courses: MemberCourses, name: str, colour: str) -> bool:
    course: SetCourse | None = getattr(courses, name)
    if course is None:
        return False
    steps, values = [value.step for value in course.course], [value.value for value in course.course]
    axes.plot(steps, values, color=colour, lw=1.0, marker="o", ms=2.5, alpha=0.8)
    return True


def course_rows(findings: RunFindings) -> Iterator[Row]:
    """What the outputs of every checkpoint do, of both sets; and of another organism's fork."""
    for member in findings.members:
        courses = findings[SetCourseResult].members[member]
        for role, course in (("self", courses.of_self), ("character", courses.of_characters)):
            if course is None:
                continue
            fork_step = findings.run.fork_step
            for value in course.course:
                yield Row(
                    member,
                    "kept",
                    value.value,
                    low=value.low,
                    high=value.high,
                    step=value.step,
                    role=role,
                    variable="watched",
                )
            if value := course.from_characters:
                yield Row(
                    member,
                    "kept, from characters",
                    value.value,
                    low=value.low,
                    high=value.high,
                    step=fork_step,
                    role=role,
                    variable="watched",
                )
            yield Row(
                member, "kept, of another", course.from_another, step=fork_step, role=role, variable="watched"
            )
