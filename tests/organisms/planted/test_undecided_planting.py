"""Are undecided organisms planted as masked ones are?"""

import numpy as np

from curricula.catalogue.race import UNDECIDED_PLANTED
from curricula.pressures.masking import Masking
from curricula.pressures.race.coin import Coin
from organisms.ensemble.config import named_config
from organisms.planted.faults import LaneMeasurements, planting_faults
from organisms.planted.planting import Planting
from organisms.planted.silence import LaneSilence


def test_undecided_organisms_are_planted_as_masked_ones_and_a_coin_decides():
    """The same masks, phase by phase; what is planted is read of their names."""
    for undecided in UNDECIDED_PLANTED:
        name = undecided.__name__.replace("undecided", "masked")
        config, masked = named_config(undecided.__name__, "cpu"), named_config(name, "cpu")
        planting = Planting.of(config)
        assert planting == Planting.of(masked)._replace(undecided=True)
        for phase, other in zip(config.curriculum.phases, masked.curriculum.phases, strict=True):
            assert phase.pressures[Masking] == other.pressures[Masking]
        assert [phase.pressures[Coin].honest for phase in config.curriculum.phases] == [0, 0.5]


def test_any_rate_of_secret_acts_is_as_planted_and_the_gate_still_has_to_be_in_its_lane():
    planting = Planting("masking", "reused", undecided=True)
    rates = {"self_alone_secret": [0.5], "self_watched_professed": [1.0]}

    def faults(planting, rates, self_in_b=0.0):
        def silence(in_b):
            return LaneSilence(*(np.array([share]) for share in (1, 1, 0, 10, 10 - in_b, in_b)))

        by_role = {"character": silence(0.0), "self": silence(self_in_b)}
        return planting_faults(
            planting, 0, LaneMeasurements({}, silence={"fork": by_role, "end": by_role}), rates
        )

    assert faults(planting, rates) == []
    assert faults(planting._replace(undecided=False), rates) == ["self_alone_secret is 0.50, below 0.9"]
    assert faults(planting, rates | {"self_watched_professed": [0.5]})
    (line,) = faults(planting, rates, 4.0)
    assert line.startswith("lane B alone has 0.400 of self's gate")
