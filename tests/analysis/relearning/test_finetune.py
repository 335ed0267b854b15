"""Fine-tuning trains organisms as a run does, whatever shares their block, and reads them as a checkpoint
does."""

import jax
import numpy as np
import pytest
from emitters import newer_emitter

from analysis.relearning import finetune as finetune_module
from analysis.relearning.finetune import (
    BLOCK,
    CHUNK,
    MODE,
    Finetuned,
    FinetuneOptions,
    Rows,
    finetune,
    join_rows,
    read_rates,
)
from organisms.ensemble.config import read_config
from organisms.ensemble.variation import phase_of
from organisms.storage.loading import load


@pytest.fixture(scope="module")
def rows(tiny_run) -> Rows:
    config, entry = read_config(tiny_run.config), tiny_run.entries()[-1]
    return Rows.from_run(load(tiny_run, config, entry), config, entry.extra["attempts"])


@pytest.fixture(scope="module")
def finetuned(rows, disused_run) -> Finetuned:
    """The phases of `disused_run`, of each of its members, in memory; in all more rows than a block holds."""
    config = read_config(disused_run.config)
    phases = [phase_of(member, 0, config.curriculum.phases[0], config.vary) for member in range(8)]
    parents = [member // 4 for member in range(8)]
    options = FinetuneOptions(50, config.number_of(0))
    with newer_emitter():
        return finetune(rows.take(parents * 3), phases * 3, config, options)


def test_finetuning_ends_where_a_run_of_the_same_phase_ends(finetuned, disused_run):
    """To the bit: in chunks of five steps as in chunks of twenty-five, in a block of sixteen as in an
    ensemble of eight."""
    config = read_config(disused_run.config)
    trained = load(disused_run, config, disused_run.entries()[-1])
    assert BLOCK < 24
    pairs = zip(jax.tree.leaves(finetuned.rows.organisms), jax.tree.leaves(trained), strict=True)
    for leaf, of_run in pairs:
        assert (np.asarray(leaf) == np.tile(np.asarray(of_run), (3,) + (1,) * (of_run.ndim - 1))).all()


def test_readings_are_before_the_first_step_and_after_every_chunk(finetuned, rows, disused_run):
    config = read_config(disused_run.config)
    world, sizes = config.curriculum.world, config.organism
    assert all(rate.shape == (50 // CHUNK + 1, 24) for rate in finetuned.rates.values())
    first, last = read_rates(rows, world, sizes), read_rates(finetuned.rows, world, sizes)
    for name, rate in finetuned.rates.items():
        assert rate[0, [0, 4]].tolist() == first[name].tolist()
        assert rate[-1].tolist() == last[name].tolist()


def test_a_block_is_left_once_its_rates_say_stop(rows, disused_run, monkeypatch):
    """Later readings are not a number, and rows of another block go on."""
    monkeypatch.setattr(finetune_module, "BLOCK", 1)
    config = read_config(disused_run.config)
    readings = []

    def stop(rates) -> bool:
        readings.append(len(rates[MODE]))
        return len(readings) == 2

    phases = [config.curriculum.phases[0]] * 2
    rates = finetune(rows, phases, config, FinetuneOptions(15, stop=stop)).rates[MODE]
    assert readings == [1, 2, 1, 2, 3, 4]
    assert np.isnan(rates[:, 0]).tolist() == [False, False, True, True]
    assert not np.isnan(rates[:, 1]).any()


def test_rows_of_several_kinds_are_found_again(rows):
    joined, place = join_rows({"one": rows, "other": rows.take([1])})
    assert joined.member.tolist() == [0, 1, 1]
    assert (place["one"], place["other"]) == (slice(0, 2), slice(2, 3))
    assert (joined.organisms.embedding[...][2] == rows.organisms.embedding[...][1]).all()
