"""Summary of an analysed run: what do other programs read in ``RUN/analysis/summary.json``?

The fields *run* and *organisms*, and in each organism *member, verdict, shares, intervals, behaviour, corroboration*,
stay as they are. *measurements* holds every result by the name of its measurement, as its record has it.
"""

from dataclasses import asdict
from typing import Any

from analysis.findings import RunFindings
from analysis.history.component_history import HistoryResult
from analysis.history.events import events_in_words
from analysis.patching.representational_similarity import SimilarityResult
from analysis.probes.belief import BehaviourResult
from analysis.provenance.corroboration import Corroboration, CorroborationResult
from analysis.provenance.judging import ProvenanceResult
from analysis.thresholds import THRESHOLD_NOTES
from curricula.typed_json import summary_of
from experiments.measurements.registry import registered_measurements


def analysis_summary(findings: RunFindings) -> dict[str, Any]:
    """The summary as JSON holds it, but for numbers that are not finite; see `organisms.storage.records.plain`."""
    measured = [each for each in registered_measurements() if findings.get(each.result) is not None]
    return {
        **summary_of(findings.run),
        "config": findings.run.config.plain(),
        "thresholds": {each.name: dict(each.settings) for each in measured if each.settings},
        "thresholds_chosen_on": list(THRESHOLD_NOTES),
        "organisms": [organism_summary(findings, member) for member in findings.members],
        "measurements": {each.name: summary_of(findings[each.result]) for each in measured},
    }


def organism_summary(findings: RunFindings, member: int) -> dict[str, Any]:
    """One organism: its verdict and what stands beside it."""
    behaviour = findings[BehaviourResult].members[member]
    similarity = findings.get(SimilarityResult)
    corroboration = findings[CorroborationResult].members[member]
    return {
        "member": member,
        **summary_of(findings[ProvenanceResult].members[member]),
        "behaviour": asdict(behaviour.trained),
        "generalisation": {
            "held_out_goals": asdict(behaviour.held_out_goals),
            "held_out_cues": asdict(behaviour.held_out_cues),
        },
        "belief": asdict(behaviour.belief),
        "similarity": summary_of(similarity.members[member]) if similarity else None,
        "settings": dict(findings.run.settings[member]),
        "corroboration": {each.name: {**summary_of(each.line), "says": each.says} for each in corroboration},
    }


def analysis_in_words(findings: RunFindings) -> list[str]:
    """The analysis as lines for a terminal: each organism's verdict, its lines of corroboration, and what became of
    its components where that was measured."""
    mark = "" if findings.run.calibrated else " (uncalibrated)"
    history = findings.get(HistoryResult)
    lines: list[str] = []
    for member in findings.members:
        provenance = findings[ProvenanceResult].members[member]
        lines.append(f"organism {member}: {provenance.verdict}{mark}: {provenance.reason}")
        corroboration = findings[CorroborationResult].members[member]
        lines += [f"  {each.name}: {_line_in_words(each)}" for each in corroboration]
        if history:
            lines.append(f"  components: {events_in_words(e.event for e in history.members[member].events)}")
    return lines


def _line_in_words(corroboration: Corroboration) -> str:
    line = corroboration.line
    null = "" if line.null is None else f", null {line.null:.2f}"
    return f"{line.value:.2f} [{line.low:.2f}, {line.high:.2f}]{null}: {corroboration.says}"
