"""Do members take the settings that they should, and is a wrong setting named in one line?"""

from dataclasses import replace

import jax
import numpy as np
import pytest

from curricula.errors import UserError
from experiments.command_line.training_arguments import resolve
from organisms.ensemble.config import named_config, read_config
from organisms.ensemble.variation import Variation, phase_of, read_variation, settings_of
from organisms.training.step import phase_params
from organisms.training.validation import check_config

RATES = Variation("phases.1.optimiser.learning_rate", (1e-3, 2e-3))
ALONE = Variation("phases.1.self_alone", (0.1, 0.5, 0.9))
CONFIG = named_config("shared", "tiny", members=8)
PHASES = CONFIG.curriculum.phases


def test_members_take_the_combinations_in_turn():
    """Six combinations, the last setting fastest; the seventh member begins again."""
    settings = [tuple(settings_of(member, (RATES, ALONE)).values()) for member in range(8)]
    assert settings[:6] == [(rate, alone) for rate in RATES.values for alone in ALONE.values]
    assert settings[6:] == settings[:2]
    assert settings_of(3, ()) == {}


def test_params_have_each_members_numbers_and_the_others_unchanged():
    config = replace(CONFIG, vary=(RATES, ALONE))
    plain, varied = (phase_params(c, 1) for c in (CONFIG, config))
    rates = [settings_of(member, config.vary)[RATES.setting] for member in range(8)]
    np.testing.assert_allclose(varied.schedule.learning_rate, rates)
    np.testing.assert_allclose(varied.mixture.self_alone, [0.1, 0.5, 0.9] * 2 + [0.1, 0.5])
    restored = varied._replace(
        schedule=varied.schedule._replace(learning_rate=plain.schedule.learning_rate),
        mixture=varied.mixture._replace(self_alone=plain.mixture.self_alone),
    )
    jax.tree.map(np.testing.assert_array_equal, restored, plain)
    first = phase_params(config, 0)
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
def test_a_variation_of_nothing_is_refused(text, words):
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
def test_a_config_with_wrong_variations_is_refused(vary, words):
    with pytest.raises(UserError, match=words):
        check_config(replace(CONFIG, vary=vary))


def test_members_of_a_world_of_one_cue_can_not_differ_in_interference():
    world = replace(CONFIG.curriculum.world, cues=1)
    config = replace(CONFIG, curriculum=replace(CONFIG.curriculum, world=world))
    with pytest.raises(
        UserError, match=r"vary: phases.1.interference.fraction: expected 0 where a moment has one cue"
    ):
        check_config(
            replace(config, vary=(Variation("phases.1.pressures.interference.fraction", (0.0, 0.1)),))
        )


def test_a_config_with_variations_is_read_as_it_was_written():
    config = replace(CONFIG, vary=(RATES, ALONE))
    check_config(config)
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
