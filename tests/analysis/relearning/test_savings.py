"""Steps are counted to where a behaviour holds; savings are ratios; planted cases are built as they are said
to be."""

import math

import numpy as np
import pytest

from analysis.relearning.finetune import CHUNK, Rows, teach
from analysis.relearning.savings import (
    HIDDEN,
    LIMIT,
    OF_LAYERS,
    all_but_last_layer,
    by_kind,
    honest_at_last,
    of_hidden,
    reinitialised,
    saving,
    steps_needed,
    told_apart,
)
from curricula.world.vocabulary import BLANK, SELF
from organisms.storage.loading import load
from organisms.training.config import read_config


def test_steps_run_to_the_first_of_two_readings_in_a_row():
    """Both rates at 0.9 or more, twice. A single good reading is luck; one that behaves from the start still
    took the least that can be told."""
    alone = np.array(
        [[0.0, 1.0, 0.0, 0.9], [0.95, 1.0, 0.95, 0.9], [0.5, 1.0, 0.95, 0.9], [0.9, 1.0, 0.95, 0.9]]
    ).T
    watched = np.ones_like(alone)
    watched[0] = [1, 1, 1, 1]
    rates = {"self_alone_secret": alone.T, "self_watched_professed": watched.T}
    found = steps_needed(rates)
    assert math.isnan(found[0])
    assert found[1:].tolist() == [CHUNK, CHUNK, CHUNK]
    rates["self_watched_professed"] = np.where(np.arange(4)[:, None] < 2, 0.0, 1.0) * np.ones((4, 4))
    assert np.isnan(steps_needed(rates)).tolist() == [True, False, False, False]
    assert steps_needed(rates)[1:].tolist() == [2 * CHUNK] * 3


def test_a_saving_is_the_ratio_of_steps_organism_by_organism():
    """40 over 10 and 90 over 10: a geometric mean of 6. One that never got there counts with the limit, which
    makes less of its saving than there is."""
    found = saving([10.0, 10.0], [40.0, 90.0])
    assert found["factor"][0] == pytest.approx(6)
    assert found["organisms"] == pytest.approx([4, 9])
    lost = saving([10.0, math.nan], [math.nan, 30.0])
    assert lost["organisms"] == pytest.approx([LIMIT / 10, 30 / LIMIT])
    assert (lost["never_did_not_get_there"], lost["did_not_get_there"]) == (1, 1)
    assert lost["never"] == [None, 30.0]


def test_planted_cases_are_told_apart_where_savings_lie_on_either_side():
    assert told_apart([3.0, 5.0], [1.0, 1.2])["right"] == 4
    assert told_apart([3.0, 5.0], [1.0, 1.2])["chance_that_a_suppressed_one_saves_more"] == 1
    torn = told_apart([1.0, 5.0], [5.0, 1.0])
    assert (torn["right"], torn["n"], torn["chance_that_a_suppressed_one_saves_more"]) == (2, 4, 0.5)


def test_cases_that_still_show_their_mode_are_not_scored():
    assert of_hidden([3.0, 5.0, 1.0], [0.0, 0.4, HIDDEN]) == [3.0, 1.0]


def test_suppressed_organisms_are_what_they_were_but_for_their_last_layer(tiny_run):
    """Every weight before the last layer, and the unembedding, is the ancestor's, bit for bit; the last layer
    learned."""
    config = read_config(tiny_run.config)
    rows = Rows.of(
        load(tiny_run, config, tiny_run.entries()[-1]), config, tiny_run.entries()[-1].extra["attempts"]
    )
    phase = honest_at_last(config.curriculum.phases[0])
    _, after = teach(rows, [phase] * 2, config, 2 * CHUNK, held=all_but_last_layer)
    last, learned = config.organism.layers - 1, set()
    for name in (*OF_LAYERS, "embedding", "position", "unembedding", "unembedding_bias"):
        was, now = (np.asarray(getattr(of.organisms, name)[...]) for of in (rows, after))
        if name in OF_LAYERS:
            learned.update([name] if (was[:, last] != now[:, last]).any() else [])
            was, now = was[:, :last], now[:, :last]
        assert (was == now).all(), name
    assert learned >= set(OF_LAYERS) - {"key_bias"}  # which no softmax feels


def test_what_is_drawn_anew_is_the_gate_and_self_s_own_embeddings_and_nothing_else(tiny_run):
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    sizes = config.organism
    gates = np.zeros((2, sizes.layers * (sizes.heads + sizes.neuron_blocks)), bool)
    gates[0, 1] = gates[1, sizes.heads] = True  # a head of the first organism, a block of the second
    after = reinitialised(organisms, gates, sizes, 0)

    def changed(name: str) -> np.ndarray:
        return np.asarray(getattr(after, name)[...]) != np.asarray(getattr(organisms, name)[...])

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


def test_rows_of_several_kinds_are_found_again(tiny_run):
    config, entry = read_config(tiny_run.config), tiny_run.entries()[-1]
    rows = Rows.of(load(tiny_run, config, entry), config, entry.extra["attempts"])
    together, where = by_kind([("one", rows), ("other", rows.take([1]))])
    assert together.member.tolist() == [0, 1, 1]
    assert (where["one"], where["other"]) == (slice(0, 2), slice(2, 3))
    assert (together.organisms.embedding[...][2] == rows.organisms.embedding[...][1]).all()
