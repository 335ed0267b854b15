"""Lesions: what does a role lose when the core of another circuit is resample-ablated? Lines of corroboration.

A loss does not show that both roles need the same part of a component; see `analysis.provenance.corroboration`.
"""

from collections.abc import Iterable
from types import MappingProxyType

import numpy as np

from analysis.findings import RunFindings
from analysis.patching.circuits import LEAST_NATS, RANDOM_CIRCUITS, random_sets
from analysis.patching.draws import PairDraw
from analysis.patching.results import CircuitsResult, RoleCircuits
from analysis.provenance.corroboration import (
    FROM_THE_FORK,
    SAME_MECHANISM,
    Evidence,
    EvidenceLine,
    LesionsResult,
    lesion_line,
)
from analysis.thresholds import CORROBORATION_THRESHOLDS
from experiments.measurements.protocol import MeasuredRun, Measurement


class LesionsMeasurement(Measurement[LesionsResult]):
    """Share of a role's effect that patching another circuit's core removes, beside random sets."""

    name = "lesions"
    result = LesionsResult
    requires = (CircuitsResult,)
    settings = MappingProxyType(
        {**CORROBORATION_THRESHOLDS, "total_nats.least": LEAST_NATS, "random_sets": RANDOM_CIRCUITS}
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> LesionsResult:
        """The three lesions of every member."""
        circuits = results[CircuitsResult]
        fork_character, character, self_circuits = (
            circuits.find("fork", "character"),
            circuits.find("end", "character"),
            circuits.find("end", "self"),
        )
        return LesionsResult(
            lesions(run, character, self_circuits),
            lesions(run, self_circuits, character),
            lesions(run, fork_character, self_circuits),
        )

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """Three lines."""
        result = findings[LesionsResult]
        yield Evidence("cross_lesion", SAME_MECHANISM, result.cross)
        yield Evidence("cross_lesion_reverse", SAME_MECHANISM, result.cross_reverse)
        yield Evidence("fork_lesion", FROM_THE_FORK, result.fork)


def lesions(run: MeasuredRun, source: RoleCircuits, target: RoleCircuits) -> tuple[EvidenceLine | None, ...]:
    """What patching the core of each member's circuit takes from another role, where there is a core and the role
    has an effect.

    source: circuits whose core is patched. target: circuits of the role that it is taken from, at the end.
    """
    measurer = run.end
    sets = [random_sets(measurer.config, np.asarray(core, int), measurer.seed) for core in source.core]
    removed, total = measurer.noising_effects(target.role, np.stack(sets), PairDraw.LESIONS)
    return tuple(
        lesion_line(removed[member], total[member], run.seed + member)
        if source.found[member] and target.moves(member)
        else None
        for member in range(measurer.members)
    )
