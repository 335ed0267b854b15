"""Are operations counted right, and do the limits run every product that is counted?"""

import re
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, PartitionSpec

from benchmarks.counting import (
    Product,
    Sizes,
    forward_products,
    model_flops,
    parameters,
    precision_of,
    program_flops,
    step_flops,
)
from benchmarks.material import scene_loss
from benchmarks.products import ModelProducts, large, operands, three_products
from curricula.world.scenes import Scene
from organisms.ensemble.config import named_config

SIZES = Sizes(batch=3, positions=5, decisions=2, vocabulary=11, layers=2, heads=2, model=8, neurons=12)


def test_the_products_of_a_forward_pass_are_those_counted_by_hand():
    """Fifteen tokens: queries, keys and values 15x8 by 8x24; six heads of 5x4 by 4x5 and back; and so on,
    twice; six decisions."""
    layer = 2 * (15 * 8 * 24 + 6 * (5 * 4 * 5) + 6 * (5 * 5 * 4) + 15 * 8 * 8 + 15 * 8 * 12 + 15 * 12 * 8)
    logits = 2 * 6 * 8 * 11
    assert sum(product.flops for product in forward_products(SIZES)) == 2 * layer + logits
    last = 2 * (
        6 * 8 * 8 + 15 * 8 * 16 + 6 * (2 * 4 * 5) + 6 * (2 * 5 * 4) + 6 * 8 * 8 + 6 * 8 * 12 + 6 * 12 * 8
    )
    assert sum(product.flops for product in forward_products(SIZES, pruned=True)) == layer + last + logits
    assert step_flops(SIZES) == 3 * (2 * layer + logits)


def test_a_plain_step_is_what_the_models_own_gradient_holds(ensemble, world, sizes):
    """The traced gradient of a loss over every position has the products of a plain step whose decisions are
    all positions."""
    organism = jax.tree.map(lambda leaf: leaf[0], ensemble)
    positions = world.positions
    scenes = Scene(
        jnp.zeros((3, positions), jnp.int32), jnp.zeros((3, positions), jnp.int32), jnp.ones((3, positions))
    )
    traced = jax.make_jaxpr(jax.grad(lambda o: scene_loss(o, scenes, jnp.arange(positions))))(organism)
    counted = Sizes(
        3, positions, positions, world.vocabulary.size, sizes.layers, sizes.heads, sizes.width, sizes.neurons
    )
    assert program_flops(traced, "cpu") == Counter(float32=step_flops(counted))


def test_parameters_are_counted_and_a_step_is_six_times_them_a_token():
    config = named_config("shared", "cpu")
    d, n, v, p = 64, 256, config.curriculum.world.vocabulary.size, config.curriculum.world.positions
    layer = 4 * d * d + 4 * d + 2 * d * n + n + d
    assert parameters(config) == v * d + p * d + 3 * layer + d * v + v
    assert model_flops(config) == 6 * parameters(config) * 64 * p


@pytest.mark.parametrize("product", forward_products(SIZES) + forward_products(SIZES, pruned=True))
def test_a_product_and_its_gradients_cost_what_jax_says(product: Product):
    """The cost that XLA works out for each of the three is the count."""
    shapes = operands([product])
    for left, right, form in three_products(0, product):
        specs = [jax.ShapeDtypeStruct(shapes[name], jnp.float32) for name in (left, right)]
        cost = jax.jit(lambda a, b, form=form: jnp.einsum(form, a, b)).lower(*specs).cost_analysis()
        assert cost["flops"] == product.flops


def test_the_compiler_keeps_every_product_of_the_limit():
    """Products without consequences would be dropped and equal ones be merged: the compiled loop would hold
    fewer, or smaller ones."""
    limit = ModelProducts(SIZES, members=2, steps=4)
    assert program_flops(jax.make_jaxpr(limit.program)(limit.inputs), "cpu") == Counter(
        float32=4 * 2 * step_flops(SIZES)
    )
    text = limit.program.lower(limit.inputs).compile().as_text() or ""
    shapes = dict(re.findall(r"%?([\w.\-]+) = f32\[([\d,]*)\]", text))
    flops = []
    for result, left, axes in re.findall(
        r"= f32\[([\d,]*)\]\S* dot\((?:f32\S* )?%?([\w.\-]+),.*?lhs_contracting_dims=\{([\d,]*)\}", text
    ):
        contracted = [int(shapes[left].split(",")[int(axis)]) for axis in axes.split(",")]
        flops.append(2 * int(np.prod([int(n) for n in result.split(",")])) * int(np.prod(contracted)))
    assert sorted(flops) == sorted(
        product.flops for product in forward_products(limit.local) for _ in range(3)
    )
    assert min(limit.measure(0.0)) > 0


