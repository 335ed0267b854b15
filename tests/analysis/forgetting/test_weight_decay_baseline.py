"""Without gradients weights fall by the factor that rate and decay give, all alike; without decay either they
stay to the bit."""

import jax
import numpy as np
import pytest
from jaxtyping import Float

from analysis.forgetting.retention import retention_cells
from analysis.forgetting.weight_decay_baseline import decay_factors, predict_decay
from analysis.relearning.finetune import MODE, Rows
from curricula.phases import OptimiserConfig, Phase
from organisms.ensemble.config import read_config
from organisms.model.transformer import Organism
from organisms.storage.loading import load


def test_the_factor_is_the_product_over_steps():
    """Two steps of warm-up to 0.1 with decay 0.5, by hand: 1 - 0.05 x 0.5, 1 - 0.1 x 0.5, and so on."""
    phase = Phase("by hand", 4, optimiser=OptimiserConfig(0.1, 2, 1.0, weight_decay=0.5))
    assert decay_factors(phase) == pytest.approx([1, 0.975, 0.975 * 0.95, 0.975 * 0.95**2, 0.975 * 0.95**3])


def weight_norms(organisms: Organism) -> Float[np.ndarray, " member"]:
    """The norm of all weights of each organism [member, ...]."""
    squares = [
        (np.asarray(leaf, float) ** 2).reshape(len(leaf), -1).sum(1) for leaf in jax.tree.leaves(organisms)
    ]
    return np.sqrt(np.sum(squares, axis=0))


def test_decay_alone_shrinks_every_norm_by_the_predicted_factor(disused_run):
    config, entries = read_config(disused_run.config), disused_run.entries()
    still, decays, learns, _ = retention_cells(disused_run, config)
    start, end = (load(disused_run, config, entry) for entry in (entries[0], entries[-1]))
    ratio = weight_norms(end) / weight_norms(start)
    expected = decay_factors(decays.phase)[50]
    assert expected < 0.99
    assert ratio[decays.rows] == pytest.approx([expected] * 2, rel=1e-5)
    assert (np.abs(ratio[learns.rows] - expected) > 1e-3).all()
    for old, new in zip(jax.tree.leaves(start), jax.tree.leaves(end), strict=True):
        assert (np.asarray(old)[still.rows] == np.asarray(new)[still.rows]).all()
        assert np.asarray(new)[decays.rows] == pytest.approx(
            np.asarray(old)[decays.rows] * expected, rel=1e-4, abs=1e-7
        )


def test_what_decay_alone_does_is_predicted_by_scaling(disused_run, tiny_run):
    """The organism at any step is the one that it was, scaled down: the rates seen are those predicted. At
    half of its norm this one does something else."""
    config = read_config(tiny_run.config)
    _, decays, *_ = retention_cells(disused_run, read_config(disused_run.config))
    entry = tiny_run.entries()[-1]
    rows = Rows.from_run(load(tiny_run, config, entry), config, entry.extra["attempts"])
    prediction = predict_decay(rows, config, decays.phase, decays.steps, MODE)
    assert np.transpose(prediction.organisms) == pytest.approx(decays.rates[MODE], abs=0.02)
    assert prediction.norm == pytest.approx(decay_factors(decays.phase)[[0, 25, 50]])
    harsh = Phase("harsh", 50, optimiser=OptimiserConfig(1.0, 0, 1.0, weight_decay=0.05))
    fallen = predict_decay(rows, config, harsh, [0, 50], MODE)
    assert fallen.norm[-1] < 0.1
    assert fallen.mean[-1] < fallen.mean[0] - 0.1
