"""A run as a process has it that trains it together with others, but is not the one that writes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from organisms.storage.manifest import Entry, file_of
from organisms.storage.run import SUMMARY, TRUTH, Run


class ReadOnlyRun(Run):
    """Leaves all writing to the first of the processes that train a run together."""

    def commit(
        self, step: int, phase: str, seen_tokens: int, arrays: Mapping[str, np.ndarray], **extra: Any
    ) -> Entry:
        """Leaves it to the first process. The entry has no hash of a file."""
        return Entry(step, phase, seen_tokens, "", file_of(step), dict(extra))

    def log(self, record: Mapping[str, Any]) -> None:
        """Leaves it to the first process."""

    def rewind(self, step: int) -> None:
        """Leaves it to the first process."""

    def write_summary(self, summary: Mapping[str, Any]) -> Path:
        """Leaves it to the first process."""
        return self.folder / SUMMARY

    def write_truth(self, truth: Mapping[str, Any]) -> Path:
        """Leaves it to the first process."""
        return self.folder / TRUTH
