"""How do curricula compare? What is missing is grown and analysed; what exists is used as it is."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from analysis.findings import RunFindings
from analysis.statistics import compare_summary
from curricula.errors import UserError
from experiments import analyse
from experiments.analyse import AnalysisOptions
from experiments.findings import legacy_findings
from experiments.measurements.registry import registered_measurements
from experiments.train import train_run
from organisms.storage import records
from organisms.storage.loading import require_finished
from organisms.storage.run import Run, config_hash, read_run
from organisms.training.config import RunConfig
from organisms.training.programs import Programs
from reports.report import write_report
from reports.tables import write_tables

Say = Callable[[str], None]


def say_on_error_stream(text: str) -> None:
    """A line for people; standard output carries the path of the summary alone."""
    print(text, file=sys.stderr, flush=True)


def analyse_run(
    folder: Path,
    seed: int | None = None,
    again: bool = False,
    acquire: bool = False,
    naive: Path | None = None,
    lineage: bool = False,
) -> dict[str, Any]:
    """As `experiments.analyse.analyse_run`, for what still reads untyped findings."""
    optional = frozenset(
        name for name, is_wanted in (("acquisition", acquire), ("ancestry", lineage)) if is_wanted
    )
    findings = analyse.analyse_run(folder, AnalysisOptions(seed, again, optional, naive), say_on_error_stream)
    legacy = legacy_findings(findings) | {"report": str(analyse.report_path(folder))}
    return records.plain(legacy)


def run_folder(out: Path, config: RunConfig) -> Path:
    """Where a run of this config lies: named by its curriculum and its hash."""
    return out / f"{config.curriculum.name}-{config_hash(config.plain())}"


def train_missing(
    configs: Sequence[RunConfig], out: Path, quiet: bool, say: Say = say_on_error_stream
) -> list[Path]:
    """Grows the runs that are not there yet, in order, and returns their folders. Runs share compiled
    programs and first phases. A run that begins with the organisms of another finds it in ``out``."""
    for config in configs:
        config.check()
    programs: Programs | None = None
    folders = [run_folder(out, config) for config in configs]
    for n, (config, folder) in enumerate(zip(configs, folders, strict=True)):
        if (folder / "summary.json").exists():
            say(f"{config.curriculum.name}: grown already, in {folder}")
            continue
        say(f"{config.curriculum.name}: growing {config.members} organisms in {folder}")
        if programs is None or not programs.serves(config):
            programs = Programs(config)
        parent = out / config.parent.run if config.parent else None
        trunk = None if config.parent else _trunk(config, configs[:n], folders[:n])
        train_run(config, folder, quiet, trunk, programs, parent)
    return folders


def _trunk(config: RunConfig, others: Sequence[RunConfig], folders: Sequence[Path]) -> Run | None:
    """Of the runs grown before, the one that shares the most first phases; None where none shares any."""

    def shared(other: RunConfig) -> int:
        if not Programs.differ_in_phases_alone(config, other):
            return 0
        pairs = zip(config.curriculum.phases, other.curriculum.phases, strict=False)
        return next(
            (n for n, (a, b) in enumerate(pairs) if a != b),
            min(len(config.curriculum.phases), len(other.curriculum.phases)),
        )

    best = max(range(len(others)), key=lambda n: shared(others[n]), default=None)
    return read_run(folders[best]) if best is not None and shared(others[best]) else None


def compare(
    configs: Sequence[RunConfig],
    runs: Sequence[Path],
    out: Path,
    command: str,
    quiet: bool = False,
    say: Say = say_on_error_stream,
) -> Path:
    """Grows and analyses what is missing, then writes the comparison. Returns the path of its summary.json.

    configs: runs to be grown under ``out``; runs: folders of finished ones. Raises Fault before anything is
    grown where an input is wrong.
    """
    for folder in runs:
        require_finished(read_run(folder))
    folders = [*train_missing(configs, out, quiet, say), *runs]
    analysed: list[RunFindings] = []
    for folder in folders:
        say(f"{folder.name}: analysing")
        analysed.append(analyse.analyse_run(folder, log=say))
    findings = [records.plain(legacy_findings(each)) for each in analysed]
    if not findings:
        raise UserError("nothing to compare: expected names of curricula or folders of runs")
    name = "comparison-" + config_hash(
        {"runs": [f"{f['run']} {f['end_sha256']} {f['analysis_seed']}" for f in findings]}
    )
    target = out / name
    try:
        target.mkdir(parents=True, exist_ok=True)
        title = " · ".join(each.run.curriculum for each in analysed)
        measurements = registered_measurements()
        page = write_report(analysed, measurements, target / "report.html", title, command)
        write_tables(analysed, measurements, target)
        summary = compare_summary(findings) | {
            "report": str(page),
            "runs": [str(folder) for folder in folders],
        }
        path = target / "summary.json"
        records.write_whole(path, records.pretty(records.plain(summary)), target / ".partial")
    except OSError as error:
        raise records.could_not_write(target, error) from error
    say(lines_of(summary))
    return path


def lines_of(summary: dict[str, Any]) -> str:
    """The comparison as a few lines for a terminal."""
    lines = []
    for name, found in summary["curricula"].items():
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in found["verdicts"].items())
        if found["computing_otherwise"]:
            verdicts += f" ({found['computing_otherwise']} computing otherwise)"
        mark = "" if found["calibrated"] else " (uncalibrated)"
        mean, low, high = found["shares"]["reused"]
        share = (
            "no share"
            if mean is None
            else f"reused share {mean:.2f}" + ("" if low is None else f" [{low:.2f}, {high:.2f}]")
        )
        lines.append(f"{name}: n {found['n']}, {found['regrown']} grown again; {verdicts}; {share}{mark}")
    page = Path(summary["report"])
    return "\n".join(
        [*lines, f"report: {page}", f"to look at learning: tensorboard --logdir {page.parent.parent}"]
    )
