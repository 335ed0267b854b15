"""Learning: what was the loss, and what did the organisms do, while they were trained?"""

from collections.abc import Iterator, Sequence

from analysis.findings import RunFindings
from analysis.history.learning import LearningResult, learning_curves_of
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.learning import learning_rows, learning_section
from reports.tables import Row


class LearningMeasurement(Measurement[LearningResult]):
    """The metrics that training wrote; see `analysis.history.learning`."""

    name = "learning"
    result = LearningResult

    def measure(self, run: MeasuredRun, results: RunFindings) -> LearningResult:
        """Learning curves of all members."""
        return learning_curves_of(run.run)

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Curves of every member."""
        return learning_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Curves."""
        return learning_section(findings)
