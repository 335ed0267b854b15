"""What does each measurement of an analysis cost, beside growing the organisms, cold and warm?

Cold: no compiled program is kept. Warm: all programs of an earlier process are. The whole analysis is the command, as a
person starts it: it makes measurements side by side. The rows are those of a process that makes one after the other, so
that their sum is more. What the times do *not* show: how they grow with the number of organisms; see `bench.py --scaling`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from curricula.catalogue.building_blocks import Scale
from curricula.errors import SystemFailure
from experiments.command_line.process import command_file
from organisms.storage import records

PACKAGES = Path(__file__).parents[1]
IMPORTS, WRITING = "imports", "tables and report"
WORKER_WORD = "benchmarks.analysis_cost"


def analysis_costs(
    scale: Scale, members: int, steps: int | None, seed: int, out: Path, report: Callable[[str], None]
) -> Path:
    """Grows organisms and measures them, cold and warm, and returns the path of a summary.json with a row a measurement.

    steps: of every phase, in place of the curriculum's own. Raises SystemFailure where a process fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as programs, tempfile.TemporaryDirectory() as no_programs:
        environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": programs}
        kept = {"cold": os.environ | {"JAX_COMPILATION_CACHE_DIR": no_programs}, "warm": environment}
        seconds: dict[str, Mapping[str, float]] = {}
        for state in ("cold", "warm"):
            folder = Path(programs) / f"run-{state}"
            words = ["shared", f"--scale={scale}", f"--members={members}", f"--seed={seed}", "--quiet"]
            words += [f"--out={folder}"] + ([f"--steps={steps}"] if steps else [])
            report(f"{state}: growing {members} organisms")
            begun = time.perf_counter()
            _run([sys.executable, str(command_file("train")), *words], environment)
            grown = time.perf_counter() - begun
            report(f"{state}: analysing them")
            begun = time.perf_counter()
            _run([sys.executable, str(command_file("analyse")), str(folder), "--quiet"], environment)
            whole = time.perf_counter() - begun
            report(f"{state}: one measurement after the other")
            printed = _run([sys.executable, "-m", WORKER_WORD, str(folder)], kept[state])
            seconds[state] = {**json.loads(printed.splitlines()[-1]), "analysis": whole, "growth": grown}
    names = [name for name in seconds["cold"] if name not in ("analysis", "growth")]
    summary = {
        "scale": scale,
        "members": members,
        "steps": steps,
        "seed": seed,
        "rows": [
            {"measurement": name, **{state: round(seconds[state][name], 2) for state in seconds}}
            for name in names
        ],
        **{
            f"{what}_seconds": {state: round(seconds[state][what], 2) for state in seconds}
            for what in ("growth", "analysis")
        },
        "share_of_growth": {
            state: round(seconds[state]["analysis"] / seconds[state]["growth"], 3) for state in seconds
        },
    }
    for line in table(summary):
        report(line)
    path = out / "summary.json"
    records.write_record(path, summary, out / ".partial")
    return path


def table(summary: Mapping[str, Any]) -> list[str]:
    """The rows as lines of Markdown."""
    lines = ["| measurement | cold, s | warm, s |", "|---|---:|---:|"]
    lines += [f"| {row['measurement']} | {row['cold']:.1f} | {row['warm']:.1f} |" for row in summary["rows"]]
    for what, name in (("analysis", "**the analysis, as a command**"), ("growth", "growing the organisms")):
        seconds = summary[f"{what}_seconds"]
        lines.append(f"| {name} | {seconds['cold']:.1f} | {seconds['warm']:.1f} |")
    return lines


def _run(words: list[str], environment: Mapping[str, str]) -> str:
    """Runs a process to its end and returns what it printed. Raises SystemFailure where it fails."""
    done = subprocess.run(words, env=dict(environment), capture_output=True, text=True, cwd=PACKAGES)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise SystemFailure(f"{' '.join(words[:4])}: exit code {done.returncode}: {last}")
    return done.stdout


def measure_step_by_step(folder: Path, begun: float) -> dict[str, float]:
    """Seconds of each part of a run's analysis, by name. begun: when the process began, on the clock of
    `time.perf_counter`."""
    import jax

    from analysis.findings import gather_findings
    from experiments.measurements.measuring import (
        MeasuringChoice,
        chosen_measurements,
        opened_for_measuring,
        with_corroboration,
    )
    from experiments.measurements.registry import registered_measurements
    from organisms.ensemble import devices, environment
    from organisms.storage.run import read_run
    from reports.report import write_report
    from reports.tables import write_tables

    environment.fix_switches()
    devices.claim_cores()
    devices.keep_programs()
    seconds = {IMPORTS: time.perf_counter() - begun}
    run = opened_for_measuring(read_run(folder))
    findings, measured = gather_findings(run.info), []
    for measurement in chosen_measurements(MeasuringChoice()):
        if measurement.optional:
            continue
        begun = time.perf_counter()
        with jax.default_matmul_precision("highest") if measurement.full_precision else nullcontext():
            findings = findings.with_result(measurement.measure(run, findings))
        measured.append(measurement)
        seconds[measurement.name] = time.perf_counter() - begun
    begun = time.perf_counter()
    findings = with_corroboration(findings, measured)
    write_tables([findings], registered_measurements(), folder / "analysis")
    write_report([findings], registered_measurements(), folder / "analysis/report.html", "", "")
    return seconds | {WRITING: time.perf_counter() - begun}


if __name__ == "__main__":
    print(json.dumps(measure_step_by_step(Path(sys.argv[1]), time.perf_counter())))