@pytest.mark.slow
def test_a_large_product_has_a_rate():
    rates = large((32, 64), 0.001)
    assert set(rates) == {"float32"}
    assert rates["float32"]["size"] in (32, 64)
    assert rates["float32"]["flops_per_second"] > 1e6


def multiply(x):
    return x @ x


ONE = 2 * 4**3
PROGRAMS = {
    "once": (multiply, ONE),
    "a compiled function": (jax.jit(multiply), ONE),
    "a loop of seven": (lambda x: jax.lax.scan(lambda c, _: (c @ c, None), x, None, length=7)[0], 7 * ONE),
    "a loop over rows": (lambda x: jax.lax.map(lambda row: x @ row, x), ONE),
    "the costlier branch": (
        lambda x: jax.lax.cond(x.sum() > 0, lambda y: y @ y @ y, lambda y: y @ y, x),
        2 * ONE,
    ),
    "a gradient": (jax.grad(lambda x: (x @ jnp.ones((4, 4))).sum()), 2 * ONE),
    "recomputed": (jax.grad(lambda x: jax.checkpoint(lambda y: jnp.sin(y @ x))(x).sum()), 4 * ONE),
    "a loop without products": (lambda x: jax.lax.while_loop(lambda c: c.sum() < 9, lambda c: c + 1, x), 0),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_product_counts_as_often_as_it_runs(name):
    program, expected = PROGRAMS[name]
    counted = program_flops(jax.make_jaxpr(program)(jnp.ones((4, 4))), "cpu").total()
    assert counted == expected


def test_a_product_on_every_device_counts_on_every_device():
    mesh = jax.make_mesh((1,), ("member",), axis_types=(AxisType.Auto,))
    spread = jax.shard_map(
        multiply, mesh=mesh, in_specs=PartitionSpec(), out_specs=PartitionSpec(), check_vma=False
    )
    assert program_flops(jax.make_jaxpr(spread)(jnp.ones((4, 4))), "cpu").total() == ONE


def test_a_product_in_a_loop_of_unknown_length_is_refused():
    program = lambda x: jax.lax.while_loop(lambda c: c.sum() < 9, lambda c: c @ c, x)  # noqa: E731
    with pytest.raises(ValueError, match="unknown length"):
        program_flops(jax.make_jaxpr(program)(jnp.ones((4, 4))), "cpu")


@pytest.mark.parametrize(
    ("kind", "precision", "platform", "expected"),
    [
        (jnp.float32, None, "cpu", "float32"),
        (jnp.float32, None, "gpu", "tensorfloat32"),
        (jnp.float32, jax.lax.Precision.HIGHEST, "gpu", "float32"),
        (jnp.float32, jax.lax.DotAlgorithmPreset.TF32_TF32_F32, "gpu", "tensorfloat32"),
        (jnp.float32, jax.lax.DotAlgorithmPreset.F32_F32_F32, "gpu", "float32"),
        (jnp.float32, jax.lax.DotAlgorithmPreset.BF16_BF16_F32, "gpu", "bfloat16"),
        (jnp.bfloat16, None, "gpu", "bfloat16"),
        (jnp.float32, None, "tpu", "bfloat16"),
    ],
)
def test_the_precision_of_a_product_is_read_off(kind, precision, platform, expected):
    traced = jax.make_jaxpr(lambda x: jnp.matmul(x, x, precision=precision))(jnp.ones((2, 2), kind))
    equations = [e for e in traced.jaxpr.eqns if e.primitive.name == "dot_general"]
    assert [precision_of(equation, platform) for equation in equations] == [expected]
