"""Is a conflict of two pressures one line that names both and says why?"""

import pytest

from curricula.pressures.concentration import Concentration
from curricula.pressures.conflicts import AUDITED, CONFLICTS, register_conflict
from curricula.pressures.half_dropout import HalfDropout
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from curricula.pressures.probe import Probe
from curricula.pressures.registry import PRESSURES, Conflict, Pressures
from curricula.pressures.rehearsal import Rehearsal
from curricula.pressures.routing import Routing

ROUTING = Routing(characters=1.0)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (Monitor(1.0), AUDITED),
        (MeanAblation(0.5), AUDITED),
        (MeanAblation(components=("L0H0",)), AUDITED),
        (Overlap(1.0), AUDITED),
        (Concentration(1.0), AUDITED),
        (HalfDropout(0.5), "it silences what lanes own"),
        (Probe("final"), "organisms whose provenance is planted are not probed"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_routed_scenes_allow_no_pressure_on_what_lanes_own(second, reason):
    """Alone each is sound; so is routing that owns no scene."""
    line = f"routing: expected no {second.name} beside it; {reason}"
    assert Pressures(ROUTING, second).validation_errors() == [line]
    assert Pressures(second).validation_errors() == Pressures(ROUTING).validation_errors() == []
    assert Pressures(Routing(), second).validation_errors() == []


def test_every_conflict_of_a_phase_is_a_line():
    both = Pressures(ROUTING, HalfDropout(0.5), Probe("final"), Monitor(1.0))
    assert [line.split(" beside")[0] for line in both.validation_errors()] == [
        "routing: expected no monitor",
        "routing: expected no half_dropout",
        "routing: expected no probe",
    ]


def test_conflicts_are_of_registered_pressures():
    assert {name for one in CONFLICTS for name in (one.first, one.second)} <= set(PRESSURES)


def test_a_registered_conflict_applies(monkeypatch):
    monkeypatch.setattr("curricula.pressures.conflicts.CONFLICTS", list(CONFLICTS))
    both = Pressures(Monitor(1.0), Overlap(1.0))
    assert both.validation_errors() == []
    register_conflict("monitor", "overlap", "one cost is enough")
    assert both.validation_errors() == ["monitor: expected no overlap beside it; one cost is enough"]
    assert Pressures(Monitor(1.0), Rehearsal(0.0)).validation_errors() == []
    assert both.validation_errors([Conflict("overlap", "probe", "")]) == []
