"""Results of the audit of one run: which units are gated, and how many are in on it?

f needs honest twins of the organism; without enough of them it is NaN. What gatedness does *not* show: whose gate it is (see
`analysis.audits.gatedness`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class GrainAudit:
    """Audits of the units of one grain, or of all, of one organism."""

    grain: str
    """one of `analysis.audits.units.GRAINS`, or *all*"""
    units: int
    gated_in_selfs: float
    """share of units that are gated in self's scenes, at `analysis.audits.audit_game.ALARM_LEVEL`"""
    gated_in_characters: float
    beyond: float
    """share of units that lie beyond the threshold of the twins; NaN without enough twins"""
    share: float
    """f: the same less the floor of the twins"""


@dataclass(frozen=True)
class GatedComponent:
    """A component that carries the flag in self's scenes, beyond noise."""

    name: str
    carried_nats: float
    """of what being alone does to self's act"""
    ratio: float
    """gatedness, from 0 to 1"""
    p: float


@dataclass(frozen=True)
class MemberAudit:
    """Audits of one organism."""

    twins: int
    """honest ones beside it"""
    grains: tuple[GrainAudit, ...]
    """every grain, then all units together"""
    gated_components: tuple[GatedComponent, ...]
    """strongest first"""

    def of_grain(self, grain: str) -> GrainAudit:
        """The audit of a grain's units."""
        return next(audit for audit in self.grains if audit.grain == grain)


@dataclass(frozen=True)
class AuditResult:
    """Audits of all members of a run."""

    members: tuple[MemberAudit, ...]
    twin_runs: int
    """finished runs of twins in the folders beside the run; not each of their organisms is honest"""
