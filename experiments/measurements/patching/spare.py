"""Spare: were the components that carry self's gate at the end a spare of the characters' at the fork?

See `analysis.provenance.spare`, which also tells what a spare does not show.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

import numpy as np

from analysis.findings import RunFindings
from analysis.patching.checkpoint import CURVE_PAIRS
from analysis.patching.circuits import RANDOM_CIRCUITS, random_sets
from analysis.patching.results import CircuitsResult
from analysis.patching.silencing import silenced_gate
from analysis.provenance.spare import SpareResult, spare_at_fork
from analysis.thresholds import SPARE_LEFT
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.verdict_grounds import grounds_rows, grounds_section
from reports.tables import Row


class SpareMeasurement(Measurement[SpareResult]):
    """Silencing of self's final set at the fork, beside random sets."""

    name = "spare"
    result = SpareResult
    requires = (CircuitsResult,)
    settings = MappingProxyType(
        {"gate_left.least": SPARE_LEFT, "pairs": CURVE_PAIRS, "random_sets": RANDOM_CIRCUITS}
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> SpareResult:
        """What each member's self took, silent and alone at the fork."""
        circuits = results[CircuitsResult]
        of_self, of_characters = circuits.find("end", "self"), circuits.find("fork", "character")
        sets = np.stack(
            [
                random_sets(run.fork.config, np.asarray(of_self.components[member], int), run.seed + member)
                for member in range(run.config.members)
            ]
        )
        alone, silent = (silenced_gate(run.fork, "character", masks) for masks in (~sets, sets))
        return SpareResult(
            tuple(
                spare_at_fork(alone, silent, member, sets[member, 0], run.seed + member)
                if of_self.found[member] and of_characters.moves(member)
                else None
                for member in range(run.config.members)
            )
        )

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Both shares of every member."""
        return grounds_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """What each verdict rests on."""
        return grounds_section(findings)
