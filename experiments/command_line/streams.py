"""Standard streams: what does a command do where nobody reads them, or the disk takes no more?

Progress is for whoever looks: where it can not be written it is dropped, and the command goes on.
"""

import contextlib
import os
import select
import sys
from typing import Any


class LossyStream:
    """A stream of text that drops what can not be written."""

    def __init__(self, stream: Any):
        self.stream = stream

    def write(self, text: str) -> int:
        """Writes, or drops, a text."""
        try:
            return self.stream.write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        """Writes out, or drops, what waits."""
        with contextlib.suppress(OSError, ValueError):
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def guard_streams() -> None:
    """Opens what is closed of the three standard streams, so that no file gets its number, and lets progress be
    dropped."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115  for as long as the process lives
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = LossyStream(sys.stderr or open(os.devnull, "w"))  # noqa: SIM115


def output_is_unread() -> bool:
    """Is standard output a pipe that nobody reads any more?"""
    poll = select.poll()
    poll.register(1)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def drop_output() -> None:
    """Sends what is left in the buffer of standard output nowhere, so that the interpreter can end in peace."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
