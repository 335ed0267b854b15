"""Counts of operations: how much arithmetic is a step of training? By rule of thumb, by hand from the shapes,
and by reading the program itself.

Matrix products alone are counted: norms, nonlinearities, the optimiser and the drawing of scenes take time
but no count, so a fraction of a limit never reaches 1. What a count does *not* show is how fast its products
can be at their shapes; `benchmarks.products` measures that.
"""

from collections import Counter
from math import prod
from typing import Any, NamedTuple

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr

from organisms.ensemble.config import RunConfig
from organisms.model.transformer import Organism


class Sizes(NamedTuple):
    """Everything that the shapes of a member's step depend on."""

    batch: int
    positions: int
    decisions: int
    vocabulary: int
    layers: int
    heads: int
    model: int
    neurons: int

    @classmethod
    def of(cls, config: RunConfig) -> "Sizes":
        world, organism = config.curriculum.world, config.organism
        return cls(
            config.training.batch,
            world.positions,
            len(world.decisions),
            world.vocabulary.size,
            organism.layers,
            organism.heads,
            organism.width,
            organism.neurons,
        )


class Product(NamedTuple):
    """``stack`` matrix products of the same shape, [row, inner] by [inner, column]."""

    name: str
    stack: int
    rows: int
    inner: int
    columns: int

    @property
    def flops(self) -> int:
        return 2 * self.stack * self.rows * self.inner * self.columns


def forward_products(sizes: Sizes, pruned: bool = False) -> list[Product]:
    """The products of a forward pass over a batch, in order; logits are computed at decisions only.

    pruned: the last layer computes its queries, its heads' outputs and its neurons at the decisions alone,
    which changes no logit at a decision.
    """
    batch, positions, decisions, vocabulary, layers, heads, model, neurons = sizes
    width, every, deciding, by_head = model // heads, batch * positions, batch * decisions, batch * heads
    products = []
    for layer in range(layers):
        last = pruned and layer == layers - 1
        rows, row = (deciding, decisions) if last else (every, positions)
        if last:
            products.append(Product("query", 1, rows, model, model))
            products.append(Product("key value", 1, every, model, 2 * model))
        else:
            products.append(Product("query key value", 1, every, model, 3 * model))
        products += [
            Product("scores", by_head, row, width, positions),
            Product("mix", by_head, row, positions, width),
            Product("output", 1, rows, model, model),
            Product("into neurons", 1, rows, model, neurons),
            Product("out of neurons", 1, rows, neurons, model),
        ]
    return [*products, Product("unembedding", 1, deciding, model, vocabulary)]


def step_flops(sizes: Sizes, pruned: bool = False) -> int:
    """Floating-point operations of all products of a member's step: the forward ones, and for each of them
    the two of its gradient."""
    return 3 * sum(product.flops for product in forward_products(sizes, pruned))


def parameters(config: RunConfig) -> int:
    """How many numbers an organism has."""
    world = config.curriculum.world
    build = lambda: Organism(config.organism, world.vocabulary.size, world.positions, jax.random.key(0))  # noqa: E731
    return sum(prod(leaf.shape) for leaf in jax.tree.leaves(jax.eval_shape(build)))


def model_flops(config: RunConfig) -> int:
    """A member's step by the rule of thumb 6 x parameters x tokens (Kaplan et al. 2020, arXiv 2001.08361,
    section 2.1).

    It counts the embeddings, which take no product, and the logits at every position, and leaves out
    attention's own products.
    """
    return 6 * parameters(config) * config.training.batch * config.curriculum.world.positions


def program_flops(jaxpr: ClosedJaxpr, platform: str) -> Counter[str]:
    """Floating-point operations of the products of a whole traced program, by precision (see `precision_of`),
    over all devices.

    Loops count as often as they run, of alternatives the costlier one counts. Raises ValueError where a
    product stands in a loop whose length is not known.
    """
    return _flops(jaxpr.jaxpr, platform)


def precision_of(equation: Any, platform: str) -> str:
    """*bfloat16*, *tensorfloat32* or *float32*: what a product's inputs are rounded to."""
    kinds = {str(variable.aval.dtype) for variable in equation.invars}
    if kinds & {"bfloat16", "float16"}:
        return "bfloat16"
    precision = equation.params["precision"]
    says = str(precision[0] if isinstance(precision, tuple) else precision)
    if platform == "cpu" or "HIGH" in says or "F32_F32_F32" in says.replace("TF32_TF32_F32", ""):
        return "float32"
    return "bfloat16" if "BF16" in says or platform == "tpu" else "tensorfloat32"


def _flops(jaxpr: Jaxpr, platform: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for equation in jaxpr.eqns:
        name, inner = equation.primitive.name, _inner(equation.params)
        if name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left, result = (_shape(variable) for variable in (equation.invars[0], equation.outvars[0]))
            size = 2 * prod(result) * prod(left[axis] for axis in contracted)
            counts[precision_of(equation, platform)] += size
        elif name == "cond":
            counts += max((_flops(branch, platform) for branch in inner), key=Counter.total)
        elif inner:
            once: Counter[str] = sum((_flops(part, platform) for part in inner), Counter())
            if name == "while" and once:
                raise ValueError(
                    "a product stands in a while loop of unknown length: its operations cannot be counted"
                )
            times = equation.params["length"] if name == "scan" else 1
            if name == "shard_map":
                times = equation.params["mesh"].size
            counts += Counter({precision: times * flops for precision, flops in once.items()})
    return counts


def _shape(variable: Any) -> tuple[int, ...]:
    return variable.aval.shape


def _inner(params: dict[str, Any]) -> list[Jaxpr]:
    """The programs that an equation runs."""
    values = [
        item for value in params.values() for item in (value if isinstance(value, tuple | list) else [value])
    ]
    return [
        v.jaxpr if isinstance(v, ClosedJaxpr) else v for v in values if isinstance(v, ClosedJaxpr | Jaxpr)
    ]
