"""Blocks of docs/worlds.md: what holds of one organism of gpu scale, beside what is known at cpu scale?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.provenance.verdict import VerdictName
from experiments.results.blocks.reuse import KeptReuse
from experiments.results.data import KeptRecord, ResultsData
from experiments.results.markdown import commands_sentence, markdown_table
from experiments.results.registry import result_block
from experiments.studies.study import Triple
from reports.formats import counts_text, interval_text

DATA = "gpu_scale"
"""name of the kept file: what training and analysing the run wrote, as far as it is shown"""


@dataclass(frozen=True)
class GpuOrganism:
    """One organism, as its analysis has it."""

    verdict: VerdictName
    reused_share: Triple
    strict_reused_share: float
    inherited: float | None
    """how much of self's gate stood at the fork"""
    behaviour: Mapping[str, float]
    """rates of the four behaviours at the end"""
    corroboration: Mapping[str, int]
    """lines of corroboration by what they say: agrees, disagrees, silent"""
    characters_learned_at: int
    """first reading, in steps, from which on both behaviours of characters were at 0.9 or more"""
    self_learned_at: int
    """the same of self's, in steps after the fork"""


@dataclass(frozen=True)
class KeptGpuScale(KeptRecord):
    """A run of gpu scale and its analysis."""

    command: Sequence[str]
    parameters: int
    steps: Mapping[str, int]
    """steps of each phase"""
    reseeded: int
    organisms: Sequence[GpuOrganism]


@result_block
def gpu_scale_source(data: ResultsData) -> str:
    """Which commands the figures are of."""
    record = data.read(DATA, KeptGpuScale)
    return commands_sentence(record.command, record, f"one organism of {record.parameters} parameters", DATA)


@result_block
def gpu_scale_organism(data: ResultsData) -> str:
    """A row a figure: of the organism, and of the same curriculum at cpu scale."""
    record, usual = data.read(DATA, KeptGpuScale), data.read("reuse", KeptReuse)
    (organism,) = record.organisms
    cpu = next(ratio for ratio in usual.ratios if ratio.world == "shared")
    steps = ", ".join(f"{count} of {name}" for name, count in record.steps.items())
    lowest = min(organism.behaviour.values())
    rows = [
        ("reseeded", record.reseeded, ""),
        ("steps", steps, ""),
        ("characters learned at step", organism.characters_learned_at, ""),
        ("self learned, steps after the fork", organism.self_learned_at, interval_text(cpu.after_schemers)),
        ("lowest of the four behaviours at the end", f"{lowest:.2f}", ""),
        ("verdict", organism.verdict, counts_text(usual.verdicts["shared.schemers"])),
        (
            "reused share",
            interval_text(organism.reused_share),
            usual.figure("reused_share.shared.schemers"),
        ),
        ("the same, strict", f"{organism.strict_reused_share:.2f}", ""),
        (
            "inherited",
            "–" if organism.inherited is None else f"{organism.inherited:.2f}",
            usual.figure("inherited.shared.schemers"),
        ),
        ("lines of corroboration", counts_text(organism.corroboration), ""),
    ]
    return markdown_table(
        ("what", "gpu scale, one organism", f"cpu scale, n {cpu.n} ([reuse](reuse.md))"), rows
    )
