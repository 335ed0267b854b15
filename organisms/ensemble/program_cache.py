"""Programs that are made once, whatever asks for them."""

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


def program_cache(
    maxsize: int,
) -> Callable[[Callable[Arguments, Made]], Callable[Arguments, Made]]:
    """`functools.lru_cache` for functions that make compiled programs: threads that ask at the same time get one and the
    same, so that it is compiled once."""

    def decorate(make: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
        lock, cached = threading.RLock(), lru_cache(maxsize)(make)

        @wraps(make)
        def made_once(*arguments: Arguments.args, **named: Arguments.kwargs) -> Made:
            with lock:
                return cached(*arguments, **named)  # pyright: ignore[reportArgumentType]  arguments are hashable

        return made_once

    return decorate
