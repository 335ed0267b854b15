"""Are runs that do without a setting that came later what they were before it came?"""

from dataclasses import asdict, replace

import pytest
from curricula.pressures.settings import Interference, Pressures

from curricula.config_json import to_plain
from curricula.errors import UserError
from organisms.storage.run import config_hash
from organisms.training.config import named_config, read_config

CONFIG = named_config("shared", "tiny")
FIRST = CONFIG.curriculum.phases[0]


def with_phase(phase):
    return replace(
        CONFIG, curriculum=replace(CONFIG.curriculum, phases=(phase, *CONFIG.curriculum.phases[1:]))
    )


ASKING = with_phase(replace(FIRST, pressures=Pressures(Interference(0.1))))
TURNED = replace(
    CONFIG, curriculum=replace(CONFIG.curriculum, world=replace(CONFIG.curriculum.world, self_rule="any"))
)


def test_a_setting_that_came_later_is_not_written_while_it_is_not_set():
    """So what was written before it came has the same hash and reads as the same run."""
    before = asdict(CONFIG)
    del before["curriculum"]["world"]["self_rule"], before["training"]["dense_from"], before["parent"]
    for phase in before["curriculum"]["phases"]:
        del phase["reward"], phase["exchange"], phase["optimiser"]["gradients"]
        del phase["pressures"]["redundancy"]["halves"]
        phase["pressures"] = {
            name: phase["pressures"][name] for name in ("rehearsal", "redundancy", "routing")
        }
    assert CONFIG.plain() == before
    assert read_config(before) == CONFIG
    assert read_config(asdict(CONFIG)) == CONFIG


def test_the_hash_of_a_run_is_what_it_was_before_any_came():
    assert config_hash(CONFIG.plain()) == "008a8b73e1b2"


def test_once_set_it_is_written_and_names_another_run():
    assert TURNED.plain()["curriculum"]["world"]["self_rule"] == "any"
    assert ASKING.plain()["curriculum"]["phases"][0]["pressures"]["interference"] == {"fraction": 0.1}
    assert len({config_hash(config.plain()) for config in (CONFIG, TURNED, ASKING)}) == 3
    for config in (TURNED, ASKING):
        assert read_config(config.plain()) == config


def test_what_never_was_a_setting_and_what_always_was_one_are_asked_for_as_ever():
    for spoil in (lambda world: world.pop("names"), lambda world: world.update(rule_of_self="any")):
        plain = to_plain(CONFIG)
        spoil(plain["curriculum"]["world"])
        with pytest.raises(UserError, match=r"config\.curriculum\.world: expected the fields"):
            read_config(plain)
