"""What was measured beside a run, kept until it would come out otherwise.

A measurement is valid for the checkpoints and the settings that it was made with. Both are written beside the
value; where either differs the value is measured again.
"""

import hashlib
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from curricula.errors import UserError
from organisms.storage import records
from organisms.storage.run import Run, open_run, read_run

ValueType = TypeVar("ValueType")
REMEDY = "delete it to measure again"


def checkpoints_digest(run: Run) -> str:
    """The sha256, in hex, of the hashes of all of a run's checkpoints."""
    return hashlib.sha256(" ".join(entry.sha256 for entry in run.entries()).encode()).hexdigest()


def measured_once(
    folder: Path,
    name: str,
    kind: type[ValueType],
    settings: Mapping[str, Any],
    measure: Callable[[], ValueType],
    parents: Sequence[Path] = (),
) -> ValueType:
    """What ``measure`` returns, from ``RUN/analysis/study-NAME.json`` where that holds it already.

    folder: of the run, locked while it is measured. kind: type of the value, a frozen dataclass. settings:
    what it depends on besides the checkpoints. parents: folders of further runs that it depends on.
    Raises UserError where the file is damaged or another process writes the run; OSError where the disk
    refuses.
    """
    path = folder / "analysis" / f"study-{name}.json"
    key = records.plain(
        {"checkpoints": [checkpoints_digest(read_run(one)) for one in (folder, *parents)], **settings}
    )
    record = records.read_object(path, REMEDY) if path.exists() else {}
    if record.get("key") == key:
        return read_record(kind, record["value"], str(path))
    with open_run(folder, read_run(folder).config):
        value = measure()
        content = {"key": key, "value": records.plain(plain_record(value))}
        path.parent.mkdir(exist_ok=True)
        records.write_whole(path, records.pretty(content), path.parent / ".partial")
    return read_record(kind, content["value"], str(path))


def plain_record(value: Any) -> Any:
    """A dataclass, and whatever it holds, as dictionaries and lists."""
    if is_dataclass(value):
        return {part.name: plain_record(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain_record(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_record(part) for part in value]
    return value


def read_record(kind: Any, plain: Any, path: str) -> Any:
    """A value of type ``kind`` from what `plain_record` made of it. path: names the place in errors.

    Raises UserError where the fields are others than those of ``kind``.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if plain is None:
            return None
        kind = next(argument for argument in arguments if argument is not types.NoneType)
        return read_record(kind, plain, path)
    if is_dataclass(kind):
        hints, names = get_type_hints(kind), {part.name for part in fields(kind)}
        if not isinstance(plain, Mapping) or set(plain) != names:
            raise UserError(f"{path}: expected the fields {', '.join(sorted(names))}; {REMEDY}")
        return kind(**{name: read_record(hints[name], plain[name], f"{path}.{name}") for name in names})  # pyright: ignore[reportCallIssue]
    if origin is not None and isinstance(plain, Mapping):
        return {name: read_record(arguments[1], part, f"{path}.{name}") for name, part in plain.items()}
    if origin is not None and isinstance(plain, list):
        item_kinds = (
            arguments if len(arguments) == len(plain) and ... not in arguments else arguments[:1] * len(plain)
        )
        parts = [
            read_record(item, part, f"{path}.{n}")
            for n, (item, part) in enumerate(zip(item_kinds, plain, strict=True))
        ]
        return tuple(parts) if origin is tuple else parts
    return plain
