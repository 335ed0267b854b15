"""Cosine: do the same components do the same amounts for characters and for self? A line of corroboration.

A high cosine does not show that the components compute the same thing; see `analysis.provenance.corroboration`.
"""

from collections.abc import Iterable

from analysis.findings import RunFindings
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.provenance.corroboration import SAME_MECHANISM, CosineResult, Evidence, effect_cosine
from experiments.measurements.protocol import MeasuredRun, Measurement


class CosineMeasurement(Measurement[CosineResult]):
    """Cosine between the effects for characters and for self at the end, where both have a circuit."""

    name = "cosine"
    result = CosineResult
    requires = (EffectsResult, CircuitsResult)

    def measure(self, run: MeasuredRun, results: RunFindings) -> CosineResult:
        """The cosine of every member; its null is the cosine with recalling what a character professes."""
        effects, circuits = results[EffectsResult], results[CircuitsResult]
        both_found = zip(
            circuits.find("end", "character").found, circuits.find("end", "self").found, strict=True
        )
        of_characters, of_self = (
            effects.require("end", role).contributions() for role in ("character", "self")
        )
        unrelated = effects.require("end", "character", "professed").contributions()
        return CosineResult(
            tuple(
                effect_cosine(of_characters[m], of_self[m], unrelated[m], run.seed + m)
                if all(found)
                else None
                for m, found in enumerate(both_found)
            )
        )

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """One line."""
        yield Evidence("cosine", SAME_MECHANISM, findings[CosineResult].lines)
