"""The command that runs a study: train what is missing, measure, summarise, write.

What exists is neither trained nor measured again, so the same command given twice does nothing the second
time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curricula.config_json import to_plain
from curricula.errors import UserError
from curricula.typed_json import summary_of
from experiments.compare import train_missing
from experiments.progress import Say, say_on_error_stream
from experiments.studies.page import study_page
from experiments.studies.study import Study, StudyRun, StudySettings, StudySummary
from organisms.ensemble.config import RunConfig
from organisms.storage import records
from organisms.storage.config_hash import config_hash
from organisms.storage.manifest import MADE_BY
from organisms.storage.versions import versions
from organisms.training.validation import check_config

DATE = "date"
"""field of a summary: the day on which it was written, in UTC"""


@dataclass(frozen=True)
class StudyOutput:
    """Where a study goes, and how it is announced."""

    folder: Path
    """under it lie the study's runs, in a folder of its name, and the folder of its report"""
    command: str = ""
    """what makes the report again"""
    quiet: bool = False
    """no progress while runs are trained"""
    log: Say = say_on_error_stream


def run_study(study: Study[Any, Any], settings: StudySettings, output: StudyOutput) -> Path:
    """Carries a study out and returns the path of its ``summary.json``.

    Raises UserError on wrong settings, with nothing trained; SystemFailure where the disk refuses.
    """
    trained = _trained(study, settings, output)
    folders = {label: folder for label, (folder, _) in trained.items()}
    measured = {}
    for label, (folder, config) in trained.items():
        output.log(f"{folder.name}: measuring")
        measured[label] = study.measure(StudyRun(label, config, folder, settings, folders, output.log))
    return write_study(study, settings, study.summarise(settings, measured), output)


def _trained(
    study: Study[Any, Any], settings: StudySettings, output: StudyOutput
) -> dict[str, tuple[Path, RunConfig]]:
    """Every run of the study, trained: its folder and config by label."""
    _require_sound(study, settings)
    if plan := study.plan(settings):
        output.log(plan)
    trained: dict[str, tuple[Path, RunConfig]] = {}
    missing = study.runs(settings)
    while missing:
        folders = train_missing(
            list(missing.values()),
            output.folder / study.name,
            output.quiet,
            output.log,
            [output.folder / name for name in study.shares_runs_with],
        )
        pairs = zip(missing.items(), folders, strict=True)
        trained |= {label: (folder, config) for (label, config), folder in pairs}
        further = study.more_runs(
            settings, {label: folder for label, (folder, _) in trained.items()}, output.log
        )
        missing = {label: config for label, config in further.items() if label not in trained}
    return trained


def _require_sound(study: Study[Any, Any], settings: StudySettings) -> None:
    """Raises one UserError with everything that is wrong with the settings or the runs that they make."""
    errors = study.errors(settings)
    if not errors:
        for config in study.runs(settings).values():
            try:
                check_config(config)
            except UserError as error:
                errors.append(str(error))
    if errors:
        raise UserError("; ".join(dict.fromkeys(errors)))


def write_study(
    study: Study[Any, Any], settings: StudySettings, summary: StudySummary, output: StudyOutput
) -> Path:
    """Writes a study's summary and page, logs its headline, and returns the path of the summary.

    Raises SystemFailure where the disk refuses.
    """
    folder = output.folder / f"{study.name}-{config_hash(to_plain(settings))}"
    report, path = folder / "report.html", folder / "summary.json"
    content: Mapping[str, Any] = {
        "study": study.name,
        **summary_of(summary),
        "report": report.name,
        "command": output.command,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = {**content, **_date_and_versions(content, path)}
        page = study_page(study, summary, output.command)
        records.write_whole(report, page.encode(), folder / ".partial")
        records.write_record(path, content, folder / ".partial")
    except OSError as error:
        raise records.could_not_write(folder, error) from error
    for line in study.headline(summary):
        output.log(line)
    output.log(f"report: {report}")
    return path


def _date_and_versions(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The day on which a summary was first written with this content, and the versions that wrote it. The same command
    given again leaves both as they are."""
    earlier = records.read_object_if_whole(path)
    first = {name: earlier.pop(name) for name in (DATE, MADE_BY) if name in earlier}
    today = {DATE: datetime.now(UTC).date().isoformat(), MADE_BY: versions()}
    return today | first if earlier == records.plain(content) else today
