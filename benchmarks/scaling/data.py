"""Data of scaling: what is written down of a measurement, and what is read back to make a page of it?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.scaling.fits import PowerLaw
from curricula.errors import UserError
from curricula.typed_json import read_json, write_json
from organisms.storage import records

DATA, PAGE, DRAWING = Path("results/data/scaling.json"), Path("scaling.md"), Path("scaling.svg")
"""where things go in a folder of documentation"""
Work = Literal["training", "effects", "history"]
Quantity = Literal[
    "seconds", "compile_seconds", "flops", "program_bytes", "checkpoint_bytes", "lineage_bytes"
]


@dataclass(frozen=True)
class SeriesName:
    """What was measured, of which work, over which factor."""

    work: Work
    factor: str
    quantity: Quantity


@dataclass(frozen=True)
class Series:
    """A quantity over the values of one factor."""

    name: SeriesName
    values: tuple[int, ...]
    """of the factor, rising"""
    rounds: tuple[tuple[float, ...], ...]
    """[value][round]; one round where it is counted and not clocked"""
    law: PowerLaw
    """what is fitted to it"""


@dataclass(frozen=True)
class Scenario:
    """A sweep whose cost is asked for. What is said of it is counted, not clocked."""

    title: str
    scale: str
    """a named scale where all organisms have its sizes, else empty"""
    organisms: int
    parameters: int
    """of an organism"""
    sizes: Mapping[str, int]
    """value of each factor"""
    steps: int
    """of all phases"""
    step_flops: float
    """of an organism"""
    effects_calls: int
    """of the effects' program in an analysis: both roles and all variables, at the fork and at the end"""
    effects_flops: float
    """of an organism in one call"""
    checkpoints: int
    checkpoint_bytes: int
    """of an organism in a checkpoint"""


@dataclass(frozen=True)
class Check:
    """A measurement that no fit has seen, beside what the fits say of it: seconds of a step of an organism."""

    title: str
    sizes: Mapping[str, int]
    step_flops: float
    rounds: tuple[float, ...]


@dataclass(frozen=True)
class OrganismBytes:
    """What the compiled training program of one organism takes on one device."""

    width: int
    layers: int
    batch: int
    parameters: int
    program_bytes: int


@dataclass(frozen=True)
class ScalingData:
    """All that a page is made of, save measurements on cards."""

    command: str
    quick: bool
    processor: str
    cores: int
    versions: Mapping[str, str | None]
    cores_busy_with_others: float | None
    """other processes' share while this was measured"""
    seconds: float
    """that all of it took"""
    platform: str
    """that JAX computed on"""
    scale: str
    members: int
    """of the base"""
    effects_members: int
    history_members: int
    rounds: int
    base_sizes: Mapping[str, int]
    series: tuple[Series, ...]
    scenarios: tuple[Scenario, ...]
    checks: tuple[Check, ...]
    organism_bytes: tuple[OrganismBytes, ...]

    def find(self, work: Work, factor: str, quantity: Quantity) -> Series | None:
        """A series, if it was measured."""
        name = SeriesName(work, factor, quantity)
        return next((series for series in self.series if series.name == name), None)

    def of(self, work: Work, quantity: Quantity) -> Sequence[Series]:
        """A quantity over each factor in turn."""
        return [
            series for series in self.series if (series.name.work, series.name.quantity) == (work, quantity)
        ]


def write_data(data: ScalingData, folder: Path) -> Path:
    """Puts the data into a folder of documentation. Raises SystemFailure where the disk refuses."""
    return _put(folder, DATA, lambda path, aside: records.write_record(path, write_json(data), aside))


def put(folder: Path, name: Path, content: bytes) -> Path:
    """Writes a file into a folder, wholly or not at all, and returns its path. Raises SystemFailure where the disk
    refuses."""
    return _put(folder, name, lambda path, aside: records.write_whole(path, content, aside))


def _put(folder: Path, name: Path, write: Callable[[Path, Path], None]) -> Path:
    aside = folder / ".partial"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write(folder / name, aside)
    aside.rmdir()
    return folder / name


def read_data(folder: Path) -> ScalingData:
    """What `write_data` wrote. Raises UserError where there is none, or it is another version's."""
    path = folder / DATA
    if not path.is_file():
        raise UserError(
            f"expected {path}, found none; measure first: python scripts/bench.py --scaling --out {folder}"
        )
    advice = f"measure again: python scripts/bench.py --scaling --out {folder}"
    return read_json(ScalingData, records.read_object(path, advice), str(path))
