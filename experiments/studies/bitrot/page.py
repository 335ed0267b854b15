"""What does the study of bitrot look like? One page, and the three lines for a reader who reads no
further."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from analysis.history.descent import PhaseEnd, RelatedRun
from analysis.statistics import FEW_ORGANISMS, numbers
from experiments.studies.bitrot import figures
from reports.descent import draw_descent
from reports.report import interval, template

NULL_WITHIN = 0.02
"""how far the rate may stray from its start where nothing pulls on it"""


def page(summary: Mapping[str, Any]) -> str:
    """The report as text. summary: see `experiments.studies.bitrot.study.summarise`."""
    return template("bitrot.html.jinja").render(
        half_life=half_life,
        ratio=ratio,
        means=means,
        counted=counted,
        summary=summary,
        found=plain_lines(summary),
        retention_figure=Markup(figures.retention(summary["drives"])),
        survival_figure=Markup(figures.survival(summary["drives"])),
        exercise_figure=Markup(figures.exercise(summary["exercise"])),
        opposite_figure=Markup(figures.opposite(summary["opposite"])),
        fading_figure=Markup(figures.fading(summary["fading"], summary["predicted"])),
        family_figure=draw_descent([_related_run(run) for run in summary["family"]]),
    )


def half_life(triple: Any, last: float, n: int) -> str:
    """``120 [80, 200]``; ``more than 600`` where most organisms kept the mode; an interval that is open above
    says so. n: organisms."""
    value, low, high = triple
    if not n:
        return "–"
    if value is None:
        return f"more than {last:.3g}"
    if n == 1:
        return f"{value:.3g}"
    ends = ["?" if low is None else f"{low:.3g}", "open" if high is None else f"{high:.3g}"]
    return f"{value:.3g} [{', '.join(ends)}]"


def ratio(found: Mapping[str, Any]) -> str:
    """``3.30 [1.70, 6.70]``, or *undecided* with what bounds it. An end that nothing bounds is open."""
    value, low, high = found["interval"]
    if value is None:
        return "undecided" + (f", {found['bound']}" if found["bound"] else "")
    ends = ["?" if low is None else f"{low:.2f}", "open" if high is None else f"{high:.2f}"]
    return f"{value:.2f} [{', '.join(ends)}]"


def means(found: Mapping[str, Any]) -> str:
    """``1.51 [0.98, 2.60], p = 0.04``; a dash where nobody lost the mode."""
    if found["mean_lives"][0] is None:
        return "–"
    return f"{interval(found['mean_lives'])}, p = {found['p']:.2g}"


def counted(found: Mapping[str, Any]) -> str:
    """``n = 7, 8``, and whether that is too few for a claim."""
    few = "; too few for a claim" if min(found["n"]) < FEW_ORGANISMS else ""
    return f"n = {found['n'][0]}, {found['n'][1]}{few}"


def plain_lines(summary: Mapping[str, Any]) -> list[str]:
    """Three lines: what disuse did and whether sharing protects, what keeps or brings back the mode, and how
    far to trust it."""
    return [_decay_line(summary), _return_line(summary), _trust_line(summary)]


def _decay_line(summary: Mapping[str, Any]) -> str:
    drives = summary["drives"]
    each = {
        drive: ", ".join(f"{name} {of[drive]['dead']} of {of[drive]['n']}" for name, of in drives.items())
        for drive in next(iter(drives.values()))
    }
    lost = "; ".join(f"{drive}: {counts}" for drive, counts in each.items())
    ratios = summary["ratios"]["both"]
    shown = {f"{summary['compared'][name]} over {name}": found for name, found in ratios.items()}
    against = ", ".join(f"{ratio(found)} {pair}" for pair, found in shown.items())
    lived = ", ".join(f"{pair} {means(found)} ({counted(found)})" for pair, found in shown.items())
    return (
        f"Organisms whose mode fell to half of its rate within {summary['steps']} steps of disuse, by drive: {lost}. "
        f"Half-life of the shared mode over that of one that nothing else uses, under both drives: {against}; mean life within those steps: {lived}."
    )


def _return_line(summary: Mapping[str, Any]) -> str:
    parts = []
    for name, of in summary["exercise"].items():
        rate, low, high = of["keeping"]
        above = "none tried" if rate is None else f"{rate:g}"
        bracket = f"between {low:g} and {'more than was tried' if high is None else f'{high:g}'}"
        parts.append(f"{name} {above} ({bracket})")
    said = [f"Smallest exercise rate that keeps it under both drives: {'; '.join(parts)}."]
    again = [
        f"{name} {interval(of['relearning']['factor'])} times (n = {of['relearning']['n']})"
        for name, of in summary["trials"].items()
        if of.get("relearning")
    ]
    if again:
        said.append(
            f"Where it was lost, relearning it took fewer steps than never-taught organisms took by {'; '.join(again)}."
        )
    stand = [
        f"{name} {part['standing']['standing']} of {part['standing']['told']}"
        for name, of in summary["trials"].items()
        for part in of["parts"]
        if part["drive"] == "both" and part["n_lost"]
    ]
    if stand:
        said.append(
            f"Where 0.2 of its rate or more was lost under both drives, what read the cues for it still does in {', '.join(stand)}."
        )
    back = {
        name: [f"{interval(arm['returned'])} with {rest}" for rest, arm in of["knock"]["arms"].items()]
        for name, of in summary["trials"].items()
        if of.get("knock") and of["knock"]["arms"]
    }
    knocks = [f"{name} {', '.join(arms)}" for name, arms in back.items()]
    if knocks:
        said.append(f"Knocked, and never shown again, the mode came back by: {'; '.join(knocks)}.")
    return " ".join(said)


def _trust_line(summary: Mapping[str, Any]) -> str:
    said = []
    stray = {
        name: of["none"]["furthest_from_start"] for name, of in summary["drives"].items() if of["none"]["n"]
    }
    if stray:
        worst = max(stray, key=lambda name: stray[name])
        held = "stays" if stray[worst] <= NULL_WITHIN else "does not stay"
        said.append(
            f"With training at its floor and no drive retention {held} within {NULL_WITHIN} of its start (furthest: {stray[worst]:.2f}, {worst})."
        )
    still = [
        cell["furthest_from_start"]
        for of in summary["fading"].values()
        for decay, cell in of.items()
        if not float(decay)
    ]
    if numbers(still):
        said.append(f"Without gradients and decay it strays by {max(numbers(still)):.2f}.")
    planted = [of["planted_cases"] for of in summary["trials"].values() if of.get("planted_cases")]
    if planted:
        right, n = (sum(one["told_apart"][count] for one in planted) for count in ("right", "n"))
        failed = sum(one["not_hidden"] for one in planted)
        said.append(
            f"Planted cases of a gone and a suppressed mode are called what they are in {right} of {n} by relearning ({failed} more could not be hidden)."
        )
    few = [name for name, of in summary["drives"].items() if of["none"]["n"] < FEW_ORGANISMS]
    if few:
        said.append(f"Fewer than {FEW_ORGANISMS} organisms, too few for a claim: {', '.join(few)}.")
    verdicts = "; ".join(
        f"{name} {', '.join(f'{n} {verdict}' for verdict, n in of.items())}"
        for name, of in summary["verdicts"].items()
    )
    said.append(f"Verdicts as disuse began: {verdicts}.")
    lost = {name: n for name, n in summary["n_left_out"].items() if n}
    if lost:
        named = ", ".join(f"{name} {n}" for name, n in lost.items())
        said.append(f"Left out, since they never had the mode or have it by another mechanism: {named}.")
    return " ".join(said)


def _related_run(run: Mapping[str, Any]) -> RelatedRun:
    """The record that a summary holds as plain JSON."""
    phases = tuple(PhaseEnd(**phase) for phase in run["phases"])
    return RelatedRun(**{**run, "phases": phases, "differ_in": tuple(run["differ_in"])})
