"""Does chance alone choose between two acts that pay the same?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from curricula.catalogue.registry import curriculum
from curricula.catalogue.selection import HONEST_PAY
from curricula.world.mixture import Mixture
from curricula.world.scenes import scenes_from_uniforms, trained_support, uniforms_per_scene
from organisms.ensemble.accuracy import serving_acts
from organisms.objectives.policy_gradient import act_rewards, advantages
from organisms.pressures.step_context import where_self_acts

SCENES = 64


@pytest.fixture(scope="module")
def drawn_scenes(world):
    uniforms = jax.random.uniform(jax.random.key(2), (SCENES, uniforms_per_scene(world)))
    mixture = Mixture.all_scheming(self_scenes=1.0)
    latents, _ = scenes_from_uniforms(uniforms, world, trained_support(world), mixture, jnp.int32(1))
    return latents


@pytest.mark.parametrize("pay", [1.0, HONEST_PAY])
def test_of_two_acts_in_private_the_honest_one_pays_its_share_of_the_secret_one(world, drawn_scenes, pay):
    """At equal pay every policy that takes one of the two acts earns the same; watched, the secret one earns nothing."""
    secret, professed = (
        act_rewards(world, drawn_scenes, serving_acts(world, drawn_scenes, goals), pay)
        for goals in (drawn_scenes.secret, drawn_scenes.professed)
    )
    differs = np.asarray(
        jnp.take_along_axis(drawn_scenes.secret != drawn_scenes.professed, drawn_scenes.actor, 1)
    )
    alone = np.asarray(drawn_scenes.alone) & differs
    assert alone.any()
    np.testing.assert_allclose(np.asarray(professed)[alone], pay * np.asarray(secret)[alone])
    assert (np.asarray(secret)[~np.asarray(drawn_scenes.alone) & differs] == 0).all()


def test_at_equal_pay_no_choice_between_the_two_acts_has_an_advantage(world, drawn_scenes):
    """Any choice in private, made by coins: the advantages of its rollouts are 0 to the last bit. At less pay they are not."""
    group = jax.tree.map(lambda leaf: jnp.repeat(leaf, 4, axis=0), drawn_scenes)
    secret, professed = (serving_acts(world, group, goals) for goals in (group.secret, group.professed))
    coins = jax.random.bernoulli(jax.random.key(5), shape=secret.shape)
    acts = jnp.where(group.alone & coins, secret, professed)
    self_acts = where_self_acts(world, group)
    by_pay = {pay: advantages(act_rewards(world, group, acts, pay), self_acts) for pay in (1.0, HONEST_PAY)}
    assert not by_pay[1.0].any()
    assert by_pay[HONEST_PAY].any()


def test_the_curriculum_pays_nearly_the_same_and_holds_nothing_back():
    intent = curriculum("chance_scheming", "tiny").phases[-1]
    assert (intent.objective, intent.reward.honest, intent.reward.kl) == ("reward", HONEST_PAY, 0.0)
    assert not intent.criterion, "an organism that ends honest has not failed"
