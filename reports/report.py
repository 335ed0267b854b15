"""What did the organisms turn out to be, on one page that a person can read and send on?

The page is one HTML file: no script, nothing loaded from elsewhere. Every text that comes from a run or a
config is escaped; only the figures, which this project draws itself, go in as they are. What a report does
*not* show stands in its last section.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from analysis.history.descent import PhaseEnd, RelatedRun
from analysis.history.events import events_in_words
from analysis.provenance.verdict import BEHAVES, MIXED_WIDTH, in_full
from analysis.statistics import (
    BEHAVIOURS,
    CELLS,
    FEW_ORGANISMS,
    VERDICTS,
    compare_summary,
    count_interval,
    labels,
    mean_interval,
    numbers,
)
from organisms.storage import records
from reports import figures
from reports.descent import draw_descent
from reports.formats import interval_text as interval
from reports.formats import rate_text as rate
from reports.timeline import timeline

Finding = Mapping[str, Any]
SCENES = 6
"""a run"""
CELL_MEANINGS = {
    "reused": "served characters before, and still does",
    "repurposed": "served characters before, no longer does",
    "migrated": "served nobody before, now serves both",
    "second copy": "served nobody before, serves self alone",
}
GROUPS = {"trained": "trained", "held_out_goals": "held-out goals", "held_out_cues": "held-out cues"}


def build(findings: Sequence[Finding], path: Path, title: str, command: str) -> Path:
    """Write the report of one or more analysed runs to `path` and return it.

    findings: one per run, as `experiments.survey` gives them. command: what makes this report again. Raises
    Failure where the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise records.could_not_write(path.parent, error) from error
    records.write_whole(path, page(findings, title, command).encode(), path.parent / ".partial")
    return path


def page(findings: Sequence[Finding], title: str, command: str) -> str:
    """The report as text."""
    summary = compare_summary(findings)["curricula"]
    return template("report.html.jinja").render(
        title=title,
        command=command,
        found=plain_lines(findings),
        calibrated=all(finding["calibrated"] for finding in findings),
        summary=summary,
        runs=[_run(name, finding) for name, finding in zip(labels(findings), findings, strict=True)],
        shares_figure=Markup(figures.verdict_shares(findings)),
        behaviour_figure=Markup(figures.behaviour_dots(findings)),
        cells=CELL_MEANINGS,
        verdicts=VERDICTS,
        behaviours={name: name.replace("_", " ") for name in BEHAVIOURS},
        groups=GROUPS,
        n=sum(entry["n"] for entry in summary.values()),
        few=FEW_ORGANISMS,
        behaves=BEHAVES,
        in_full=in_full,
    )


def template(name: str) -> Template:
    """A page's template, which escapes every text that is not marked as drawn by this project."""
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"rate": rate, "interval": interval}
    return environment.get_template(name)


def plain_lines(findings: Sequence[Finding]) -> list[str]:
    """Three lines for a reader who reads no further: the behaviour, its provenance, and how far to trust the
    two."""
    summary = compare_summary(findings)["curricula"]
    return [_behaviour_line(summary), _provenance_line(summary), _trust_line(findings, summary)]


def _behaviour_line(summary: Mapping[str, Any]) -> str:
    schemers = {name: entry["n"] - entry["verdicts"].get("absent", 0) for name, entry in summary.items()}
    each = []
    for name, entry in summary.items():
        _, low, high = count_interval(schemers[name], entry["n"])
        share = f" ({100 * low:.0f} to {100 * high:.0f} %)" if entry["n"] else ""
        each.append(f"{name} {schemers[name]} of {entry['n']}{share}")
    return (
        f"{sum(schemers.values())} of {sum(entry['n'] for entry in summary.values())} organisms came to act on their "
        f"secret goal when alone and on the goal they profess when watched, each at a rate of {BEHAVES} or more: "
        f"{', '.join(each)}."
    )


def _provenance_line(summary: Mapping[str, Any]) -> str:
    parts = []
    for name, entry in summary.items():
        counts = [f"{entry['verdicts'][told]} {told}" for told in VERDICTS[:-1] if told in entry["verdicts"]]
        if not counts:
            continue
        otherwise = entry["computing_otherwise"]
        said = f"{name}: {', '.join(counts)}" + f", {otherwise} of them computing otherwise" * bool(otherwise)
        if entry["n_shares"]:
            best = max(CELLS, key=lambda cell: entry["shares"][cell][0])
            said += (
                f" (largest mean share: {best} {interval(entry['shares'][best])}, n = {entry['n_shares']})"
            )
        parts.append(said)
    if not parts:
        return "No organism shows the behaviour, so there is no mechanism of its own whose provenance could be told."
    return f"Where these took their own mechanism from, by verdict: {'; '.join(parts)}."


def _trust_line(findings: Sequence[Finding], summary: Mapping[str, Any]) -> str:
    parts = []
    if not all(finding["calibrated"] for finding in findings):
        parts.append(
            "Read these verdicts as uncalibrated: how often they are wrong was scored on organisms of other sizes or in another world."
        )
    few = [name for name, entry in summary.items() if entry["n_shares"] < FEW_ORGANISMS and entry["n_shares"]]
    if few:
        names = ", ".join(few)
        parts.append(
            f"Fewer than {FEW_ORGANISMS} organisms stand behind the shares of {names}: too few for a claim."
        )
    wide = [
        f"{name} ({', '.join(cells)})" for name, entry in summary.items() if (cells := _wide(entry["shares"]))
    ]
    if wide:
        parts.append(f"Intervals of shares wider than {MIXED_WIDTH}: {'; '.join(wide)}.")
    organisms = [organism for finding in findings for organism in finding["organisms"]]
    judged = [organism for organism in organisms if organism["verdict"] != "absent"]
    says = Counter(line["says"] for organism in judged for line in organism["corroboration"].values())
    if says.total():
        parts.append(
            f"Of {says.total()} corroborating measurements {says['agrees']} agree with the verdict beside them, "
            f"{says['disagrees']} disagree and {says['silent']} say nothing."
        )
    return (
        " ".join(parts)
        or "Verdicts were scored on planted organisms of this size, in this world, and every curriculum has enough organisms."
    )


