"""Are the intervals of shares held against what was planted, cell by cell?"""

import numpy as np
import pytest

from analysis.patching.shapley import Contributions
from analysis.provenance.shares import ShareInputs
from experiments.studies.controls.coverage import compared
from organisms.planted.compiled_gate import CompiledGate

GATE = CompiledGate("second copy", 6, 3, 1.0, {})
"""half of self's gate is its own"""


def effects(first: int, nodes: int, rng: np.random.Generator, pairs: int = 64) -> Contributions:
    """In each pair one of some nodes, at random, does all."""
    chosen = np.eye(12)[rng.integers(first, first + nodes, pairs)]
    return Contributions(chosen, np.ones(pairs))


@pytest.mark.parametrize(("first", "covers"), [(3, True), (5, False)])
def test_intervals_hold_the_planted_shares_where_the_effects_are_those(first, covers):
    """Self has nodes 3 to 8, of which characters have the first three; or else 5 to 10, and one of theirs."""
    rng = np.random.default_rng(0)
    inputs = ShareInputs(effects(0, 6, rng), effects(0, 6, rng), effects(first, 6, rng), np.zeros(3))
    batch = compared([GATE], [inputs])
    assert batch.cells == ("second copy",)
    assert batch.covered == (covers,)
    assert (batch.errors[0] < 0.15) == covers
