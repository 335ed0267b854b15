"""Finished runs that nobody trained, for tests of honest twins: a config, one checkpoint of made-up arrays, a summary."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from organisms.ensemble.config import RunConfig
from organisms.storage.run import Run, open_run, read_run

ARRAYS = {"weights": np.zeros(3, np.float32)}


def written_run(
    folder: Path,
    config: RunConfig,
    arrays: Mapping[str, np.ndarray] | None = None,
    finished: bool = True,
    **summary: Any,
) -> Run:
    """A run of a config. arrays: of its one checkpoint. finished: with a summary; summary: what else that has."""
    retention = summary.pop("retention", {})
    with open_run(folder, config.plain()) as run:
        last = config.curriculum.phases[-1].name
        run.commit(1, last, 64, ARRAYS if arrays is None else arrays, retention=retention)
        if finished:
            run.write_summary({"finished": True, "steps": 1, **summary})
    return read_run(folder)
