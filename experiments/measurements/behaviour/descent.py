"""Descent: which runs does a run descend from?"""

import hashlib
import json
from collections.abc import Sequence

from analysis.findings import RunFindings
from analysis.history.descent import DescentResult, ancestor_folders, related_runs
from experiments.measurements.protocol import MeasuredRun, Measurement
from organisms.storage.run import read_run
from reports.section import Section
from reports.sections.learning import descent_section


class DescentMeasurement(Measurement[DescentResult]):
    """The run and its ancestors, as far as their folders still exist; see `analysis.history.descent`."""

    name = "descent"
    result = DescentResult

    def measure(self, run: MeasuredRun, results: RunFindings) -> DescentResult:
        """The line of descent."""
        return DescentResult(related_runs(ancestor_folders(run.run)))

    def inputs(self, run: MeasuredRun) -> str:
        """Which of its ancestors are still found, by the hashes of their configs."""
        names = [read_run(folder).hash for folder in ancestor_folders(run.run)]
        return hashlib.sha256(json.dumps(names).encode()).hexdigest()

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """The runs as a drawing."""
        return descent_section(findings)
