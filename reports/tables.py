"""Every number behind a report, as tables that any program can read.

Long and tidy: a row is one number of one organism. What a table does *not* hold: anything that the findings
do not; rows are copied, never computed, but for the range of random circuits.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from pyarrow import parquet

from analysis.statistics import BEHAVIOURS, CELLS, labels, numbers
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
belief); in `provenance`, the cell, verdict, corroborating line or arm of acquisition; in `ancestry`, of an
event, the component whose part it took over. n: in `circuits`, how many components were left alone."""

Cells = dict[str, Any]
Finding = Mapping[str, Any]


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


def write(findings: Sequence[Finding], folder: Path) -> list[Path]:
    """Write behaviour, effects, circuits, provenance and learning into `folder`, one Parquet file each, and
    ancestry where it was asked for.

    Returns their paths. Raises Failure where the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise records.could_not_write(folder, error) from error
    paths = []
    asked = {"ancestry": _ancestry} if any("ancestry" in finding for finding in findings) else {}
    for name, rows_of in (TABLES | asked).items():
        rows = [
            {"curriculum": label, **row}
            for label, finding in zip(labels(findings), findings, strict=True)
            for row in rows_of(finding)
        ]
        columns = {field.name: [row.get(field.name) for row in rows] for field in SCHEMA}
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(pyarrow.table(columns, schema=SCHEMA), sink)
        path = folder / f"{name}.parquet"
        records.write_whole(path, sink.getvalue().to_pybytes(), folder / ".partial")
        paths.append(path)
    return paths


def read(path: Path) -> pyarrow.Table:
    """The table at `path`. Raises Fault where there is none, or where it is not one of ours."""
    try:
        table = parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"expected a Parquet table at {path}: {reason}; write it again with scripts/analyse.py"
        ) from error
    if table.schema != SCHEMA:
        expected, got = ", ".join(SCHEMA.names), ", ".join(table.schema.names)
        raise UserError(
            f"{path}: expected the columns {expected}, got {got}; write it again with scripts/analyse.py"
        )
    return table


def times(finding: Finding) -> dict[str, int]:
    """The steps of the two checkpoints that are compared: *fork*, where intent training begins, and *end*."""
    phases = finding["phases"]
    if "fork_step" in finding:
        return {"fork": finding["fork_step"], "end": finding["end_step"]}
    intent = next((phase for phase in phases if phase["name"] == "intent"), phases[-1])
    return {"fork": intent["start"], "end": phases[-1]["end"]}


def phase_at(finding: Finding, step: int) -> str | None:
    """The phase that took step number `step`; the first step is 1."""
    return next((phase["name"] for phase in finding["phases"] if phase["start"] < step <= phase["end"]), None)


def split_metric(name: str) -> tuple[str | None, str]:
    """Role and metric: ``self_alone_secret`` is what *self* does, ``loss_nats`` nobody's alone."""
    role, _, metric = name.partition("_")
    return (role, metric) if role in ("self", "character") else (None, name)


def _organism(finding: Finding, member: int) -> Cells:
    return {"organism": f"{finding['run']}/{member}", "member": member}


def _behaviour(finding: Finding) -> Iterator[Cells]:
    at = {"phase": "end", "step": times(finding)["end"]}
    for organism in finding["organisms"]:
        groups = {
            "trained": organism["behaviour"],
            **organism["generalisation"],
            "belief": organism["belief"],
        }
        for variable, rates in groups.items():
            for name, value in rates.items():
                role, metric = split_metric(name)
                row = {**_organism(finding, organism["member"]), **at, "role": role, "variable": variable}
                yield {**row, "metric": metric, "value": value}


def _effects(finding: Finding) -> Iterator[Cells]:
    steps = times(finding)
    for phase, roles in finding["effects"].items():
        for role, variables in roles.items():
            for variable, effect in variables.items():
                for member in range(finding["members"]):
                    row = {
                        **_organism(finding, member),
                        "phase": phase,
                        "step": steps[phase],
                        "role": role,
                        "variable": variable,
                        "metric": "shapley",
                    }
                    for index, component in enumerate(finding["components"]):
                        sides = {side: effect[side][member][index] for side in ("value", "low", "high")}
                        yield {**row, "component": component, **sides}


