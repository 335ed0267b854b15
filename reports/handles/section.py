"""Handles in the report: what do a location, a probe and a direction from characters do on each organism's self?

Three tables, a row an organism, and a scene with the probe's reading at each token. What the section does *not* show stands at
its end.
"""

from collections.abc import Iterator, Sequence
from typing import get_args

from analysis.findings import RunFindings
from analysis.handles.locations import LOCATION_KINDS, LocationLesion
from analysis.handles.makers import CHARACTER_MAKERS, HANDLE_MAKERS, HandleMaker
from analysis.handles.results import HandleResult, MemberHandles
from analysis.handles.telling import HOLDS, cell_by_handles
from analysis.handles.transfer_probe import READABLE, ReadToken
from reports.formats import DASH, interval_text, rate_text
from reports.handles.token_strips import token_strip_figure
from reports.section import (
    Block,
    Card,
    Cards,
    Folded,
    PageTable,
    Paragraph,
    Picture,
    Section,
    TableCell,
    one_group,
)
from reports.sections.runs import runs_with
from reports.tables import Row

MAKER_WORDS: dict[HandleMaker, str] = {
    "fork": "characters at the fork",
    "end": "characters at the end",
    "self": "self at the end",
}
LESION_COLUMNS = (
    *("organism", "made from", "location", "components", "takes", "random sets", "self's effect on it"),
    "by both handles",
)
PROBE_COLUMNS = (
    *("organism", "made from", "token", "site", "unseen characters", "self", "TPR at 1 % FPR"),
    *("alarms alone / watched", "probe from self", "gap recovered", "random labels"),
)
STEERING_COLUMNS = (
    "organism",
    "made from",
    "site",
    "within",
    "share moved",
    "nats",
    "turned",
    "random: moved",
    "turned",
)
LESION_NOTE = (
    "A core is the fewest components whose patching takes 0.9 of the gate that they were found on, a silent core the fewest whose "
    "mean ablation does; the strongest are a quarter of all components. Takes: share of self's gate at the end that is gone when "
    "they are resample-ablated [95 % interval over pairs]. Random sets: mean of sets of the same layers and kinds. By both handles: "
    f"a location holds self from {HOLDS} on; held by both: reused; by the fork's: repurposed; by the end's: migrated; by neither: "
    "second copy."
)
PROBE_NOTE = (
    "Areas under the curve of a linear probe that was fitted on characters who deceive, against all other moments of characters, "
    "and is read on names and cue combinations that it was not fitted on. On self: alone against watched. TPR: at the threshold that "
    "calls 1 % of self's watched moments. Alarms: share of self's moments that are called at the threshold that calls 1 % of "
    "unseen characters' honest moments. Gap recovered: (area of the probe from characters, less 0.5) over (area of a probe from self, less "
    f"0.5); a dash where the latter is below {READABLE}. Where self is honest, none of its moments is deceitful: an area above 0.5 is a false alarm."
)
STEERING_NOTE = (
    "The mean difference of the residual stream before the act, alone less watched, is added where the actor is watched and taken "
    "away where it is alone, at one site. Within: share of the gate that it moves where it was made. Share moved: of self's gate. Turned: how "
    "much more often the preferred act is that of the other scene, from 0 to 1. Random: directions of its length, means."
)
NOT_SHOWN = (
    "A probe shows what can be read there, not what is used: cues can be read at self's act though self's gate is elsewhere.",
    "A component that reads the cues takes the gate of all that comes after it: a lesion does not show that both roles need the "
    "same part of it.",
    "A direction that does nothing at this token and at full length may do something elsewhere, or at other lengths.",
)


