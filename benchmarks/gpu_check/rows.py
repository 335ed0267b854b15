"""Rows of a check: what does each part measure?

Each is a record, and a line of JSON on the way from the process that measured it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar


@dataclass(frozen=True)
class DeviceRow:
    """What JAX finds."""

    platform: str
    """*gpu* or *cpu*, in JAX's words"""
    card: str
    """what the device calls itself"""
    devices: int
    memory_bytes: int | None


@dataclass(frozen=True)
class LimitRow:
    """The fastest large matrix product of one precision."""

    precision: str
    flops_per_second: float
    size: int
    """of the square matrices"""


@dataclass(frozen=True)
class ParityRow:
    """How far the device's results are from those of the CPU."""

    quantity: str
    """*loss* (nats), *parameters* or *effects* (shares; see `benchmarks.gpu_check.parity`)"""
    precision: str
    """of matrix products: JAX's *highest* or *default*"""
    difference: float
    tolerance: float


@dataclass(frozen=True)
class TrainingRow:
    """One scale with one number of members, trained together."""

    scale: str
    members: int
    organism_steps_per_second: float | None = None
    compile_seconds: float | None = None
    flops_a_step: float | None = None
    """of the matrix products that the program of a step of one organism holds"""
    precision: str = ""
    """that most of them are computed in"""
    memory_bytes: int | None = None
    """that the program takes, by its own account"""
    not_measured: str = ""
    """why, if it was not"""


@dataclass(frozen=True)
class PyTorchRow:
    """PyTorch, compiled, on organisms of one scale."""

    scale: str
    members: int
    """trained together in one program; 1: one organism at a time"""
    organism_steps_per_second: float | None = None
    seconds_to_start: float | None = None
    loss_difference_nats: float | None = None
    """how far its first loss is from ours"""
    not_measured: str = ""


@dataclass(frozen=True)
class FractionRow:
    """Matrix products of training in operations a second, as a fraction of the fastest large product's."""

    scale: str
    members: int
    precision: str
    """of the large product"""
    fraction: float


@dataclass(frozen=True)
class CurriculumRow:
    """Organisms that went through a whole curriculum, none of them reseeded."""

    curriculum: str
    scale: str
    organisms: int
    steps: int
    """that each was trained"""
    seconds: float
    """from the first byte of the program to the summary: compiling, checkpoints and behaviour included"""
    organism_steps_per_second: float | None
    """of training alone"""
    criterion_met: float | None
    """share of organisms whose characters met the first phase's criterion"""
    self_schemes: float | None
    """share of organisms whose self shows both of its behaviours at the same rate"""
    cut_short: str = ""
    """why it did not come to its end"""


@dataclass(frozen=True)
class AnalysisRow:
    """What the effects of components cost."""

    scale: str
    organisms: int
    patched_passes_per_second: float
    """forward passes, each with a set of components patched, in batches"""
    one_at_a_time_per_second: float
    """the same passes, one compiled call each"""
    effects_first_seconds: float
    """one measurement of the effects of all organisms, with its compiling"""
    effects_seconds: float
    """the same again"""


Row = DeviceRow | LimitRow | ParityRow | TrainingRow | PyTorchRow | FractionRow | CurriculumRow | AnalysisRow
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        DeviceRow,
        LimitRow,
        ParityRow,
        TrainingRow,
        PyTorchRow,
        FractionRow,
        CurriculumRow,
        AnalysisRow,
    )
}
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class PartOutcome:
    """How a part went."""

    part: str
    seconds: float
    failure: str = ""
    """what went wrong, in a line"""
    left_out: str = ""
    """why nothing was measured although nothing went wrong"""


@dataclass(frozen=True)
class GpuCheck:
    """A whole check, as its file holds it."""

    card: str
    platform: str
    short: bool
    """tiny sizes, that show that all parts run and nothing about speed"""
    date: str
    command: str
    seconds: float
    versions: Mapping[str, str | None]
    parts: tuple[PartOutcome, ...]
    rows: tuple[Row, ...]

    def rows_of(self, kind: type[Kind]) -> list[Kind]:
        return [row for row in self.rows if isinstance(row, kind)]

    @property
    def failures(self) -> list[str]:
        return [f"{outcome.part}: {outcome.failure}" for outcome in self.parts if outcome.failure]


def row_to_plain(row: Row) -> dict[str, Any]:
    """A row as JSON has it: its fields, and its kind."""
    return {"kind": type(row).__name__, **asdict(row)}


def row_from_plain(plain: Mapping[str, Any]) -> Row:
    """The row that `row_to_plain` wrote. Raises KeyError or TypeError on anything else."""
    values = dict(plain)
    return KINDS[values.pop("kind")](**values)


def check_to_plain(check: GpuCheck) -> dict[str, Any]:
    return asdict(check) | {"rows": [row_to_plain(row) for row in check.rows]}


def check_from_plain(plain: Mapping[str, Any]) -> GpuCheck:
    """The check that `check_to_plain` wrote. Raises KeyError or TypeError on anything else."""
    values = {field.name: plain[field.name] for field in fields(GpuCheck)}
    values["parts"] = tuple(PartOutcome(**outcome) for outcome in plain["parts"])
    values["rows"] = tuple(row_from_plain(row) for row in plain["rows"])
    return GpuCheck(**values)
