"""The main job as documentation keeps it: how long did it take, what were the verdicts, and which components carry the gate?

`keep_main_job` takes what is needed of the output of ``scripts/compare.py`` into one small file, and draws README's picture
of that file alone. What they do *not* show: anything else that the report of the comparison says.
"""

import hashlib
import io
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis.findings import RunFindings
from analysis.patching.results import CheckpointName, EffectsResult
from curricula.catalogue.building_blocks import WORLDS
from curricula.errors import UserError
from curricula.typed_json import read_needed, write_json
from curricula.world.contrasts import Role
from experiments.analyse import results_of
from experiments.job_clock import JobRecord
from experiments.studies.study import Triple
from organisms.ensemble.config import RunConfig
from organisms.model.config import ORGANISMS
from organisms.storage import records
from organisms.storage.loading import require_finished
from organisms.storage.run import read_run
from reports.drawing import style
from reports.sections.effects import PANELS, ComponentGrid, EffectRow, MemberEffects, effects_figure

MAIN_JOB = ("shared", "redundant", "honest")
"""the curricula that ``scripts/compare.py`` compares where it is told none"""
DRAWN = "shared"
"""the curriculum that README's picture is of"""
DATA_FILE, PICTURE_FILE = "results/data/main_job.json", "effects.png"
"""in a folder of documentation"""
DOTS_PER_INCH = 144
DIGITS = 4
"""of effects that are kept"""
GIVE = "give the folder that scripts/compare.py wrote into, or the summary.json of its comparison"


@dataclass(frozen=True)
class WrittenComparison(JobRecord):
    """What is read of the summary of a comparison."""

    curricula: Mapping[str, Mapping[str, Any]]
    runs: tuple[str, ...]
    """folders, from that of the summary"""


@dataclass(frozen=True)
class CurriculumOutcome:
    """What came of one curriculum."""

    n: int
    verdicts: Mapping[str, int]
    shares: Mapping[str, Triple]
    reseeded: int
    calibrated: bool


@dataclass(frozen=True)
class PanelEffects:
    """Effects on the gate, for one role at one checkpoint: a row an organism, a value a component; None where it could not
    be measured."""

    checkpoint: CheckpointName
    role: Role
    effects: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class KeptMainJob(JobRecord):
    """What documentation says of the main job."""

    scale: str
    """name of the scale whose world and sizes it has; *other* where it is none's"""
    seed: int
    curricula: Mapping[str, CurriculumOutcome]
    layers: int
    heads: int
    neuron_blocks: int
    panels: tuple[PanelEffects, ...]
    """of the run of *shared*"""


def keep_main_job(source: Path, docs: Path) -> tuple[Path, Path]:
    """Writes the data and the picture of a main job into a folder of documentation, and returns their paths.

    source: the folder of the comparison's runs, that of the comparison, or its summary.json; or data that were kept, of which
    the picture is then drawn again. Raises UserError where there is no such comparison, or it is not of the main job;
    SystemFailure where the disk refuses.
    """
    path = _summary_path(source)
    record = records.read_object(path, GIVE)
    job = read_main_job(path) if "panels" in record else _main_job(record, path.parent)
    data, picture = docs / DATA_FILE, docs / PICTURE_FILE
    records.make_folder(data.parent)
    records.write_record(data, write_json(job), docs / ".partial")
    records.write_whole(picture, main_job_picture(job), docs / ".partial")
    (docs / ".partial").rmdir()
    return data, picture


def read_main_job(path: Path) -> KeptMainJob:
    """The main job that a file keeps. Raises UserError where it holds anything else."""
    return read_needed(KeptMainJob, records.read_object(path, GIVE), str(path))


