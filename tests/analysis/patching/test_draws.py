"""Does each measurement draw pairs of its own?"""

from itertools import combinations

import numpy as np
import pytest

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.draws import SHAPLEY_CALLS, AnalysisStream, PairDraw
from organisms.ensemble.config import named_config

VALUES = {
    AnalysisStream: (1, 2, 3, 4, 5, 6, 7, 41, 42, 43, 44, 45, 46, 47, 48, 70, 71),
    PairDraw: (50, 60, 70, 80, 90, 100, 110, 120, 121, 130, 140),
}


@pytest.fixture(scope="module")
def measurer(ensemble):
    return CheckpointMeasurer(ensemble, named_config("shared", "tiny", members=3), np.array([0, 1, 2]), 7)


@pytest.mark.parametrize("stream", VALUES)
def test_streams_keep_the_numbers_that_findings_were_made_with(stream):
    """`unique` refuses two names for one number."""
    assert tuple(map(int, stream)) == VALUES[stream]
    assert len(stream.__members__) == len(stream)


def test_shapley_values_share_no_draw_with_another_measurement(measurer):
    assert min(PairDraw) >= SHAPLEY_CALLS
    with pytest.raises(ValueError, match="at most 50 calls"):
        measurer.shapley_effects("self", "watched", SHAPLEY_CALLS + 1)


def test_pairs_of_two_draws_differ(measurer):
    """Scenes of any two draws of one role and variable, member by member; a draw repeats itself."""
    drawn = {n: measurer.minimal_pairs("self", "watched", n, 4) for n in (0, 1, *PairDraw)}
    for first, second in combinations(drawn, 2):
        differs = np.asarray(drawn[first].first != drawn[second].first).any(-1)
        assert differs.mean() > 0.9, (first, second)
    repeated = measurer.minimal_pairs("self", "watched", PairDraw.PRUNING, 4)
    np.testing.assert_array_equal(repeated.first, drawn[PairDraw.PRUNING].first)


def test_role_variable_and_member_each_change_the_pairs(measurer):
    drawn = [
        measurer.minimal_pairs(role, variable, 0, 4).first[member]
        for role in ("character", "self")
        for variable in ("watched", "professed")
        for member in (0, 1)
    ]
    assert all((one != another).any() for one, another in combinations(map(np.asarray, drawn), 2))
