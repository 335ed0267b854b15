"""Weight change: were the components that self has for itself trained more than others? A line of corroboration that is no
patch.

See `analysis.provenance.weight_change`, which also tells what it does not show.
"""

from collections.abc import Iterable, Iterator
from types import MappingProxyType

import jax

from analysis.findings import RunFindings
from analysis.patching.circuits import RANDOM_CIRCUITS, groups_of
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.provenance.corroboration import Evidence
from analysis.provenance.weight_change import (
    SELF_WAS_TRAINED,
    WeightChangeResult,
    weight_changes,
    weight_line,
)
from analysis.thresholds import SERVES
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.tables import Row


class WeightChangeMeasurement(Measurement[WeightChangeResult]):
    """How far the weights of every component moved, and those of what self has for itself beside others."""

    name = "weight_change"
    result = WeightChangeResult
    requires = (EffectsResult, CircuitsResult)
    settings = MappingProxyType({"serves.share_of_gate": SERVES, "random_sets": RANDOM_CIRCUITS})

    def measure(self, run: MeasuredRun, results: RunFindings) -> WeightChangeResult:
        """Changes of all members; lines of those whose self has a circuit."""
        effects, found = results[EffectsResult], results[CircuitsResult].find("end", "self").found
        config = run.config.organism
        of_characters, of_self = (effects.require("end", role).value for role in ("character", "self"))
        fork, end = (jax.device_get(measurer.organisms) for measurer in (run.fork, run.end))
        change = weight_changes(fork, end, config)
        lines = tuple(
            weight_line(
                change[member], of_characters[member], of_self[member], groups_of(config), run.seed + member
            )
            if found[member]
            else None
            for member in range(run.config.members)
        )
        return WeightChangeResult(change, lines)

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """The change of every component of every member."""
        step = findings.run.step_of("end")
        for member in findings.members:
            changes = findings[WeightChangeResult].change[member]
            for component, value in zip(findings.run.components, changes.tolist(), strict=True):
                yield Row(member, "change", value, phase="end", step=step, component=component)

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """One line."""
        yield Evidence("weight_change", SELF_WAS_TRAINED, findings[WeightChangeResult].lines)
