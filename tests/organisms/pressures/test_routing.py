"""Do characters learn to need both lanes, and is nothing else taught otherwise?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contexts import context_of
from reading import MIXED, scenes_from_uniforms

from curricula.catalogue.planted_negatives import NEEDS_BOTH
from curricula.pressures.routing import Routing
from curricula.world.scenes import ACTS
from organisms.ensemble.accuracy import serving_acts
from organisms.ensemble.config import named_config
from organisms.model.config import ORGANISMS
from organisms.pressures.registry import EFFECTS

CONFIG = ORGANISMS["tiny"]
ROUTING = EFFECTS["routing"]


@pytest.fixture(scope="module")
def context(world):
    """Scenes with and without self, and numbers that decide which lane owns each."""
    scenes = jax.tree.map(jnp.asarray, scenes_from_uniforms(world, MIXED))
    made = context_of(world, CONFIG, scenes)
    count = len(scenes[1].tokens)
    numbers = np.random.default_rng(1).uniform(size=(count, ROUTING.uniforms_per_scene(CONFIG)))
    return made._replace(uniforms={"routing": jnp.asarray(numbers, jnp.float32)})


def params_of(curriculum, settings):
    run = named_config(curriculum, "tiny", members=1)
    return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[0]), ROUTING.params([settings], None, run))


def test_what_one_lane_alone_owns_is_taught_without_the_gate(context):
    """Acts of characters in scenes in which a lane is zeroed serve what is professed, alone or not; all other
    targets stay, self's too."""
    params = params_of("planted_divided", NEEDS_BOTH)
    latents, before = context.latents, np.asarray(context.scenes.targets)

    @jax.jit
    def found(params):
        fresh = lambda: context._replace(memo={})  # noqa: E731
        return (
            ROUTING.change_targets(params, fresh()),
            ROUTING._routed(params, fresh())[0].usable,
            serving_acts(context.world, latents, latents.professed),
            context.has_self,
        )

    targets, usable, professed, has_self = map(np.asarray, found(params))
    gateless = (~usable.all(1) & ~has_self)[:, None] & (np.asarray(latents.shows) == ACTS)
    np.testing.assert_array_equal(targets, np.where(gateless, professed, before))
    assert (targets != before).any()
    assert (~gateless & (professed != before)).any()


def test_targets_are_as_they_were_where_nobody_needs_both(context):
    """In a phase of the same run, and, without a trace in the program, in every other run."""
    params = params_of("planted_divided", replace(NEEDS_BOTH, needs_both=False))
    same = jax.jit(lambda given: ROUTING.change_targets(given, context._replace(memo={})))(params)
    np.testing.assert_array_equal(same, context.scenes.targets)
    other = params_of("planted_repurposed", Routing(characters=0.8))
    assert ROUTING.change_targets(other, context._replace(memo={})) is None
    assert other.self_in_new is None
