"""The report: what did the organisms turn out to be, on one page that a person can read and send on?

A loop over measurements, each of which brings its section. Every text that comes from a run or a config is
escaped; only the figures, which this project draws itself, go in as they are. What a report does *not* show
stands in its last section, and at the end of each of the others.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from markupsafe import Markup

from analysis.findings import RunFindings
from analysis.provenance.comparison import run_labels
from analysis.statistics import FEW_ORGANISMS
from reports.headline import answer_sentence, headline
from reports.page import Page, write_page
from reports.section import Bullets, Folded, Heading, Paragraph, Preformatted, Section, Text
from reports.sections.corroboration import corroboration_section
from reports.sections.organisms import organisms_section

BANNER = Markup(
    "<strong>Provenance verdicts are uncalibrated.</strong> They were scored against organisms of known "
    "provenance of another size, in another world or without a pressure on components that these had; "
    "<code>scripts/study.py controls</code>, with the flags of these, scores them in this world."
)
INTERVALS = Markup(
    "<strong>Intervals</strong>: over organisms, BCa bootstrap of the mean (SciPy; percentile where BCa is "
    "degenerate); counts, Wilson. Within an organism, over scene pairs."
)
RESEEDED = Markup(
    "<strong>Reseeded</strong>: a member that missed the first phase's criterion, and did not improve any more, was "
    "trained again from a new seed; any other that missed a phase's criterion went on, and the phase took longer for it. "
    "Both are counted here."
)
UNCALIBRATED = (
    "The verdicts are uncalibrated: how often they are wrong is known for planted organisms of another size or "
    "world, or for such that no pressure of these ever touched."
)
LIMITS = (
    "These transformers are toys, far below any size at which deceit matters. What holds here need not hold "
    "there.",
    "n is {n} organisms in all, each curriculum one recipe in one small world; an interval covers other "
    "seeds of that recipe, not other recipes. Below {few} organisms a curriculum supports no claim, and "
    "bootstrap intervals are narrower than they should be.",
    "Curricula are compared side by side; no test corrects for how many are compared.",
)


@runtime_checkable
class ReportedMeasurement(Protocol):
    """What a report needs of a measurement."""

    @property
    def result(self) -> type: ...

    def section(self, findings: Sequence[RunFindings]) -> Section | None: ...


def write_report(
    findings: Sequence[RunFindings],
    measurements: Sequence[ReportedMeasurement],
    path: Path,
    title: str,
    command: str,
) -> Path:
    """Write the report of one or more analysed runs to `path` and return it.

    measurements: in the order of registration; sections stand in the order of their ranks. command: what
    makes this report again.
    Raises SystemFailure where the disk refuses.
    """
    return write_page(report_page(findings, measurements, title, command), path)


def report_page(
    findings: Sequence[RunFindings], measurements: Sequence[ReportedMeasurement], title: str, command: str
) -> Page:
    """The report before it is rendered."""
    brought = [
        section
        for measurement in measurements
        if any(run.get(measurement.result) is not None for run in findings)
        and (section := measurement.section(findings))
    ]
    organisms = sum(len(run.members) for run in findings)
    runs = f"{len(findings)} {'run' if len(findings) == 1 else 'runs'}"
    unit = "The organism is the unit of every interval: means over organisms, 95 % bootstrap (BCa)."
    subtitle = f"{organisms} organisms, {runs}. {unit}"
    sections = [
        *filter(None, [corroboration_section(findings)]),
        *brought,
        organisms_section(findings),
        _method_section(findings, brought, command),
        _limits_section(findings),
    ]
    banner = "" if _all_calibrated(findings) else BANNER
    return Page(title, subtitle, headline(findings), sections, banner, answer_sentence(findings))


def _all_calibrated(findings: Sequence[RunFindings]) -> bool:
    return all(run.run.calibrated for run in findings)


def _method_section(findings: Sequence[RunFindings], sections: Sequence[Section], command: str) -> Section:
    """One sentence a measurement, and of each run what makes its analysis again."""
    in_order = sorted(sections, key=lambda section: section.rank)
    methods = Bullets((*(section.method for section in in_order if section.method), INTERVALS, RESEEDED))
    blocks = [Paragraph(Markup("This report: <code>{}</code>").format(command)), methods]
    for label, run in zip(run_labels(findings), findings, strict=True):
        config = json.dumps(run.run.config.plain(), indent=2, ensure_ascii=False)
        blocks += [
            Heading(label),
            Paragraph(_run_text(run)),
            Folded("Configuration", (Preformatted(config),)),
        ]
    title = "What was measured, and how to get it again"
    return Section(title, "method", tuple(blocks), link="What was measured", rank=90)


def _run_text(findings: RunFindings) -> Text:
    """Which run it is, and the command that repeats its analysis."""
    run = findings.run
    return Markup(
        "Run <code>{}</code>, curriculum <code>{}</code>, {} members, seed {}, analysis seed {}; {} "
        "reseeded, {} failed for good{}. <br><code>{}</code>"
    ).format(
        run.run,
        run.curriculum,
        run.members,
        run.seed,
        run.analysis_seed,
        run.reseeded.count,
        run.reseeded.failed,
        "".join(f"; {phase} took longer in {count}" for phase, count in run.reseeded.prolonged.items()),
        run.command,
    )


def _limits_section(findings: Sequence[RunFindings]) -> Section:
    organisms = sum(len(run.members) for run in findings)
    limits = [limit.format(n=organisms, few=FEW_ORGANISMS) for limit in LIMITS]
    first = [] if _all_calibrated(findings) else [UNCALIBRATED]
    blocks = (Bullets((*first, *limits)),)
    return Section("What this does not show", "limits", blocks, link="What it does not show", rank=95)
