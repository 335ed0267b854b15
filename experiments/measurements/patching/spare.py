"""Spare: were the components that carry self's gate at the end a spare of the characters' at the fork?

See `analysis.provenance.spare`, which also tells what a spare does not show.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

import numpy as np

from analysis.findings import RunFindings
from analysis.patching.checkpoint import CURVE_PAIRS, CheckpointMeasurer
from analysis.patching.circuits import RANDOM_CIRCUITS, groups_of
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.patching.silencing import silenced_gate
from analysis.provenance.shares import null_floor
from analysis.provenance.spare import SpareResult, spare_at_fork, spare_sets
from analysis.thresholds import SERVES, SPARE_LEFT, SPARE_NEEDED
from experiments.measurements.patching.effects import GATE_CALLS
from experiments.measurements.protocol import MeasuredRun, Measurement
from organisms.model.surgery import zero_ablate_components
from reports.section import Section
from reports.sections.verdict_grounds import grounds_rows, grounds_section
from reports.tables import Row


class SpareMeasurement(Measurement[SpareResult]):
    """Silencing of what self took and of what characters keep, at the fork."""

    name = "spare"
    result = SpareResult
    requires = (EffectsResult, CircuitsResult)
    settings = MappingProxyType(
        {
            "gate_left.least": SPARE_LEFT,
            "both_left.most_of_either": SPARE_NEEDED,
            "serves.share_of_gate": SERVES,
            "pairs": CURVE_PAIRS,
            "random_sets": RANDOM_CIRCUITS,
            "stand_in.calls": GATE_CALLS,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> SpareResult:
        """What each member's self took, at the fork."""
        effects, circuits = results[EffectsResult], results[CircuitsResult]
        first, later = run.first_role, run.later_role
        of_characters, of_self = (effects.require("end", role).value for role in (first, later))
        groups = groups_of(run.config.organism)
        sets = [
            spare_sets(of_characters[member], of_self[member], groups, run.seed + member)
            for member in range(run.config.members)
        ]
        gate = silenced_gate(run.fork, first, np.stack([of_member.masks() for of_member in sets]), "zero")
        has_gate = circuits.find("fork", first)
        members = tuple(
            spare_at_fork(gate, member, of_member, run.seed + member)
            if of_member.took.any() and has_gate.moves(member)
            else None
            for member, of_member in enumerate(sets)
        )
        kept = np.stack([of_member.kept for of_member in sets])
        silenced = zero_ablate_components(run.fork.organisms, kept, run.config.organism)
        # Of the fork's seed, so that the pairs are those of its effects.
        stand_in = CheckpointMeasurer(silenced, run.config, run.secret_goals, run.fork.seed, run.fork.null)
        effects_left = stand_in.shapley_effects(first, "watched", GATE_CALLS)
        idle = stand_in.shapley_effects(first, "idle")
        gate = results[EffectsResult].require("fork", first).total_nats
        floors = [null_floor(null, float(nats)) for null, nats in zip(idle, gate, strict=True)]
        return SpareResult(members, np.stack([each.components for each in effects_left]), np.array(floors))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Both shares of every member."""
        return grounds_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """What each verdict rests on."""
        return grounds_section(findings)
