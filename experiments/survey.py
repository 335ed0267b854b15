"""Findings of a run as untyped records, for what still reads them so."""

from typing import Any

from analysis.patching.checkpoint import Null
from experiments.findings import legacy_findings
from experiments.measurements.measuring import measure_run, opened_for_measuring
from organisms.storage.run import Run


def survey(run: Run, command: str, seed: int = 1, null: Null | None = None) -> dict[str, Any]:
    """As `experiments.measurements.measuring.measure_run`."""
    return legacy_findings(measure_run(opened_for_measuring(run, seed, command, null)))
