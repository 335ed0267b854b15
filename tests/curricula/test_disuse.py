"""Curricula of disuse never show what they let go of, at an even rate of learning; everything else in them
goes on."""

from dataclasses import replace

import numpy as np
import pytest

from curricula.catalogue.disuse import DECAY, NEWS
from curricula.catalogue.registry import FORKS, curriculum
from organisms.ensemble.optimiser import learning_rates

SCALES = ("tiny", "cpu", "gpu")


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_out_of_use_is_never_shown_and_the_rest_is(scale):
    never_alone, characters_absent = (
        curriculum(name, scale).phases[0].mixture for name in ("self_never_alone", "characters_absent")
    )
    assert (never_alone.self_alone, never_alone.self_scenes, never_alone.beside_self) == (0, 0.5, 1)
    of_self = (characters_absent.self_alone, characters_absent.self_scenes, characters_absent.beside_self)
    assert of_self == (0.5, 1, 0)
    assert never_alone.recalls == characters_absent.recalls == NEWS
    assert curriculum("weight_decay_only", scale).phases[0].mixture.recalls == 0


@pytest.mark.parametrize("fork", sorted(FORKS))
def test_the_rate_is_even_from_the_first_step_on_so_that_steps_are_a_clock(fork):
    phase = curriculum(fork, "cpu").phases[0]
    rates = learning_rates(phase.optimiser, phase.steps)
    assert len(rates) == phase.steps
    assert np.allclose(rates, phase.optimiser.learning_rate)
    assert phase.optimiser.weight_decay == DECAY
    assert phase.optimiser.gradients == float(fork != "weight_decay_only")


def test_gradients_of_a_half_are_refused():
    """A number, so that members can differ in it; half a gradient would be none less to Adam, so there is no
    half."""
    optimiser = curriculum("weight_decay_only", "tiny").phases[0].optimiser
    assert optimiser.validation_errors() == []
    assert replace(optimiser, gradients=0.5).validation_errors() == [
        "optimiser.gradients: expected 0 or 1, got 0.5"
    ]