def handle_section(findings: Sequence[RunFindings]) -> Section | None:
    """Three tables and a scene; nothing where handles were not measured."""
    runs = runs_with(findings, HandleResult)
    if not runs:
        return None
    members = [
        (f"{label}/{member}", run[HandleResult].members[member])
        for label, run in runs
        for member in run.members
    ]
    blocks: list[Block] = [
        PageTable(
            LESION_COLUMNS,
            one_group(*(row for member in members for row in _lesion_rows(*member))),
            wide=True,
        ),
        Paragraph(LESION_NOTE, soft=True),
        PageTable(
            PROBE_COLUMNS, one_group(*(row for member in members for row in _probe_rows(*member))), wide=True
        ),
        Paragraph(PROBE_NOTE, soft=True),
        PageTable(
            STEERING_COLUMNS,
            one_group(*(row for member in members for row in _steering_rows(*member))),
            wide=True,
        ),
        Paragraph(STEERING_NOTE, soft=True),
    ]
    for label, run in runs:
        for reading in run[HandleResult].readings:
            title = f"{label}/{reading.member}: what a probe reads at each token"
            card = Card(title, reading.sentences)
            blocks += [
                Picture(token_strip_figure([(title, reading)]), title),
                Folded("The scene", (Cards((card,)),)),
            ]
    title = "Handles: what text about characters does on self"
    return Section(title, "handles", tuple(blocks), NOT_SHOWN, link="Handles", rank=16)


def _lesion_rows(name: str, handles: MemberHandles) -> Iterator[tuple[TableCell, ...]]:
    for kind in LOCATION_KINDS:
        cell = cell_by_handles(*(handles.lesion(maker, kind).share for maker in CHARACTER_MAKERS))
        for maker in HANDLE_MAKERS:
            lesion = handles.lesion(maker, kind)
            head = (name, MAKER_WORDS[maker], kind)
            texts = (
                str(len(lesion.components)),
                lesion_text(lesion),
                rate_text(lesion.line.null if lesion.line else None),
                rate_text(lesion.covers),
                (cell or DASH) if maker == "fork" else "",
            )
            yield *map(TableCell, head), *(TableCell(text, "number") for text in texts)


def lesion_text(lesion: LocationLesion) -> str:
    """What a location takes, with its interval; a dash where there is none."""
    line = lesion.line
    return interval_text((line.value, line.low, line.high)) if line else DASH


def _probe_rows(name: str, handles: MemberHandles) -> Iterator[tuple[TableCell, ...]]:
    for maker in CHARACTER_MAKERS:
        for token in get_args(ReadToken):
            probe = handles.probe(maker, token)
            reading = probe.reading
            texts = (
                rate_text(reading.character_auroc),
                rate_text(reading.auroc),
                rate_text(reading.tpr),
                f"{rate_text(reading.alarms_alone)} / {rate_text(reading.alarms_watched)}",
                rate_text(reading.self_auroc),
                rate_text(reading.gap),
                rate_text(probe.random_auroc),
            )
            head = (name, MAKER_WORDS[maker], token, probe.site)
            yield *map(TableCell, head), *(TableCell(text, "number") for text in texts)


def _steering_rows(name: str, handles: MemberHandles) -> Iterator[tuple[TableCell, ...]]:
    for steering in handles.steering:
        texts = (
            rate_text(steering.within),
            rate_text(steering.moved),
            rate_text(steering.moved_nats),
            rate_text(steering.turned),
            rate_text(steering.random_moved),
            rate_text(steering.random_turned),
        )
        head = (name, MAKER_WORDS[steering.maker], steering.site)
        yield *map(TableCell, head), *(TableCell(text, "number") for text in texts)


def handle_rows(findings: RunFindings) -> Iterator[Row]:
    """Every number of every member. variable: what the handle was made from, and which it is."""
    step = findings.run.step_of("end")
    for member in findings.members:
        handles = findings[HandleResult].members[member]
        place = {"phase": "end", "step": step, "role": "self"}
        for lesion in handles.lesions:
            variable, line = f"{lesion.kind} from {lesion.maker}", lesion.line
            if line:
                yield Row(member, "gate taken", line.value, line.low, line.high, variable=variable, **place)
                yield Row(member, "gate taken at random", line.null, variable=variable, **place)
            yield Row(member, "nats taken", lesion.nats, variable=variable, **place)
            yield Row(member, "effect covered", lesion.covers, variable=variable, **place)
        for probe in handles.probes:
            variable = f"probe from {probe.maker} at {probe.token}, {probe.site}"
            for metric, value in vars(probe.reading).items():
                yield Row(member, metric.replace("_", " "), value, variable=variable, **place)
            yield Row(member, "random auroc", probe.random_auroc, variable=variable, **place)
        for steering in handles.steering:
            variable = f"direction from {steering.maker}, {steering.site}"
            for metric, value in vars(steering).items():
                if metric not in ("maker", "site"):
                    yield Row(member, metric.replace("_", " "), value, variable=variable, **place)
