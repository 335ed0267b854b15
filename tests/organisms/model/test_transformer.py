"""Does the forward pass compute what its description says, and does its one hook see and steer everything?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import logits_of, seen
from flax import nnx
from reading import QUICK
from reference import forward, member_arrays

from organisms.model.config import OrganismConfig
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import Site, components, identity
from organisms.model.transformer import Organism, Past, normalise, product


def sites_in_order(organism, tokens) -> list[tuple[Site, tuple[int, ...]]]:
    """Every site and the shape of its activation, as they come."""
    found = []
    tap = lambda site, activation: found.append((site, activation.shape)) or activation  # noqa: E731
    jax.eval_shape(lambda one, given: one(given, tap), organism, tokens)
    return found


def test_outputs_are_causal(organism, tokens):
    """Whatever token is changed, the logits before it stay; those at it do change, so that the law is not
    kept by ignoring tokens.
    """
    size = tokens.shape[1]
    tokens = np.asarray(tokens)
    changed = np.where(np.eye(size, dtype=bool), (tokens[0] + 1) % organism.embedding.shape[0], tokens[0])
    logits = np.asarray(jax.jit(jax.vmap(organism))(np.concatenate([tokens[:1], changed])))
    for position, after in enumerate(logits[1:]):
        np.testing.assert_allclose(after[:position], logits[0][:position], atol=1e-5)
        assert (np.abs(after - logits[0])[position:].max(1) > 1e-3).all()


@pytest.mark.slow
def test_a_shorter_scene_gives_the_first_logits_of_a_longer_one(organism, tokens):
    tokens = np.asarray(tokens)
    np.testing.assert_allclose(
        logits_of(organism, tokens[0, :5]), logits_of(organism, tokens[0])[:5], atol=1e-5
    )


def test_logits_are_those_of_the_plain_forward_pass(ensemble, tokens):
    """Float64 loops written from the description stand against the compiled program, for every member."""
    logits = jax.jit(jax.vmap(lambda one: jax.vmap(one)(tokens)))(ensemble)
    arrays = to_arrays(ensemble)
    for member in range(3):
        for scene, got in zip(np.asarray(tokens), logits[member], strict=True):
            np.testing.assert_allclose(got, forward(member_arrays(arrays, member), scene)[0], atol=1e-5)


def test_heads_and_neurons_are_those_of_the_plain_forward_pass(ensemble, organism, tokens, sizes):
    found = jax.tree.map(np.asarray, seen(organism, tokens[0]))
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
    tapped = jax.jit(lambda one, given: one(given, tap))
    np.testing.assert_allclose(tapped(organism, tokens[0]), logits, atol=1e-5)
    assert np.abs(logits - np.asarray(logits_of(organism, tokens[0]))).max() > 0.01


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
    assert sites_in_order(organism, tokens[0]) == expected
    assert {site: a.shape for site, a in seen(organism, tokens[0]).items()} == dict(expected)


def test_what_a_tap_returns_flows_on_from_every_site(organism, tokens):
    plain = np.asarray(logits_of(organism, tokens[0]))
    places = [place for place, _ in sites_in_order(organism, tokens[0])]

    @jax.jit
    def bent(organism, tokens, which):
        # Not one factor for all: a scaled residual is normalised away, and a shifted key adds the same to every score.
        ramp = lambda a: jnp.linspace(0.5, 1.5, a.size).reshape(a.shape)  # noqa: E731
        return organism(tokens, lambda site, a: jnp.where(places.index(site) == which, a * ramp(a), a))

    for which, place in enumerate(places):
        assert np.abs(np.asarray(bent(organism, tokens[0], which)) - plain).max() > 1e-3, place


def test_attention_patterns_are_causal_and_sum_to_one(organism, tokens, sizes):
    found = jax.tree.map(np.asarray, seen(organism, tokens[0]))
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
        name: float(np.abs(leaf[...]).max()) for name, leaf in nnx.to_pure_dict(nnx.state(gradient)).items()
    }
    assert len(largest) == 16
    assert largest.pop("key_bias") < 1e-6
    assert {name: value for name, value in largest.items() if value < 1e-4} == {}


normalised = jax.jit(normalise)


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_normalised_rows_have_mean_0_and_variance_1_whatever_their_scale_and_offset(scale):
    rows = np.float32(np.random.default_rng(0).normal(size=(5, 64)))
    found = np.asarray(normalised(np.float32(scale) * rows + np.float32(3.0)))
    np.testing.assert_allclose(found.mean(1), 0.0, atol=1e-5)
    np.testing.assert_allclose(found.var(1), 1.0, rtol=1e-3)
    np.testing.assert_allclose(found, normalised(rows), atol=1e-4)
    np.testing.assert_array_equal(normalised(np.ones((2, 8), np.float32)), 0.0)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_initial_weights_have_the_documented_spread(scale):
    """Within 4 standard errors of a standard deviation, 1/sqrt(2n) of it, and biases at zero."""
    config = OrganismConfig(layers=3, heads=4, width=64, neurons=128, initial_scale=scale)
    organism = jax.jit(lambda key: Organism(config, 40, 30, key))(jax.random.key(0))
    state = nnx.to_pure_dict(nnx.state(organism))
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
        np.float32(numbers.normal(size=shape))
        for shape in ((*batch, given), (given, wanted), (*batch, wanted))
    )
    if not batch:
        inputs, slope = inputs[None], slope[None]

    @jax.jit
    def slopes(inputs, weights, slope):
        found = jax.vjp(product, inputs, weights)[1](slope)
        expected = jax.vjp(lambda x, w: x @ w, inputs, weights)[1](slope)
        of_member = jax.vmap(lambda x, w, s: jax.vjp(product, x, w)[1](s))
        return found, expected, of_member(inputs[None], weights[None], slope[None])

    found, expected, members = jax.tree.map(np.asarray, slopes(inputs, weights, slope))
    for one, two, of_members in zip(found, expected, members, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(of_members[0], two, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_logits_where_they_are_asked_for_are_those_of_the_whole_scene(organism, tokens):
    at = np.array([2, 7, 5])
    whole = np.asarray(logits_of(organism, tokens))
    np.testing.assert_allclose(logits_of(organism, tokens, at), whole[:, at], atol=1e-5)


def test_a_batch_is_its_scenes_one_by_one(organism, tokens):
    one_by_one = jax.jit(lambda one, given: jax.vmap(one)(given))
    np.testing.assert_allclose(logits_of(organism, tokens), one_by_one(organism, tokens), atol=1e-5)


@jax.jit
def continued(organism, stretch, past, positions=None):
    return organism(stretch, identity, positions, past)


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 4, 9])
def test_a_stretch_over_its_past_gives_the_logits_of_the_whole_scene(organism, tokens, start):
    """What the past has from the stretch on is not read: here it is another scene's."""
    tokens = np.asarray(tokens)
    whole, other = (jax.tree.map(np.asarray, seen(organism, one)) for one in tokens[:2])
    layers = organism.query.shape[0]
    kept = [
        np.stack(
            [
                np.concatenate([whole[Site(n, name)][:, :start], other[Site(n, name)][:, start:]], 1)
                for n in range(layers)
            ]
        )
        for name in ("key", "value")
    ]
    stretch = tokens[0, start : start + 5]
    past = Past(*map(jnp.asarray, kept), jnp.int32(start))
    found = np.asarray(continued(organism, stretch, past))
    expected = np.asarray(logits_of(organism, tokens[0]))[start : start + 5]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    asked = continued(organism, stretch, past, np.array([4]))
    np.testing.assert_allclose(asked, found[4:], atol=1e-5)
