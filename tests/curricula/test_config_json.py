"""Are runs that do without a setting that came later what they were before it came?"""

from dataclasses import asdict, replace

import pytest

from curricula.config_json import to_plain
from curricula.errors import UserError
from curricula.pressures.interference import Interference
from curricula.pressures.registry import PRESSURES, Pressures
from organisms.ensemble.config import named_config, read_config
from organisms.storage.config_hash import config_hash

NAMED = named_config("shared", "tiny").curriculum
CONFIG = replace(
    named_config("shared", "tiny"),
    curriculum=replace(
        NAMED, phases=(replace(NAMED.phases[0], longest=1), NAMED.phases[1].of_fixed_length())
    ),
)
"""as it was before phases were prolonged"""
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
    """So what was written before it came has the same hash and reads as the same run. Of pressures none is written that
    is not set; one that is written at its defaults reads as one that is not set."""
    in_full, before = asdict(CONFIG), asdict(CONFIG)
    for name in ("self_rule", "order", "self_cues", "self_acts_named", "scratchpad"):
        del before["curriculum"]["world"][name]
    del before["training"]["dense_from"]
    del before["parent"], before["plugins"], before["organism"]["norm"], before["organism"]["activation"]
    for written, phase in zip(in_full["curriculum"]["phases"], before["curriculum"]["phases"], strict=True):
        del phase["reward"], phase["exchange"], phase["compiled"], phase["optimiser"]["gradients"]
        del phase["longest"], phase["together"], phase["scene_draw"], phase["noise_draw"], phase["scratchpad"]
        phase["pressures"] = {}
        written["pressures"] = {name: asdict(kind()) for name, kind in PRESSURES.items()}
    assert CONFIG.plain() == before
    assert read_config(before) == read_config(in_full) == CONFIG


def test_the_hash_of_a_run_stays():
    """It names the folders of runs. It was another one, 008a8b73e1b2, until configs came to hold only the pressures that
    are set: since then a pressure that is added leaves the hash of every run without it as it is."""
    assert config_hash(CONFIG.plain()) == "8e5d690d692f"


def test_once_set_it_is_written_and_names_another_run():
    assert TURNED.plain()["curriculum"]["world"]["self_rule"] == "any"
    assert ASKING.plain()["curriculum"]["phases"][0]["pressures"]["interference"] == {"fraction": 0.1}
    assert len({config_hash(config.plain()) for config in (CONFIG, TURNED, ASKING)}) == 3
    for config in (TURNED, ASKING):
        assert read_config(config.plain()) == config


def test_an_unknown_field_and_a_missing_one_are_refused():
    for spoil in (lambda world: world.pop("names"), lambda world: world.update(rule_of_self="any")):
        plain = to_plain(CONFIG)
        spoil(plain["curriculum"]["world"])
        with pytest.raises(UserError, match=r"config\.curriculum\.world: expected the fields"):
            read_config(plain)
