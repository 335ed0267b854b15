"""Profiles: which operations does a chunk spend its time on? A profiler trace, whose events are attributed to
lines of the project's code.

An operation that the compiler fused is attributed to the last of the operations in it, so the groups show
where to look, not what to blame.
"""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
from jax.extend.backend import get_backend

HOLDERS = frozenset({"while", "call", "conditional", "async-start", "async-done"})
"""operations whose time is that of the operations inside them"""
PACKAGES = ("curricula", "organisms", "analysis", "benchmarks")
GROUPS = 10


class Instruction(NamedTuple):
    """A compiled operation: what it is, the name of the traced operation behind it, and where in the code
    that stands."""

    opcode: str
    operation: str
    place: str

    @property
    def group(self) -> str:
        way = "backward" if "transpose(" in self.operation else "forward" if "jvp(" in self.operation else ""
        primitive = self.operation.rsplit("/", 1)[-1] or self.opcode
        return " ".join(filter(None, (self.place, primitive, way)))


def costliest(
    call: Callable[[], None], folder: Path, organism_steps: int, groups: int = GROUPS
) -> list[dict[str, Any]]:
    """Traces one call into ``folder`` (for TensorBoard or Perfetto) and gives its costliest groups of
    operations, with *all others* last.

    organism_steps: how many the call takes; times are given for one of them, added up over devices.
    """
    options = jax.profiler.ProfileOptions()
    options.python_tracer_level = 0
    earlier_traces = set(folder.rglob("*.xplane.pb"))
    with jax.profiler.trace(str(folder), profiler_options=options):
        call()
    nanoseconds: Counter[str] = Counter()
    for path in set(folder.rglob("*.xplane.pb")) - earlier_traces:
        for plane in jax.profiler.ProfileData.from_file(str(path)).planes:
            for line in plane.lines:
                for event in line.events:
                    nanoseconds[_operation(event)] += event.duration_ns
    programs = [read_program(text) for text in _texts()]
    program = max(programs, key=lambda names: sum(nanoseconds[name] for name in names), default={})
    totals: Counter[str] = Counter()
    for name, instruction in program.items():
        if instruction.opcode not in HOLDERS:
            totals[instruction.group] += nanoseconds[name]
    costliest_groups = totals.most_common(groups)
    rest = totals.total() - sum(time for _, time in costliest_groups)
    return [
        {
            "operations": name,
            "milliseconds_an_organism_step": time / 1e6 / organism_steps,
            "share_of_operations": time / max(totals.total(), 1),
        }
        for name, time in [*costliest_groups, ("all others", rest)]
    ]


def _operation(event: Any) -> str:
    """The compiled operation that an event is of; a kernel of a GPU has it beside its name."""
    return str(dict(event.stats).get("hlo_op", event.name))


def _texts() -> list[str]:
    """Every compiled program of this process, as text."""
    return [
        module.to_string() for program in get_backend().live_executables() for module in program.hlo_modules()
    ]


def read_program(text: str) -> dict[str, Instruction]:
    """The operations of a compiled program by name."""
    places = _places(text)
    instructions = {}
    for line in text.splitlines():
        if parts := re.match(r"\s*(?:ROOT )?%?([\w.\-]+) = .*? ([a-z][\w\-]*)\(", line):
            operation = re.search(r'op_name="([^"]*)"', line)
            frame = re.search(r"stack_frame_id=(\d+)", line)
            place = places.get(int(frame[1]), "") if frame else _source(line)
            instructions[parts[1]] = Instruction(parts[2], operation[1] if operation else "", place)
    return instructions


def _source(line: str) -> str:
    file = re.search(r'source_file="([^"]*)"', line)
    return _short(file[1]) if file else ""


def _short(path: str) -> str:
    """The path from the package on, for a file of the project; nothing for any other."""
    folders = Path(path).parts[:-1]
    start = max((n for n, folder in enumerate(folders) if folder in PACKAGES), default=None)
    return "" if start is None else "/".join(Path(path).parts[start:])


def _places(text: str) -> dict[int, str]:
    """For each stack frame of a program's tables, the innermost function of the project in it, as
    ``package/file.py function``."""
    names = {
        title: dict(re.findall(r'^(\d+) "(.*)"$', _table(text, title), re.M))
        for title in ("FileNames", "FunctionNames")
    }
    locations = {}
    for number, file, function in re.findall(
        r"^(\d+) \{file_name_id=(\d+) function_name_id=(\d+)", _table(text, "FileLocations"), re.M
    ):
        file = _short(names["FileNames"].get(file, ""))
        locations[number] = file and f"{file} {names['FunctionNames'].get(function, '').rsplit('.', 1)[-1]}"
    frames = {
        int(number): (location, int(parent) - 1)
        for number, location, parent in re.findall(
            r"^(\d+) \{file_location_id=(\d+) parent_frame_id=(\d+)\}", _table(text, "StackFrames"), re.M
        )
    }
    place_by_frame = {}
    for number in frames:
        ancestor = number
        while ancestor in frames and not locations.get(frames[ancestor][0]):
            ancestor = frames[ancestor][1] if frames[ancestor][1] < ancestor else 0
        place_by_frame[number] = locations[frames[ancestor][0]] if ancestor in frames else ""
    return place_by_frame


def _table(text: str, title: str) -> str:
    """The lines of a table, up to the next empty one."""
    return text.partition(f"\n{title}\n")[2].partition("\n\n")[0]
