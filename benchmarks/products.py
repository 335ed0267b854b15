"""Matrix products: how fast can they be here? One large one, and the model's own, run alone at their own
shapes.

These are the limits that training is measured against. The model's own products are those of a plain step
(every position in every layer, logits at decisions), each with operands laid out as the compiler likes them
best and nothing in between, so the limit is a generous one. Layers share their activations, which leaves them
in the cache more often than training does.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, PartitionSpec
from jaxtyping import Array, Float, Key

from benchmarks.clocks import repeat, turn
from benchmarks.counting import Product, Sizes, forward_products
from organisms.ensemble.devices import Layout

PRECISIONS = {
    "float32": (jnp.float32, jax.lax.Precision.HIGHEST),
    "tensorfloat32": (jnp.float32, jax.lax.Precision.DEFAULT),
    "bfloat16": (jnp.bfloat16, jax.lax.Precision.DEFAULT),
}
Operands = dict[str, Array]


def large(sizes: tuple[int, ...], seconds: float) -> dict[str, dict[str, Any]]:
    """The fastest square product by precision: operations a second, its size, and on how many devices it ran,
    one product a device."""
    precisions = ("float32",) if jax.default_backend() == "cpu" else tuple(PRECISIONS)
    best: dict[str, dict[str, Any]] = {}
    for precision in precisions:
        for size in sizes:
            for devices in sorted({1, jax.local_device_count()}):
                rate = _large(size, devices, precision, seconds)
                if rate > best.get(precision, {}).get("flops_per_second", 0.0):
                    best[precision] = {"flops_per_second": rate, "size": size, "devices": devices}
    return best


def _large(size: int, devices: int, precision: str, seconds: float) -> float:
    kind, how = PRECISIONS[precision]
    mesh = Mesh(np.array(jax.local_devices()[:devices]), ("member",), axis_types=(AxisType.Auto,))
    spec = PartitionSpec("member")
    # Products in a chain, each of the last one's result, so that none can be dropped; long enough to hide what a call costs.
    length = max(1, (2048 if jax.default_backend() == "cpu" else 16384) ** 3 // size**3)
    weights = jax.random.normal(jax.random.key(0), (devices, size, size), kind) * size**-0.5

    def chain(matrices: Float[Array, "device row column"]) -> Float[Array, "device row column"]:
        step = lambda carry, _: (jnp.matmul(carry, matrices[0], precision=how), None)  # noqa: E731
        return jax.lax.scan(step, matrices[0], None, length=length)[0][None]

    program = jax.jit(jax.shard_map(chain, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False))
    call = lambda: jax.block_until_ready(program(weights))  # noqa: E731
    call()
    return devices * length * 2 * size**3 / min(repeat(call, seconds))


class ModelProducts:
    """The products of some plain steps of some members as one program, to be timed, laid out over the devices
    as training is."""

    def __init__(self, sizes: Sizes, members: int, steps: int, precision: str = "float32"):
        layout = Layout.of(members, sizes.batch)
        self.local = sizes._replace(batch=sizes.batch // layout.shares)
        self.members, self.steps = members, steps
        products = forward_products(self.local)
        self.program = layout.over_members(lambda inputs: _member(inputs, products, steps, precision))
        born = layout.over_members(lambda key: _inputs(key, products, precision))
        self.inputs = born(jax.random.split(jax.random.key(0), members))
        jax.block_until_ready(self.program(self.inputs))

    def measure(self, seconds: float) -> list[float]:
        """Seconds that a step of a member took in each of some calls."""
        durations = turn(lambda: jax.block_until_ready(self.program(self.inputs)), seconds)
        return [call / self.steps / self.members for call in durations]


def _inputs(key: Key[Array, ""], products: list[Product], precision: str) -> Operands:
    shapes = operands(products)
    keys = jax.random.split(key, len(shapes))
    kind = PRECISIONS[precision][0]
    return {
        name: jax.random.normal(k, shape, kind) for k, (name, shape) in zip(keys, shapes.items(), strict=True)
    }


def operands(products: list[Product]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of what a member's products are taken of: activations by shape, and weights of each
    layer's own."""
    shapes: dict[str, tuple[int, ...]] = {}
    for index, product in enumerate(products):
        _, stack, rows, inner, columns = product
        if stack == 1:
            shapes |= {_rows(rows, inner): (rows, inner), _rows(rows, columns): (rows, columns)}
            shapes[f"weights {index}"] = (inner, columns)
        else:
            width, source = _width_and_source(product)
            for shape in ((rows, width), (source, width), (rows, source), (source, rows)):
                shapes[_stacked(*shape)] = (stack, *shape)
    return shapes


def _rows(rows: int, columns: int) -> str:
    return f"rows {rows} {columns}"


def _stacked(rows: int, columns: int) -> str:
    return f"stack {rows} {columns}"


def _width_and_source(product: Product) -> tuple[int, int]:
    """A head's width, and the positions attended to."""
    return (product.inner, product.columns) if product.name == "scores" else (product.columns, product.inner)


def _member(inputs: Operands, products: list[Product], steps: int, precision: str) -> Float[Array, ""]:
    """Runs some steps' products of one member, one after the other.

    A number that depends on every result so far is written into one operand of each product. So all products
    differ and wait for one another, and no compiler can drop one, take two for the same (as XLA does behind
    its optimisation barriers) or move one out of the loop.
    """

    def step(carry: tuple[Operands, Array], _: None) -> tuple[tuple[Operands, Array], None]:
        values, mark = carry
        for index, product in enumerate(products):
            for left, right, form in three_products(index, product):
                result = jnp.einsum(form, values[left], values[right], precision=PRECISIONS[precision][1])
                corner = jax.lax.optimization_barrier(result)[(0,) * result.ndim]
                mark = 1e-3 * (mark + corner.astype(jnp.float32))
                written = mark.astype(result.dtype).reshape((1,) * result.ndim)
                values = values | {
                    left: jax.lax.dynamic_update_slice(values[left], written, (0,) * result.ndim)
                }
        return (values, mark), None

    return jax.lax.scan(step, (inputs, jnp.float32(0.0)), None, length=steps)[0][1]


def three_products(index: int, product: Product) -> list[tuple[str, str, str]]:
    """A product and the two of its gradient: the names of their operands, and how they are multiplied.

    Of weights' gradients the transpose is taken where that is the faster one. Attention's two products have
    the same three shapes, in another order: over a head's width, over the positions attended to, and over the
    positions that attend.
    """
    _, stack, rows, inner, columns = product
    if stack == 1:
        inputs, outputs, weights = _rows(rows, inner), _rows(rows, columns), f"weights {index}"
        gradient = (inputs, outputs, "ri,rc->ic") if inner <= columns else (outputs, inputs, "rc,ri->ci")
        return [(inputs, weights, "ri,ic->rc"), (outputs, weights, "rc,ic->ri"), gradient]
    width, source = _width_and_source(product)
    attends, attended = _stacked(rows, width), _stacked(source, width)
    return [
        (attends, attended, "hpw,hsw->hps"),
        (_stacked(rows, source), attended, "hps,hsw->hpw"),
        (_stacked(source, rows), attends, "hsp,hpw->hsw"),
    ]
