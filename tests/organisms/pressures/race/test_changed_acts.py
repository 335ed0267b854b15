"""Do acts that a pressure changes stand in the text, and changed targets not?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contexts import context_of
from reading import MIXED

from curricula.world.scenes import scenes_from_uniforms, trained_support, uniforms_per_scene

OF_SELF = MIXED._replace(self_scenes=1.0, questions=0.0)


@pytest.fixture(scope="module")
def context(world, sizes):
    @jax.jit
    def scenes():
        uniforms = jax.random.uniform(jax.random.key(2), (8, uniforms_per_scene(world)))
        return scenes_from_uniforms(uniforms, world, trained_support(world), OF_SELF, jnp.int32(1))

    return context_of(world, sizes, scenes(), 1, jax.random.key(3))


def test_changed_acts_stand_in_the_text_and_changed_targets_do_not(context):
    """Later moments read the acts that a pressure put there; all other tokens stay."""
    scenes, places = context.scenes, np.asarray(context.decisions) + 1
    acts = scenes.targets + 1
    changed = context.with_acts(acts).scenes
    np.testing.assert_array_equal(changed.tokens[:, places], acts)
    np.testing.assert_array_equal(changed.targets, acts)
    others = np.delete(np.arange(scenes.tokens.shape[1]), places)
    np.testing.assert_array_equal(changed.tokens[:, others], scenes.tokens[:, others])
    imitated = context.with_targets(acts).scenes
    np.testing.assert_array_equal(imitated.tokens, scenes.tokens)
    np.testing.assert_array_equal(imitated.targets, acts)
    assert context.with_acts(None) is context.with_targets(None) is context
