"""Cache of measurements: which results of a run are there already, and still valid?

One file a measurement, ``RUN/analysis/cache/NAME.json``. A result is valid for the settings of its measurement, the
seed, the run's checkpoints and the keys of the results that it was measured from. So a new measurement or another
threshold leaves the others valid.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from curricula.errors import UserError
from curricula.plugins import plugin_defining
from curricula.typed_json import read_json, write_json
from experiments.measurements.protocol import Measurement
from organisms.storage import records

Result = TypeVar("Result")
FOLDER = "cache"


def measurement_keys(
    measurements: Sequence[Measurement[Any]], seed: int, checkpoints: Sequence[str]
) -> dict[str, str]:
    """What tells the result of each measurement from any other, as 64 hex digits by the measurement's name.

    checkpoints: hashes of the run's checkpoint files.
    """
    keys: dict[str, str] = {}
    names = {measurement.result: measurement.name for measurement in measurements}
    for measurement in measurements:
        content = {
            "name": measurement.name,
            "settings": dict(measurement.settings),
            "seed": seed,
            "checkpoints": list(checkpoints),
            "requires": [keys[names[kind]] for kind in measurement.requires],
        }
        if plugin := plugin_defining(measurement):
            content["plugin_sha256"] = plugin.sha256
        keys[measurement.name] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return keys


class ResultCache:
    """Results of one run on the disk."""

    def __init__(self, analysis_folder: Path, keys: Mapping[str, str]):
        """analysis_folder: ``RUN/analysis``. keys: see `measurement_keys`."""
        self.folder, self.keys = analysis_folder / FOLDER, keys
        self.inputs: dict[str, str | None] = {}
        """what each result that was read or written depends on besides the run, by its measurement's name"""

    def identity(self, measurement: Measurement[Any]) -> str:
        """What tells the result that was read or written last from any other one of the measurement."""
        inputs = self.inputs.get(measurement.name)
        return self.keys[measurement.name] + (f" {inputs}" if inputs else "")

    def read(self, measurement: Measurement[Result], inputs: str | None) -> Result | None:
        """The result of a measurement; None where there is none that is valid, or its file is damaged."""
        path = self._path(measurement)
        content = records.read_object_if_whole(path)
        if content.get("key") != self.keys[measurement.name]:
            return None
        if not measurement.accepts(content.get("inputs"), inputs):
            return None
        try:
            result = read_json(measurement.result, content.get("result"), str(path))
        except UserError:  # written by a version whose record had other fields
            return None
        self.inputs[measurement.name] = content.get("inputs")
        return result

    def write(self, measurement: Measurement[Result], inputs: str | None, result: Result) -> None:
        """Keep a result. Raises SystemFailure where the disk refuses."""
        content = {
            records.SCHEMA: records.SCHEMA_NUMBER,
            "key": self.keys[measurement.name],
            "inputs": inputs,
            "result": write_json(result),
        }
        path = self._path(measurement)
        records.make_folder(path.parent)
        data = (json.dumps(content, allow_nan=False) + "\n").encode()
        records.write_whole(path, data, path.parent.parent / ".partial")
        self.inputs[measurement.name] = inputs

    def _path(self, measurement: Measurement[Any]) -> Path:
        return self.folder / f"{measurement.name}.json"
