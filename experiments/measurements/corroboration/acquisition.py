"""Acquisition: is the intent slower to learn without the fork's mechanism? A line of corroboration, where it is asked
for.

See `analysis.relearning.acquisition`, which also tells what a slowdown does not show.
"""

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType

from analysis.findings import RunFindings
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.provenance.corroboration import Evidence
from analysis.relearning.acquisition import (
    LEAST_SLOWDOWN,
    AcquisitionResult,
    acquisition_evidence,
    fork_sha256,
    measure_acquisition,
)
from analysis.relearning.finetune import CHUNK
from analysis.relearning.relearning import BUDGET, LIMIT
from analysis.thresholds import BEHAVES
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.acquisition import acquisition_rows, acquisition_section
from reports.tables import Row


class AcquisitionMeasurement(Measurement[AcquisitionResult]):
    """The intent learned anew from the fork, with the characters' mechanism intact and ablated; takes up to as long as
    training did."""

    name = "acquisition"
    result = AcquisitionResult
    table = "provenance"
    requires = (EffectsResult, CircuitsResult)
    settings = MappingProxyType(
        {
            "slowdown.least": LEAST_SLOWDOWN,
            "behaves.least": BEHAVES,
            "steps.most": LIMIT,
            "steps.budget": BUDGET,
            "steps.reading": CHUNK,
        }
    )
    optional = True
    full_precision = False  # organisms learn in the precision that they were trained in

    def measure(self, run: MeasuredRun, results: RunFindings) -> AcquisitionResult:
        """Slowdowns of all members."""
        return measure_acquisition(
            run.run, results[EffectsResult], results[CircuitsResult], run.seed, run.naive
        )

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """One line."""
        yield acquisition_evidence(findings[AcquisitionResult])

    def inputs(self, run: MeasuredRun) -> str | None:
        """The naive run."""
        return fork_sha256(run.naive)

    def accepts(self, cached_inputs: str | None, inputs: str | None) -> bool:
        """Where no naive run is given, a result with one is as good."""
        return inputs is None or cached_inputs == inputs

    def flags(self, result: AcquisitionResult) -> str:
        """With the naive run, if there was one."""
        return "--acquisition" + (f" --naive {result.naive_folder}" if result.naive_folder else "")

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Steps of every run."""
        return acquisition_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Steps by arm."""
        return acquisition_section(findings)
