"""What does the study of incentives look like? One page, its figures, and the lines for a reader who reads no
further."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.statistics import CELLS, FEW_ORGANISMS, VERDICTS, count_interval
from reports.drawing import (
    CELL_COLOURS,
    EFFECT_COLOURS,
    GREY,
    INK,
    WIDTH,
    array,
    not_measured,
    offsets,
    style,
    svg,
)
from reports.report import interval, template

COMPARED = {
    "audited_half_dropout": ("half_dropout", "repurposed"),
    "audited": ("redundant", "repurposed"),
    "audited_rewarded": ("redundant_rewarded", "repurposed"),
    "ablated_concentrated": ("concentrated", "second copy"),
}
"""arms with an incentive, the same without, and the verdict that it is for"""


def page(summary: Mapping[str, Any]) -> str:
    """The report as text. summary: see `experiments.studies.incentives.study.summarise`."""
    told = summary["ancestry"]
    return template("incentives.html.jinja").render(
        summary=summary,
        found=plain_lines(summary),
        verdicts=VERDICTS,
        cells=CELLS,
        shares_figure=Markup(shares_by_arm(summary["arms"])),
        ancestry_figure=Markup(ancestry_of(told)) if told else None,
        few=FEW_ORGANISMS,
    )


def plain_lines(summary: Mapping[str, Any]) -> list[str]:
    """Three lines: what the incentives did and what happened without, what else was seen, and how far to
    trust it."""
    arms = summary["arms"]
    with_it = "; ".join(
        f"{verdict}: {_count(arms[name], verdict)} in {name}, {_count(arms[without], verdict)} without the incentive ({without})"
        for name, (without, verdict) in COMPARED.items()
    )
    at_random = ", ".join(
        f"{name} {arms[name]['beyond_random'][verdict][0]} of {arms[name]['beyond_random'][verdict][1]}"
        for name, (_, verdict) in COMPARED.items()
    )
    others = "; ".join(f"{name}: {_verdicts(found)}" for name, found in arms.items() if name not in COMPARED)
    parts = [f"Organisms whose share is beyond what components drawn at random would give: {at_random}."]
    if summary["searched_on_these"]:
        parts.append("Incentives were searched for on this seed: no test.")
    if not summary["calibrated"]:
        parts.append("Verdicts are uncalibrated.")
    lost = [
        f"{name} {found['n'] - found['n_behaving']} of {found['n']}"
        for name, found in arms.items()
        if found["n_behaving"] < found["n"]
    ]
    if lost:
        parts.append(f"Organisms that do not behave as taught get no verdict: {', '.join(lost)}.")
    few = [name for name, found in arms.items() if found["n_behaving"] < FEW_ORGANISMS]
    if few:
        parts.append(f"Fewer than {FEW_ORGANISMS} organisms, too few for a claim: {', '.join(few)}.")
    return [f"{with_it[0].upper()}{with_it[1:]}.", f"Elsewhere: {others}.", " ".join(parts)]


def _count(found: Mapping[str, Any], verdict: str) -> str:
    """``7 of 8 (0.88 [0.53, 0.98]; corroborated: 6)``."""
    count = found["verdicts"].get(verdict, 0)
    agreeing = f"; corroborated: {found['corroborated'][verdict][0]}" if count else ""
    return (
        f"{count} of {found['n_behaving']} ({interval(count_interval(count, found['n_behaving']))}{agreeing})"
    )


def _verdicts(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in found["verdicts"].items()) or "nothing"


def shares_by_arm(arms: Mapping[str, Mapping[str, Any]]) -> str:
    """A stacked bar of mean shares for each arm, with a dot an organism for its repurposed share."""
    with style():
        figure = Figure(figsize=(WIDTH, 0.8 + 0.42 * len(arms)), layout="constrained")
        axes = figure.subplots()
        for y, found in enumerate(arms.values()):
            left = 0.0
            for cell in CELLS:
                mean = np.nan_to_num(array(found["shares"][cell])[0])
                axes.barh(
                    y, mean, left=left, height=0.62, color=CELL_COLOURS[cell], label=cell if y == 0 else None
                )
                left += mean
            if not left:
                axes.text(0.01, y, "no shares", va="center", color=GREY, fontsize=8)
            dots = array(
                [
                    o["shares"]["repurposed"]
                    for o in found["organisms"]
                    if o["shares"]["repurposed"] is not None
                ]
            )
            marks = {"ms": 3.6, "mfc": "white", "mec": INK, "mew": 0.8, "ls": ""}
            axes.plot(
                dots,
                y + offsets(len(dots), 0.22),
                "o",
                **marks,
                label="repurposed share, an organism" if y == 0 else None,
            )
        names = [f"{name}  (n = {found['n_shares']})" for name, found in arms.items()]
        axes.set(xlim=(-0.01, 1.01), ylim=(len(arms) - 0.4, -0.6), yticks=range(len(arms)), yticklabels=names)
        axes.set_xlabel("share of self's effect, mean of the organisms that behave")
        figure.legend(loc="outside upper center", ncols=5, fontsize=8)
        return svg(figure, "Provenance shares by arm")


def ancestry_of(told: Mapping[str, Any]) -> str:
    """Effects of each component that matters, over the steps from the fork on, for characters and for
    self."""
    names = [story["component"] for story in told["stories"]]
    rows = [told["components"].index(name) for name in names]
    steps = [row["step"] for row in told["checkpoints"]]
    with style():
        figure = Figure(figsize=(WIDTH, 1.3 + 0.24 * len(rows)), layout="constrained")
        grid = figure.subplots(1, 2, sharey=True)
        for axes, (role, title) in zip(
            grid, {"character": "for characters", "self": "for self"}.items(), strict=True
        ):
            axes.set(title=title, xlabel="step", xticks=np.arange(len(steps)) + 0.5)
            axes.set_xticklabels([str(step) for step in steps], rotation=60, fontsize=7)
            if not rows:
                not_measured(axes)
                continue
            values = array([row[role] for row in told["checkpoints"]])[:, rows].T
            image = axes.pcolormesh(
                values, cmap=EFFECT_COLOURS, norm=Normalize(-0.6, 0.6), edgecolors="#e6e8eb", lw=0.4
            )
            for (y, x), value in np.ndenumerate(values):
                if abs(value) >= 0.05:
                    colour = "white" if abs(value) > 0.4 else INK
                    axes.text(
                        x + 0.5, y + 0.5, f"{value:.2f}", ha="center", va="center", fontsize=6.5, color=colour
                    )
            axes.set(ylim=(len(rows), 0), yticks=np.arange(len(rows)) + 0.5)
            axes.set_yticklabels([f"{name} ·" if name in told["watched"] else name for name in names])
            figure.colorbar(image, ax=axes, shrink=0.7).set_label("Shapley effect", fontsize=8)
        return svg(figure, "Ancestry of one organism")
