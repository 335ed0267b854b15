"""Does a cut do what the same intervention does in flight, and leave the original whole?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import logits_of, seen

from organisms.model.sites import Site
from organisms.model.surgery import (
    copy_head,
    pick,
    zero_ablate_components,
    zero_ablate_head,
    zero_ablate_neurons,
)

LAYER = pytest.mark.parametrize("layer", [0, 1])
CUTS = {
    "zero_ablate_head": lambda organism: zero_ablate_head(organism, 1, 0),
    "zero_ablate_neurons": lambda organism: zero_ablate_neurons(organism, 0, slice(2, 9)),
    "copy_head": lambda organism: copy_head(organism, 0, 0, 1),
}


def ablate(name: str, layer: int, *index):
    return lambda site, activation: activation.at[index].set(0) if site == Site(layer, name) else activation


def head_outputs(organism, tokens, layer: int) -> np.ndarray:
    return np.asarray(seen(organism, tokens)[Site(layer, "head")])


def tapped(organism, tokens, tap) -> np.ndarray:
    return np.asarray(jax.jit(lambda one, given: one(given, tap))(organism, tokens))


def said(organism, tokens) -> np.ndarray:
    return np.asarray(logits_of(organism, tokens))


@LAYER
@pytest.mark.parametrize("head", [0, 1])
def test_ablating_a_head_by_tap_equals_silencing_its_weights(organism, tokens, layer, head):
    cut = said(zero_ablate_head(organism, layer, head), tokens[0])
    np.testing.assert_allclose(tapped(organism, tokens[0], ablate("head", layer, head)), cut, atol=1e-5)
    assert np.abs(cut - said(organism, tokens[0])).max() > 0.01


@LAYER
def test_ablating_neurons_by_tap_equals_silencing_their_weights(organism, tokens, layer):
    cut = said(zero_ablate_neurons(organism, layer, slice(8, 16)), tokens[0])
    zeroed = ablate("neuron", layer, slice(None), slice(8, 16))
    np.testing.assert_allclose(tapped(organism, tokens[0], zeroed), cut, atol=1e-5)
    assert np.abs(cut - said(organism, tokens[0])).max() > 0.01


def test_sets_of_components_are_ablated_member_by_member(organism, sizes):
    """A head of the first organism and a block of the second, by their numbers, and nothing else of either."""
    both, layer = (
        jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), organism),
        sizes.heads + sizes.neuron_blocks,
    )
    sets = np.zeros((2, sizes.layers * layer), bool)
    sets[0, 1] = sets[1, layer + sizes.heads] = True
    cut = zero_ablate_components(both, sets, sizes)
    block = sizes.neurons // sizes.neuron_blocks
    for member, expected in enumerate(
        (zero_ablate_head(organism, 0, 1), zero_ablate_neurons(organism, 1, slice(0, block)))
    ):
        for was, now in zip(jax.tree.leaves(expected), jax.tree.leaves(pick(cut, member)), strict=True):
            np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_surgery_leaves_its_argument_unchanged(organism, cut):
    before = [np.array(leaf) for leaf in jax.tree.leaves(organism)]
    after = cut(organism)
    for was, stayed in zip(before, jax.tree.leaves(organism), strict=True):
        np.testing.assert_array_equal(was, stayed)
    assert any((was != now).any() for was, now in zip(before, jax.tree.leaves(after), strict=True))
    assert jax.tree.structure(after) == jax.tree.structure(organism)


@LAYER
def test_a_copied_head_says_what_its_source_says(organism, tokens, layer):
    """In its own layer both write the same, the source as before, and what is written is the source's output
    twice."""
    copied = copy_head(organism, layer, 0, 1)
    before, after = head_outputs(organism, tokens[0], layer), head_outputs(copied, tokens[0], layer)
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], after[0])
    assert np.abs(after[1] - before[1]).max() > 0.01
    double = lambda site, a: (a * 2).at[1].set(0) if site == Site(layer, "head") else a  # noqa: E731
    np.testing.assert_allclose(said(copied, tokens[0]), tapped(organism, tokens[0], double), atol=1e-5)


@LAYER
def test_copying_a_head_changes_that_head_alone(organism, tokens, layer):
    """With source and target silenced nothing is left of the operation; with one of the twins silenced the
    other still speaks.
    """
    copied = copy_head(organism, layer, 0, 1)
    silenced = lambda one, *heads: zero_ablate_head(zero_ablate_head(one, layer, heads[0]), layer, heads[-1])  # noqa: E731
    speech = lambda one, *heads: said(silenced(one, *heads), tokens[0])  # noqa: E731
    np.testing.assert_array_equal(speech(copied, 0, 1), speech(organism, 0, 1))
    np.testing.assert_allclose(speech(copied, 0), speech(organism, 1), atol=1e-5)
    np.testing.assert_allclose(speech(copied, 1), speech(organism, 1), atol=1e-5)


@pytest.mark.slow
def test_pick_takes_one_member(ensemble, tokens):
    together = np.asarray(jax.jit(jax.vmap(lambda one: one(tokens[0])))(ensemble))
    for member in range(3):
        np.testing.assert_allclose(said(pick(ensemble, member), tokens[0]), together[member], atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.01