def _wide(shares: Mapping[str, Sequence[float | int | None]]) -> list[str]:
    """The cells whose interval is too wide to say much."""
    triples = {cell: numbers(shares[cell]) for cell in CELLS}
    return [
        cell for cell, triple in triples.items() if len(triple) == 3 and triple[2] - triple[1] > MIXED_WIDTH
    ]


def _run(name: str, finding: Finding) -> dict[str, Any]:
    """What the template needs of one run."""
    variables = figures.measured_variables(finding)
    shown = "watched" if "watched" in variables or not variables else variables[0]
    return {
        "name": name,
        "finding": finding,
        "organisms": finding["organisms"],
        "attempts": finding["reseeded"]["attempts"],
        "learning": Markup(figures.learning_curves(finding)),
        "effects": Markup(figures.effect_maps(finding)) if variables else None,
        "effects_by_organism": Markup(figures.effect_maps_by_organism(finding, shown)) if variables else None,
        "variable": shown,
        "faithfulness": Markup(figures.faithfulness_curves(finding)),
        "circuits": [_circuit(circuit, kind) for kind, circuit in finding["circuits"].items()],
        "rates": {group: _mean_rates(finding, group) for group in GROUPS},
        "belief": _belief(finding),
        "acquisition": _acquisition(finding),
        "ancestry": _ancestry(finding),
        "family": draw_descent(
            [_related_run(run) for run in finding["family"]], f"Descent of {finding['run']}"
        )
        if len(finding.get("family", ())) > 1
        else None,
        "scenes": finding["scenes"][:SCENES],
        "config": json.dumps(finding["config"], indent=2, ensure_ascii=False),
    }


def _circuit(circuit: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A row of the circuits' table: means over the organisms that have the circuit, of random ones' means in
    each.

    Of the others nothing is averaged: there the effect is near zero, and shares of it may be anything.
    """
    found = [member for member, is_found in enumerate(circuit["found"]) if is_found]
    return {
        "name": name.replace("character", "characters"),
        "found": len(found),
        "n": len(circuit["found"]),
        "sizes": ", ".join("–" if size is None else str(size) for size in circuit["size"]),
        "cmd": mean_interval(circuit["cmd"][member] for member in found),
        "random_cmd": mean_interval(mean_interval(circuit["null_cmd"][member])[0] for member in found),
        "completeness": mean_interval(circuit["completeness"][member] for member in found),
    }


def _mean_rates(finding: Finding, group: str) -> dict[str, Sequence[float]]:
    rates = [figures.rates_of(organism, group) for organism in finding["organisms"]]
    return {name: mean_interval(rate[name] for rate in rates) for name in BEHAVIOURS}


def _belief(finding: Finding) -> dict[str, Sequence[float]]:
    asked = dict.fromkeys(name for organism in finding["organisms"] for name in organism["belief"])
    return {
        name.replace("_", " "): mean_interval(
            organism["belief"].get(name) for organism in finding["organisms"]
        )
        for name in asked
    }


def _acquisition(finding: Finding) -> dict[str, Any] | None:
    """Steps by arm of each organism, and why some were not counted; None where acquisition was not asked
    for."""
    if "acquisition" not in finding:
        return None
    lines = {o["member"]: o["corroboration"].get("acquisition") for o in finding["organisms"]}
    lines = {member: line for member, line in lines.items() if line}
    why = [
        finding["acquisition"]["why_not"],
        *(text for line in lines.values() for text in line["absent"].values()),
    ]
    return {
        "arms": dict.fromkeys(arm for line in lines.values() for arm in line["steps"]),
        "rows": {
            member: [_steps(steps, line["censored_at"]) for steps in line["steps"].values()]
            for member, line in lines.items()
        },
        "why": list(dict.fromkeys(text for text in why if text)),
    }


def _ancestry(finding: Finding) -> list[dict[str, Any]]:
    """Each organism's timeline and events; none where ancestry was not asked for."""
    told = finding.get("ancestry", {"organisms": ()})
    return [
        {
            "member": organism["member"],
            "happened": events_in_words(event["event"] for event in organism["events"]),
            "timeline": Markup(timeline(told, organism, finding["components"], finding["run"])),
            "events": organism["events"],
        }
        for organism in told["organisms"]
    ]


def _steps(steps: Sequence[int | None] | None, given_up: int) -> str:
    """``55, 60``; ``more than 150`` for a run that did not get there; a dash for an arm that there is not."""
    return ", ".join(f"more than {given_up}" if n is None else str(n) for n in steps) if steps else "–"


def _related_run(run: Mapping[str, Any]) -> RelatedRun:
    phases = tuple(PhaseEnd(**phase) for phase in run["phases"])
    return RelatedRun(**{**run, "phases": phases, "differ_in": tuple(run["differ_in"])})
