"""Comparison of finished runs: analyse what is not analysed, and write one report."""

import os
from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path

from analysis.findings import RunFindings
from analysis.provenance.comparison import CurriculaComparison, CurriculumSummary, compare_curricula
from curricula.typed_json import summary_of
from experiments.analyse import analyse_run
from experiments.job_clock import JobClock
from experiments.measurements.registry import registered_measurements
from experiments.progress import Say
from organisms.storage import records
from organisms.storage.config_hash import config_hash
from reports.report import write_report
from reports.tables import write_tables


def compare_runs(folders: Sequence[Path], out: Path, clock: JobClock, say: Say) -> Path:
    """Writes the comparison of finished runs, analysed where they are not, and returns the path of its summary.json.

    clock: of the command that asked for it, begun before it trained what was missing. Raises SystemFailure where the disk refuses.
    """
    findings: list[RunFindings] = []
    for folder in folders:
        say(f"{folder.name}: analysing")
        findings.append(analyse_run(folder, log=say))
    findings = with_distinct_names(findings, folders)
    infos = [of_run.run for of_run in findings]
    identities = [f"{info.curriculum} {info.end_sha256} {info.analysis_seed}" for info in infos]
    target = out / f"comparison-{config_hash({'runs': identities})}"
    comparison = compare_curricula(findings)
    try:
        target.mkdir(parents=True, exist_ok=True)
        title = " · ".join(info.curriculum for info in infos)
        measurements = registered_measurements()
        page = write_report(findings, measurements, target / "report.html", title, clock.command)
        write_tables(findings, measurements, target)
        summary = summary_of(comparison) | {
            "report": page.name,
            "runs": [os.path.relpath(folder.resolve(), target.resolve()) for folder in folders],
        }
        path = target / "summary.json"
        summary |= clock.record(records.read_object_if_whole(path))
        records.write_record(path, summary, target / ".partial")
    except OSError as error:
        raise records.could_not_write(target, error) from error
    say(comparison_in_words(comparison, page))
    return path


def with_distinct_names(findings: Sequence[RunFindings], folders: Sequence[Path]) -> list[RunFindings]:
    """The findings with names of runs that no two share: those of their folders, with as much before them, and of their
    hash behind them, as it takes."""
    names = [of_run.run.run for of_run in findings]
    if len(set(names)) < len(names):
        names = [
            f"{folder.resolve().parent.name}/{name}" for folder, name in zip(folders, names, strict=True)
        ]
    if len(set(names)) < len(names):
        names = [f"{name} {each.run.end_sha256[:6]}" for name, each in zip(names, findings, strict=True)]
    return [
        replace(each, run=replace(each.run, run=name)) for each, name in zip(findings, names, strict=True)
    ]


def comparison_in_words(comparison: CurriculaComparison, page: Path) -> str:
    """The comparison as a few lines for a terminal. page: its report."""
    lines = [_curriculum_in_words(name, entry) for name, entry in comparison.curricula.items()]
    lines += [f"report: {page}", f"to look at learning: tensorboard --logdir {page.parent.parent}"]
    return "\n".join(lines)


def _curriculum_in_words(name: str, entry: CurriculumSummary) -> str:
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in entry.verdicts.items())
    if entry.computing_otherwise:
        verdicts += f" ({entry.computing_otherwise} computing otherwise)"
    mean, low, high = entry.shares["reused"]
    share = "no share" if isnan(mean) else f"reused share {mean:.2f}"
    interval = "" if isnan(low) else f" [{low:.2f}, {high:.2f}]"
    mark = "" if entry.calibrated else " (uncalibrated)"
    return f"{name}: n {entry.n}, {entry.reseeded} reseeded; {verdicts}; {share}{interval}{mark}"
