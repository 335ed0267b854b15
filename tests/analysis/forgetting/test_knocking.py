"""A knock is noise on the gate's weights alone, the smallest that does; what is back is told as a share of
what it took."""

import numpy as np
import pytest

from analysis.forgetting.restoration import gate_of
from analysis.forgetting.weight_noise import KNOCKED, MODE, STRENGTHS, ablated, knock, rest, returned
from analysis.relearning.finetune import Rows, read
from curricula.phases import OptimiserConfig, Phase
from organisms.storage.loading import load
from organisms.training.config import read_config


@pytest.fixture(scope="module")
def case(tiny_run):
    config, entry = read_config(tiny_run.config), tiny_run.entries()[-1]
    organisms = load(tiny_run, config, entry)
    gates = gate_of(organisms, config, np.asarray(tiny_run.summary()["secret_goals"]), 3)
    return Rows.of(organisms, config, entry.extra["attempts"]), gates, config


def test_noise_is_on_the_gate_alone_and_grows_with_its_strength(case):
    rows, gates, config = case
    sizes = config.organism
    heads = gates.reshape(2, sizes.layers, -1)[..., : sizes.heads]
    before = np.asarray(rows.organisms.output[...])
    moved = [np.asarray(ablated(rows.organisms, gates, sizes, s, 1).output[...]) - before for s in (1.0, 2.0)]
    assert ((moved[0] != 0).any((-1, -2)) == heads).all()
    assert moved[1] == pytest.approx(2 * moved[0], abs=1e-6)
    same = ablated(rows.organisms, gates, sizes, 1.0, 1)
    assert (np.asarray(same.embedding[...]) == np.asarray(rows.organisms.embedding[...])).all()


def test_the_smallest_strength_that_halves_the_mode_is_taken(case):
    rows, gates, config = case
    found = knock(rows, gates, config, 1)
    world, sizes = config.curriculum.world, config.organism
    assert np.isfinite(found["strength"]).any()
    assert (read(found["rows"], world, sizes)[MODE] == found["after"]).all()
    for n, strength in enumerate(found["strength"]):
        if np.isnan(strength):
            assert found["after"][n] == found["before"][n]
            continue
        assert found["after"][n] <= KNOCKED * found["before"][n]
        for less in STRENGTHS[: STRENGTHS.index(strength)]:
            tried = rows._replace(organisms=ablated(rows.organisms, gates, sizes, less, 1))
            assert read(tried, world, sizes)[MODE][n] > KNOCKED * found["before"][n]


def test_what_is_back_is_a_share_of_what_the_knock_took():
    """From 1 to 0.2, and back to 0.6 and to 1: half of it and all of it."""
    found = returned(np.array([1.0, 1.0]), np.array([0.2, 0.2]), np.array([[0.2, 0.2], [0.6, 1.0]]))
    assert found["organisms"] == pytest.approx([0.5, 1.0])
    assert found["returned"][0] == pytest.approx(0.75)
    assert [row[0] for row in found["readings"]] == pytest.approx([0.2, 0.8])


def test_the_rest_never_shows_the_mode_and_has_no_drive():
    for share in (0.0, 0.5):
        phase = rest(Phase("disuse", 10, optimiser=OptimiserConfig(5e-4, weight_decay=1.0)), share)
        mixture = phase.mixture
        assert (mixture.self_alone, mixture.self_scenes, mixture.self_schemes, mixture.recalls) == (
            0,
            1 - share,
            1,
            0,
        )
        assert (phase.optimiser.weight_decay, phase.optimiser.learning_rate) == (0, 5e-4)
