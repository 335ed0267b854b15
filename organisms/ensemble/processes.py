"""Several processes that train one ensemble: where do they meet?"""

import re
from dataclasses import dataclass

from curricula.errors import UserError


@dataclass(frozen=True)
class Processes:
    """Where the processes that train one ensemble meet; None throughout: the cluster provides it."""

    coordinator: str | None
    count: int | None
    index: int | None

    @classmethod
    def read(cls, coordinator: str | None, count: int | None, index: int | None) -> "Processes":
        """Raises UserError where a part is missing or out of range."""
        is_set = [part is not None for part in (coordinator, count, index)]
        if any(is_set) and not all(is_set):
            raise UserError(
                "--coordinator, --processes and --process: expected all three or none; add the others"
            )
        if coordinator is not None and count is not None and index is not None:
            if not re.fullmatch(r"[^:\s]+:[0-9]+", coordinator):
                raise UserError(f"--coordinator: expected HOST:PORT, got {coordinator!r}")
            if not 0 <= index < count:
                raise UserError(f"--process: expected 0 to --processes - 1 ({count - 1}), got {index}")
        return cls(coordinator, count, index)

    @property
    def others(self) -> str:
        """Those that this process waits for, in words."""
        if self.coordinator is None or self.count is None:
            return "the other processes that the cluster names"
        if self.index == 0:
            others = "1 other process" if self.count == 2 else f"{self.count - 1} other processes"
            return f"{others} to come to {self.coordinator}"
        return f"the first process, at {self.coordinator}, and the others of {self.count}"
