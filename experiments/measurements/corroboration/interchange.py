"""Interchange: does the gate that one role's components compute drive the other role? Lines of corroboration.

See `analysis.patching.interchange`, which also tells what an interchange does not show.
"""

from collections.abc import Iterable, Sequence

import jax
import numpy as np

from analysis.findings import RunFindings
from analysis.patching.interchange import InterchangeEffect, interchange_effects
from analysis.patching.results import CircuitsResult, EffectsResult, RoleCircuits
from analysis.patching.shapley import Contributions
from analysis.provenance.corroboration import (
    SAME_MECHANISM,
    Evidence,
    InterchangeLine,
    InterchangeResult,
    interchange_line,
)
from analysis.thresholds import CORROBORATION_THRESHOLDS
from curricula.world.contrasts import Role, measurable
from curricula.world.world import ROLES
from experiments.measurements.protocol import MeasuredRun, Measurement


class InterchangeMeasurement(Measurement[InterchangeResult]):
    """Share of the gate that components carry from characters into self, and back; where a cast holds both."""

    name = "interchange"
    result = InterchangeResult
    requires = (EffectsResult, CircuitsResult)
    settings = CORROBORATION_THRESHOLDS

    def measure(self, run: MeasuredRun, results: RunFindings) -> InterchangeResult:
        """Both directions for every member."""
        end, nothing = run.end, (None,) * run.config.members
        if not measurable(end.world, "self", "role"):
            return InterchangeResult(nothing, nothing)
        effects: dict[Role, list[Contributions]] = {
            role: results[EffectsResult].require("end", role).contributions() for role in ROLES
        }
        circuits = {role: results[CircuitsResult].find("end", role) for role in ROLES}
        cores: dict[Role, list[np.ndarray]] = {role: integer_arrays(circuits[role].core) for role in ROLES}
        carried = interchange_effects(end, effects, cores)
        characters, self_circuits = circuits["character"], circuits["self"]
        return InterchangeResult(
            interchange_lines(carried.interchange, characters, self_circuits, run.seed),
            interchange_lines(carried.interchange_reverse, self_circuits, characters, run.seed),
        )

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """Two lines."""
        result = findings[InterchangeResult]
        yield Evidence("interchange", SAME_MECHANISM, result.interchange)
        yield Evidence("interchange_reverse", SAME_MECHANISM, result.reverse)


def integer_arrays(sets: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Sets of components as arrays of their numbers."""
    return [np.asarray(components, int) for components in sets]


def interchange_lines(
    carried: InterchangeEffect, source: RoleCircuits, target: RoleCircuits, seed: int
) -> tuple[InterchangeLine | None, ...]:
    """A line for each member whose source has a circuit and whose target has an effect.

    carried: [member, ...]. target: circuits at the end of the role that is driven.
    """
    return tuple(
        interchange_line(jax.tree.map(lambda leaf, m=member: leaf[m], carried), seed + member)
        if source.found[member] and target.moves(member)
        else None
        for member in range(len(source.found))
    )
