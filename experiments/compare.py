"""How do curricula compare? What is missing is grown and analysed; what exists is used as it is."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from analysis.history import ancestry
from analysis.provenance.verdict import TABLE
from analysis.relearning import acquisition
from analysis.statistics import compare_summary
from curricula.errors import UserError
from experiments.survey import survey
from experiments.train import train_run
from organisms.storage import records
from organisms.storage.loading import require_finished
from organisms.storage.run import Run, config_hash, open_run, read_run
from organisms.training.config import RunConfig
from organisms.training.programs import Programs
from reports import report, tables

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
    """The findings of a finished run, measured unless they are there already; writes its tables, report and
    analysis/summary.json.

    seed: of the scenes measured; None takes whatever findings are there, else 1. again: measure even if
    findings exist. acquire: also the corroboration that takes as long as growing (see
    `analysis.relearning.acquisition`), with the organisms of the run ``naive`` as one arm. lineage: also the
    history of every component (see `analysis.history.ancestry`).
    Raises Fault where the run is unfinished, damaged or not a run.
    """
    if seed is not None and not 0 <= seed < 2**31:
        raise UserError(f"seed: expected 0 to {2**31 - 1}, got {seed}")
    if naive is not None and not acquire:
        raise UserError("--naive: it is an arm of acquisition; add --acquisition")
    run, other = read_run(folder), None if naive is None else read_run(naive)
    config = require_finished(run)
    if other is not None:
        acquisition.require_naive(other, config)
    path = folder / "analysis" / "summary.json"
    sha256 = entries[-1].sha256 if (entries := run.entries()) else None
    known = None if again else _known(path, sha256, seed)
    acquire = acquire and not (known and acquisition.measured(known, other))
    lineage = lineage and not (known and ancestry.measured(known))
    if known and not acquire and not lineage:
        return known
    seed = int(known["analysis_seed"]) if known else 1 if seed is None else seed
    # With the lock held, so that no process grows what is being measured.
    with open_run(folder, run.config) as run:
        command = f"python scripts/analyse.py {folder} --seed {seed}"
        if acquire:
            command += " --acquisition" + (f" --naive {naive}" if naive else "")
        if lineage:
            command += " --ancestry"
        findings = known or records.plain(survey(run, command, seed) | {"end_sha256": sha256})
        if acquire:
            findings = records.plain(acquisition.add(run, findings, other) | {"command": command})
        if lineage:
            say_on_error_stream(f"{folder.name}: the ancestry over {len(run.entries())} checkpoints")
            findings = records.plain(ancestry.add(run, findings) | {"command": command})
        folder = folder / "analysis"
        try:
            folder.mkdir(exist_ok=True)
            findings["tables"] = [str(table.name) for table in tables.write([findings], folder)]
            findings["report"] = str(
                report.build([findings], folder / "report.html", findings["curriculum"], command)
            )
            records.write_whole(path, records.pretty(findings), folder / ".partial")
        except OSError as error:
            raise records.could_not_write(folder, error) from error
    return findings


def _known(path: Path, end_sha256: str | None, seed: int | None) -> dict[str, Any] | None:
    """Findings that are there already, of this run's end and this seed, with verdicts by the present
    thresholds."""
    if not path.exists():
        return None
    known = records.read_object(path, "delete it to measure again")
    same = (
        known.get("end_sha256") == end_sha256
        and known.get("thresholds") == dict(TABLE)
        and seed in (None, known.get("analysis_seed"))
    )
    return known if same and Path(known["report"]).exists() else None


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
    findings = []
    for folder in folders:
        say(f"{folder.name}: analysing")
        findings.append(analyse_run(folder))
    if not findings:
        raise UserError("nothing to compare: expected names of curricula or folders of runs")
    name = "comparison-" + config_hash(
        {"runs": [f"{f['run']} {f['end_sha256']} {f['analysis_seed']}" for f in findings]}
    )
    target = out / name
    try:
        target.mkdir(parents=True, exist_ok=True)
        page = report.build(
            findings, target / "report.html", " · ".join(f["curriculum"] for f in findings), command
        )
        tables.write(findings, target)
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
