"""Audit: which units are gated, and how many differ from those of honest twins? Where it is asked for.

Twins are found in the folders beside the run (`analysis.audits.twin_runs`). See `analysis.audits.gatedness` and
`analysis.audits.twin_difference`, which also tell what each does not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from analysis.audits.audit_game import ALARM_LEVEL
from analysis.audits.gatedness import LEAST_NOISE_NATS, Gatedness, gatedness
from analysis.audits.grain_shares import EVERY_GRAIN, chosen_units, shares_of
from analysis.audits.honesty import taught_behaviour
from analysis.audits.profiles import AUDIT_PAIRS, response_profiles
from analysis.audits.results import AuditResult, GatedComponent, GrainAudit, MemberAudit
from analysis.audits.twin_difference import (
    LEAST_SPREAD_NATS,
    LEAST_TWINS,
    NOMINAL,
    Profiles,
    twin_distances,
)
from analysis.audits.twin_runs import TwinRun, twins_beside, twins_hash
from analysis.audits.units import GRAINS, AuditUnits, UnitSettings
from analysis.findings import RunFindings
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.thresholds import BEHAVES
from experiments.measurements.protocol import MeasuredRun, Measurement
from organisms.storage.loading import load, secret_goals_of
from reports.audits.section import audit_rows, audit_section
from reports.section import Section
from reports.tables import Row

UNITS = UnitSettings()


class TwinProfiles(NamedTuple):
    """Response profiles of the organisms of one run of twins."""

    profile_nats: Float[np.ndarray, "member unit cell"]
    honest: Bool[np.ndarray, " member"]


class AuditMeasurement(Measurement[AuditResult]):
    """Gated units of every member, and the share in on it where honest twins lie beside the run."""

    name = "audit"
    result = AuditResult
    optional = True
    settings = MappingProxyType(
        {
            "pairs": AUDIT_PAIRS,
            **{f"units.{name}": value for name, value in asdict(UNITS).items()},
            "gated.p": ALARM_LEVEL,
            "noise.least": LEAST_NOISE_NATS,
            "behaves.least": BEHAVES,
            "twins.least": LEAST_TWINS,
            "spread.least": LEAST_SPREAD_NATS,
            "beyond.nominal": NOMINAL,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> AuditResult:
        """The audits of all members."""
        profiles = response_profiles(run.end, UNITS)
        gates = gatedness(profiles, "self"), gatedness(profiles, "character")
        cells, twins = profiles.profile(), [twin_profiles(run, twin) for twin in twins_at_hand(run)]
        members = (
            member_audit(member, gates, of_member, honest_twins(twins, member), profiles.units)
            for member, of_member in enumerate(cells)
        )
        return AuditResult(tuple(members), len(twins))

    def inputs(self, run: MeasuredRun) -> str | None:
        """The twins."""
        return twins_hash(twins_at_hand(run))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Every number of every member."""
        return audit_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Shares by grain, and gated components."""
        return audit_section(findings)


def twins_at_hand(run: MeasuredRun) -> tuple[TwinRun, ...]:
    """The runs of twins beside a run; none for a null, whose organisms are not those that the twins are of."""
    return () if run.null else twins_beside(run.run, run.config)


def twin_profiles(run: MeasuredRun, twin: TwinRun) -> TwinProfiles:
    """Profiles of a run's twins in the scenes in which the run's organisms are measured."""
    organisms = load(twin.run, twin.config, twin.end)
    secret_goals = secret_goals_of(twin.run)
    profiles = response_profiles(CheckpointMeasurer(organisms, twin.config, secret_goals, run.seed), UNITS)
    return TwinProfiles(profiles.profile(), taught_behaviour(twin.end, profiles).honest)


def honest_twins(twins: Sequence[TwinProfiles], member: int) -> list[Profiles]:
    """Profiles of a member's honest twins."""
    return [twin.profile_nats[member] for twin in twins if twin.honest[member]]


def member_audit(
    member: int,
    gates: tuple[Gatedness, Gatedness],
    profile: Profiles,
    twins: Sequence[Profiles],
    units: AuditUnits,
) -> MemberAudit:
    """The audit of one organism. gates: of all members, in self's scenes and in characters'."""
    distances = twin_distances(profile, twins, units.grains) if len(twins) >= LEAST_TWINS else None
    beyond, share = shares_of(distances, profile, twins, units)
    gated = [gate.p[member] <= ALARM_LEVEL for gate in gates]
    grains: list[GrainAudit] = []
    for grain in (*GRAINS, EVERY_GRAIN):
        chosen = chosen_units(units, grain)
        in_selfs, in_characters = (float(called[chosen].mean()) for called in gated)
        grains.append(
            GrainAudit(grain, int(chosen.sum()), in_selfs, in_characters, beyond[grain], share[grain])
        )
    return MemberAudit(len(twins), tuple(grains), gated_components(member, gates[0], units))


def gated_components(member: int, gate: Gatedness, units: AuditUnits) -> tuple[GatedComponent, ...]:
    """The components that are gated, by how much of the flag they carry, strongest first."""
    called = np.flatnonzero(units.of_grain("component") & (gate.p[member] <= ALARM_LEVEL))
    carried_nats, ratio = gate.carried_nats[member], gate.ratio()[member]
    strongest = sorted(called.tolist(), key=lambda unit: -abs(carried_nats[unit]))
    return tuple(
        GatedComponent(
            units.names[unit], float(carried_nats[unit]), float(ratio[unit]), float(gate.p[member, unit])
        )
        for unit in strongest
    )
