"""Analysis of a run: measure what is not measured yet, and write its tables, its report and its summary."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.findings import RunFindings, RunInfo
from analysis.relearning.acquisition import require_naive
from curricula.errors import UserError
from curricula.plugins import plugin_flags
from experiments.measurements.cache import ResultCache, measurement_keys
from experiments.measurements.measuring import (
    MeasuringChoice,
    cached_findings,
    measure_run,
    opened_for_measuring,
)
from experiments.measurements.protocol import MeasuredRun
from experiments.measurements.registry import registered_measurements
from experiments.page_mark import drawing_mark
from experiments.summary import analysis_summary
from organisms.storage import records
from organisms.storage.loading import require_finished
from organisms.storage.run import LOCK, Run, open_run, read_run
from reports.report import write_report
from reports.tables import write_tables

SUMMARY, REPORT = "summary.json", "report.html"
DRAWN_BY = "drawn_by"
"""field of the summary with the mark of the code that drew the report; see `experiments.page_mark`"""


@dataclass(frozen=True)
class AnalysisOptions:
    """What a command decides about an analysis."""

    seed: int | None = None
    """of the scenes that are measured and of all resampling; that of earlier findings where None, else 1"""
    again: bool = False
    """measure even what is measured already"""
    optional: frozenset[str] = frozenset()
    """names of optional measurements, as *acquisition* and *ancestry*"""
    naive: Path | None = None
    """folder of a finished run of *naive*, for acquisition"""
    out: Path | None = None
    """folder for all that is written, in place of ``RUN/analysis``; the run's own is then only read"""
    redraw: bool = False
    """draw the report again where other code than this drew it, from the results that are there"""


def analyse_run(
    folder: Path, options: AnalysisOptions | None = None, log: Callable[[str], None] = lambda text: None
) -> RunFindings:
    """The findings of a finished run, measured unless they are there already. Writes tables, report and summary.json
    into ``RUN/analysis``, or where the options say; where all is there, nothing but a report to be redrawn.

    log: gets a line for each measurement that takes long.
    Raises UserError where the run is unfinished, damaged or not a run, or where options are wrong.
    """
    options = options or AnalysisOptions()
    run = read_run(folder)
    naive = _checked_naive(options, run)
    analysis = analysis_folder(folder, options)
    seed = _seed(options.seed, analysis / SUMMARY)
    choice = MeasuringChoice(options.optional, again=options.again)
    measured_run = opened_for_measuring(run, seed, naive=naive)
    if options.out:
        _require_ours(analysis, measured_run.info)
    hashes = [entry.sha256 for entry in run.entries()]
    keys = measurement_keys(registered_measurements(), seed, hashes)
    cache = ResultCache(analysis, keys)
    cached = None if options.again else cached_findings(measured_run, choice, cache)
    if cached is not None:
        cached = _with_command(cached, folder)
        if _is_written(cached, analysis, cache):
            if options.redraw and not _is_drawn_by_this_code(analysis):
                _redraw(cached, run, options, cache, log)
            return cached
    with _locked(run, options) as locked:
        findings = cached
        if findings is None:
            measured_run = MeasuredRun(locked, measured_run.info, naive=naive)
            findings = _with_command(measure_run(measured_run, choice, cache, log), folder)
        _write(findings, analysis, cache)
    return findings


def results_of(folder: Path, kinds: tuple[type, ...], seed: int | None = 1) -> RunFindings:
    """The findings of a finished run that hold some results, optional ones among them, and what these require, measured
    unless they are there already. No report is written. seed: that of the run's analysis where None, else 1.

    Raises UserError where the run is unfinished, damaged or not a run, or where another process writes it.
    """
    run = read_run(folder)
    seed = _seed(seed, folder / "analysis" / SUMMARY)
    optional = frozenset(
        measurement.name for measurement in registered_measurements() if measurement.result in kinds
    )
    measured_run, choice = opened_for_measuring(run, seed), MeasuringChoice(optional, only=kinds)
    hashes = [entry.sha256 for entry in run.entries()]
    cache = ResultCache(folder / "analysis", measurement_keys(registered_measurements(), seed, hashes))
    cached = cached_findings(measured_run, choice, cache)
    if cached is not None:
        return cached
    with open_run(folder, run.config):
        return measure_run(measured_run, choice, cache)


def analysis_folder(folder: Path, options: AnalysisOptions) -> Path:
    """Where the analysis of a run is written."""
    return options.out or folder / "analysis"


@contextmanager
def _locked(run: Run, options: AnalysisOptions) -> Iterator[Run]:
    """The run with a lock held, so that no process trains what is being measured: its own, or that of the folder which
    takes the analysis of a run that is only read.

    Raises UserError where another process holds it, or where the folder can not be written.
    """
    if options.out is None:
        try:
            opened = open_run(run.folder, run.config)
        except UserError as error:
            raise UserError(
                str(error).replace("give another --out", "give an --out for the analysis")
            ) from error
        with opened:
            yield opened
        return
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        descriptor = records.lock(options.out / LOCK)
    except OSError as error:
        raise UserError(
            f"cannot write in {options.out}: {error.strerror or error}; give another --out"
        ) from error
    try:
        yield run
    finally:
        os.close(descriptor)


