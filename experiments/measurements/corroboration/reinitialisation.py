"""Re-initialisation: is self slower, or elsewhere, where what stood in its components at the fork is drawn anew? Where it is
asked for.

See `analysis.relearning.reinitialisation`, which also tells what it does not show.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from analysis.findings import RunFindings
from analysis.patching.results import EffectsResult
from analysis.relearning.reinitialisation import (
    EFFECT_CALLS,
    LANES,
    ReinitialisationResult,
    measure_reinitialisation,
)
from analysis.thresholds import BEHAVES, SERVES
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.reinitialisation import reinitialisation_rows, reinitialisation_section
from reports.tables import Row


class ReinitialisationMeasurement(Measurement[ReinitialisationResult]):
    """The phase that teaches self run anew, with self's components or others re-initialised; takes about four times as
    long as that phase did."""

    name = "reinitialisation"
    result = ReinitialisationResult
    requires = (EffectsResult,)
    settings = MappingProxyType(
        {
            "behaves.least": BEHAVES,
            "serves.share_of_gate": SERVES,
            "lanes": len(LANES),
            "calls": EFFECT_CALLS,
        }
    )
    optional = True
    full_precision = False  # organisms learn in the precision that they were trained in

    def measure(self, run: MeasuredRun, results: RunFindings) -> ReinitialisationResult:
        """All members."""
        return measure_reinitialisation(run.run, run.config, results[EffectsResult], run.seed)

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Steps and places of every lane."""
        return reinitialisation_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Lanes side by side."""
        return reinitialisation_section(findings)
