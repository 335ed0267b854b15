"""Learning: what was the loss, and what did the organisms do, while they were trained?"""

from analysis.findings import RunFindings
from analysis.history.learning import LearningResult, learning_curves_of
from experiments.measurements.protocol import MeasuredRun, Measurement


class LearningMeasurement(Measurement[LearningResult]):
    """The metrics that training wrote; see `analysis.history.learning`."""

    name = "learning"
    result = LearningResult

    def measure(self, run: MeasuredRun, results: RunFindings) -> LearningResult:
        """Learning curves of all members."""
        return learning_curves_of(run.run)
