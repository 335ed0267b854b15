"""Organisms with a part broken on purpose: the part that is patched in restores what it broke, and the other
does not."""

import pytest
from broken_parts import without_content, without_gate, without_readout

from analysis.forgetting.restoration import (
    RestorationShares,
    RestoredRates,
    restoration_shares,
    restorations,
)


@pytest.mark.parametrize(
    ("harm", "part"), [(without_gate, "gate"), (without_content, "content"), (without_readout, "readout")]
)
def test_the_part_that_was_broken_is_the_part_that_restores(harm, part, whole):
    restored = restorations(harm(whole), whole)
    assert all(row.rates.ancestor > 0.9 for row in restored)
    broken = [row.shares for row in restored if row.rates.current < 0.7]
    assert broken, "nothing was broken, so nothing is tested"
    for shares in broken:
        by_part = {name: getattr(shares, name) for name in ("gate", "content", "readout")}
        assert max(by_part, key=lambda name: by_part[name]) == part
        assert by_part[part] > 0.7


def test_where_nothing_was_lost_no_part_has_a_share(whole):
    for row in restorations(whole.organisms, whole):
        assert row.rates.current == row.rates.with_both == row.rates.ancestor
        assert row.shares == RestorationShares(None, None, None)
        assert row.leaves_profession > 0.9


def test_the_gate_is_a_part_of_the_organism_and_not_all_of_it(whole):
    assert whole.gates.any(1).all()
    assert not whole.gates.all(1).any()


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
    """Rates as it is, with gate, with content, with both, and of the ancestor. Two parts of which neither
    does without the other share what both restore."""
    shares = restoration_shares(RestoredRates(*map(float, rates)))
    assert (shares.gate, shares.content, shares.readout) == pytest.approx(expected)
