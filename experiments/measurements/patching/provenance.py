"""Provenance: where does self's mechanism come from, and what is the verdict?

See `analysis.provenance.shares` and `analysis.provenance.verdict`, which also tell what shares do not show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.findings import RunFindings
from analysis.patching.circuits import groups_of
from analysis.patching.results import (
    CheckpointName,
    CircuitsResult,
    EffectsResult,
    VariableEffects,
)
from analysis.patching.shapley import Contributions
from analysis.probes.belief import BehaviourResult
from analysis.provenance.judging import MemberInputs, ProvenanceResult, inherited_share, judge_member
from analysis.provenance.shares import ShareInputs, null_floor
from analysis.provenance.spare import SpareResult
from analysis.thresholds import THRESHOLDS
from curricula.world.world import ROLES, Role
from experiments.measurements.protocol import MeasuredRun, Measurement, RoleOrder
from reports.section import Section
from reports.sections.organisms import corroboration_rows
from reports.sections.verdicts import provenance_rows, verdicts_section
from reports.tables import Row

EXCHANGED = "in these words self stands for characters, and characters for self, which was taught first: "
"""begins the reason for a verdict where roles were taught in the other order"""


class ProvenanceMeasurement(Measurement[ProvenanceResult]):
    """Shares of the four cells and the verdict of every member."""

    name = "provenance"
    result = ProvenanceResult
    requires = (EffectsResult, CircuitsResult, BehaviourResult, SpareResult)
    settings = THRESHOLDS

    def measure(self, run: MeasuredRun, results: RunFindings) -> ProvenanceResult:
        """Verdicts of all members."""
        groups = groups_of(run.config.organism)
        judged = [
            judge_member(inputs, groups, run.seed + member)
            for member, inputs in enumerate(member_inputs(results, run.role_order))
        ]
        if run.role_order != ROLES:
            judged = [replace(member, reason=EXCHANGED + member.reason) for member in judged]
        return ProvenanceResult(tuple(judged))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Verdicts, shares, and what every line of evidence says of them."""
        yield from provenance_rows(findings)
        yield from corroboration_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Shares and verdicts by curriculum."""
        return verdicts_section(findings)


def member_inputs(results: RunFindings, role_order: RoleOrder = ROLES) -> list[MemberInputs]:
    """What each member is judged on. role_order: see `share_inputs`."""
    first, later = role_order
    effects, circuits = results[EffectsResult], results[CircuitsResult]
    behaviour, spare = results[BehaviourResult].members, results[SpareResult].members
    at_fork, at_end, of_self = (
        circuits.find("fork", first).found,
        circuits.find("end", first).found,
        circuits.find("end", later).found,
    )
    gate_at_fork, gate = (effects.require(checkpoint, later) for checkpoint in ("fork", "end"))
    unrelated = effects.require("end", later, "professed")
    null = effects.require("end", later, "idle").contributions()
    judged: list[MemberInputs] = []
    for member, shares in enumerate(share_inputs(results, role_order)):
        standing = spare[member]
        judged.append(
            MemberInputs(
                shares,
                unrelated.contributions()[member],
                null_floor(null[member], float(unrelated.total_nats[member])),
                inherited_share(float(gate_at_fork.total_nats[member]), float(gate.total_nats[member])),
                as_in_usual_order(behaviour[member].trained.by_name(), role_order),
                of_self[member],
                at_fork[member] or at_end[member],
                standing.says if standing else None,
            )
        )
    return judged


def as_in_usual_order(rates: Mapping[str, float], role_order: RoleOrder) -> dict[str, float]:
    """Rates of behaviours under the names that they would have had in the usual order: what the later role does is called
    self's."""
    usual_name: dict[str, Role] = dict(zip(role_order, ROLES, strict=True))
    by_usual_name: dict[str, float] = {}
    for name, rate in rates.items():
        role, _, kind = name.partition("_")
        by_usual_name[f"{usual_name[role]}_{kind}"] = rate
    return by_usual_name


def share_inputs(results: RunFindings, role_order: RoleOrder = ROLES) -> list[ShareInputs]:
    """Effects that the shares of each member are computed from. role_order: in another than the usual one, the role that was
    taught first stands in the place of characters, and the later one in that of self."""
    first, later = role_order
    effects = results[EffectsResult]
    keys: tuple[tuple[CheckpointName, Role], ...] = (("fork", first), ("end", first), ("end", later))
    gates: list[VariableEffects] = [effects.require(*key) for key in keys]
    nulls = [effects.require(*key, "idle").contributions() for key in keys]
    spare = results[SpareResult]
    by_member = zip(*(gate.contributions() for gate in gates), strict=True)
    inputs: list[ShareInputs] = []
    for member, (at_fork, at_end, of_self) in enumerate(by_member):
        floors = [
            null_floor(null[member], float(gate.total_nats[member]))
            for null, gate in zip(nulls, gates, strict=True)
        ]
        stand_in = Contributions(spare.stand_in_nats[member], at_fork.total)
        floor = float(spare.stand_in_floor[member])
        inputs.append(ShareInputs(at_fork, at_end, of_self, np.array(floors), stand_in, floor))
    return inputs
