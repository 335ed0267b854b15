"""The clock of a command: how long did it take to make all that it was asked for?

A time is kept only where one command made everything. Where some of it was there, as after a kill, there is none; a time
that an earlier command kept beside the same organisms then stays. It does *not* show how busy the machine was, nor whether
programs were compiled before.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import jax


@dataclass(frozen=True)
class JobRecord:
    """What is kept of how something was made."""

    command: str
    started: str
    """date and time, UTC"""
    seconds: float | None
    """from the first training to the page; None where no single command made all of it"""
    devices: int
    """that work was shared out to: on a CPU, its cores"""
    platform: str
    """kind of these devices, as JAX calls it"""


@dataclass(frozen=True)
class JobClock:
    """A clock that runs from when it is made."""

    command: str
    makes_all: bool
    """is nothing there yet of what the command makes?"""
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    begun: float = field(default_factory=time.monotonic)

    def record(self, earlier: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a `JobRecord` for a summary that is written now. earlier: the summary that was there."""
        if not self.makes_all and earlier.get("seconds") is not None:
            return {each.name: earlier.get(each.name) for each in fields(JobRecord)}
        seconds = round(time.monotonic() - self.begun, 1) if self.makes_all else None
        return asdict(
            JobRecord(self.command, self.started, seconds, jax.device_count(), jax.default_backend())
        )
