"""Do parameters come back from their published names as they went?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from organisms.model.parameter_names import from_arrays, to_arrays
from organisms.model.surgery import pick


@pytest.fixture(scope="module")
def arrays(ensemble) -> dict[str, np.ndarray]:
    return to_arrays(ensemble)


def test_to_arrays_and_back_is_the_identity(ensemble, arrays, world, sizes):
    """To the same bits, in the same tree, so that the program compiled for the one serves the other."""
    back = from_arrays(arrays, world, sizes)
    assert jax.tree.structure(back) == jax.tree.structure(ensemble)
    for one, two in zip(jax.tree.leaves(back), jax.tree.leaves(ensemble), strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype


def test_names_and_shapes_are_those_of_transformer_lens(arrays, world, sizes):
    members, model, heads, width, neurons = 3, sizes.width, sizes.heads, sizes.head_width, sizes.neurons
    vocabulary = world.vocabulary.size
    expected = {
        "embed.W_E": (vocabulary, model),
        "pos_embed.W_pos": (world.positions, model),
        "unembed.W_U": (model, vocabulary),
        "unembed.b_U": (vocabulary,),
    }
    for n in range(sizes.layers):
        expected |= {f"blocks.{n}.attn.W_{x}": (heads, model, width) for x in "QKV"}
        expected |= {f"blocks.{n}.attn.b_{x}": (heads, width) for x in "QKV"}
        expected |= {f"blocks.{n}.attn.W_O": (heads, width, model), f"blocks.{n}.attn.b_O": (model,)}
        expected |= {f"blocks.{n}.mlp.W_in": (model, neurons), f"blocks.{n}.mlp.b_in": (neurons,)}
        expected |= {f"blocks.{n}.mlp.W_out": (neurons, model), f"blocks.{n}.mlp.b_out": (model,)}
    assert {name: value.shape for name, value in arrays.items()} == {
        n: (members, *shape) for n, shape in expected.items()
    }


def test_the_leading_axis_is_the_member(ensemble, arrays, world, sizes, tokens):
    one = pick(from_arrays({name: value[2:] for name, value in arrays.items()}, world, sizes), 0)
    np.testing.assert_array_equal(one(tokens[0]), pick(ensemble, 2)(tokens[0]))
    assert jnp.abs(one(tokens[0]) - pick(ensemble, 1)(tokens[0])).max() > 0.01


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda a: a.pop("unembed.b_U"), r"\['unembed.b_U'\] missing or unknown"),
        (lambda a: a.pop("blocks.1.mlp.W_in"), r"\['blocks.1.mlp.W_in'\] missing or unknown"),
        (lambda a: a.update(extra=np.zeros(3)), r"\['extra'\] missing or unknown"),
        (
            lambda a: a.update({"blocks.2.attn.W_Q": a["blocks.1.attn.W_Q"]}),
            r"\['blocks.2.attn.W_Q'\] missing or unknown",
        ),
        (
            lambda a: a.update({"unembed.b_U": a["unembed.b_U"][:, 1:]}),
            r"unembedding_bias: expected shape \(3, 17\), got \(3, 16\)",
        ),
        (lambda a: a.update({"embed.W_E": a["embed.W_E"][:2]}), "expected shape"),
        (lambda a: a.clear(), "missing or unknown"),
    ],
)
def test_what_does_not_fit_the_config_is_refused(arrays, world, sizes, change, told):
    wrong = dict(arrays)
    change(wrong)
    with pytest.raises(ValueError, match=told):
        from_arrays(wrong, world, sizes)
