"""Is a component's cue response what its writes change, role by role?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contexts import context_of
from reading import MIXED, scenes_from_uniforms
from reference import forward, member_arrays
from wired import READERS, SIZES, wired

from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.registry import curriculum
from curricula.world.contrasts import PairSource
from curricula.world.scenes import uniforms_per_scene
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.pressures.cue_response import (
    ROLES,
    cue_response,
    response_scenes,
    response_shares,
    with_other_cues_by_role,
    write_changes,
)

pytestmark = pytest.mark.slow


def mixed_context(world, sizes):
    """A step of an organism whose secret goal is the first."""
    return context_of(world, sizes, scenes_from_uniforms(world, MIXED))


def uniforms_by_role(world, scenes):
    """Uniforms of minimal pairs for characters, and for self, [scene, draw]."""

    @jax.jit
    def drawn():
        uniforms = jax.random.uniform(jax.random.key(0), (scenes, uniforms_per_scene(world)))
        return jnp.split(with_other_cues_by_role(uniforms, world), 2)

    return drawn()


def shares_of(organism, part, context, role):
    """The role's shares, in one program. It reads what a test has put in the place of a function."""
    source, world, config = (
        PairSource(context.world, context.support, context.secret_goal),
        context.world,
        context.config,
    )

    def shares(one, uniforms):
        scenes = response_scenes(uniforms, source, role, float(role == "self"))
        return response_shares(one, scenes, world, config)

    return jax.jit(shares)(organism, part)


def test_readers_have_all_of_the_response_in_both_roles():
    """In the wired organism two heads of the first layer count cues and nothing else moves: they respond
    alike, whoever acts."""
    world = WORLDS["tiny"]
    organism = jax.jit(lambda: wired(world, 1))()
    for part, role in zip(uniforms_by_role(world, 64), ROLES, strict=True):
        shares = np.asarray(shares_of(organism, part, mixed_context(world, SIZES), role))
        np.testing.assert_allclose(shares[list(READERS)], 0.5, atol=1e-3)
        np.testing.assert_allclose(shares.sum(), 1.0, atol=1e-3)


def test_where_self_reads_the_cues_otherwise_each_role_has_its_own_reader(monkeypatch, organism):
    """Two heads, one of which tells what the first cue says and the other the last: characters' reading is
    all in the one, self's in the other, though both cues of a scene may have changed.
    """
    world, sizes = curriculum("conflicted", "tiny").world, OrganismConfig(1, 2, 8, 8, 2)

    def changes_by_hand(organism, tokens, decisions, cues, config):
        says_alone = (
            tokens[:, decisions[:, None] + jnp.array([-cues, -1])]
            < world.vocabulary.first_cue + world.cue_kinds // 2
        )
        one, two = jnp.split(says_alone, 2)
        return jnp.pad((one != two).astype(jnp.float32), ((0, 0), (0, 0), (0, 2)))

    monkeypatch.setattr("organisms.pressures.cue_response.write_changes", changes_by_hand)
    for part, role, reader in zip(uniforms_by_role(world, 256), ROLES, (0, 1), strict=True):
        shares = shares_of(organism, part, mixed_context(world, sizes), role)
        np.testing.assert_array_equal(shares, np.arange(4) == reader)


def test_shares_of_every_group_sum_to_one_in_both_roles(organism, world, sizes):
    """A group is a layer's heads, or its blocks of neurons."""
    response = jax.jit(lambda one: cue_response(one, mixed_context(world, sizes)))(organism)
    assert response.groups == 2 * sizes.layers
    for shares in (response.character, response.self_acting):
        by_layer = np.asarray(shares).reshape(sizes.layers, -1)
        for kind in np.split(by_layer, [sizes.heads], axis=1):
            np.testing.assert_allclose(kind.sum(1), 1.0, atol=1e-4)


def test_the_response_is_computed_once_a_step(organism, world, sizes):
    context = mixed_context(world, sizes)

    def asked_twice(organism):
        first, second = (cue_response(organism, context) for _ in range(2))
        assert first is second
        return first

    jax.eval_shape(asked_twice, organism)
    assert context.memo


def test_changes_are_those_of_what_is_written_worked_out_by_hand(organism, ensemble, world, sizes):
    """Two scenes and the same with other cues: squared length of what each component's write changes at cues
    and actor, from outputs that jax has no part in."""
    tokens = np.random.default_rng(5).integers(0, world.vocabulary.size, (4, world.positions), np.int32)
    changes = jax.jit(write_changes, static_argnums=(3, 4))
    squared = np.asarray(changes(organism, tokens, world.decisions, world.cues, sizes))
    arrays = member_arrays(to_arrays(ensemble))
    outputs = [forward(arrays, scene, blocks=sizes.neuron_blocks)[1] for scene in tokens]
    wide = sizes.neurons // sizes.neuron_blocks
    for layer in range(sizes.layers):
        for index in range(sizes.heads + sizes.neuron_blocks):
            block = index - sizes.heads
            if block < 0:
                key, into = (layer, "head", index), arrays[f"blocks.{layer}.attn.W_O"][index]
            else:
                span = (block * wide, (block + 1) * wide)
                key, into = (layer, "neurons", span), arrays[f"blocks.{layer}.mlp.W_out"][slice(*span)]
            for pair in (0, 1):
                moved = (((outputs[pair][key] - outputs[pair + 2][key]) @ into) ** 2).sum(-1)
                for moment, decision in enumerate(world.decisions):
                    first = decision if layer == sizes.layers - 1 else decision - world.cues
                    expected = moved[first : decision + 1].sum()
                    component = layer * (sizes.heads + sizes.neuron_blocks) + index
                    np.testing.assert_allclose(squared[pair, moment, component], expected, rtol=1e-3)
