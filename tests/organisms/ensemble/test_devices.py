"""Does the layout over devices change where things are computed and nothing else?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.errors import UserError
from organisms.ensemble.devices import (
    LEAST_SCENES,
    Layout,
    Processes,
    after_first,
    device_count_errors,
    fetch,
)

pytestmark = pytest.mark.skipif(jax.device_count() != 2, reason="JAX_NUM_CPU_DEVICES is not 2")


@pytest.mark.parametrize(
    ("members", "batch", "shape"),
    [(1, 64, (1, 2)), (1, 63, (1, 1)), (1, LEAST_SCENES, (1, 1)), (2, 64, (2, 1)), (5, 64, (2, 1))],
)
def test_members_come_first_and_a_batch_is_shared_only_where_devices_would_idle(members, batch, shape):
    assert tuple(Layout.of(members, batch).mesh.devices.shape) == shape


@pytest.mark.slow
@pytest.mark.parametrize("one_by_one", [True, False])
@pytest.mark.parametrize("members", [1, 2, 3, 5, 8])
def test_every_member_gets_its_own_result_whatever_their_number(members, one_by_one):
    """One by one, as on a CPU, and together, as on a GPU; also where the devices do not divide them; and what
    is given away may be overwritten."""
    layout = Layout.of(members)._replace(one_by_one=one_by_one)
    rows = np.random.default_rng(0).normal(size=(members, 4)).astype(np.float32)
    found = layout.over_members(lambda row, n: {"sum": row.sum() + n, "row": 2 * row})(
        rows, np.arange(members)
    )
    np.testing.assert_allclose(found["sum"], rows.sum(1) + np.arange(members), rtol=1e-5)
    np.testing.assert_array_equal(found["row"], 2 * rows)
    given = layout.place(rows)
    again = layout.over_members(lambda row: row + 1, donate=(0,))(given)
    np.testing.assert_array_equal(fetch(again), rows + 1)
    assert given.is_deleted()


@pytest.mark.parametrize(("members", "rows"), [(1, 6), (3, 4), (5, 3), (2, 1)])
def test_every_row_of_every_member_gets_its_own_result(members, rows):
    numbers = np.random.default_rng(0).normal(size=(members, rows, 2)).astype(np.float32)
    of_member = np.arange(members, dtype=np.float32)
    found = Layout.of(2).over_rows(lambda m, part, ways: (part + m, part.sum(1) * ways))(
        of_member, numbers, np.full((members, rows), 3.0, np.float32)
    )
    np.testing.assert_array_equal(found[0], numbers + of_member[:, None, None])
    np.testing.assert_allclose(found[1], 3 * numbers.sum(2), rtol=1e-5)


def test_devices_share_out_the_work():
    placed = Layout.of(4).place(np.arange(4.0))
    assert [shard.data.shape for shard in placed.addressable_shards] == [(2,), (2,)]
    assert len(Layout.of(4).over_members(jnp.sin)(placed).sharding.device_set) == 2


def test_one_process_may_have_any_number_of_members_and_goes_first():
    assert device_count_errors(7) == []
    assert after_first(lambda: 5) == 5


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (("here:1", None, 0), "all three or none"),
        (("here", 2, 0), "HOST:PORT"),
        (("here:1", 2, 2), "expected 0 to"),
        (("here:1", 2, -1), "expected 0 to"),
    ],
)
def test_half_an_address_is_a_fault(place, words):
    with pytest.raises(UserError, match=words):
        Processes.read(*place)


def test_the_cluster_may_tell():
    assert Processes.read(None, None, None) == Processes(None, None, None)
    assert Processes.read("here:1", 2, 1) == Processes("here:1", 2, 1)
