"""Exporting: which organisms of a run leave, into which folders, and which can not?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from curricula.errors import UserError
from curricula.world.scratchpad import require_no_scratchpad
from experiments.export.data_pack import PackSizes, draw_splits, example_lines, write_data_pack
from experiments.export.exported_organism import ExportedOrganism, export_record, read_organism
from experiments.export.hugging_face import gpt2_refusals, write_hugging_face
from experiments.export.model_card import CardVerdict, model_card, read_verdicts
from experiments.export.transformer_lens import write_transformer_lens
from experiments.export.writing import (
    RECORD,
    FolderWriter,
    locked_folder,
    require_replaceable,
    whole_folder,
)
from organisms.storage import records
from organisms.storage.loading import CheckpointChoice, require_finished, secret_goals_of
from organisms.storage.run import read_run

ExportFormat = Literal["transformer_lens", "hugging_face", "data"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
SUMMARY = "summary.json"


@dataclass(frozen=True)
class ExportOptions:
    """What a command decides about an export."""

    members: tuple[int, ...] | None = (0,)
    """None: all"""
    checkpoints: tuple[CheckpointChoice, ...] = ("end",)
    formats: tuple[ExportFormat, ...] = FORMATS
    sizes: PackSizes = field(default_factory=PackSizes)
    out: Path | None = None
    """folder for the folders of organisms, in place of ``RUN/export``"""


def export_run(folder: Path, options: ExportOptions, log: Callable[[str], None]) -> Path:
    """Writes a folder for each organism, then a summary of what was written, and returns the summary's path.

    Nothing is written before all that was asked for is known to be exportable. log: gets a line for each folder.
    Raises UserError where the run is unfinished, damaged or not a run, where there is no such member or checkpoint, or where
    a format can not hold an organism without loss; SystemFailure where the disk refuses.
    """
    run = read_run(folder)
    config = require_finished(run)
    goals = secret_goals_of(run).tolist()
    members = range(config.members) if options.members is None else options.members
    organisms = [
        read_organism(run, config, member, choice, goals)
        for member in members
        for choice in options.checkpoints
    ]
    _require_exportable(organisms, options.formats)
    out, verdicts = options.out or folder / "export", read_verdicts(folder, run.entries()[-1])
    with locked_folder(out):
        for organism in organisms:
            require_replaceable(out / organism.name)
        for organism in organisms:
            with whole_folder(out / organism.name) as writer:
                _write_organism(organism, verdicts.get(organism.member), options, writer)
            log(f"{out / organism.name}: written")
        summary = _summary(organisms, options.formats)
        records.write_record(out / SUMMARY, summary, out / ".partial")
    return out / SUMMARY


def _require_exportable(organisms: Sequence[ExportedOrganism], formats: Sequence[ExportFormat]) -> None:
    """Raises UserError, in one line, where a format can not hold one of the organisms without loss, or holds texts that
    give its acts away."""
    if set(formats) != {"transformer_lens"}:
        for organism in organisms:
            require_no_scratchpad(organism.world, "exports but that to transformer_lens")
    if "hugging_face" not in formats:
        return
    for organism in organisms:
        if refusals := gpt2_refusals(organism):
            remaining = " ".join(name for name in formats if name != "hugging_face")
            fix = f"leave it out: --formats {remaining}" if remaining else "give another of --formats"
            raise UserError(f"hugging_face: {organism.name}: {'; '.join(refusals)}; {fix}")


def _write_organism(
    organism: ExportedOrganism, verdict: CardVerdict | None, options: ExportOptions, writer: FolderWriter
) -> None:
    if "transformer_lens" in options.formats:
        write_transformer_lens(organism, writer.below("transformer_lens"))
    splits = draw_splits(organism, options.sizes) if {"hugging_face", "data"} & set(options.formats) else []
    if "hugging_face" in options.formats:
        card = model_card(organism, verdict, example_lines(organism.world, splits))
        write_hugging_face(organism, card, writer.below("hugging_face"))
    if "data" in options.formats:
        write_data_pack(organism, splits, options.sizes, writer.below("data"))
    record = {records.SCHEMA: records.SCHEMA_NUMBER} | export_record(organism, options.formats)
    writer.json(RECORD, record)


def _summary(organisms: Sequence[ExportedOrganism], formats: Sequence[ExportFormat]) -> dict[str, Any]:
    return {
        "run": organisms[0].run,
        "curriculum": organisms[0].config.curriculum.name,
        "formats": list(formats),
        "organisms": [
            {"folder": each.name, "member": each.member, "step": each.entry.step} for each in organisms
        ],
    }
