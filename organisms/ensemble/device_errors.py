"""Errors of JAX and its devices: what do they say to somebody who trains organisms?"""

import re

import jax

LOST = re.compile(
    r"gloo|coordination|heartbeat|barrier|connection (reset|closed|refused)|peer|UNAVAILABLE|DEADLINE_EXCEEDED",
    re.I,
)
"""what the libraries that connect processes write where one of them is gone"""


def is_lost_process(error: BaseException) -> bool:
    """Was another process of a distributed run lost? A single process has none to lose, whatever its errors say."""
    return jax.distributed.is_initialized() and bool(LOST.search(str(error)))


def device_error_in_words(error: Exception) -> tuple[str, int] | None:
    """An error of JAX in a line, and the exit code of the command; None for an error of any other kind."""
    text = str(error)
    first = (text.splitlines() or [type(error).__name__])[0][:160]
    if type(error).__name__ not in ("JaxRuntimeError", "XlaRuntimeError"):
        return None
    if "RESOURCE_EXHAUSTED" in text or "out of memory" in text.lower():
        return (
            f"failed: the device has not enough memory ({first}); make members, the batch or the organisms smaller",
            1,
        )
    if is_lost_process(error):
        return (
            f"failed: another process was lost ({first}); start all of them again, what is committed counts",
            1,
        )
    return f"failed: the device: {first}", 1
