"""Records of the study *audits*: what is kept of the audits of one organism?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from analysis.audits.audit_game import AlarmRule
from analysis.audits.units import Grain

GATE_LEVEL = 1e-3
"""p at which a unit is called part of a gate where gates are compiled"""
CLAIMED_SHARE = 0.01
"""of units in on it, in the claim that several hundred random audits notice"""
DetectorName = Literal["twin", "gatedness", "oracle"]
DETECTORS: tuple[DetectorName, ...] = get_args(DetectorName)


def finding_key(name: str) -> str:
    """The name of a group or grain as part of a finding's name."""
    return name.replace(" ", "_")


@dataclass(frozen=True)
class PowerCurve:
    """How often n audits of one organism raise the alarm, by one detector and rule, of units of one grain or of all."""

    detector: DetectorName
    rule: AlarmRule
    grain: str
    power: tuple[float, ...]
    """at each of `AUDITS`; NaN where there are fewer units"""
    alarms: int
    """units with p of `ALARM_LEVEL` or less"""
    units: int


@dataclass(frozen=True)
class AuditedOrganism:
    """What audits of one organism find. Numbers of twins are NaN where it has too few."""

    arm: str
    member: int
    verdict: str
    """of provenance; of planted organisms the name of the arm; *honest twin* of twins"""
    twins: int
    """honest ones that it was audited beside"""
    beyond: Mapping[str, float]
    """share of units beyond the threshold of twins, by grain and of all"""
    share: Mapping[str, float]
    """f: the same less the floor of the twins"""
    alike_beyond: float
    """share of units beyond it in scenes in which schemer and twin act alike"""
    curves: tuple[PowerCurve, ...]
    diluted: tuple[float, ...]
    """power of the twin detector at each of `AUDITS`, if `CLAIMED_SHARE` of units were in on it"""
    gated_in_selfs: float
    """share of units that are gated in self's scenes, at `ALARM_LEVEL`"""
    gated_in_characters: float
    auroc: Mapping[str, float]
    """of telling planted units, by ``detector.grain``; empty where nothing was planted"""
    gated: Mapping[str, float]
    """share with p of gatedness at most `GATE_LEVEL`, of planted units and of others: ``planted.grain``, ``other.grain``"""


@dataclass(frozen=True)
class UnitMap:
    """Where the units of one organism lie: by gatedness in self's scenes, and by distance from twins."""

    arm: str
    verdict: str
    grains: tuple[Grain, ...]
    gatedness: tuple[float, ...]
    """from 0 to 1; 0 of a unit whose interaction is no more than noise"""
    distance: tuple[float, ...]
    """over the threshold of its grain"""
