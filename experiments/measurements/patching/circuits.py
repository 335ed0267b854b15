"""Circuits: which few components are enough, which can not be spared, and is that more than chance?

See `analysis.patching.circuits`, which also tells what a circuit does not show.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from analysis.findings import RunFindings
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.circuits import CHANCE, FAITHFUL, LEAST_NATS, RANDOM_CIRCUITS
from analysis.patching.results import CheckpointName, CircuitsResult, EffectsResult, circuits_record
from curricula.world.contrasts import Role
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.circuits import circuits_rows, circuits_section
from reports.tables import Row


class CircuitsMeasurement(Measurement[CircuitsResult]):
    """Circuits of characters at the fork and at the end, and of self at the end, ranked by effects from other
    pairs."""

    name = "circuits"
    result = CircuitsResult
    requires = (EffectsResult,)
    settings = MappingProxyType(
        {
            "faithfulness.least": FAITHFUL,
            "replication_p.most": CHANCE,
            "total_nats.least": LEAST_NATS,
            "random_circuits": RANDOM_CIRCUITS,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> CircuitsResult:
        """Circuits of all members."""
        effects = results[EffectsResult]
        places: tuple[tuple[CheckpointName, CheckpointMeasurer, Role], ...] = (
            ("fork", run.fork, run.first_role),
            ("end", run.end, run.first_role),
            ("end", run.end, run.later_role),
        )
        return CircuitsResult(
            tuple(
                circuits_record(
                    checkpoint,
                    role,
                    measurer.circuits_of(role, effects.require(checkpoint, role).contributions()),
                )
                for checkpoint, measurer, role in places
            )
        )

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Sizes, areas and curves of every circuit."""
        return circuits_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Curves and table."""
        return circuits_section(findings)
