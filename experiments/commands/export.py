"""Write organisms of a run for other tools: python scripts/export.py RUN"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from curricula.errors import UserError
from experiments.command_line.flags import ComputingFlags
from experiments.command_line.parsing import parse
from experiments.command_line.process import main


@dataclass(frozen=True, kw_only=True)
class Export(ComputingFlags):
    """A folder an organism, in RUN/export: for TransformerLens (4, and 3 as SAELens needs it), for Hugging Face as a
    GPT-2 with a tokenizer and a model card, and scenes, latents and minimal pairs as Parquet. What a format can not
    hold without loss is refused."""

    run: Annotated[Path, tyro.conf.Positional]
    """folder of a finished run"""
    member: int | None = None
    """organism of the ensemble, from 0; by default 0"""
    step: str | None = None
    """checkpoint: a step, fork (just before self was first taught) or end; by default end"""
    every: Annotated[bool, tyro.conf.arg(name="all")] = False
    """every member, at the fork and at the end"""
    formats: tuple[Literal["transformer_lens", "hugging_face", "data"], ...] = (
        "transformer_lens",
        "hugging_face",
        "data",
    )
    """what to write"""
    scenes: int = 256
    """scenes in each split of the data"""
    pairs: int = 64
    """minimal pairs of each role and variable in the data, at most"""
    seed: int = 0
    """of the scenes and pairs"""
    out: Path | None = None
    """folder for the organisms' folders, in place of RUN/export; the run's own is then only read"""


def export_command(words: Sequence[str]) -> Path:
    flags = parse(Export, __doc__ or "", words)
    _require_flags(flags)
    # Once the words are read: these take long to import, and --help needs none of them.
    from experiments.export.data_pack import PackSizes
    from experiments.export.exporting import ExportOptions, export_run

    flags.set_up_jax()
    step = flags.step or "end"
    choice = step if step in ("fork", "end") else int(step)
    options = ExportOptions(
        None if flags.every else (flags.member or 0,),
        ("fork", "end") if flags.every else (choice,),
        flags.formats,
        PackSizes(flags.scenes, flags.pairs, flags.seed),
        flags.out,
    )
    return export_run(flags.run, options, flags.report)


def _require_flags(flags: Export) -> None:
    """Raises UserError with everything that is wrong with the flags."""
    errors: list[str] = []
    if flags.every and (flags.member is not None or flags.step is not None):
        errors.append("--all takes every member at the fork and at the end; leave out --member and --step")
    if flags.step is not None and flags.step not in ("fork", "end") and not flags.step.isdecimal():
        errors.append(f"--step: expected a step, fork or end, got {flags.step!r}")
    if not flags.formats:
        errors.append("--formats: expected one or more of transformer_lens, hugging_face, data")
    errors += [
        f"--{name}: expected 1 or more, got {count}"
        for name, count in (("scenes", flags.scenes), ("pairs", flags.pairs))
        if count < 1
    ]
    if not 0 <= flags.seed < 2**31:
        errors.append(f"--seed: expected 0 to {2**31 - 1}, got {flags.seed}")
    if errors:
        raise UserError("; ".join(errors))


if __name__ == "__main__":  # of a process of its own, where there is no scripts/
    main("experiments.commands.export:export_command")
