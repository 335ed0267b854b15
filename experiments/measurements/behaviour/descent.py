"""Descent: which runs does a run descend from?"""

from analysis.findings import RunFindings
from analysis.history.descent import DescentResult, ancestor_folders, related_runs
from experiments.measurements.protocol import MeasuredRun, Measurement


class DescentMeasurement(Measurement[DescentResult]):
    """The run and its ancestors, as far as their folders still exist; see `analysis.history.descent`."""

    name = "descent"
    result = DescentResult

    def measure(self, run: MeasuredRun, results: RunFindings) -> DescentResult:
        """The line of descent."""
        return DescentResult(related_runs(ancestor_folders(run.run)))
