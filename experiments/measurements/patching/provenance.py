"""Provenance: where does self's mechanism come from, and what is the verdict?

See `analysis.provenance.shares` and `analysis.provenance.verdict`, which also tell what shares do not show.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.findings import RunFindings
from analysis.patching.circuits import groups_of
from analysis.patching.results import (
    CheckpointName,
    CircuitsResult,
    EffectsResult,
    SinglePatchesResult,
    VariableEffects,
)
from analysis.probes.belief import BehaviourResult
from analysis.provenance.shares import ProvenanceResult, ShareInputs, judge_member, null_floor
from analysis.thresholds import THRESHOLDS
from curricula.world.contrasts import Role
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.organisms import corroboration_rows
from reports.sections.verdicts import provenance_rows, verdicts_section
from reports.tables import Row


class ProvenanceMeasurement(Measurement[ProvenanceResult]):
    """Shares of the four cells and the verdict of every member."""

    name = "provenance"
    result = ProvenanceResult
    requires = (EffectsResult, SinglePatchesResult, CircuitsResult, BehaviourResult)
    settings = THRESHOLDS

    def measure(self, run: MeasuredRun, results: RunFindings) -> ProvenanceResult:
        """Verdicts of all members."""
        circuits, behaviour = results[CircuitsResult], results[BehaviourResult]
        groups, inputs = groups_of(run.config.organism), share_inputs(results)
        fork, end = circuits.find("fork", "character").found, circuits.find("end", "character").found
        self_found = circuits.find("end", "self").found
        return ProvenanceResult(
            tuple(
                judge_member(
                    inputs[member],
                    behaviour.members[member].trained.by_name(),
                    (self_found[member], fork[member] or end[member]),
                    groups,
                    run.seed + member,
                )
                for member in range(run.config.members)
            )
        )

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Verdicts, shares, and what every line of evidence says of them."""
        yield from provenance_rows(findings)
        yield from corroboration_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Shares and verdicts by curriculum."""
        return verdicts_section(findings)


def share_inputs(results: RunFindings) -> list[ShareInputs]:
    """Effects that the shares of each member are computed from."""
    effects, latent = results[EffectsResult], results[SinglePatchesResult].fork_latent
    keys: tuple[tuple[CheckpointName, Role], ...] = (
        ("fork", "character"),
        ("end", "character"),
        ("end", "self"),
    )
    gates: list[VariableEffects] = [effects.require(*key) for key in keys]
    nulls = [effects.require(*key, "idle").contributions() for key in keys]
    by_member = zip(*(gate.contributions() for gate in gates), strict=True)
    inputs: list[ShareInputs] = []
    for member, (at_fork, at_end, of_self) in enumerate(by_member):
        floors = [
            null_floor(null[member], float(gate.total_nats[member]))
            for null, gate in zip(nulls, gates, strict=True)
        ]
        inputs.append(ShareInputs(at_fork, latent[member], at_end, of_self, np.array(floors)))
    return inputs
