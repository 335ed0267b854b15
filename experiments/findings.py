"""Findings as they were written down before they were typed: for what still reads them so."""

from typing import Any

from analysis.findings import RunFindings
from analysis.history.component_history import HistoryResult
from analysis.history.descent import DescentResult
from analysis.history.learning import LearningResult
from analysis.patching.results import CircuitsResult, EffectsResult, SinglePatchesResult
from analysis.provenance.verdict import TABLE
from analysis.relearning.acquisition import AcquisitionResult
from curricula.typed_json import summary_of
from experiments.summary import organism_summary
from reports.scene_pictures import ScenesResult


def legacy_findings(findings: RunFindings) -> dict[str, Any]:
    run = findings.run
    summary = summary_of(run)
    effects: dict[str, Any] = {}
    for e in findings[EffectsResult].measured:
        values = {"value": e.value, "low": e.low, "high": e.high, "total_nats": e.total_nats}
        effects.setdefault(e.checkpoint, {}).setdefault(e.role, {})[e.variable] = {
            k: v.tolist() for k, v in values.items()
        }
    circuits = {}
    for c in findings[CircuitsResult].circuits:
        record = summary_of(c)
        record["members"] = record.pop("components")
        circuits[c.name] = {
            k: v.tolist() if hasattr(v, "tolist") else v
            for k, v in record.items()
            if k not in ("checkpoint", "role")
        }
    learning = findings[LearningResult]
    legacy = {
        **{k: v for k, v in summary.items() if k != "config"},
        "config": run.config.plain(),
        "thresholds": dict(TABLE),
        "learning": {"step": list(learning.steps)}
        | {name: curve.tolist() for name, curve in learning.metrics.items()},
        "effects": effects,
        "circuits": circuits,
        "organisms": [_legacy_organism(findings, member) for member in findings.members],
    }
    if (patches := findings.get(SinglePatchesResult)) is not None:
        legacy["first_look"] = {
            f"{p.checkpoint} {p.role} {way}": getattr(p, way).tolist()
            for p in patches.patches
            for way in ("denoising", "noising")
        } | {"fork character latent": patches.fork_latent.tolist()}
    if (scenes := findings.get(ScenesResult)) is not None:
        legacy["scenes"] = summary_of(scenes.scenes)
    if (descent := findings.get(DescentResult)) is not None:
        legacy["family"] = summary_of(descent.runs)
    if (acquisition := findings.get(AcquisitionResult)) is not None:
        legacy["acquisition"] = {
            k: v for k, v in summary_of(acquisition).items() if k not in ("lines", "naive_folder")
        }
    if (history := findings.get(HistoryResult)) is not None:
        legacy["ancestry"] = _legacy_history(history)
    return legacy


def _legacy_organism(findings: RunFindings, member: int) -> dict[str, Any]:
    organism = organism_summary(findings, member)
    similarity = organism.pop("similarity")
    if similarity is not None:
        similarity["strangers"], similarity["again"] = (
            similarity.pop("with_other_members"),
            similarity.pop("with_itself"),
        )
    organism["mechanism"] = similarity
    for name, line in organism["corroboration"].items():
        organism["corroboration"][name] = {k: v for k, v in line.items() if v is not None}
        if name == "acquisition":
            line = organism["corroboration"][name]
            line["knocked_out"] = line.pop("ablated")
            line["steps"] = {arm["arm"]: arm["runs"] or None for arm in line["steps"]}
    return organism


def _legacy_history(history: HistoryResult) -> dict[str, Any]:
    from analysis.history.events import EVENT_THRESHOLDS

    return {
        "steps": history.steps,
        "phases": history.phases,
        "thresholds": {
            **EVENT_THRESHOLDS,
            "serves a role from, share of its gate": EVENT_THRESHOLDS["serves.share_of_gate"],
            "until it carries less than": EVENT_THRESHOLDS["leaves.share_of_gate"],
        },
        "pairs": history.pairs,
        "figures": history.figures,
        "organisms": [
            {
                "member": m,
                "from_step": h.from_step,
                "effects": {r.role: r.effects.tolist() for r in h.roles},
                "errors": {r.role: r.errors.tolist() for r in h.roles},
                "gate_nats": {r.role: r.gate_nats.tolist() for r in h.roles},
                "events": [{**summary_of(e), "of": e.predecessor} for e in h.events],
                "at_ends_of_phases": summary_of(h.ends_of_phases),
                "became": [
                    {"from": s.from_step, "to": s.to_step, "components": summary_of(s.components)}
                    for s in h.successions
                ],
            }
            for m, h in enumerate(history.members)
        ],
    }
