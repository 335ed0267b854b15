"""What was measured beside a run, kept until it would come out otherwise.

A measurement is valid for the checkpoints and the settings that it was made with. Both are written beside the
value; where either differs the value is measured again.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from curricula.errors import UserError
from curricula.plugins import plugin_defining
from curricula.typed_json import read_json, write_json
from organisms.storage import records
from organisms.storage.run import Run, open_run, read_run

ValueType = TypeVar("ValueType")


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
    Raises UserError where another process writes the run; OSError where the disk refuses.
    """
    path = folder / "analysis" / f"study-{name}.json"
    key = records.plain(
        {
            "checkpoints": [checkpoints_digest(read_run(path_of_run)) for path_of_run in (folder, *parents)],
            **settings,
        }
    )
    if plugin := plugin_defining(measure):
        key["plugin_sha256"] = plugin.sha256
    record = records.read_object_if_whole(path)
    if record.get("key") == key:
        try:
            return read_json(kind, record.get("value"), str(path))
        except UserError:  # written by a version whose record had other fields
            pass
    with open_run(folder, read_run(folder).config):
        value = measure()
        content = {"key": key, "value": write_json(value)}
        path.parent.mkdir(exist_ok=True)
        records.write_record(path, content, path.parent / ".partial")
    return read_json(kind, content["value"], str(path))
