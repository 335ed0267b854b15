"""Noise is on the gate's weights alone, of the smallest strength that breaks the mode; what is back is a share
of what it took."""

import numpy as np
import pytest

from analysis.forgetting.weight_noise import (
    BROKEN,
    STRENGTHS,
    add_weight_noise,
    recovery,
    rest_phase,
    with_gate_noise,
)
from analysis.relearning.finetune import MODE, Rows, read_rates
from curricula.phases import OptimiserConfig, Phase


@pytest.fixture(scope="module")
def case(tiny_run, whole):
    attempts = tiny_run.entries()[-1].extra["attempts"]
    return Rows.from_run(whole.organisms, whole.config, attempts), whole.gates, whole.config


def test_noise_is_on_the_gate_alone_and_grows_with_its_strength(case):
    rows, gates, config = case
    sizes = config.organism
    heads = gates.reshape(2, sizes.layers, -1)[..., : sizes.heads]
    plain = np.asarray(rows.organisms.output[...])
    noised = [with_gate_noise(rows.organisms, gates, sizes, strength, 1) for strength in (1.0, 2.0)]
    moved = [np.asarray(organisms.output[...]) - plain for organisms in noised]
    assert ((moved[0] != 0).any((-1, -2)) == heads).all()
    assert moved[1] == pytest.approx(2 * moved[0], abs=1e-6)
    assert (np.asarray(noised[0].embedding[...]) == np.asarray(rows.organisms.embedding[...])).all()


def test_the_smallest_strength_that_breaks_the_mode_is_taken(case):
    rows, gates, config = case
    noised = add_weight_noise(rows, gates, config, 1)
    world, sizes = config.curriculum.world, config.organism
    assert np.isfinite(noised.strength).any()
    assert (read_rates(noised.rows, world, sizes)[MODE] == noised.rate_after).all()
    for n, strength in enumerate(noised.strength):
        if np.isnan(strength):
            assert noised.rate_after[n] == noised.rate_before[n]
            continue
        assert noised.rate_after[n] <= BROKEN * noised.rate_before[n]
        for weaker in STRENGTHS[: STRENGTHS.index(strength)]:
            little = rows._replace(organisms=with_gate_noise(rows.organisms, gates, sizes, weaker, 1))
            assert read_rates(little, world, sizes)[MODE][n] > BROKEN * noised.rate_before[n]


def test_what_is_back_is_a_share_of_what_the_noise_took():
    """From 1 to 0.2, and back to 0.6 and to 1: half of it and all of it."""
    back = recovery(np.array([1.0, 1.0]), np.array([0.2, 0.2]), np.array([[0.2, 0.2], [0.6, 1.0]]))
    assert back.organisms == pytest.approx([0.5, 1.0])
    assert back.returned[0] == pytest.approx(0.75)
    assert [row[0] for row in back.readings] == pytest.approx([0.2, 0.8])


def test_the_rest_never_shows_the_mode_and_has_no_drive():
    for share in (0.0, 0.5):
        phase = rest_phase(Phase("disuse", 10, optimiser=OptimiserConfig(5e-4, weight_decay=1.0)), share)
        mixture = phase.mixture
        assert (mixture.self_alone, mixture.self_scenes, mixture.self_schemes, mixture.recalls) == (
            0,
            1 - share,
            1,
            0,
        )
        assert (phase.optimiser.weight_decay, phase.optimiser.learning_rate) == (0, 5e-4)
