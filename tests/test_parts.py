"""Organisms with a part broken on purpose: the part that is handed back restores what it broke, and the other does not."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from analysis.knocking import knock
from analysis.parts import gate_of, parts_lost, shares
from analysis.survey import load
from analysis.trials import Rows
from curricula.vocabulary import BLANK, SELF
from organisms.config import read_config


@pytest.fixture(scope="module")
def whole(tiny_run):
    """Organisms, config, secrets and gates of a run that has the mode."""
    config = read_config(tiny_run.config)
    organisms = load(tiny_run, config, tiny_run.entries()[-1])
    traits = np.asarray(tiny_run.summary()["traits"])
    return organisms, config, traits, gate_of(organisms, config, traits, 3)


def without_gate(organisms, config, gates):
    """Noise on the gate's weights, as much as it takes. (Silencing them leaves self alone for ever in some, which breaks nothing.)"""
    rows = Rows.of(organisms, config, [0] * len(gates))
    return knock(rows, gates, config, 1)["rows"].organisms


def without_content(organisms, config, gates):
    """Self's name and the blank in the place of its secret mean nothing."""
    clone = nnx.clone(organisms)
    own = np.array([SELF, BLANK])
    noise = np.random.default_rng(0).normal(scale=1.5, size=(len(gates), 2, config.organism.width))
    clone.embedding[...] = clone.embedding[...].at[:, own].set(jnp.asarray(noise, jnp.float32))
    return clone


def without_readout(organisms, config, gates):
    """Every token is named by its neighbour's direction."""
    clone = nnx.clone(organisms)
    clone.unembedding[...] = jnp.roll(clone.unembedding[...], 1, axis=-1)
    return clone


@pytest.mark.parametrize(
    ("harm", "part"), [(without_gate, "gate"), (without_content, "content"), (without_readout, "readout")]
)
def test_the_part_that_was_broken_is_the_part_that_went(harm, part, whole):
    organisms, config, traits, gates = whole
    found = parts_lost(harm(organisms, config, gates), organisms, config, traits, gates)
    assert all(one["then"] > 0.9 for one in found)
    broken = [one for one in found if one["now"] < 0.7]
    assert broken, "nothing was broken, so nothing is tested"
    for one in broken:
        told = {name: one[name] for name in ("gate", "content", "readout")}
        assert max(told, key=lambda name: told[name]) == part
        assert told[part] > 0.7


def test_where_nothing_was_lost_no_part_went(whole):
    organisms, config, traits, gates = whole
    for one in parts_lost(organisms, organisms, config, traits, gates):
        assert one["now"] == one["with_both"] == one["then"]
        assert (one["gate"], one["content"], one["readout"]) == (None, None, None)
        assert one["leaves"] > 0.9


def test_the_gate_is_a_part_of_the_organism_and_not_all_of_it(whole):
    _, _, _, gates = whole
    assert gates.any(1).all()
    assert not gates.all(1).any()


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((0, 1, 0, 1, 1), (1, 0, 0)),
        ((0, 0, 1, 1, 1), (0, 1, 0)),
        ((0, 0, 0, 1, 1), (0.5, 0.5, 0)),
        ((0, 0, 0, 0, 1), (0, 0, 1)),
        ((0.2, 0.6, 0.2, 0.6, 1.0), (0.5, 0, 0.5)),
        ((0.9, 1, 1, 1, 1), (None, None, None)),
    ],
)
def test_shares_of_what_was_lost(rates, expected):
    """As it is, with gate, with content, with both, as it was. Two parts of which neither does without the other share what both restore."""
    found = shares([float(rate) for rate in rates])
    assert tuple(found[name] for name in ("gate", "content", "readout")) == pytest.approx(expected)
