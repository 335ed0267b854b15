"""Direction: does one direction of the residual stream carry the gate for both roles? A line of corroboration.

See `analysis.patching.direction`, which also tells what a direction does not show.
"""

from collections.abc import Iterable

from analysis.findings import RunFindings
from analysis.patching.direction import direction_effects
from analysis.patching.results import CircuitsResult
from analysis.provenance.corroboration import SAME_MECHANISM, DirectionResult, Evidence, direction_line
from analysis.thresholds import CORROBORATION_THRESHOLDS
from curricula.world.contrasts import measurable
from experiments.measurements.protocol import MeasuredRun, Measurement


class DirectionMeasurement(Measurement[DirectionResult]):
    """Share of the gate that one direction carries from characters into self; where a cast holds both roles."""

    name = "direction"
    result = DirectionResult
    requires = (CircuitsResult,)
    settings = CORROBORATION_THRESHOLDS

    def measure(self, run: MeasuredRun, results: RunFindings) -> DirectionResult:
        """The line of every member whose characters have a circuit and whose self has an effect."""
        end, circuits = run.end, results[CircuitsResult]
        if not measurable(end.world, "self", "role"):
            return DirectionResult((None,) * run.config.members)
        effects = direction_effects(end)
        characters, self_circuits = circuits.find("end", "character"), circuits.find("end", "self")
        return DirectionResult(
            tuple(
                direction_line(pair, end.config, run.seed + member)
                if characters.found[member] and self_circuits.moves(member)
                else None
                for member, pair in enumerate(effects)
            )
        )

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """One line."""
        yield Evidence("interchange_direction", SAME_MECHANISM, findings[DirectionResult].lines)
