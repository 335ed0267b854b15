"""Comparison of curricula: train and analyse what is missing, use what exists as it is, and write one report."""

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from math import isnan
from pathlib import Path

from analysis.findings import RunFindings
from analysis.provenance.comparison import CurriculaComparison, CurriculumSummary, compare_curricula
from curricula.errors import UserError
from curricula.typed_json import summary_of
from experiments.analyse import analyse_run
from experiments.measurements.registry import registered_measurements
from experiments.progress import Say, say_on_error_stream
from experiments.train import train_run
from organisms.ensemble.config import RunConfig
from organisms.storage import records
from organisms.storage.config_hash import config_hash, run_folder
from organisms.storage.loading import require_finished
from organisms.storage.run import Run, read_run
from organisms.training.programs import Programs
from organisms.training.validation import check_config
from reports.report import write_report
from reports.tables import write_tables


def train_missing(
    configs: Sequence[RunConfig], out: Path, quiet: bool, say: Say = say_on_error_stream
) -> list[Path]:
    """Trains the runs that are not there yet, in order, and returns their folders. Runs share compiled
    programs and first phases. A run that begins with the organisms of another finds it in ``out``."""
    for config in configs:
        check_config(config)
    programs: Programs | None = None
    folders = [run_folder(out, config) for config in configs]
    for n, (config, folder) in enumerate(zip(configs, folders, strict=True)):
        if (folder / "summary.json").exists():
            require_finished(read_run(folder))
            say(f"{config.curriculum.name}: trained already, in {folder}")
            continue
        say(f"{config.curriculum.name}: training {config.members} organisms in {folder}")
        if programs is None or not programs.serves(config):
            programs = Programs(config)
        parent = out / config.parent.run if config.parent else None
        trunk = None if config.parent else _trunk(config, configs[:n], folders[:n])
        train_run(config, folder, quiet, trunk, programs, parent)
    return folders


def _trunk(config: RunConfig, earlier: Sequence[RunConfig], folders: Sequence[Path]) -> Run | None:
    """Of the runs trained before, the one that shares the most first phases; None where none shares any."""
    shared = [_shared_phases(config, candidate) for candidate in earlier]
    most_shared = max(shared, default=0)
    return read_run(folders[shared.index(most_shared)]) if most_shared else None


def _shared_phases(config: RunConfig, candidate: RunConfig) -> int:
    """First phases that two configs have in common; 0 where they differ in anything but phases."""
    if not Programs.differ_in_phases_alone(config, candidate):
        return 0
    pairs = zip(config.curriculum.phases, candidate.curriculum.phases, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def compare(
    configs: Sequence[RunConfig],
    runs: Sequence[Path],
    out: Path,
    command: str,
    quiet: bool = False,
    say: Say = say_on_error_stream,
) -> Path:
    """Trains and analyses what is missing, then writes the comparison. Returns the path of its summary.json.

    configs: runs to be trained under ``out``; runs: folders of finished ones. Raises UserError before anything is
    trained where an input is wrong.
    """
    _require_distinct(configs, runs, out)
    folders = [*train_missing(configs, out, quiet, say), *runs]
    if not folders:
        raise UserError("nothing to compare: expected names of curricula or folders of runs")
    findings: list[RunFindings] = []
    for folder in folders:
        say(f"{folder.name}: analysing")
        findings.append(analyse_run(folder, log=say))
    findings = with_distinct_names(findings, folders)
    identities = [
        f"{each.run.curriculum} {each.run.end_sha256} {each.run.analysis_seed}" for each in findings
    ]
    target = out / f"comparison-{config_hash({'runs': identities})}"
    comparison = compare_curricula(findings)
    try:
        target.mkdir(parents=True, exist_ok=True)
        title = " · ".join(each.run.curriculum for each in findings)
        measurements = registered_measurements()
        page = write_report(findings, measurements, target / "report.html", title, command)
        write_tables(findings, measurements, target)
        summary = summary_of(comparison) | {
            "report": page.name,
            "runs": [os.path.relpath(folder.resolve(), target.resolve()) for folder in folders],
        }
        path = target / "summary.json"
        records.write_whole(path, records.pretty(records.plain(summary)), target / ".partial")
    except OSError as error:
        raise records.could_not_write(target, error) from error
    say(comparison_in_words(comparison, page))
    return path


def _require_distinct(configs: Sequence[RunConfig], runs: Sequence[Path], out: Path) -> None:
    """Raises UserError where a run is not finished, or where two are the same organisms."""
    places: dict[str, Path] = {}
    for folder in (*(run_folder(out, config) for config in configs), *runs):
        name = folder.name
        if folder in runs or (folder / "summary.json").exists():
            run = read_run(folder)
            require_finished(run)
            name = run.entries()[-1].sha256
        if name in places:
            raise UserError(f"{places[name]} and {folder} hold the same organisms; give them once")
        places[name] = folder


def with_distinct_names(findings: Sequence[RunFindings], folders: Sequence[Path]) -> list[RunFindings]:
    """The findings with names of runs that no two share: those of their folders, with as much before them, and of their
    hash behind them, as it takes."""
    names = [each.run.run for each in findings]
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
