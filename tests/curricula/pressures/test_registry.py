"""Is a pressure that nobody set no pressure at all, and is a record of pressures a value like any other?"""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import pytest

from curricula.config_json import to_plain
from curricula.errors import UserError
from curricula.phases import Phase
from curricula.pressures import registry
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.concentration import Concentration
from curricula.pressures.half_dropout import HalfDropout
from curricula.pressures.interference import Interference
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from curricula.pressures.probe import Probe
from curricula.pressures.registry import (
    PRESSURES,
    Pressures,
    PressureSettings,
    register_pressure_settings,
)
from curricula.pressures.rehearsal import Rehearsal
from curricula.pressures.resample_ablation import ResampleAblation
from curricula.pressures.routing import Routing
from curricula.typed_json import read_json

ACTIVE = [
    Rehearsal(0.25),
    ComponentDropout(0.2),
    Routing(characters=0.5),
    ResampleAblation(("L0H0",)),
    HalfDropout(0.8),
    MeanAblation(0.5),
    Probe("final"),
    Monitor(1.0, components=("L0H0", "L1M1")),
    Overlap(1.0),
    Concentration(1.0),
    Interference(0.1),
]
"""of every pressure that comes with the project, in the order in which they act, settings that do something"""


def test_pressures_are_neutral_unless_set():
    """Half the scenes rehearse by default, which matters only once self takes part; nothing else is active."""
    assert not any(settings.active for settings in Pressures().every())
    assert Phase("a").mixture.recalls == 0.0
    assert Phase("a").mixture == Phase("a", pressures=Pressures(Rehearsal(0.9))).mixture
    assert Pressures() == Phase("a").pressures
    assert Pressures().validation_errors() == []


@pytest.mark.parametrize("settings", ACTIVE, ids=lambda settings: settings.name)
def test_a_pressure_that_is_set_is_active_and_sound(settings):
    pressures = Pressures(settings)
    assert pressures[type(settings)] == pressures.by_name(settings.name) == settings
    assert [one.name for one in pressures.every() if one.active] == [settings.name]
    assert pressures.validation_errors() == []


def test_pressures_act_in_the_order_of_their_registration_however_they_are_given():
    """The order is a part of what a run is: taps are composed in it."""
    builtin = [settings.name for settings in ACTIVE]
    assert [name for name in PRESSURES if name in builtin] == builtin
    backwards = Pressures(*reversed(ACTIVE))
    assert list(backwards.settings_by_name()) == builtin
    assert [one.name for one in backwards.every() if one.name in builtin] == builtin


def test_pressures_are_equal_where_settings_that_are_not_defaults_are():
    """So is their hash; what is given at its default is not given."""
    one, two = Pressures(Monitor(1.0), Overlap(2.0)), Pressures(Overlap(2.0), Monitor(1.0), Rehearsal(0.5))
    assert one == two
    assert hash(one) == hash(two)
    assert one.replace(Overlap()) == Pressures(Monitor(1.0))
    assert one != Pressures(Monitor(1.0))
    assert Pressures(Rehearsal()) == Pressures(Monitor()) == Pressures()
    assert one != "Pressures(Monitor(1.0), Overlap(2.0))"
    assert len({one, two, Pressures()}) == 2


def test_replaced_pressures_leave_the_original_and_the_others_alone():
    before = Pressures(Monitor(1.0), Rehearsal(0.0))
    after = before.replace(Monitor(2.0), Concentration(1.0))
    assert before == Pressures(Monitor(1.0), Rehearsal(0.0))
    assert after == Pressures(Rehearsal(0.0), Monitor(2.0), Concentration(1.0))
    assert before[Concentration] == Concentration()


def test_one_pressure_is_not_given_twice():
    with pytest.raises(ValueError, match=r"each may be given once, got \['monitor', 'monitor'\]"):
        Pressures(Monitor(1.0), Monitor(2.0))


