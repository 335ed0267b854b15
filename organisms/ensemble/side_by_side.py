"""Work side by side in threads of one process: while one program is compiled, on one core, others are compiled or run."""

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import jax

Item = TypeVar("Item")
Made = TypeVar("Made")
AT_ONCE = 3
"""threads at the same time; each compiler uses one core and memory of its own"""


_RUNNING = threading.Lock()


def one_at_a_time(program: Any) -> Callable[..., Any]:
    """A compiled program of several devices as one that runs alone: compiled beside others, run after others.

    Threads that start such programs at the same time can leave each device waiting for a program that the other one can
    not begin, since XLA admits a limited number to a device: then all of them wait for good.
    """
    compiled: set[Any] = set()

    @wraps(program)
    def run(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        kind = structure, tuple((jax.typeof(leaf), getattr(leaf, "sharding", None)) for leaf in leaves)
        kind += (jax.config.jax_default_matmul_precision,)  # pyright: ignore[reportAttributeAccessIssue]
        if kind not in compiled:
            program.lower(*arguments).compile()
            compiled.add(kind)
        with _RUNNING:
            return jax.block_until_ready(program(*arguments))

    return run


def in_present_precision(do: Callable[[Item], Made]) -> Callable[[Item], Made]:
    """The function as it would run in this thread: the precision of products is a setting of each thread."""
    precision = jax.config.jax_default_matmul_precision  # pyright: ignore[reportAttributeAccessIssue]

    def done(item: Item) -> Made:
        with jax.default_matmul_precision(precision):
            return do(item)

    return done


def side_by_side(do: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """What a function gives for each item, in their order, a few at the same time. Raises the first item's error."""
    executor = ThreadPoolExecutor(AT_ONCE)
    try:
        return list(executor.map(in_present_precision(do), items))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


@contextmanager
def meanwhile(do: Callable[[Item], object], item: Item) -> Generator[None]:
    """Does something with an item in a thread while the block runs, and waits for it at the end of the block, unless
    the block raises. Raises what the thread raised."""
    executor = ThreadPoolExecutor(1)
    try:
        done = executor.submit(in_present_precision(do), item)
        yield
        done.result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
