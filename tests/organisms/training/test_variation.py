"""Do members take the settings that they should, and is a wrong setting told in one line?"""

from dataclasses import replace

import numpy as np
import pytest

from curricula.errors import UserError
from experiments.command_line.training_arguments import resolve
from organisms.training.config import named_config, read_config
from organisms.training.step import Lesson
from organisms.training.variation import Variation, phase_of, read_variation, settings_of

RATES = Variation("phases.1.optimiser.learning_rate", (1e-3, 2e-3))
ALONE = Variation("phases.1.self_alone", (0.1, 0.5, 0.9))
CONFIG = named_config("shared", "tiny", members=8)
PHASES = CONFIG.curriculum.phases


def test_members_take_the_combinations_in_turn():
    """Six combinations, the last setting fastest; the seventh member begins again."""
    found = [tuple(settings_of(member, (RATES, ALONE)).values()) for member in range(8)]
    assert found[:6] == [(rate, alone) for rate in RATES.values for alone in ALONE.values]
    assert found[6:] == found[:2]
    assert settings_of(3, ()) == {}


def test_a_lesson_has_each_members_own_numbers_and_the_others_unchanged():
    config = replace(CONFIG, vary=(RATES, ALONE))
    plain, varied = (Lesson.of_members(c, 1) for c in (CONFIG, config))
    rates = [settings_of(member, config.vary)[RATES.setting] for member in range(8)]
    np.testing.assert_allclose(varied.schedule.learning_rate, rates)
    np.testing.assert_allclose(varied.mixture.self_alone, [0.1, 0.5, 0.9] * 2 + [0.1, 0.5])
    back = varied._replace(
        schedule=varied.schedule._replace(learning_rate=plain.schedule.learning_rate),
        mixture=varied.mixture._replace(self_alone=plain.mixture.self_alone),
    )
    for one, two in zip(back[:2], plain[:2], strict=True):
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a, b)
    first = Lesson.of_members(config, 0)
    assert len(set(np.asarray(first.schedule.learning_rate))) == 1


def test_only_the_named_phase_changes():
    assert phase_of(1, 0, PHASES[0], (RATES,)) == PHASES[0]
    assert phase_of(1, 1, PHASES[1], (RATES,)).optimiser.learning_rate == 2e-3


@pytest.mark.parametrize(
    "text",
    ["phases.1.optimiser.learning_rate=0.001,0.002", "phases.1.optimiser.learning-rate=1e-3,2e-3"],
)
def test_a_variation_is_read_as_it_is_typed(text):
    assert read_variation(text, PHASES) == RATES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phases.1.optimiser.learning_rat=1,2", "did you mean phases.1.optimiser.learning_rate"),
        ("phases.1.steps=100,200", "members can differ in"),
        ("phases.7.self_alone=0.1", "members can differ in"),
        ("phases.1.self_alone", "expected SETTING=NUMBER"),
        ("phases.1.self_alone=a,b", "expected SETTING=NUMBER"),
        ("members=1,2", "members can differ in"),
    ],
)
def test_a_variation_of_nothing_is_a_fault(text, words):
    with pytest.raises(UserError, match=words):
        read_variation(text, PHASES)


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ((Variation("phases.1.self_alone", (0.5, 1.5)),), "phases.1.self_alone: expected a share"),
        ((RATES, RATES), "named twice"),
        ((RATES, ALONE, Variation("phases.0.questions", (0.1, 0.2))), "12 combinations"),
    ],
)
def test_a_config_with_wrong_variations_is_a_fault(vary, words):
    with pytest.raises(UserError, match=words):
        replace(CONFIG, vary=vary).check()


def test_members_of_a_world_of_one_cue_can_not_differ_in_interference():
    world = replace(CONFIG.curriculum.world, cues=1)
    config = replace(CONFIG, curriculum=replace(CONFIG.curriculum, world=world))
    with pytest.raises(UserError, match="vary: interference asks by two signs"):
        replace(config, vary=(Variation("phases.1.pressures.interference.fraction", (0.0, 0.1)),)).check()


def test_a_config_with_variations_is_read_as_it_was_written():
    config = replace(CONFIG, vary=(RATES, ALONE))
    config.check()
    assert read_config(config.plain()) == config


@pytest.mark.parametrize("first", [[], ["--no-cache"], ["--distributed"], ["--quiet"]])
def test_the_command_takes_several_variations_in_any_place(first):
    """And switches before the name of the curriculum."""
    texts = [
        "--vary",
        "phases.1.optimiser.learning_rate=0.001,0.002",
        "--vary",
        "phases.1.self_alone=0.1,0.5,0.9",
    ]
    for arguments in ([*first, "shared", *texts], [*first, *texts, "shared"]):
        assert resolve([*arguments, "--scale", "tiny", "--members", "8"]).vary == (RATES, ALONE)
