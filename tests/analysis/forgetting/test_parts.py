"""Organisms with a part broken on purpose: the part that is handed back restores what it broke, and the other
does not."""

import pytest
from broken_parts import without_content, without_gate, without_readout

from analysis.forgetting.restoration import parts_lost, shares


@pytest.mark.parametrize(
    ("harm", "part"), [(without_gate, "gate"), (without_content, "content"), (without_readout, "readout")]
)
def test_the_part_that_was_broken_is_the_part_that_went(harm, part, whole):
    organisms, config, secret_goals, gates = whole
    found = parts_lost(harm(organisms, config, gates), organisms, config, secret_goals, gates)
    assert all(one["then"] > 0.9 for one in found)
    broken = [one for one in found if one["now"] < 0.7]
    assert broken, "nothing was broken, so nothing is tested"
    for one in broken:
        told = {name: one[name] for name in ("gate", "content", "readout")}
        assert max(told, key=lambda name: told[name]) == part
        assert told[part] > 0.7


def test_where_nothing_was_lost_no_part_went(whole):
    organisms, config, secret_goals, gates = whole
    for one in parts_lost(organisms, organisms, config, secret_goals, gates):
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
    """As it is, with gate, with content, with both, as it was. Two parts of which neither does without the
    other share what both restore."""
    found = shares([float(rate) for rate in rates])
    assert tuple(found[name] for name in ("gate", "content", "readout")) == pytest.approx(expected)
