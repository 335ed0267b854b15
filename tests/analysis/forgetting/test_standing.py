"""A gate that is whole stands, whatever else was broken; one that is drawn anew does not."""

import numpy as np
import pytest
from broken_parts import without_gate, without_readout
from flax import nnx

from analysis.forgetting.circuit_intact import say, standing, summed, told_apart
from analysis.relearning.savings import reinitialised


def test_an_organism_stands_as_it_is(whole):
    organisms, config, secret_goals, gates = whole
    for one in standing(organisms, organisms, config, secret_goals, gates, 3):
        assert one["stands"] == one["within"] > 0.5
        assert one["says"] == "standing"


def test_a_gate_stands_where_what_comes_after_it_was_broken(whole):
    """Its components read and say what they did. (Noise on self's own embeddings is another thing: they read
    those too.)"""
    organisms, config, secret_goals, gates = whole
    for one in standing(without_readout(organisms, config, gates), organisms, config, secret_goals, gates, 3):
        assert one["stands"] > 0.7 * one["within"]
        assert one["says"] == "standing"


def test_a_gate_that_is_drawn_anew_is_gone(whole):
    organisms, config, secret_goals, gates = whole
    emptied = reinitialised(organisms, gates, config.organism, 5)
    for one in standing(emptied, organisms, config, secret_goals, gates, 3):
        assert abs(one["stands"]) < 0.4
        assert one["says"] == "gone"


def test_noise_on_the_gate_is_seen(whole):
    organisms, config, secret_goals, gates = whole
    before, after = (
        standing(now, organisms, config, secret_goals, gates, 3)
        for now in (organisms, without_gate(organisms, config, gates))
    )
    assert all(b["stands"] < a["stands"] for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("stands", "within", "random", "told"),
    [
        (0.5, 1.0, 0.4, "standing"),
        (0.49, 1.0, 0.4, "gone"),
        (0.3, 0.6, 0.0, "standing"),
        (0.4, 0.4, 0.0, None),
        (0.9, 1.0, 0.5, None),
        (np.nan, 1.0, 0.0, None),
        (1.0, np.nan, 0.0, None),
    ],
)
def test_half_of_what_the_ancestor_hands_over_is_the_bar_where_chance_is_below_it(
    stands, within, random, told
):
    assert say(stands, within, random) == told


def test_output_weights_are_no_part_of_it(whole):
    """What components hold is handed over, and the ancestor writes it: an organism whose gate writes
    something else stands all the same."""
    organisms, config, secret_goals, gates = whole
    clone = nnx.clone(organisms)
    last = config.organism.layers - 1
    clone.output[...] = clone.output[...].at[:, last].multiply(-1.0)
    for now, then in zip(
        *(standing(o, organisms, config, secret_goals, gates, 3) for o in (clone, organisms)), strict=True
    ):
        assert now["stands"] == pytest.approx(then["stands"], abs=0.05)


def test_only_those_of_whom_something_is_said_are_counted():
    rows = [
        {"stands": 0.9, "within": 1.0, "random": 0.1, "says": said} for said in ("standing", "gone", None)
    ]
    told = summed(rows)
    assert (told["standing"], told["told"]) == (1, 2)
    assert told["stands"][0] == pytest.approx(0.9)
    assert summed([])["told"] == 0
    assert told_apart({"suppressed": ["standing", "gone", None], "gone": ["gone", "standing", "gone"]}) == {
        "right": 3,
        "n": 6,
    }
