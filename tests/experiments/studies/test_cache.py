"""Is what was measured beside a run kept for as long as it is valid, and no longer?"""

import shutil
from dataclasses import dataclass

from experiments.studies.cache import measured_once


@dataclass(frozen=True)
class Part:
    name: str
    share: float | None


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    interval: tuple[float, float, int]
    by_name: dict[str, Part]
    counts: list[int]


WHOLE = Whole((Part("a", 0.5), Part("b", None)), (0.1, 0.2, 3), {"c": Part("c", 1.0)}, [1, 2])


def test_a_value_is_measured_again_where_settings_or_checkpoints_changed(tiny_run, tmp_path):
    folder, calls = tmp_path / "run", []
    shutil.copytree(tiny_run.folder, folder)

    def measure():
        calls.append(1)
        return WHOLE

    first = measured_once(folder, "x", Whole, {"threshold": 0.5}, measure)
    assert measured_once(folder, "x", Whole, {"threshold": 0.5}, measure) == first == WHOLE
    assert len(calls) == 1
    measured_once(folder, "x", Whole, {"threshold": 0.6}, measure)
    assert len(calls) == 2
    measured_once(folder, "x", Whole, {"threshold": 0.6}, measure, parents=[tiny_run.folder])
    assert len(calls) == 3
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:-1]))
    measured_once(folder, "x", Whole, {"threshold": 0.6}, measure, parents=[tiny_run.folder])
    assert len(calls) == 4