def main_job_picture(job: KeptMainJob) -> bytes:
    """README's picture as PNG: a row an organism, a panel a checkpoint and role. Its data's hash is written into it."""
    members = range(len(job.panels[0].effects))
    rows = [
        EffectRow(f"member {member}", [_effects_of(panel, member) for panel in job.panels])
        for member in members
    ]
    grid = ComponentGrid(job.layers, job.heads, job.neuron_blocks)
    buffer = io.BytesIO()
    with style():
        figure = effects_figure(grid, rows, print_values=False)
        figure.set_dpi(DOTS_PER_INCH)
        metadata = {"Software": None, "Source": picture_mark(job)}
        FigureCanvasAgg(figure).print_png(buffer, metadata=metadata)
    return buffer.getvalue()


def _effects_of(panel: PanelEffects, member: int) -> MemberEffects:
    """Effects [1, component] of one organism; None where none could be measured."""
    effects = np.asarray(panel.effects[member], float)[None]
    return effects if np.isfinite(effects).any() else None


def picture_mark(job: KeptMainJob) -> str:
    """A hash of the data of a picture, which stands in its file."""
    return hashlib.sha256(json.dumps(write_json(job.panels), sort_keys=True).encode()).hexdigest()


def _summary_path(source: Path) -> Path:
    """The summary.json of the one comparison in a folder, or the file that was given."""
    if not source.is_dir():
        return source
    if (source / "summary.json").exists():
        return source / "summary.json"
    paths = sorted(source.glob("comparison-*/summary.json"))
    if len(paths) != 1:
        names = ", ".join(path.parent.name for path in paths) or "none"
        raise UserError(f"{source}: expected one comparison in it, found {names}; {GIVE}")
    return paths[0]


def _main_job(summary: Mapping[str, Any], folder: Path) -> KeptMainJob:
    """What is kept of a comparison. folder: that its summary is in."""
    curricula = summary.get("curricula", {})
    if tuple(curricula) != MAIN_JOB:
        names = ", ".join(curricula) or "nothing"
        raise UserError(
            f"{folder}: expected a comparison of {', '.join(MAIN_JOB)}, got one of {names}; {GIVE}"
        )
    if "started" not in summary:
        raise UserError(
            f"{folder}: its summary does not say when it was made; give the command that made it again"
        )
    comparison = read_needed(WrittenComparison, summary, f"{folder}/summary.json")
    run = folder / dict(zip(comparison.curricula, comparison.runs, strict=True))[DRAWN]
    config = require_finished(read_run(run))
    findings = results_of(run, (EffectsResult,), seed=None)
    outcomes = {
        name: read_needed(CurriculumOutcome, outcome, f"{folder}: curricula.{name}")
        for name, outcome in comparison.curricula.items()
    }
    return KeptMainJob(
        _without_folder(comparison.command),
        comparison.started,
        comparison.seconds,
        comparison.devices,
        comparison.platform,
        _scale_of(config),
        config.seed,
        outcomes,
        findings.run.layers,
        findings.run.heads,
        findings.run.neuron_blocks,
        _panels(findings),
    )


def _panels(findings: RunFindings) -> tuple[PanelEffects, ...]:
    panels: list[PanelEffects] = []
    for checkpoint, role in PANELS:
        value = findings[EffectsResult].require(checkpoint, role, "watched").value
        rows = records.plain(np.round(value, DIGITS))
        panels.append(PanelEffects(checkpoint, role, tuple(tuple(row) for row in rows)))
    return tuple(panels)


def _scale_of(config: RunConfig) -> str:
    """Name of the scale whose world and sizes a run has; *other* where it is none's."""
    sizes = config.curriculum.world, config.organism
    return next((scale for scale, world in WORLDS.items() if sizes == (world, ORGANISMS[scale])), "other")


def _without_folder(command: str) -> str:
    """A command without where it wrote, which is of one machine and decides nothing."""
    words: Sequence[str] = shlex.split(command)
    folders = {index + 1 for index, word in enumerate(words) if word == "--out"}
    left_out = {index for index, word in enumerate(words) if word.startswith("--out")} | folders
    return shlex.join(word for index, word in enumerate(words) if index not in left_out)
