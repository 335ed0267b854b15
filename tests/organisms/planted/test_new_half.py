"""Is the new half of a parted lane used by self alone?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.pressures.routing import Routing
from organisms.model.config import ORGANISMS
from organisms.planted.lanes import NewHalf, Owners, lane_a, new_half, route_scenes

WIDE = replace(ORGANISMS["tiny"], neuron_blocks=4)


routed = jax.jit(route_scenes)


@pytest.mark.slow
def test_a_new_half_of_lane_b_serves_self_alone():
    """In scenes without self nothing may use it, not even where no lane owns the scene; self's scenes are lane B's:
    by goals the spare half's or the new one's."""

    @jax.jit
    def drawn():
        ids = 3, jnp.int32(1), jnp.int32(0)
        lane = lane_a(*ids, WIDE)
        return lane, new_half(*ids, lane, WIDE)

    lane, new = map(np.asarray, drawn())
    for part, size in ((slice(WIDE.heads), WIDE.heads), (slice(WIDE.heads, None), WIDE.neuron_blocks)):
        assert (new.reshape(WIDE.layers, -1)[:, part].sum(1) == size // 4).all()
    assert not (new & lane).any()
    spare, numbers = (
        ~lane & ~new,
        np.random.default_rng(0).uniform(size=(64, 2 + len(lane))).astype(np.float32),
    )
    rank = np.tile(np.linspace(0.01, 0.99, 64, dtype=np.float32), 2)

    def usable(in_cast, **settings):
        owners = Owners.of(Routing(**settings))
        swap, _ = routed(owners, lane, numbers, np.full(128, in_cast), rank, NewHalf(new, 0.25))
        return np.asarray(swap.usable)

    characters = usable(False, characters=0.8, characters_in_a=0.5)
    assert not characters[:, new].any()
    assert 0.5 < characters[:, spare].mean() < 0.7
    by_self = usable(True, characters=1.0, with_self=1.0, self_in_a=0.0, zeroed=1.0)
    assert not by_self[:, lane].any()
    np.testing.assert_array_equal(by_self[:, new].all(1), np.asarray(rank) >= 0.75)
    np.testing.assert_array_equal(by_self[:, spare].all(1), np.asarray(rank) < 0.75)
    swapped = usable(True, characters=1.0, with_self=1.0, self_in_a=0.0, zeroed=0.0)[:64:2]
    whole = swapped.all(1)
    assert 0.2 < whole.mean() < 0.8, "some of self's scenes run whole, and are targets"
    assert 0.2 < swapped[~whole][:, lane].mean() < 0.8, "of the others components run by coins"
