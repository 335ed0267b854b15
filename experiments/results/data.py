"""Kept data: what did the studies say whose summaries are kept under docs/results/data?

A study's summary is copied there as it was written, without its command's folder and without long lists that no page
shows (maps of units in *audits*). Whether it is of today's code, this does not show: the command and
the date that it names do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.typed_json import read_needed
from experiments.studies.study import StudySummary
from organisms.storage.records import read_object
from reports.formats import interval_text

DATA = Path("results/data")
"""where summaries are kept, in a folder of documentation"""


@dataclass(frozen=True, kw_only=True)
class KeptRecord:
    """When and by which versions a kept file was made, as far as it says."""

    date: str = field(default="", metadata=OMIT_IF_DEFAULT)
    """as 2026-11-28, or with the time behind it"""
    made_by: Mapping[str, str] = field(default_factory=dict, metadata=OMIT_IF_DEFAULT)
    """versions by package"""

    @property
    def origin(self) -> str:
        """``of 2026-11-28, jax 0.10.2``; nothing where the file says neither."""
        day = f"of {self.date[:10]}" if self.date else ""
        return ", ".join(filter(None, (day, *(f"jax {jax}" for jax in [self.made_by.get("jax")] if jax))))


@dataclass(frozen=True)
class KeptSummary(StudySummary, KeptRecord):
    """What a page needs of any study's summary. A page adds fields of its study's in a subclass."""

    command: str
    """that made it"""

    def figure(self, name: str) -> str:
        """A finding as text, with its interval."""
        return interval_text(self.interval(name))


KeptType = TypeVar("KeptType")


class ResultsData:
    """The summaries in a folder of documentation. Each file is read once, when a block asks for it, and checked once a type."""

    def __init__(self, folder: Path):
        self.folder = folder / DATA
        self._record = cache(self._read_record)
        self._summaries: dict[tuple[str, type], Any] = {}

    def holds(self, name: str) -> bool:
        """Is anything kept under a name? Of what a page says only where it is."""
        return (self.folder / f"{name}.json").exists()

    def _read_record(self, name: str) -> Mapping[str, Any]:
        path = self.folder / f"{name}.json"
        return read_object(path, f"copy the study's summary.json to {path}")

    def read(self, name: str, kind: type[KeptType]) -> KeptType:
        """Those fields of a summary that a page needs, checked against their annotations; the file may hold more.

        name: of the file, without its ending.
        Raises UserError where there is no such file, or a field is missing or of another type.
        """
        if (name, kind) not in self._summaries:
            self._summaries[name, kind] = read_needed(kind, self._record(name), f"{self.folder / name}.json")
        return self._summaries[name, kind]
