"""Transfer: does the fork's circuit, frozen, drive the final organism's self? Lines of corroboration.

See `analysis.patching.cross_checkpoint`, which also tells what a transfer does not show.
"""

from collections.abc import Iterable

from analysis.findings import RunFindings
from analysis.patching.cross_checkpoint import cross_checkpoint_effects
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.provenance.corroboration import FROM_THE_FORK, Evidence, TransferResult
from analysis.thresholds import CORROBORATION_THRESHOLDS
from curricula.world.contrasts import measurable
from experiments.measurements.corroboration.interchange import integer_arrays, interchange_lines
from experiments.measurements.protocol import MeasuredRun, Measurement


class TransferMeasurement(Measurement[TransferResult]):
    """Share of self's gate that the fork's components carry into the last organism; where a cast holds both roles."""

    name = "transfer"
    result = TransferResult
    requires = (EffectsResult, CircuitsResult)
    settings = CORROBORATION_THRESHOLDS

    def measure(self, run: MeasuredRun, results: RunFindings) -> TransferResult:
        """Transfer from the same scene and from scenes of characters, for every member."""
        end, nothing = run.end, (None,) * run.config.members
        if not measurable(end.world, "self", "role"):
            return TransferResult(nothing, nothing)
        fork_circuits = results[CircuitsResult].find("fork", "character")
        carried = cross_checkpoint_effects(
            end,
            run.fork,
            results[EffectsResult].require("fork", "character").contributions(),
            integer_arrays(fork_circuits.components),
        )
        self_circuits = results[CircuitsResult].find("end", "self")
        return TransferResult(
            interchange_lines(carried.transfer, fork_circuits, self_circuits, run.seed),
            interchange_lines(carried.transfer_from_characters, fork_circuits, self_circuits, run.seed),
        )

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """Two lines."""
        result = findings[TransferResult]
        yield Evidence("transfer", FROM_THE_FORK, result.same_scene)
        yield Evidence("transfer_from_characters", FROM_THE_FORK, result.from_characters)
