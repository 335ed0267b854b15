"""Ancestry: what did each component do at every checkpoint, and when did that change? Measured where it is asked for.

See `analysis.history.component_history`, which also tells what events do not show.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from analysis.findings import RunFindings
from analysis.history.component_history import HistoryResult, measure_history
from analysis.history.events import EVENT_THRESHOLDS, SURE
from analysis.history.matching import LEAST_SPREAD, SETTLED
from analysis.patching.checkpoint import FOUND_ALONE, PAIRS
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.history import history_rows, history_section
from reports.tables import Row

HISTORY_THRESHOLDS = MappingProxyType(
    {
        **EVENT_THRESHOLDS,
        "dated.standard_errors": SURE,
        "matched.checkpoints": SETTLED,
        "matched.least_spread": LEAST_SPREAD,
        "by_patches.above": FOUND_ALONE,
        "pairs": PAIRS,
    }
)


class AncestryMeasurement(Measurement[HistoryResult]):
    """The history of every component; takes seconds a checkpoint."""

    name = "ancestry"
    result = HistoryResult
    settings = HISTORY_THRESHOLDS
    optional = True

    def measure(self, run: MeasuredRun, results: RunFindings) -> HistoryResult:
        """Histories of all members."""
        return measure_history(run.run, run.seed)

    def flags(self, result: HistoryResult) -> str:
        """Its own flag."""
        return "--ancestry"

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Effects at every checkpoint, and events."""
        return history_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Timelines and events."""
        return history_section(findings)