def circuit_sizes(circuit: Mapping[str, Any]) -> list[int]:
    """At how many components faithfulness was measured: `sizes` where a finding lists them, else all from
    0."""
    return list(circuit["sizes"]) if "sizes" in circuit else list(range(len(circuit["faithfulness"][0])))


def _circuits(finding: Finding) -> Iterator[Cells]:
    steps = times(finding)
    for name, circuit in finding["circuits"].items():
        phase, role = name.split(" ", 1)
        sizes = circuit_sizes(circuit)
        for member in range(finding["members"]):
            row = {**_organism(finding, member), "phase": phase, "step": steps[phase], "role": role}
            row["variable"] = "watched"
            for metric in ("size", "cmd", "completeness", "found"):
                yield {
                    **row,
                    "metric": metric,
                    "value": circuit[metric][member],
                    "n": circuit["size"][member],
                }
            yield {**row, "metric": "random_cmd", **_range(circuit["null_cmd"][member])}
            for index, size in enumerate(sizes):
                yield {
                    **row,
                    "metric": "faithfulness",
                    "value": circuit["faithfulness"][member][index],
                    "n": size,
                }
                drawn = _range([curve[index] for curve in circuit["null"][member]])
                yield {**row, "metric": "random_faithfulness", **drawn, "n": size}


def _range(values: Sequence[float | int | None]) -> Cells:
    """Mean, least and greatest of what random circuits gave."""
    kept = numbers(values)
    return {"value": float(np.mean(kept)), "low": min(kept), "high": max(kept)} if kept else {}


def _provenance(finding: Finding) -> Iterator[Cells]:
    at = {"phase": "end", "step": times(finding)["end"], "role": "self"}
    for organism in finding["organisms"]:
        row = {**_organism(finding, organism["member"]), **at}
        yield {**row, "metric": "verdict", "variable": organism["verdict"], "value": 1.0}
        for cell in CELLS:
            low, high = organism["intervals"].get(cell) or (None, None)
            share = {"value": organism["shares"][cell], "low": low, "high": high}
            yield {**row, "metric": "share", "variable": cell, **share}
        if mechanism := organism["mechanism"]:
            sides = {side: mechanism[side] for side in ("value", "low", "high")}
            yield {**row, "metric": f"computes {mechanism['says']}", **sides}
        for name, line in organism["corroboration"].items():
            sides = {side: line.get(side) for side in ("value", "low", "high")}
            yield {**row, "metric": f"corroboration {line['says']}", "variable": name, **sides}
            for arm, runs in line.get("steps", {}).items():
                for steps in runs or []:
                    # A run that never got there has no value and at least this many steps.
                    sides = {"value": steps, "low": line["censored_at"] if steps is None else steps}
                    yield {**row, "metric": f"{name} steps", "variable": arm, **sides}


def _learning(finding: Finding) -> Iterator[Cells]:
    for name in ("loss_nats", *BEHAVIOURS):
        role, metric = split_metric(name)
        for step, values in zip(finding["learning"]["step"], finding["learning"][name], strict=True):
            for member, value in enumerate(values):
                row = {**_organism(finding, member), "phase": phase_at(finding, step), "step": step}
                yield {**row, "role": role, "metric": metric, "value": value}


def _ancestry(finding: Finding) -> Iterator[Cells]:
    told = finding.get("ancestry", {"organisms": ()})
    for organism in told["organisms"]:
        row = _organism(finding, organism["member"])
        for role, of in organism["effects"].items():
            for at, (step, phase) in enumerate(zip(told["steps"], told["phases"], strict=True)):
                here = {**row, "phase": phase, "step": step, "role": role, "variable": "watched"}
                yield {**here, "metric": "gate nats", "value": organism["gate_nats"][role][at]}
                for index, component in enumerate(finding["components"]):
                    value, error = of[at][index], organism["errors"][role][at][index]
                    sides = (
                        {} if value is None else {"low": value - 1.96 * error, "high": value + 1.96 * error}
                    )
                    yield {**here, "component": component, "metric": "shapley", "value": value, **sides}
        for event in organism["events"]:
            what = {"role": event["role"], "component": event["component"], "variable": event["of"]}
            when = {"value": event["step"], "low": event["interval"][0], "high": event["interval"][1]}
            yield {**row, "step": event["step"], "metric": event["event"], **what, **when}


TABLES = {
    "behaviour": _behaviour,
    "effects": _effects,
    "circuits": _circuits,
    "provenance": _provenance,
    "learning": _learning,
}
