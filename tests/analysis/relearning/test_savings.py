"""Steps are counted to where a behaviour holds; savings are ratios; planted cases are built as
described."""

import math

import numpy as np
import pytest

from analysis.relearning.finetune import CHUNK, MODE, WATCHED_MODE, FinetuneOptions, Rows, finetune
from analysis.relearning.savings import (
    HIDDEN,
    LAYER_WEIGHTS,
    LIMIT,
    classify_by_saving,
    honest_last_layer_phase,
    keep_all_but_last_layer,
    reinitialise_gate,
    relearning_saving,
    savings_of_hidden,
    steps_to_relearn,
)
from curricula.world.vocabulary import BLANK, SELF
from organisms.ensemble.config import read_config
from organisms.storage.loading import load


def test_steps_run_to_the_first_of_two_readings_in_a_row():
    """Both rates at 0.9 or more, twice. A single good reading is luck; one that behaves from the start still
    took the least that can be measured."""
    alone = np.array(
        [[0.0, 1.0, 0.0, 0.9], [0.95, 1.0, 0.95, 0.9], [0.5, 1.0, 0.95, 0.9], [0.9, 1.0, 0.95, 0.9]]
    ).T
    watched = np.ones_like(alone)
    watched[0] = [1, 1, 1, 1]
    rates = {MODE: alone.T, WATCHED_MODE: watched.T}
    steps = steps_to_relearn(rates)
    assert math.isnan(steps[0])
    assert steps[1:].tolist() == [CHUNK, CHUNK, CHUNK]
    rates[WATCHED_MODE] = np.where(np.arange(4)[:, None] < 2, 0.0, 1.0) * np.ones((4, 4))
    assert np.isnan(steps_to_relearn(rates)).tolist() == [True, False, False, False]
    assert steps_to_relearn(rates)[1:].tolist() == [2 * CHUNK] * 3


def test_a_saving_is_the_ratio_of_steps_organism_by_organism():
    """40 over 10 and 90 over 10: a geometric mean of 6. One that never got there counts with the limit, which
    makes less of its saving than there is."""
    saving = relearning_saving([10.0, 10.0], [40.0, 90.0])
    assert saving.factor[0] == pytest.approx(6)
    assert saving.organisms == pytest.approx([4, 9])
    torn = relearning_saving([10.0, math.nan], [math.nan, 30.0])
    assert torn.organisms == pytest.approx([LIMIT / 10, 30 / LIMIT])
    assert (torn.never_failed, torn.failed) == (1, 1)
    assert torn.never == pytest.approx([math.nan, 30.0], nan_ok=True)


def test_planted_cases_are_classified_where_savings_lie_on_either_side():
    separated = classify_by_saving([3.0, 5.0], [1.0, 1.2])
    assert (separated.right, separated.suppressed_saves_more) == (4, 1)
    torn = classify_by_saving([1.0, 5.0], [5.0, 1.0])
    assert (torn.right, torn.n, torn.suppressed_saves_more) == (2, 4, 0.5)


def test_cases_that_still_show_their_mode_are_not_scored():
    assert savings_of_hidden([3.0, 5.0, 1.0], [0.0, 0.4, HIDDEN]) == [3.0, 1.0]


def test_suppressed_organisms_are_what_they_were_but_for_their_last_layer(tiny_run):
    """Every weight before the last layer, and the unembedding, is the ancestor's, bit for bit; the last layer
    learned."""
    config = read_config(tiny_run.config)
    rows = Rows.from_run(
        load(tiny_run, config, tiny_run.entries()[-1]), config, tiny_run.entries()[-1].extra["attempts"]
    )
    phase = honest_last_layer_phase(config.curriculum.phases[0])
    options = FinetuneOptions(2 * CHUNK, project=keep_all_but_last_layer)
    suppressed = finetune(rows, [phase] * 2, config, options).rows
    last, learned = config.organism.layers - 1, set()
    for name in (*LAYER_WEIGHTS, "embedding", "position", "unembedding", "unembedding_bias"):
        begun, ended = (np.asarray(getattr(part.organisms, name)[...]) for part in (rows, suppressed))
        if name in LAYER_WEIGHTS:
            learned.update([name] if (begun[:, last] != ended[:, last]).any() else [])
            begun, ended = begun[:, :last], ended[:, :last]
        assert (begun == ended).all(), name
    assert learned >= set(LAYER_WEIGHTS) - {"key_bias"}  # which no softmax feels


def test_the_gate_and_self_s_embeddings_are_reinitialised_and_nothing_else(tiny_run):
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    sizes = config.organism
    gates = np.zeros((2, sizes.layers * (sizes.heads + sizes.neuron_blocks)), bool)
    gates[0, 1] = gates[1, sizes.heads] = True  # a head of the first organism, a block of the second
    emptied = reinitialise_gate(organisms, gates, sizes, 0)

    def changed(name: str) -> np.ndarray:
        return np.asarray(getattr(emptied, name)[...]) != np.asarray(getattr(organisms, name)[...])

    for name in ("query", "key", "value", "output"):
        expected = np.zeros_like(changed(name))
        expected[0, 0, 1] = True
        assert (changed(name) == expected).all()
    block = sizes.neurons // sizes.neuron_blocks
    assert (changed("out_of_neurons")[1, 0, :block]).all()
    assert changed("out_of_neurons").sum() == block * sizes.width
    assert changed("into_neurons")[1, 0, :, :block].all()
    assert changed("into_neurons").sum() == block * sizes.width
    assert changed("neuron_bias")[1, 0, :block].all()
    assert changed("neuron_bias").sum() == block
    assert sorted(np.unique(np.nonzero(changed("embedding"))[1])) == sorted([SELF, BLANK])
    assert not changed("unembedding").any()
