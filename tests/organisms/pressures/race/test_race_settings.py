"""Are settings of the race's pressures that could do nothing named?"""

from dataclasses import replace

from curricula.pressures.race.act_probe import ActProbe
from curricula.pressures.race.coin import Coin
from organisms.ensemble.config import named_config
from organisms.pressures.race.act_probe import ActProbeEffect

EFFECT = ActProbeEffect()
RUN = named_config("tempted", "tiny", members=3)


def test_settings_of_a_coin_and_a_probe_that_could_do_nothing_are_named():
    assert Coin(1.5).validation_errors()[0].startswith("coin.honest: expected a number between 0 and 1")
    for probe, expected in (
        (ActProbe("L0"), "act_probe.site: expected final"),
        (ActProbe("", "loss", 1.0), "act_probe.site: expected final .* got none"),
        (ActProbe("final", scenes=1), "act_probe.scenes: expected 2 to 512, got 1"),
        (ActProbe("final", label_noise=0.7), "act_probe.label_noise: expected a share from 0 to 0.5"),
        (ActProbe("L1", ensemble=True), "act_probe.site: expected final where act_probe.ensemble is set"),
    ):
        (line,) = probe.validation_errors()
        assert line.startswith(expected.split(" .* ")[0])
    one_layer = replace(RUN, organism=replace(RUN.organism, layers=1))
    (line,) = EFFECT.run_errors(ActProbe("final", ensemble=True), one_layer)
    assert line.startswith("act_probe.ensemble: expected an organism of 2 layers or more")
    assert not EFFECT.run_errors(ActProbe("final", ensemble=True), RUN)
    phases = RUN.curriculum.phases
    assert Coin(0.5).phase_errors(phases[2], RUN.curriculum.world, 2)
    assert not Coin(0.5).phase_errors(phases[1], RUN.curriculum.world, 1)
    rewarded = ActProbe("final", "reward", 1.0)
    assert rewarded.phase_errors(phases[1], RUN.curriculum.world, 1)[0].startswith("act_probe.place")
    assert not rewarded.phase_errors(phases[2], RUN.curriculum.world, 2)
