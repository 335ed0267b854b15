"""Is what an export holds the organism itself, in the layout of other programs? Without those programs; tests/interop has them."""

from dataclasses import replace

import numpy as np
import pytest
from exports import SIZES, biased_ensemble, gpt2_logits, untrained_run

from experiments.export.exported_organism import component_locations, read_organism
from experiments.export.hugging_face import (
    folded_bias,
    generation_config,
    gpt2_arrays,
    gpt2_config,
    gpt2_refusals,
)
from experiments.export.transformer_lens import bridge_arrays, lens_config
from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import from_arrays
from organisms.model.sites import components
from organisms.model.surgery import pick
from organisms.storage.loading import require_finished


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    run = untrained_run(tmp_path_factory.mktemp("untrained") / "run", SIZES, biased_ensemble(SIZES))
    return read_organism(run, require_finished(run), 0, "end", [1, 2, 3])


@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_logits_of_the_gpt2_are_the_organisms(exported, tokens, activation):
    sizes = replace(exported.sizes, activation=activation)
    exported = replace(exported, config=replace(exported.config, organism=sizes))
    arrays = {name: array[None] for name, array in exported.arrays.items()}
    expected = np.asarray(pick(from_arrays(arrays, exported.world, sizes), 0)(tokens))
    arrays, config = gpt2_arrays(exported.arrays, sizes), gpt2_config(exported)
    assert all(array.any() for name, array in exported.arrays.items() if ".b_" in name)
    for scene, logits in zip(np.asarray(tokens), expected, strict=True):
        np.testing.assert_allclose(gpt2_logits(arrays, config, scene), logits, atol=1e-5)


def test_no_word_ends_a_text():
    config = generation_config()
    assert (config["bos_token_id"], config["eos_token_id"], config["max_new_tokens"]) == (None, None, 1)


def test_names_and_shapes_of_transformer_lens_4_are_those_that_a_strict_load_asks_for(exported):
    """As ``TransformerBridge.boot_native(..).state_dict()`` of 4.3.0 lists them; tests/interop loads them."""
    arrays, sizes, world = bridge_arrays(exported.arrays), exported.sizes, exported.world
    width, neurons, words = sizes.width, sizes.neurons, world.vocabulary.size
    expected = {
        "embed.weight": (words, width),
        "pos_embed.weight": (world.positions, width),
        "unembed.weight": (words, width),
        "unembed.bias": (words,),
    }
    for layer in range(sizes.layers):
        block = f"blocks.{layer}"
        expected |= {f"{block}.attn.{name}.weight": (width, width) for name in "qkvo"}
        expected |= {f"{block}.attn.{name}.bias": (width,) for name in "qkvo"}
        expected |= {f"{block}.mlp.in.weight": (neurons, width), f"{block}.mlp.in.bias": (neurons,)}
        expected |= {f"{block}.mlp.out.weight": (width, neurons), f"{block}.mlp.out.bias": (width,)}
    assert {name: array.shape for name, array in arrays.items()} == expected


def test_heads_lie_side_by_side_in_transformer_lens_4(exported):
    inputs = np.random.default_rng(0).normal(size=exported.sizes.width)
    arrays, width = bridge_arrays(exported.arrays), exported.sizes.head_width
    outputs = arrays["blocks.1.attn.k.weight"] @ inputs
    for head in range(exported.sizes.heads):
        expected = inputs @ exported.arrays["blocks.1.attn.W_K"][head]
        np.testing.assert_allclose(outputs[head * width : (head + 1) * width], expected, atol=1e-5)
    written = np.einsum("hw,hwm->m", outputs.reshape(-1, width), exported.arrays["blocks.1.attn.W_O"])
    np.testing.assert_allclose(arrays["blocks.1.attn.o.weight"] @ outputs, written, atol=1e-4)


def test_a_bias_of_the_unembedding_folds_into_the_norm_or_is_refused():
    numbers = np.random.default_rng(0)
    weights, bias = (
        numbers.normal(size=(16, 12)).astype(np.float32),
        numbers.normal(size=12).astype(np.float32),
    )
    folded = folded_bias(weights, bias)
    assert folded is not None
    np.testing.assert_allclose(folded @ weights, bias, atol=1e-5)
    assert (
        folded_bias(weights.T, numbers.normal(size=16).astype(np.float32)) is None
    )  # more words than directions
    assert not folded_bias(weights.T, np.zeros(16, np.float32)).any()
    repeated = np.repeat(weights[:, :6], 2, axis=1)
    assert folded_bias(repeated, bias) is None


def test_what_is_no_gpt2_is_refused_and_says_why(exported):
    assert gpt2_refusals(exported) == []
    without_norm = replace(exported.config, organism=replace(exported.sizes, norm="none", activation="relu"))
    (reason,) = gpt2_refusals(replace(exported, config=without_norm))
    assert "this organism has none (organism.norm none)" in reason
    assert lens_config(replace(exported, config=without_norm))["normalization_type"] is None
    unfit = {"unembed.W_U": np.zeros_like(exported.arrays["unembed.W_U"])}
    (reason,) = gpt2_refusals(replace(exported, arrays={**exported.arrays, **unfit}))
    assert "17 words, width 32" in reason


def test_components_cover_all_heads_and_neurons_in_their_order():
    sizes = OrganismConfig(layers=2, heads=2, width=16, neurons=24, neuron_blocks=3)
    locations = component_locations(sizes)
    assert [each.component for each in locations] == components(sizes)
    for kind, count in (("head", 2), ("neurons", 24)):
        covered = [
            (each.layer, n) for each in locations if each.kind == kind for n in range(each.start, each.stop)
        ]
        assert covered == [(layer, n) for layer in range(2) for n in range(count)]
