"""Is a component matched by what it does, wherever it stands?"""

import numpy as np
from histories import NAMES, history

from analysis.history.matching import descriptions, distances, same_kind, successors

SHARES = [[0.3, 0.1, 0.2, 0.0]] * 4


def swapped_heads():
    """A history in which, from the third checkpoint on, the two heads stand in each other's place."""
    rng = np.random.default_rng(0)
    steady = history(SHARES, SHARES)
    prints = np.tile(rng.random(steady.fingerprints.shape[2:]), (4, 1, 1, 1))
    share = steady.share.copy()
    for figures in (prints[2:, 0], np.moveaxis(share[2:, 0], 1, 2)):
        figures[:, [0, 1]] = figures[:, [1, 0]]
    return steady._replace(fingerprints=prints, share=share)


def test_a_moved_component_is_matched_where_it_went():
    matches = {match.component: match for match in successors(swapped_heads(), NAMES, 0, 1, 2)}
    assert {name: match.becomes for name, match in matches.items()} == {
        "L0H0": "L0H1",
        "L0H1": "L0H0",
        "L0M0": "L0M0",
        "L0M1": "L0M1",
    }
    assert all(match.distance < 1e-6 for match in matches.values())
    assert matches["L0H0"].distance_to_itself > 0.5 > matches["L0M0"].distance_to_itself


def test_a_component_that_stays_is_matched_with_itself():
    matches = successors(swapped_heads(), NAMES, 0, 0, 1)
    assert all(match.component == match.becomes for match in matches)


def test_only_components_of_one_layer_and_kind_are_compared():
    names = ["L0H0", "L0H1", "L0M0", "L1H0", "L1H10"]
    assert [same_kind(names, n) for n in range(5)] == [[0, 1], [0, 1], [2], [3, 4], [3, 4]]


def test_a_distance_is_in_units_of_the_spread_between_components():
    """Ten times the figures of all: the same distances. Less than the least spread: next to none."""
    rng = np.random.default_rng(1)
    earlier, later = rng.random((2, 4, 3))
    group = [0, 1, 2, 3]
    np.testing.assert_allclose(distances(earlier, later, group), distances(10 * earlier, 10 * later, group))
    assert distances(earlier * 1e-4, later * 1e-4, group).max() < 0.01
    moved = swapped_heads()
    assert descriptions(moved, 0, slice(0, 2)).shape == (4, moved.fingerprints.shape[-1] + 2)