def test_settings_that_nobody_registered_are_not_dropped_in_silence():
    @dataclass(frozen=True)
    class Gravity(PressureSettings):
        name: ClassVar[str] = "unregistered_gravity"
        weight: float = 0.0

    with pytest.raises(ValueError, match=r"expected registered settings, got \['unregistered_gravity'\]"):
        Pressures(Gravity(1.0))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_json_holds_what_is_set_and_reads_back_the_same(count):
    for chosen in itertools.combinations(ACTIVE, count):
        pressures = Pressures(*chosen)
        written = to_plain(pressures)
        assert list(written) == [settings.name for settings in chosen]
        assert read_json(Pressures, written, "phase.pressures") == pressures


@pytest.mark.parametrize("plain", [{"gravity": {}}, {"monitor": {}, "gravity": {}}, 3, ["monitor"]])
def test_an_unknown_name_in_json_is_refused_with_what_would_register_it(plain):
    expected = (
        r"phase\.pressures: expected names among rehearsal, .* got .*--plugin with the file that registers"
    )
    with pytest.raises(UserError, match=expected):
        read_json(Pressures, plain, "phase.pressures")


def test_two_modules_can_not_register_one_name(monkeypatch):
    """A module that is loaded again replaces its own settings: a notebook runs a cell twice."""
    registered = dict(PRESSURES)
    monkeypatch.setattr(registry, "PRESSURES", registered)

    def gravity(module: str) -> type[PressureSettings]:
        @dataclass(frozen=True)
        class Gravity(PressureSettings):
            name: ClassVar[str] = "gravity"
            weight: float = 0.0

        Gravity.__module__, Gravity.__qualname__ = module, "Gravity"
        return Gravity

    for _ in range(2):
        settings = register_pressure_settings(gravity("first"))
        assert registered["gravity"] is settings
    with pytest.raises(UserError, match="'gravity' is registered twice, by first and second; rename one"):
        register_pressure_settings(gravity("second"))
    monitor = gravity("second")
    monitor.name = "monitor"
    with pytest.raises(UserError, match=r"'monitor' is registered twice, by curricula\.pressures\.monitor"):
        register_pressure_settings(monitor)
    assert registered["monitor"] is Monitor


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_shares_at_the_edge_are_allowed(fraction):
    assert Rehearsal(fraction).validation_errors() == []
    assert ComponentDropout(0.9 * fraction).validation_errors() == []
    assert HalfDropout(fraction).validation_errors() == []
    assert Interference(fraction).validation_errors() == []


@pytest.mark.parametrize(
    ("pressure", "line"),
    [
        (Rehearsal(1.1), "rehearsal.fraction: expected a number between 0 and 1, got 1.1"),
        (Rehearsal(float("nan")), "rehearsal.fraction: expected a number between 0 and 1, got nan"),
        (Interference(-0.1), "interference.fraction: expected a number between 0 and 1, got -0.1"),
        (ComponentDropout(-0.1), "component_dropout.rate: expected a number between 0 and 0.9, got -0.1"),
        (ComponentDropout(0.95), "component_dropout.rate: expected a number between 0 and 0.9, got 0.95"),
        (HalfDropout(1.5), "half_dropout.share: expected a number between 0 and 1, got 1.5"),
        (Routing(smoothing=2.0), "routing.smoothing: expected a number between 0 and 1, got 2"),
        (MeanAblation(1.5), "mean_ablation.reach: expected a number between 0 and 1, got 1.5"),
        (MeanAblation(0.5, rate=1.5), "mean_ablation.rate: expected a number between 0 and 1, got 1.5"),
        (Monitor(1.0, reach=-1.0), "monitor.reach: expected a number between 0 and 1, got -1"),
        (Monitor(-1.0), "monitor.weight: expected nats between 0 and 100, got -1"),
        (Overlap(101.0), "overlap.weight: expected nats between 0 and 100, got 101"),
        (Concentration(float("nan")), "concentration.weight: expected nats between 0 and 100, got nan"),
    ],
)
def test_a_number_out_of_its_range_is_named_alone(pressure, line):
    assert pressure.validation_errors() == [line]
    assert Pressures(pressure).validation_errors() == [line]
