"""Curricula of disuse never show what they let go of, at an even rate of learning; everything else in them
goes on."""

from dataclasses import replace

import numpy as np
import pytest

from curricula.catalogue.disuse import DECAY, FORKS, NEWS
from curricula.catalogue.registry import curriculum
from organisms.training.optimiser import learning_rates

SCALES = ("tiny", "cpu", "gpu")


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_out_of_use_is_never_shown_and_the_rest_is(scale):
    disused, deserted = (
        curriculum(name, scale).phases[0].mixture for name in ("self_never_alone", "characters_absent")
    )
    assert (disused.self_alone, disused.self_scenes, disused.beside_self) == (0, 0.5, 1)
    assert (deserted.self_alone, deserted.self_scenes, deserted.beside_self) == (0.5, 1, 0)
    assert disused.recalls == deserted.recalls == NEWS
    assert curriculum("fading", scale).phases[0].mixture.recalls == 0


@pytest.mark.parametrize("fork", FORKS)
def test_the_rate_is_even_from_the_first_step_on_so_that_steps_are_a_clock(fork):
    phase = fork("cpu").phases[0]
    rates = learning_rates(phase.optimiser, phase.steps)
    assert len(rates) == phase.steps
    assert np.allclose(rates, phase.optimiser.learning_rate)
    assert phase.optimiser.weight_decay == DECAY
    assert phase.optimiser.gradients == float(fork.__name__ != "fading")


def test_gradients_are_there_or_not():
    """A number, so that members can differ in it; half a gradient would be none less to Adam, so there is no
    half."""
    optimiser = curriculum("fading", "tiny").phases[0].optimiser
    assert optimiser.validation_errors() == []
    assert replace(optimiser, gradients=0.5).validation_errors() == [
        "optimiser.gradients: expected 0 or 1, got 0.5"
    ]
