"""Similarity: does self's circuit compute as the characters' does?

See `analysis.patching.representational_similarity`, which also tells what a similarity does not show.
"""

from collections.abc import Iterator

from analysis.findings import RunFindings
from analysis.patching.representational_similarity import (
    SimilarityResult,
    circuit_similarities,
    role_dissimilarities,
)
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.thresholds import SIMILARITY_THRESHOLDS
from curricula.world.world import ROLES
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.sections.organisms import similarity_rows
from reports.tables import Row


class SimilarityMeasurement(Measurement[SimilarityResult]):
    """Representational similarity of the circuits of self and of characters."""

    name = "similarity"
    result = SimilarityResult
    requires = (EffectsResult, CircuitsResult)
    settings = SIMILARITY_THRESHOLDS
    table = "provenance"

    def measure(self, run: MeasuredRun, results: RunFindings) -> SimilarityResult:
        """Similarity of every member's circuits."""
        effects, circuits = results[EffectsResult], results[CircuitsResult]
        self_side, character_side = (
            role_dissimilarities(
                run.end,
                role,
                effects.require("end", role).contributions(),
                circuits.find("end", role).by_member(),
            )
            for role in reversed(ROLES)
        )
        return SimilarityResult(tuple(circuit_similarities(self_side, character_side, run.seed)))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Similarity of every member's circuits."""
        return similarity_rows(findings)
