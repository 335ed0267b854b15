"""What did the organisms turn out to be, on one page that a person can read and send on?

The page is one HTML file: no script, nothing loaded from elsewhere. Every text that comes from a run or a config is escaped;
only the figures, which this project draws itself, go in as they are. What a report does *not* show stands in its last section.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis import figures
from analysis.statistics import BEHAVIOURS, CELLS, FEW_ORGANISMS, VERDICTS
from analysis.statistics import compare_summary, count_interval, labels, mean_interval, numbers
from analysis.verdict import BEHAVES, MIXED_WIDTH
from organisms import records

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

    findings: one per run, see `analysis.survey`. command: what gives this report again. Raises Failure where the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise records.could_not_write(path.parent, error) from error
    records.write_whole(path, page(findings, title, command).encode(), path.parent / ".partial")
    return path


def page(findings: Sequence[Finding], title: str, command: str) -> str:
    """The report as text."""
    environment = Environment(
        loader=PackageLoader("analysis", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"rate": rate, "interval": interval, "steps": lambda number: f"{number:,}".replace(",", " ")}
    summary = compare_summary(findings)["curricula"]
    return environment.get_template("report.html.jinja").render(
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
    )


def rate(value: float | None) -> str:
    """Two decimals, or a dash for what was not measured."""
    return "–" if not numbers([value]) else f"{value:.2f}"


def interval(triple: Sequence[float | None]) -> str:
    """``0.95 [0.91, 0.98]``; a dash for what was not measured, and in place of an interval that a single organism cannot have."""
    value, low, high = triple
    if not numbers([value]):
        return "–"
    return f"{rate(value)} [{rate(low)}, {rate(high)}]" if len(numbers([low, high])) == 2 else f"{rate(value)} [–]"


def plain_lines(findings: Sequence[Finding]) -> list[str]:
    """Three lines for a reader who reads no further: the behaviour, its provenance, and how far to trust the two."""
    summary = compare_summary(findings)["curricula"]
    return [_behaviour_line(summary), _provenance_line(summary), _trust_line(findings, summary)]


def _behaviour_line(summary: Mapping[str, Any]) -> str:
    n = sum(entry["n"] for entry in summary.values())
    absent = {name: entry["verdicts"].get("absent", 0) for name, entry in summary.items()}
    schemers = n - sum(absent.values())
    _, low, high = count_interval(schemers, n)
    each = ", ".join(f"{name} {entry['n'] - absent[name]} of {entry['n']}" for name, entry in summary.items())
    among = f" ({100 * low:.0f} to {100 * high:.0f} %, 95 % interval)" if len(summary) == 1 and n else ""
    return (
        f"{schemers} of {n} organisms{among} came to act on their secret goal when alone and on the goal they profess when "
        f"watched, each at a rate of {BEHAVES} or more: {each}."
    )


def _provenance_line(summary: Mapping[str, Any]) -> str:
    parts = []
    for name, entry in summary.items():
        counts = [f"{entry['verdicts'][verdict]} {verdict}" for verdict in VERDICTS[:-1] if verdict in entry["verdicts"]]
        if not counts:
            continue
        said = f"{name}: {', '.join(counts)}"
        if entry["n_shares"]:
            best = max(CELLS, key=lambda cell: entry["shares"][cell][0])
            said += f" (largest mean share: {best} {interval(entry['shares'][best])}, n = {entry['n_shares']})"
        parts.append(said)
    if not parts:
        return "No organism shows the behaviour, so there is no mechanism of its own whose provenance could be told."
    return f"Where their own mechanism comes from, by verdict: {'; '.join(parts)}."


def _trust_line(findings: Sequence[Finding], summary: Mapping[str, Any]) -> str:
    parts = []
    if not all(finding["calibrated"] for finding in findings):
        parts.append("The verdicts are uncalibrated: they have not been scored on organisms of known provenance.")
    few = [name for name, entry in summary.items() if entry["n_shares"] < FEW_ORGANISMS and entry["n_shares"]]
    if few:
        parts.append(f"Fewer than {FEW_ORGANISMS} organisms stand behind the shares of {', '.join(few)}: no claim rests on them.")
    wide = [
        f"{name} ({cell} {interval(entry['shares'][cell])})"
        for name, entry in summary.items()
        for cell in CELLS
        if len(numbers(entry["shares"][cell])) == 3 and entry["shares"][cell][2] - entry["shares"][cell][1] > MIXED_WIDTH
    ]
    if wide:
        parts.append(f"Intervals too wide to rank the cells: {'; '.join(wide)}.")
    says = Counter(
        line["says"] for f in findings for o in f["organisms"] if o["verdict"] != "absent" for line in o["corroboration"].values()
    )
    if says.total():
        parts.append(
            f"Of {says.total()} corroborating measurements {says['agrees']} agree with the verdict beside them, "
            f"{says['disagrees']} disagree and {says['silent']} say nothing."
        )
    return " ".join(parts) or "Verdicts are calibrated, and every curriculum has enough organisms."


def _run(name: str, finding: Finding) -> dict[str, Any]:
    """What the template needs of one run."""
    variables = figures.measured_variables(finding)
    shown = "watched" if "watched" in variables or not variables else variables[0]
    return {
        "name": name,
        "finding": finding,
        "organisms": finding["organisms"],
        "attempts": finding["regrown"]["attempts"],
        "learning": Markup(figures.learning_curves(finding)),
        "effects": Markup(figures.effect_maps(finding)) if variables else None,
        "effects_by_organism": Markup(figures.effect_maps_by_organism(finding, shown)) if variables else None,
        "variable": shown,
        "faithfulness": Markup(figures.faithfulness_curves(finding)),
        "circuits": [_circuit(circuit, kind) for kind, circuit in finding["circuits"].items()],
        "rates": {group: _mean_rates(finding, group) for group in GROUPS},
        "belief": _belief(finding),
        "scenes": finding["scenes"][:SCENES],
        "config": json.dumps(finding["config"], indent=2, ensure_ascii=False),
    }


def _circuit(circuit: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A row of the circuits' table: means over organisms, the random circuits first averaged in each organism."""
    return {
        "name": name.replace("character", "characters"),
        "found": sum(circuit["found"]),
        "n": len(circuit["found"]),
        "sizes": ", ".join("–" if size is None else str(size) for size in circuit["size"]),
        "cmd": mean_interval(circuit["cmd"]),
        "random_cmd": mean_interval(mean_interval(values)[0] for values in circuit["null_cmd"]),
        "completeness": mean_interval(circuit["completeness"]),
    }


def _mean_rates(finding: Finding, group: str) -> dict[str, Sequence[float]]:
    rates = [figures.rates_of(organism, group) for organism in finding["organisms"]]
    return {name: mean_interval(rate[name] for rate in rates) for name in BEHAVIOURS}


def _belief(finding: Finding) -> dict[str, Sequence[float]]:
    asked = dict.fromkeys(name for organism in finding["organisms"] for name in organism["belief"])
    return {
        name.replace("_", " "): mean_interval(organism["belief"].get(name) for organism in finding["organisms"])
        for name in asked
    }
