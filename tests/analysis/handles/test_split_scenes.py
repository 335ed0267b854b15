"""Do the halves that a probe is fitted on and read on share neither names nor cue combinations?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wired import measurer_of, wired

from analysis.handles.split_scenes import (
    READ_TOKENS,
    half_of_cues,
    half_of_names,
    split_mixture,
    split_moments,
)
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.compiled import COMPILED_WORLD
from curricula.world.scenes import (
    scenes_from_uniforms,
    trained_support,
    uniforms_per_scene,
    with_names_first,
)
from organisms.model.sites import residual_sites


def rows_of(table):
    return {tuple(row) for row in np.asarray(table).tolist()}


@pytest.mark.parametrize("scale", ["tiny", "cpu"])
def test_halves_share_no_name_and_no_cue_combination(scale):
    """Together they have all of them, and each scene of a half has its own alone."""
    world = WORLDS[scale]
    names = [half_of_names(world, half) for half in range(2)]
    np.testing.assert_array_equal(names[0], ~names[1])
    support, cues = trained_support(world), [half_of_cues(world, half) for half in range(2)]
    for field in ("alone", "watched", "self_alone", "self_watched"):
        parts = [rows_of(getattr(half, field)) for half in cues]
        assert not parts[0] & parts[1]
        assert parts[0] | parts[1] == rows_of(getattr(support, field))
    for half in range(2):
        uniforms = jax.random.uniform(jax.random.key(3), (200, uniforms_per_scene(world)))
        uniforms = with_names_first(uniforms, world, jnp.asarray(names[half]))
        latents, _ = scenes_from_uniforms(
            uniforms, world, cues[half], split_mixture("self", True), jnp.int32(1)
        )
        cast = np.asarray(latents.name)
        assert names[half][cast[cast < world.names]].all()
        assert rows_of(latents.cues.reshape(-1, world.cues)) <= rows_of(cues[half].alone) | rows_of(
            cues[half].watched
        )


def test_a_world_of_few_names_and_cues_still_has_scenes():
    cast = COMPILED_WORLD.characters
    assert [half_of_names(COMPILED_WORLD, half).sum() for half in range(2)] in ([1, 2], [2, 1])
    uniforms = jax.random.uniform(jax.random.key(0), (50, uniforms_per_scene(COMPILED_WORLD)))
    for half in range(2):
        drawn = with_names_first(uniforms, COMPILED_WORLD, jnp.asarray(half_of_names(COMPILED_WORLD, half)))
        latents, _ = scenes_from_uniforms(
            drawn,
            COMPILED_WORLD,
            half_of_cues(COMPILED_WORLD, half),
            split_mixture("character", True),
            jnp.int32(1),
        )
        assert all(len(set(names)) == cast for names in np.asarray(latents.name).tolist())


@pytest.mark.slow
def test_moments_are_of_their_role_and_deceit_is_a_secret_act(world):
    organisms = jax.tree.map(lambda *leaves: np.stack(leaves), wired(world, 0), wired(world, 1))
    measurer = measurer_of(world, organisms)
    characters = split_moments(measurer, "character", 0, True, scenes=40)
    shape = (2, 40 * world.moments, len(READ_TOKENS), len(residual_sites(2)), 16)
    assert characters.residual.shape == shape
    member = characters.of_member(0)
    assert len(member.alone) == 40 * world.moments, "characters act in all moments of scenes without self"
    assert (member.alone[member.deceitful]).all()
    assert 0.3 < member.deceitful.sum() / member.alone.sum() < 0.7, "half of them are honest"
    schemer, honest = (
        split_moments(measurer, "self", 0, schemes, scenes=40).of_member(0) for schemes in (True, False)
    )
    assert 0.3 < len(schemer.alone) / (40 * world.moments) < 0.7
    np.testing.assert_array_equal(schemer.deceitful, schemer.alone)
    assert not honest.deceitful.any()
    np.testing.assert_array_equal(honest.alone, schemer.alone)
