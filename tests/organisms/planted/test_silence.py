"""Is a lane that is zeroed out of an organism's acts?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.world.contrasts import PairSource
from curricula.world.scenes import trained_support
from organisms.model.config import ORGANISMS
from organisms.model.sites import Site
from organisms.model.transformer import Organism
from organisms.planted.lanes import lane_a
from organisms.planted.silence import keep_components, lane_silence

CONFIG = ORGANISMS["tiny"]


def test_all_but_the_components_kept_are_zeroed():
    active = (
        jnp.arange(CONFIG.layers * (CONFIG.heads + CONFIG.neuron_blocks))
        == CONFIG.heads + CONFIG.neuron_blocks
    )
    tap = keep_components(CONFIG, active)
    heads = np.asarray(tap(Site(1, "head"), jnp.ones((5, CONFIG.heads, 3, CONFIG.head_width))))
    assert (heads[:, 0] == 1).all()
    assert (heads[:, 1:] == 0).all()
    assert (np.asarray(tap(Site(1, "neuron"), jnp.ones((5, 3, CONFIG.neurons)))) == 0).all()
    residual = jnp.ones((2, 3, 4))
    assert tap(Site(0, "residual"), residual) is residual


@pytest.mark.slow
def test_a_lane_alone_is_what_it_is_whatever_the_other_would_do(world):
    """Other output weights in lane B change what both lanes do together and what B does alone, and nothing of what
    lane A does alone; renaming the lanes exchanges their numbers."""

    @jax.jit
    def drawn():
        organism = Organism(CONFIG, world.vocabulary.size, world.positions, jax.random.key(4))
        return organism, lane_a(0, jnp.int32(0), jnp.int32(0), CONFIG)

    organism, lane = drawn()
    source = PairSource(world, trained_support(world), jnp.int32(0))
    measure = jax.jit(lambda o, part: lane_silence(o, part, jax.random.key(1), source, CONFIG, "character"))
    whole, renamed = measure(organism, lane), measure(organism, ~lane)
    in_a = np.asarray(lane).reshape(CONFIG.layers, -1)[:, : CONFIG.heads, None, None]
    other = jax.tree.map(lambda leaf: leaf, organism)
    output = np.asarray(organism.output[...])
    other.output[...] = jnp.asarray(np.where(in_a, output, 3 * output))
    changed = measure(other, lane)
    assert float(changed.a_nats) == pytest.approx(float(whole.a_nats), rel=1e-4)
    assert abs(float(changed.b_nats - whole.b_nats)) > 1e-3
    assert abs(float(changed.both_nats - whole.both_nats)) > 1e-3
    assert float(renamed.a_nats) == pytest.approx(float(whole.b_nats), rel=1e-4)
    assert abs(float(whole.a_nats - whole.b_nats)) > 1e-3