def _require_ours(analysis: Path, info: RunInfo) -> None:
    """Raises UserError where a folder holds anything but an analysis of these organisms."""
    summary = analysis / SUMMARY
    if summary.exists():
        known = records.read_object(summary, "give another --out").get("end_sha256")
        if known != info.end_sha256:
            raise UserError(f"{analysis} holds the analysis of other organisms; give another --out")
        return
    ours = {
        LOCK,
        REPORT,
        ".partial",
        "cache",
    }  # of an analysis that was killed before its summary, tables too
    names = {path.name for path in analysis.iterdir()} if analysis.is_dir() else set[str]()
    strays = {name for name in names - ours if not name.endswith(".parquet")}
    if strays or (analysis.exists() and not analysis.is_dir()):
        raise UserError(f"expected an empty folder, or an analysis, at {analysis}; give another --out")


def _checked_naive(options: AnalysisOptions, run: Run) -> Run | None:
    """The naive run, opened. Raises UserError with everything that is wrong with the options."""
    errors: list[str] = []
    if options.seed is not None and not 0 <= options.seed < 2**31:
        errors.append(f"seed: expected 0 to {2**31 - 1}, got {options.seed}")
    if options.naive is not None and "acquisition" not in options.optional:
        errors.append("--naive: it is an arm of acquisition; add --acquisition")
    names = {measurement.name for measurement in registered_measurements() if measurement.optional}
    errors += [
        f"expected an optional measurement ({', '.join(sorted(names))}), got {name!r}"
        for name in sorted(options.optional - names)
    ]
    if errors:
        raise UserError("; ".join(errors))
    config = require_finished(run)
    if options.naive is None:
        return None
    naive = read_run(options.naive)
    require_naive(naive, config)
    return naive


def _seed(seed: int | None, path: Path) -> int:
    """The seed that was asked for, or that of the findings that are there, or 1."""
    if seed is not None:
        return seed
    known = records.read_object_if_whole(path)
    known_seed = known.get("analysis_seed", 1)
    return known_seed if isinstance(known_seed, int) else 1


def _with_command(findings: RunFindings, folder: Path) -> RunFindings:
    """The findings with the command that gives them again, from the folder that the run's lies in."""
    command = f"python scripts/analyse.py {folder.resolve().name} --seed {findings.run.analysis_seed}"
    for measurement in registered_measurements():
        result = findings.get(measurement.result)
        if measurement.optional and result is not None:
            command += f" {measurement.flags(result)}"
    return replace(findings, run=replace(findings.run, command=command + plugin_flags()))


def _measured_keys(findings: RunFindings, cache: ResultCache) -> dict[str, str]:
    """What tells each result that there is from any other, by the name of its measurement."""
    registered = registered_measurements()
    measured = (kind for kind in registered if findings.get(kind.result) is not None)
    return {kind.name: cache.identity(kind) for kind in measured}


def _is_written(findings: RunFindings, analysis: Path, cache: ResultCache) -> bool:
    """Do summary and report hold these very results?"""
    if not (analysis / REPORT).exists():
        return False
    known = records.read_object_if_whole(analysis / SUMMARY)
    same_name = known.get("run") == findings.run.run
    return same_name and known.get("measured") == _measured_keys(findings, cache)


def _is_drawn_by_this_code(analysis: Path) -> bool:
    return records.read_object_if_whole(analysis / SUMMARY).get(DRAWN_BY) == drawing_mark()


def _redraw(
    findings: RunFindings, run: Run, options: AnalysisOptions, cache: ResultCache, log: Callable[[str], None]
) -> None:
    """Writes tables, report and summary again; leaves them where the folder can not be written now."""
    log(f"{run.folder.name}: drawing the report again, since other code drew it")
    try:
        with _locked(run, options):
            _write(findings, analysis_folder(run.folder, options), cache)
    except UserError as error:
        log(f"{run.folder.name}: the report stays as it was drawn: {error}")


def _write(findings: RunFindings, analysis: Path, cache: ResultCache) -> None:
    """Tables, report, and last the summary. Raises SystemFailure where the disk refuses."""
    run, measurements = findings.run, registered_measurements()
    try:
        analysis.mkdir(parents=True, exist_ok=True)
        names = [table.name for table in write_tables([findings], measurements, analysis)]
        write_report([findings], measurements, analysis / REPORT, run.curriculum, run.command)
        summary = analysis_summary(findings)
        summary |= {
            "measured": _measured_keys(findings, cache),
            "tables": names,
            "report": REPORT,
            DRAWN_BY: drawing_mark(),
        }
        records.write_record(analysis / SUMMARY, summary, analysis / ".partial")
    except OSError as error:
        raise records.could_not_write(analysis, error) from error
