"""Tables: every number behind a report, for any program to read.

Long and tidy: a row is one number of one organism. What a table does *not* hold: anything that the findings
do not; rows are copied, never computed, except for the range of random circuits.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import pyarrow
from pyarrow import parquet

from analysis.findings import RunFindings
from analysis.provenance.comparison import run_labels
from curricula.errors import UserError
from organisms.storage import records

SCHEMA = pyarrow.schema(
    [
        ("organism", pyarrow.string()),
        ("curriculum", pyarrow.string()),
        ("member", pyarrow.int32()),
        ("phase", pyarrow.string()),
        ("step", pyarrow.int64()),
        ("role", pyarrow.string()),
        ("variable", pyarrow.string()),
        ("component", pyarrow.string()),
        ("metric", pyarrow.string()),
        ("value", pyarrow.float64()),
        ("low", pyarrow.float64()),
        ("high", pyarrow.float64()),
        ("n", pyarrow.int64()),
    ]
)
"""organism: RUN/MEMBER. phase: of training, or *fork* and *end* for what is measured in a checkpoint.
variable: what was varied in the scenes; in `behaviour`, which scenes (trained, held_out_goals, held_out_cues,
belief); in `provenance`, the cell, verdict, line of corroboration or arm of acquisition; in `ancestry`, of an
event, the component whose part it took over. n: in `circuits`, how many components were not ablated; in
`audit`, of how many units a number is a share."""


@dataclass(frozen=True)
class Row:
    """One number of one organism in a table; see `SCHEMA`. The writer adds the organism's name and its
    curriculum."""

    member: int
    metric: str
    value: float | int | None
    low: float | int | None = None
    high: float | int | None = None
    phase: str | None = None
    step: int | None = None
    role: str | None = None
    variable: str | None = None
    component: str | None = None
    n: int | None = None


ROW_COLUMNS = tuple(field.name for field in fields(Row))


@runtime_checkable
class TabulatedMeasurement(Protocol):
    """What a table needs of a measurement."""

    name: ClassVar[str]
    table: ClassVar[str]
    """name of the file that its rows go to; its own name where empty"""

    @property
    def result(self) -> type: ...

    def rows(self, findings: RunFindings) -> Iterable[Row]: ...


def write_tables(
    findings: Sequence[RunFindings], measurements: Sequence[TabulatedMeasurement], folder: Path
) -> list[Path]:
    """Write one Parquet file a table into `folder` and return their paths, in the order of the measurements.

    A table holds the rows of every measurement that names it, run by run; one that no run has rows for is not
    written.
    Raises SystemFailure where the disk refuses.
    """
    records.make_folder(folder)
    names = dict.fromkeys(measurement.table or measurement.name for measurement in measurements)
    paths: list[Path] = []
    for name in names:
        contributing = [
            measurement for measurement in measurements if (measurement.table or measurement.name) == name
        ]
        table = _table(findings, contributing)
        if not table.num_rows:
            continue
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(table, sink)
        paths.append(folder / f"{name}.parquet")
        records.write_whole(paths[-1], sink.getvalue().to_pybytes(), folder / ".partial")
    return paths


def _table(findings: Sequence[RunFindings], measurements: Sequence[TabulatedMeasurement]) -> pyarrow.Table:
    """Rows of some measurements of all runs, as columns. What is not finite becomes null."""
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for label, run in zip(run_labels(findings), findings, strict=True):
        for measurement in measurements:
            if run.get(measurement.result) is None:
                continue
            for row in measurement.rows(run):
                columns["organism"].append(f"{run.run.run}/{row.member}")
                columns["curriculum"].append(label)
                for name, entry in zip(ROW_COLUMNS, astuple(row), strict=True):
                    is_number = isinstance(entry, float)
                    columns[name].append(None if is_number and not math.isfinite(entry) else entry)
    return pyarrow.table(columns, schema=SCHEMA)


def read_table(path: Path) -> pyarrow.Table:
    """The table at `path`. Raises UserError where there is none, or where it is not one of ours."""
    try:
        table = parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"expected a Parquet table at {path}: {reason}; write it again with scripts/analyse.py"
        ) from error
    if table.schema != SCHEMA:
        expected, present = ", ".join(SCHEMA.names), ", ".join(table.schema.names)
        raise UserError(
            f"{path}: expected the columns {expected}, got {present}; write it again with scripts/analyse.py"
        )
    return table


def split_metric(name: str) -> tuple[str | None, str]:
    """Role and metric: ``self_alone_secret`` is what *self* does, ``loss_nats`` has no role."""
    role, _, metric = name.partition("_")
    return (role, metric) if role in ("self", "character") else (None, name)
