"""Kept summaries with other numbers: which values of the data does a block of results show?"""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from zlib import crc32

from commands import ROOT

from experiments.results.data import KeptType, ResultsData
from experiments.results.pages import PageBlock, page_blocks, page_paths
from experiments.results.registry import block_text

DOCS = ROOT / "docs"
Keys = tuple[str | int, ...]
HOW_MADE: tuple[Keys, ...] = (("command",), ("date",), ("made_by",), ("versions",), ("device",))
"""texts of a kept file that say how it was made"""


@dataclass(frozen=True)
class Place:
    """A value of a kept summary."""

    file: str
    keys: Keys


@dataclass(frozen=True)
class ShownPlace:
    """A value that a block shows."""

    block: str
    place: Place
    said: str
    """what the block says where that value alone is another"""


class AlteredData(ResultsData):
    """The kept summaries, some of them replaced; notes which files are read."""

    def __init__(self, records: dict[str, Any] | None = None):
        super().__init__(DOCS)
        self.records, self.files = records or {}, set()

    def _read_record(self, name: str) -> Any:
        return self.records.get(name) or kept_record(name)

    def read(self, name: str, kind: type[KeptType]) -> KeptType:
        self.files.add(name)
        return super().read(name, kind) if name in self.records else kept_summary(name, kind)


class AllAltered(AlteredData):
    """Every kept summary with every number another."""

    def read(self, name: str, kind: type[KeptType]) -> KeptType:
        self.files.add(name)
        return altered_summary(name, kind)


Block = Callable[[AlteredData], str]


@cache
def kept_summary(name: str, kind: type[KeptType]) -> KeptType:
    return ResultsData(DOCS).read(name, kind)


@cache
def altered_summary(name: str, kind: type[KeptType]) -> KeptType:
    return AlteredData({name: altered(kept_record(name), ())}).read(name, kind)


@cache
def kept_record(name: str) -> Any:
    return json.loads((DOCS / f"results/data/{name}.json").read_text())


def altered(value: Any, path: Keys) -> Any:
    """Every number below a value, each moved by an amount of its own, so that differences change as well; and the digits of
    texts that say how a file was made."""
    if isinstance(value, dict):
        return {key: altered(part, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [altered(part, (*path, index)) for index, part in enumerate(value)]
    if isinstance(value, str) and path[:1] in HOW_MADE:
        return re.sub(r"\d", lambda digit: str(9 - int(digit[0])), value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    step = 3 + crc32(repr(path).encode()) % 17
    return value + (step if isinstance(value, int) else step * 1.13)


def altered_at(value: Any, keys: Keys, path: Keys = ()) -> Any:
    """A record in which the value at some keys, or everything below it, is altered."""
    if not keys:
        return altered(value, path)
    first, *others = keys
    part = altered_at(value[first], tuple(others), (*path, first))
    if isinstance(value, dict):
        return value | {first: part}
    return [*value[:first], part, *value[first + 1 :]]


def with_altered_file(place: Place, docs: Path) -> None:
    """Alters a value in a copy of the documentation."""
    path = docs / f"results/data/{place.file}.json"
    path.write_text(json.dumps(altered_at(json.loads(path.read_text()), place.keys)))


def files_of(block: Block) -> list[str]:
    """Names of the kept summaries that a block reads."""
    data = AlteredData()
    block(data)
    return sorted(data.files)


def shown_places(block: Block, file: str) -> Iterator[tuple[Place, str]]:
    """Every single value of a file that a block shows, and what the block says where that value alone is another.

    Looks below a value only where altering all of it changes the block.
    """
    text, record = block(AlteredData()), kept_record(file)
    stack: list[tuple[Keys, Any]] = [((), record)]
    while stack:
        keys, value = stack.pop()
        said = block(AlteredData({file: altered_at(record, keys)}))
        if said == text:
            continue
        if isinstance(value, dict | list):
            parts = value.items() if isinstance(value, dict) else enumerate(value)
            stack += [((*keys, key), part) for key, part in parts]
        else:
            yield Place(file, keys), said


def first_shown_places(names: Iterable[str]) -> list[ShownPlace]:
    """Of each block, one value of each file that it reads."""
    blocks = {name: partial(block_text, name) for name in names}
    return [
        ShownPlace(name, *next(shown_places(block, file)))
        for name, block in blocks.items()
        for file in files_of(block)
    ]


def places_altered_together(places: Sequence[ShownPlace]) -> list[list[ShownPlace]]:
    """Groups of the places, in each of which a block reads no more than one altered file."""
    reads = {place.block: set(files_of(partial(block_text, place.block))) for place in places}
    groups: list[list[ShownPlace]] = []
    for place in places:
        for group in groups:
            of_others = {other.place.file for other in group}
            read_by_others = set[str]().union(*(reads[other.block] for other in group))
            if place.place.file not in read_by_others and not of_others & reads[place.block]:
                group.append(place)
                break
        else:
            groups.append([place])
    return groups


def copy_of_docs(folder: Path) -> Path:
    """Pages and data of the documentation, in another folder, and README beside it."""
    folder.parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / "README.md", folder.parent)
    return shutil.copytree(DOCS, folder, ignore=shutil.ignore_patterns("*.png", "*.svg"))


def blocks_in(docs: Path) -> list[PageBlock]:
    """Every block of every page."""
    return [block for path in page_paths(docs) for block in page_blocks(path.read_text(), path)]


def outside_blocks(text: str) -> str:
    """A page without what stands in its blocks."""
    return re.sub(r"(<!-- results: \w+ -->).*?(<!-- /results -->)", r"\1\2", text, flags=re.S)
