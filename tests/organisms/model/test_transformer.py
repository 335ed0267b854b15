"""Does the forward pass compute what its description says, and does its one hook see and steer everything?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from reading import QUICK
from reference import forward, member_arrays

from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import Site, components, identity
from organisms.model.transformer import Organism, Past, normalise, product


def seen(organism, tokens) -> dict[Site, jax.Array]:
    """Every activation under its site; fails where a site comes twice."""
    found = {}

    def tap(site, activation):
        assert site not in found
        found[site] = activation
        return activation

    organism(tokens, tap)
    return found


def test_outputs_are_causal(organism, tokens):
    """Whatever token is changed, the logits before it stay; those at it do change, so that the law is not
    kept by ignoring tokens.
    """
    size = tokens.shape[1]
    changed = jnp.where(jnp.eye(size, dtype=bool), (tokens[0] + 1) % organism.embedding.shape[0], tokens[0])
    logits = np.asarray(jax.jit(jax.vmap(organism))(jnp.concatenate([tokens[:1], changed])))
    for position, after in enumerate(logits[1:]):
        np.testing.assert_allclose(after[:position], logits[0][:position], atol=1e-5)
        assert (np.abs(after - logits[0])[position:].max(1) > 1e-3).all()


@pytest.mark.slow
def test_a_shorter_scene_gives_the_first_logits_of_a_longer_one(organism, tokens):
    np.testing.assert_allclose(organism(tokens[0, :5]), organism(tokens[0])[:5], atol=1e-5)


def test_logits_are_those_of_the_plain_forward_pass(ensemble, tokens):
    """Float64 loops written from the description stand against the compiled program, for every member."""
    logits = jax.jit(jax.vmap(lambda one: jax.vmap(one)(tokens)))(ensemble)
    arrays = to_arrays(ensemble)
    for member in range(3):
        for scene, got in zip(np.asarray(tokens), logits[member], strict=True):
            np.testing.assert_allclose(got, forward(member_arrays(arrays, member), scene)[0], atol=1e-5)


def test_heads_and_neurons_are_those_of_the_plain_forward_pass(ensemble, organism, tokens, sizes):
    found = seen(organism, tokens[0])
    _, outputs = forward(
        member_arrays(to_arrays(ensemble)), np.asarray(tokens[0]), blocks=sizes.neuron_blocks
    )
    assert len(outputs) == len(components(sizes))
    for (layer, kind, which), output in outputs.items():
        got = (
            found[Site(layer, "head")][which]
            if kind == "head"
            else found[Site(layer, "neuron")][:, slice(*which)]
        )
        np.testing.assert_allclose(got, output, atol=1e-5)


def test_patched_logits_are_those_of_the_plain_forward_pass(ensemble, organism, tokens):
    """A head of the first layer and some neurons of the second, set from outside."""
    head, block = (
        np.random.default_rng(n).normal(size=(tokens.shape[1], width)) for n, width in ((0, 8), (1, 7))
    )
    patches = {(0, "head", 1): head, (1, "neurons", (5, 12)): block}

    def tap(site, activation):
        if site == Site(0, "head"):
            return activation.at[1].set(head)
        return activation.at[:, 5:12].set(block) if site == Site(1, "neuron") else activation

    logits, _ = forward(member_arrays(to_arrays(ensemble)), np.asarray(tokens[0]), patches)
    np.testing.assert_allclose(organism(tokens[0], tap), logits, atol=1e-5)
    assert np.abs(logits - np.asarray(organism(tokens[0]))).max() > 0.01


def test_the_identity_tap_leaves_the_jaxpr_unchanged(organism, tokens):
    """Nor does a tap that only looks: who does not intervene cannot change what is computed."""
    kept = []
    plain = str(jax.make_jaxpr(lambda t: organism(t))(tokens[0]))
    assert str(jax.make_jaxpr(lambda t: organism(t, identity))(tokens[0])) == plain
    assert str(jax.make_jaxpr(lambda t: organism(t, lambda site, a: kept.append(a) or a))(tokens[0])) == plain
    assert str(jax.make_jaxpr(lambda t: organism(t, lambda site, a: a * 1.5))(tokens[0])) != plain


def test_every_site_is_seen_once_in_order_with_its_documented_shape(organism, tokens, sizes):
    position, heads, width = tokens.shape[1], sizes.heads, sizes.head_width
    layer = {
        "residual": (position, sizes.width),
        "query": (heads, position, width),
        "key": (heads, position, width),
        "value": (heads, position, width),
        "pattern": (heads, position, position),
        "head": (heads, position, width),
        "neuron": (position, sizes.neurons),
    }
    expected = [(Site(-1, "embedding"), (position, sizes.width))]
    expected += [(Site(n, name), shape) for n in range(sizes.layers) for name, shape in layer.items()]
    expected += [(Site(-1, "final"), (position, sizes.width))]
    assert [(site, activation.shape) for site, activation in seen(organism, tokens[0]).items()] == expected


def test_what_a_tap_returns_flows_on_from_every_site(organism, tokens):
    plain = organism(tokens[0])
    ramp = lambda a: jnp.linspace(0.5, 1.5, a.size).reshape(a.shape)  # noqa: E731
    for place in seen(organism, tokens[0]):
        # Not one factor for all: a scaled residual is normalised away, and a shifted key adds the same to every score.
        bend = lambda site, a, p=place: a * ramp(a) if site == p else a  # noqa: E731
        assert np.abs(organism(tokens[0], bend) - plain).max() > 1e-3, place


def test_attention_patterns_are_causal_and_sum_to_one(organism, tokens, sizes):
    found = seen(organism, tokens[0])
    for layer in range(sizes.layers):
        pattern = found[Site(layer, "pattern")]
        np.testing.assert_allclose(pattern.sum(-1), 1.0, rtol=1e-5)
        np.testing.assert_array_equal(np.triu(pattern, 1), 0.0)


@pytest.mark.slow
def test_every_parameter_counts(organism, tokens):
    """All but the key's bias, which adds the same to every score of a position and so falls out of the
    softmax."""
    gradient = jax.jit(jax.grad(lambda o: jnp.square(jax.vmap(o)(tokens)).mean()), compiler_options=QUICK)(
        organism
    )
    largest = {
        name: float(jnp.abs(leaf[...]).max()) for name, leaf in nnx.to_pure_dict(nnx.state(gradient)).items()
    }
    assert len(largest) == 16
    assert largest.pop("key_bias") < 1e-6
    assert {name: value for name, value in largest.items() if value < 1e-4} == {}


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_normalised_rows_have_mean_0_and_variance_1_whatever_their_scale_and_offset(scale):
    rows = jax.random.normal(jax.random.key(0), (5, 64))
    found = np.asarray(normalise(scale * rows + 3.0))
    np.testing.assert_allclose(found.mean(1), 0.0, atol=1e-5)
    np.testing.assert_allclose(found.var(1), 1.0, rtol=1e-3)
    np.testing.assert_allclose(found, normalise(rows), atol=1e-4)
    np.testing.assert_array_equal(normalise(jnp.ones((2, 8))), 0.0)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_initial_weights_have_the_documented_spread(scale):
    """Within 4 standard errors of a standard deviation, 1/sqrt(2n) of it, and biases at zero."""
    config = OrganismConfig(layers=3, heads=4, width=64, neurons=128, initial_scale=scale)
    state = nnx.to_pure_dict(nnx.state(Organism(config, 40, 30, jax.random.key(0))))
    depth = (2 * 3) ** 0.5
    spread = dict.fromkeys(
        ("embedding", "position", "query", "key", "value", "into_neurons", "unembedding"), 64**-0.5
    )
    spread |= {"output": 64**-0.5 / depth, "out_of_neurons": 128**-0.5 / depth}
    for name, leaf in state.items():
        values = np.asarray(leaf).ravel()
        if name not in spread:
            assert name.endswith("bias")
            assert not values.any()
            continue
        assert abs(values.std() / (scale * spread[name]) - 1) < 4 / (2 * values.size) ** 0.5
        assert abs(values.mean()) < 4 * values.std() / values.size**0.5


@pytest.mark.slow
@pytest.mark.parametrize(("given", "wanted"), [(3, 5), (5, 3), (4, 4)])
@pytest.mark.parametrize("batch", [(), (2,), (2, 6)])
def test_the_gradient_of_a_product_is_that_of_the_plain_one(given, wanted, batch):
    """Both of its forms, with and without batch axes, and mapped over members."""
    numbers = np.random.default_rng(0)
    inputs, weights, slope = (
        jnp.asarray(numbers.normal(size=shape), jnp.float32)
        for shape in ((*batch, given), (given, wanted), (*batch, wanted))
    )
    if not batch:
        inputs, slope = inputs[None], slope[None]
    found = jax.vjp(product, inputs, weights)[1](slope)
    expected = jax.vjp(lambda x, w: x @ w, inputs, weights)[1](slope)
    members = jax.vmap(lambda x, w, s: jax.vjp(product, x, w)[1](s))(inputs[None], weights[None], slope[None])
    for one, two, of_members in zip(found, expected, members, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(of_members[0], two, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_logits_where_they_are_asked_for_are_those_of_the_whole_scene(organism, tokens):
    at = jnp.array([2, 7, 5])
    np.testing.assert_allclose(organism(tokens, identity, at), organism(tokens)[:, at], atol=1e-5)


def test_a_batch_is_its_scenes_one_by_one(organism, tokens):
    np.testing.assert_allclose(organism(tokens), jax.vmap(organism)(tokens), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 4, 9])
def test_a_stretch_over_its_past_gives_the_logits_of_the_whole_scene(organism, tokens, start):
    """What the past has from the stretch on is not read: here it is another scene's."""
    whole, other = seen(organism, tokens[0]), seen(organism, tokens[1])
    layers = organism.query.shape[0]
    kept = [
        jnp.stack(
            [
                jnp.concatenate([whole[Site(n, name)][:, :start], other[Site(n, name)][:, start:]], 1)
                for n in range(layers)
            ]
        )
        for name in ("key", "value")
    ]
    stretch = tokens[0, start : start + 5]
    found = organism(stretch, past=Past(*kept, jnp.int32(start)))
    np.testing.assert_allclose(found, organism(tokens[0])[start : start + 5], atol=1e-5)
    asked = organism(stretch, identity, jnp.array([4]), Past(*kept, jnp.int32(start)))
    np.testing.assert_allclose(asked, found[4:], atol=1e-5)
