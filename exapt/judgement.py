"""Verdicts: where did each organism's mechanism for self come from, how sure is that, and why?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.findings import RunFindings
from analysis.patching.representational_similarity import SimilarityResult
from analysis.provenance.judging import MemberProvenance, ProvenanceResult
from analysis.provenance.verdict import ProvenanceCell, verdict_in_full
from exapt.lineage import Lineage
from exapt.session import set_up_session
from experiments.analyse import REPORT, AnalysisOptions, analyse_run, analysis_folder
from experiments.progress import say_on_error_stream
from experiments.summary import analysis_in_words


@dataclass(frozen=True)
class ShareInterval:
    """A share of self's mechanism with its 95 % interval over minimal pairs; NaN where there is no mechanism."""

    value: float
    low: float
    high: float

    def __repr__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class OrganismVerdict:
    """What may be said of one organism."""

    member: int
    verdict: str
    """in full, as *reused* or *second copy, by another mechanism*"""
    reason: str
    shares: Mapping[ProvenanceCell, ShareInterval]
    """of *reused*, *repurposed*, *migrated* and *second copy*: fractions of self's effect that sum to 1"""
    calibrated: bool
    """were verdicts scored on planted organisms of this size in this world?"""


@dataclass(frozen=True)
class Analysis:
    """An analysed run."""

    verdicts: tuple[OrganismVerdict, ...]
    """of each member"""
    report: Path
    """the page with everything that was measured"""
    findings: RunFindings
    """all results as typed records: ``findings[CircuitsResult]``, with the class of a result"""

    def lines(self) -> list[str]:
        """Verdicts, reasons and lines of corroboration, as a terminal shows them."""
        return analysis_in_words(self.findings)


def analyse(lineage: Lineage, seed: int | None = None) -> Analysis:
    """Measures a finished run, as ``exapt analyse`` does, and gives each organism a verdict. What was measured already is
    read; the first analysis of a run takes about as long as growing it. Tables, summary and report go to its folder.

    seed: of the scenes that are measured and of all resampling; that of an earlier analysis by default, else 1.
    Raises UserError where the run is damaged or another process writes it; `curricula.errors.SystemFailure` where the disk
    refuses. Before a verdict is believed: docs/verdicts.md, and the limits there.

    >>> analysis = exapt.analyse(exapt.read_lineage("runs/shared"))
    >>> [each.verdict for each in analysis.verdicts]
    ['reused', 'reused']
    >>> first = analysis.verdicts[0]
    >>> first.shares["reused"].low > 0.85, first.reason.endswith("is above 0.85")
    (True, True)
    """
    set_up_session()
    options = AnalysisOptions(seed, redraw=True)
    findings = analyse_run(lineage.folder, options, say_on_error_stream)
    similarity = findings.get(SimilarityResult)
    none = (None,) * lineage.members
    says = [circuits.says if circuits else None for circuits in (similarity.members if similarity else none)]
    verdicts = tuple(
        OrganismVerdict(
            member,
            verdict_in_full(provenance.verdict, says[member]),
            provenance.reason,
            _shares(provenance),
            findings.run.calibrated,
        )
        for member, provenance in enumerate(findings[ProvenanceResult].members)
    )
    return Analysis(verdicts, analysis_folder(lineage.folder, options) / REPORT, findings)


def _shares(provenance: MemberProvenance) -> dict[ProvenanceCell, ShareInterval]:
    return {
        cell: ShareInterval(value, *provenance.intervals[cell]) for cell, value in provenance.shares.items()
    }
