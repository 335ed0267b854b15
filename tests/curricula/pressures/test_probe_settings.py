"""Is a probe that could not do what it should named in one line?"""

import re
from dataclasses import replace

import pytest

from curricula.phases import Curriculum, Phase
from curricula.pressures.monitor import Monitor
from curricula.pressures.probe import Probe
from curricula.pressures.registry import Pressures

IMITATED = Phase("b", self_acts="scheming")


REWARDED = replace(IMITATED, objective="reward")


@pytest.mark.parametrize(
    ("phase", "probe", "named"),
    [
        (REWARDED, Probe("final", "reward", 1.0, by_act=True), ""),
        (REWARDED, Probe("L2", "frozen", 1.0), ""),
        (REWARDED, Probe("L2", "constant", 1.0, by_act=True), ""),
        (REWARDED, Probe("L1", "loss", 1.0), ""),
        (IMITATED, Probe("final", "loss", 1.0), ""),
        (IMITATED, Probe("final"), ""),
        (
            IMITATED,
            Probe("final", "frozen", 1.0),
            "probe.place: expected 'none' or 'loss' where .* got 'frozen'",
        ),
        (
            IMITATED,
            Probe("final", "reward", 1.0),
            "probe.place: expected 'none' or 'loss' where .* got 'reward'",
        ),
        (
            IMITATED,
            Probe("final", "constant", 1.0),
            "probe.place: expected 'none' or 'loss' where .* got 'constant'",
        ),
        (REWARDED, Probe("L0", "loss", 1.0), "probe.site: expected final, or the entrance .* got 'L0'"),
        (REWARDED, Probe("", "loss", 1.0), "probe.site: expected final, or the entrance .* got none"),
        (REWARDED, Probe("", "none", 1.0), "probe.site: expected final, or the entrance .* got none"),
        (REWARDED, Probe("final", "loss", -1.0), "probe.weight: expected nats between 0 and 100, got -1"),
        (
            REWARDED,
            Probe("final", "loss", 1.0, True),
            "probe.by_act: expected a probe in the reward, got .* 'loss'",
        ),
        (Phase("b"), Probe("final"), "probe.site: expected none where self_acts is 'absent'"),
    ],
)
def test_a_probe_that_could_not_do_what_it_should_is_named_in_one_line(phase, probe, named, world):
    phase = replace(phase, pressures=Pressures(probe))
    lines = Curriculum("x", world, (Phase("a"), phase)).validation_errors()
    assert len(lines) == bool(named)
    assert not named or re.fullmatch(f"phases.1.{named}.*", lines[0])


def test_there_is_nothing_to_fit_a_probe_on_before_the_first_phase(world):
    probed = replace(IMITATED, pressures=Pressures(Probe("final")))
    (first,) = Curriculum("x", world, (probed,)).validation_errors()
    assert first.startswith("phases.0.probe.site: a probe is fitted on what earlier phases taught")
    assert not Pressures(Probe("final"), Monitor(1.0)).validation_errors()
