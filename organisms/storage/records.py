"""Records on the disk: how is one written, wholly or not at all, and what is read back?

A whole file is written aside and renamed; a line is appended, and taken back where the disk refuses half of
it. JSON is strict both ways: a number that is not finite is written as null, and NaN is refused when read.
What a whole record does *not* show: that it is a true one.
"""

import errno
import fcntl
import json
import math
import os
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from curricula.errors import SystemFailure, UserError

SCHEMA, SCHEMA_NUMBER = "schema", 1
"""in every file of JSON: which names it has and what they mean. A file without the number is of schema 1, the only one
there was before files had a number. Raise it where a name goes or comes to mean something else"""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def could_not_write(path: Path, error: OSError) -> SystemFailure:
    """The SystemFailure that says in one line what the disk refused and how to go on."""
    fix = "free some space" if error.errno in NO_ROOM else "put that right"
    reason = error.strerror or str(error)
    advice = f"{fix} and give the same command again, nothing committed was lost"
    return SystemFailure(f"could not write {path}: {reason}; {advice}")


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut: fsync of a file keeps its bytes, not its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if (
            error.errno != errno.EINVAL
        ):  # file systems that cannot do this to a folder, as some network ones, say so
            raise
    finally:
        os.close(descriptor)


def lock(path: Path) -> int:
    """Take the lock file at `path` and return its descriptor; closing that, or dying, lets go of it.

    Raises UserError where somebody holds it, OSError where it cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        # flock, not lockf: lockf would let the same process in twice, and closing any other descriptor would unlock.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise UserError(
            f"another process is writing {path.parent}; wait until it ends, or give another --out"
        ) from error
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def remove(path: Path) -> None:
    """Delete a file, if it is there. Raises SystemFailure where the disk refuses."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise could_not_write(path, error) from error


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it, where there is none. Raises SystemFailure where the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise could_not_write(folder, error) from error


def write_whole(path: Path, data: bytes, aside: Path) -> None:
    """Put `data` at `path`, wholly or not at all.

    `aside` is a folder on the same file system, where the file grows: a SIGKILL leaves a part there and
    nowhere else.
    Raises SystemFailure where the disk refuses; what was at `path` before is then still there.
    """
    partial = aside / path.name
    try:
        aside.mkdir(exist_ok=True)
        path.parent.mkdir(exist_ok=True)
        try:
            with open(partial, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise could_not_write(path, error) from error


def write_record(path: Path, record: Mapping[str, Any], aside: Path) -> None:
    """Put a record at `path` as JSON with the number of its schema: see `write_whole`. `read_object` reads it back."""
    write_whole(path, pretty({SCHEMA: SCHEMA_NUMBER} | plain(record)), aside)


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Add one line of JSON to a file, and not return before it is on the disk.

    Raises SystemFailure where the disk refuses; the file then ends where it ended before.
    """
    line = (json.dumps(plain(record), allow_nan=False) + "\n").encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            try:
                while line:
                    line = line[os.write(descriptor, line) :]
                os.fsync(descriptor)
            except BaseException:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if not size:
            sync_folder(path.parent)
    except OSError as error:
        raise could_not_write(path, error) from error


def mend_tail(path: Path) -> None:
    """Take away a last line without its newline, which a killed process left."""
    if path.exists():
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.truncate(path, whole)


def plain(value: Any) -> Any:
    """The same in what JSON knows. Numbers that are not finite become None, arrays lists, paths texts."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    listed = np.asarray(value).tolist()
    if type(listed) is type(value):
        raise TypeError(f"expected what JSON can hold, found {type(value).__name__}")
    return plain(listed)


def pretty(value: object) -> bytes:
    """A record as a file of its own, for people to read too."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def foreign_json(record: Mapping[str, Any]) -> bytes:
    """A record as JSON that another program reads: without the number of a schema of ours."""
    return pretty(plain(record))


def record_differences(expected: object, actual: object) -> list[str]:
    """Where two records differ: `phases.1.steps: expected 5, found 7`, one text a leaf."""
    absent = "nothing"
    expected_leaves = {path: json.dumps(leaf) for path, leaf in leaves(expected)}
    actual_leaves = {path: json.dumps(leaf) for path, leaf in leaves(actual)}
    paths = expected_leaves | actual_leaves
    return [
        f"{path}: expected {expected_leaves.get(path, absent)}, found {actual_leaves.get(path, absent)}"
        for path in paths
        if expected_leaves.get(path) != actual_leaves.get(path)
    ]


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Each innermost value of a record with its dotted path; an empty list or object counts as one."""
    items = (
        value.items()
        if isinstance(value, Mapping)
        else enumerate(value)
        if isinstance(value, list | tuple)
        else ()
    )
    if not items or not value:
        yield path, value
        return
    for name, part in items:
        yield from leaves(part, f"{path}.{name}" if path else str(name))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse_object(data: bytes) -> dict[str, Any]:
    value = json.loads(data, parse_constant=_refuse_constant)
    if not isinstance(value, dict):
        raise ValueError(f"expected {{...}}, found {data[:40]!r}")
    return value


def take_schema(record: dict[str, Any], path: Path) -> None:
    """Takes the number of its schema out of a record. Raises UserError where this version does not read that schema."""
    number = record.pop(SCHEMA, SCHEMA_NUMBER)
    if number != SCHEMA_NUMBER or type(number) is not int:
        raise UserError(
            f"{path} is of schema {json.dumps(number)}, and this version of Exapt ({_version()}) reads schema "
            f"{SCHEMA_NUMBER}; use the version that wrote it, which made_by in the run's manifest.jsonl names"
        )


def _version() -> str:
    try:
        return version("exapt")
    except PackageNotFoundError:
        return "not installed"


def read_object(path: Path, fix: str) -> dict[str, Any]:
    """Read a file that holds one JSON object, without the number of its schema.

    Raises UserError, ending in `fix`, where it holds something else, and where it is of a schema that this version does
    not read.
    """
    try:
        record = _parse_object(path.read_bytes())
    except FileNotFoundError as error:
        raise UserError(f"expected {path.name} in {path.parent}, found none; {fix}") from error
    except OSError as error:
        raise UserError(f"could not read {path}: {error.strerror or error}; {fix}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"expected JSON in {path}, found something else ({error}); {fix}") from error
    take_schema(record, path)
    return record


def read_object_if_whole(path: Path) -> dict[str, Any]:
    """What a side file holds: nothing where it is missing, damaged or of another schema, since it can be made again."""
    try:
        return read_object(path, "")
    except UserError:
        return {}


def read_lines(path: Path) -> list[tuple[bytes, dict[str, Any]]]:
    """Each line of a file of JSON objects, as bytes and parsed. A file that is not there has none.

    Raises UserError, naming the line, where one is damaged or the last one is cut short.
    """
    try:
        *lines, tail = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"could not read {path}: {error.strerror or error}; make it readable") from error
    parsed = []
    for number, line in enumerate(lines, start=1):
        try:
            parsed.append((line + b"\n", _parse_object(line)))
        except (ValueError, RecursionError) as error:
            raise damaged(path, number, f"expected JSON, found something else ({error})") from error
    if tail:
        raise UserError(
            f"{path} line {len(lines) + 1} is cut short; give the same train command again to mend it"
        )
    return parsed


def damaged(path: Path, number: int, what: str) -> UserError:
    """The UserError for a line that was committed and now is not what it was: nothing here can mend that."""
    fix = f"put the file back from a copy, or delete {path.parent} and train again"
    return UserError(f"{path} line {number}: {what};\n{fix}")
