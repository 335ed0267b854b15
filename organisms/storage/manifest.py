"""The manifest: what does a line of manifest.jsonl say of a checkpoint, and is it valid?"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curricula.phases import Curriculum
from curricula.world.world import Role

CHECKPOINTS = "checkpoints"
CONFIG_HASH, MADE_BY = "config", "made_by"
"""of the first line: which run it is of, and what made it"""


@dataclass(frozen=True)
class Entry:
    """One committed checkpoint. `extra` holds whatever else its manifest line says."""

    step: int
    phase: str
    seen_tokens: int
    sha256: str
    file: str
    extra: dict[str, Any]


def is_count(value: object) -> bool:
    """A whole number from 0, and no truth value."""
    return type(value) is int and value >= 0


# Each field of a manifest line: what it has to be, in words and as a test.
FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "step": ("a whole number from 0", is_count),
    "phase": ("a text", lambda value: isinstance(value, str)),
    "seen_tokens": ("a whole number from 0", is_count),
    "sha256": (
        "64 hex digits",
        lambda value: isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value)),
    ),
    "file": ("a text", lambda value: isinstance(value, str)),
}


def line_errors(line: Mapping[str, Any], previous_step: int) -> str:
    """What is wrong with a manifest line that follows `previous_step`; nothing, for a good one."""
    wrong = []
    for name, (words, holds) in FIELDS.items():
        if name not in line:
            wrong.append(f"{name}: expected {words}, found nothing")
        elif not holds(line[name]):
            wrong.append(f"{name}: expected {words}, found {json.dumps(line[name])}")
    if not wrong and line["step"] <= previous_step:
        wrong.append(f"step: expected more than {previous_step}, found {line['step']}")
    if not wrong and line["file"] != file_of(line["step"]):
        wrong.append(f"file: expected {file_of(line['step'])}, found {line['file']}")
    return "; ".join(wrong)


def entry_of(line: dict[str, Any]) -> Entry:
    """A good line as an entry; the line keeps what is left, as `extra`."""
    return Entry(**{name: line.pop(name) for name in FIELDS}, extra=line)


def file_of(step: int) -> str:
    """Where a run keeps the checkpoint of a step."""
    return f"{CHECKPOINTS}/{step:08d}.safetensors"


def step_of(name: str) -> int | None:
    """The step whose checkpoint a file's name is; None for any other file."""
    match = re.fullmatch(r"(\d{8,})\.safetensors", name)
    return int(match[1]) if match else None


def entry_before(curriculum: Curriculum, index: int, entries: Sequence[Entry]) -> Entry:
    """The organisms as a phase began: the last checkpoint of the phases before it, or the first of all."""
    earlier = {phase.name for phase in curriculum.phases[:index]}
    return ([entry for entry in entries if entry.phase in earlier] or entries[:1])[-1]


def fork_entry(curriculum: Curriculum, entries: Sequence[Entry], role: Role = "self") -> Entry:
    """The organisms just before a role was first taught."""
    return entry_before(curriculum, curriculum.first_taught(role), entries)
