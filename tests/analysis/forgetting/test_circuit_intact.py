"""A whole gate is intact, whatever else was broken; a reinitialised one is not."""

import numpy as np
import pytest
from broken_parts import without_gate, without_readout
from flax import nnx

from analysis.forgetting.circuit_intact import (
    ClassifiedByGate,
    GateTransfer,
    classify_by_gate,
    gate_state,
    gate_transfers,
    summarise_transfers,
)
from analysis.relearning.savings import reinitialise_gate


def test_the_gate_of_the_ancestor_itself_is_intact(whole):
    for gate in gate_transfers(whole.organisms, whole, 3):
        assert gate.transfer == gate.within > 0.5
        assert gate.state == "intact"


def test_a_gate_is_intact_where_the_readout_was_broken(whole):
    """Its components read and write as they did. (Noise on self's embeddings is another thing: they read
    those too.)"""
    for gate in gate_transfers(without_readout(whole), whole, 3):
        assert gate.transfer > 0.7 * gate.within
        assert gate.state == "intact"


def test_a_reinitialised_gate_is_gone(whole):
    emptied = reinitialise_gate(whole.organisms, whole.gates, whole.config.organism, 5)
    for gate in gate_transfers(emptied, whole, 3):
        assert abs(gate.transfer) < 0.4
        assert gate.state == "gone"


def test_noise_on_the_gate_lowers_its_transfer(whole):
    plain, noised = (gate_transfers(current, whole, 3) for current in (whole.organisms, without_gate(whole)))
    assert all(low.transfer < high.transfer for high, low in zip(plain, noised, strict=True))


@pytest.mark.parametrize(
    ("transfer", "within", "random", "state"),
    [
        (0.5, 1.0, 0.4, "intact"),
        (0.49, 1.0, 0.4, "gone"),
        (0.3, 0.6, 0.0, "intact"),
        (0.4, 0.4, 0.0, None),
        (0.9, 1.0, 0.5, None),
        (np.nan, 1.0, 0.0, None),
        (1.0, np.nan, 0.0, None),
    ],
)
def test_half_of_the_ancestor_s_transfer_is_the_bar_where_chance_is_below_it(transfer, within, random, state):
    assert gate_state(transfer, within, random) == state


def test_output_weights_do_not_change_the_transfer(whole):
    """Activations are transferred, and the ancestor writes them: the gate is intact in an organism whose gate
    writes something else."""
    clone = nnx.clone(whole.organisms)
    last = whole.config.organism.layers - 1
    clone.output[...] = clone.output[...].at[:, last].multiply(-1.0)
    pairs = zip(*(gate_transfers(current, whole, 3) for current in (clone, whole.organisms)), strict=True)
    for turned, plain in pairs:
        assert turned.transfer == pytest.approx(plain.transfer, abs=0.05)


def test_only_gates_with_a_state_are_counted():
    rows = [GateTransfer(0.9, 1.0, 0.1, state) for state in ("intact", "gone", None)]
    summary = summarise_transfers(rows)
    assert (summary.intact, summary.decided) == (1, 2)
    assert summary.transfer[0] == pytest.approx(0.9)
    assert summary.organisms == rows
    assert summarise_transfers([]).decided == 0
    planted = classify_by_gate(suppressed=["intact", "gone", None], gone=["gone", "intact", "gone"])
    assert planted == ClassifiedByGate(right=3, n=6)
