"""Is a pressure that nobody set no pressure at all?"""

import pytest
from curricula.pressures.settings import Interference, Pressures, Redundancy, Rehearsal, Routing

from curricula.phases import Phase


def test_pressures_are_neutral_unless_set():
    """Half the scenes rehearse by default, which matters only once self takes part; nothing drops out,
    nothing new is asked."""
    assert Pressures().redundancy.rate == Pressures().redundancy.halves == 0.0
    assert Phase("a").mixture.recalls == 0.0
    assert Phase("a").mixture == Phase("a", pressures=Pressures(Rehearsal(0.9))).mixture
    assert not Pressures().probe.site
    assert Pressures() == Phase("a").pressures
    assert Pressures().validation_errors() == []


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_shares_at_the_edge_are_allowed(fraction):
    assert Rehearsal(fraction).validation_errors() == []
    assert Redundancy(0.9 * fraction).validation_errors() == []
    assert Interference(fraction).validation_errors() == []


@pytest.mark.parametrize(
    ("pressure", "named"),
    [
        (Rehearsal(1.1), "rehearsal.fraction: expected a number between 0 and 1, got 1.1"),
        (Rehearsal(float("nan")), "rehearsal.fraction: expected a number between 0 and 1, got nan"),
        (Interference(-0.1), "interference.fraction: expected a number between 0 and 1, got -0.1"),
        (Redundancy(-0.1), "redundancy.rate: expected a number between 0 and 0.9, got -0.1"),
        (Redundancy(halves=1.5), "redundancy.halves: expected a number between 0 and 1, got 1.5"),
        (Redundancy(0.95), "redundancy.rate: expected a number between 0 and 0.9, got 0.95"),
    ],
)
def test_what_is_no_share_is_named(pressure, named):
    assert pressure.validation_errors() == [named]


def test_halves_and_lanes_are_not_asked_for_together():
    both = Pressures(redundancy=Redundancy(halves=0.5), routing=Routing(characters=1.0))
    assert both.validation_errors() == [
        "routing: expected no redundancy.halves beside it, which silences what lanes own"
    ]
