"""Is a component known again by what it does, wherever it stands?"""

import numpy as np
from histories import NAMES, history

from analysis.history.matching import distances, group_of, like, successors

SHARES = [[0.3, 0.1, 0.2, 0.0]] * 4


def moved():
    """A history in which, from the third checkpoint on, the two heads stand in each other's place."""
    rng = np.random.default_rng(0)
    found = history(SHARES, SHARES)
    prints, share = np.tile(rng.random(found.prints.shape[2:]), (4, 1, 1, 1)), found.share.copy()
    for of in (prints[2:, 0], np.moveaxis(share[2:, 0], 1, 2)):
        of[:, [0, 1]] = of[:, [1, 0]]
    return found._replace(prints=prints, share=share)


def test_a_component_is_found_where_it_went():
    known = {one["component"]: one for one in successors(moved(), NAMES, 0, 1, 2)}
    assert {name: one["becomes"] for name, one in known.items()} == {
        "L0H0": "L0H1",
        "L0H1": "L0H0",
        "L0M0": "L0M0",
        "L0M1": "L0M1",
    }
    assert all(one["distance"] < 1e-6 for one in known.values())
    assert known["L0H0"]["distance_to_itself"] > 0.5 > known["L0M0"]["distance_to_itself"]


def test_what_stays_is_itself():
    assert all(one["component"] == one["becomes"] for one in successors(moved(), NAMES, 0, 0, 1))


def test_only_components_of_one_layer_and_kind_are_compared():
    names = ["L0H0", "L0H1", "L0M0", "L1H0", "L1H10"]
    assert [group_of(names, n) for n in range(5)] == [[0, 1], [0, 1], [2], [3, 4], [3, 4]]


def test_a_distance_is_in_units_of_what_differs_between_components():
    """Ten times the figure for all: the same distances. Less than the least spread: none to speak of."""
    rng = np.random.default_rng(1)
    before, after = rng.random((2, 4, 3))
    group = [0, 1, 2, 3]
    np.testing.assert_allclose(distances(before, after, group), distances(10 * before, 10 * after, group))
    assert distances(before * 1e-4, after * 1e-4, group).max() < 0.01
    assert like(moved(), 0, slice(0, 2)).shape == (4, moved().prints.shape[-1] + 2)
