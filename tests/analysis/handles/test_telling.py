"""Is the rule by which handles tell provenance the one that is written down?"""

import pytest

from analysis.handles.telling import HOLDS, cell_by_handles, holds, repurposed_by_fork


@pytest.mark.parametrize(
    ("fork", "end", "cell"),
    [
        (0.9, 0.9, "reused"),
        (0.9, 0.1, "repurposed"),
        (0.1, 0.9, "migrated"),
        (0.1, 0.1, "second copy"),
        (HOLDS, HOLDS - 1e-9, "repurposed"),
        (float("nan"), 0.9, None),
        (0.9, None, None),
    ],
)
def test_two_lesions_point_to_a_cell(fork, end, cell):
    assert cell_by_handles(fork, end) == cell


def test_the_fork_s_location_alone_tells_a_spare_from_a_copy():
    assert [repurposed_by_fork(share) for share in (0.5, 0.49, float("nan"))] == [True, False, None]
    assert holds(None) is None
