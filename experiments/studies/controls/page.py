"""What does the study of planted controls look like? One page, and the lines for a reader who reads no
further."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.statistics import CELLS, VERDICTS
from reports.drawing import CYCLE, GREY, MARKERS, WIDTH, not_measured, style, svg
from reports.report import interval, template


def page(summary: Mapping[str, Any]) -> str:
    """The report as text. summary: see `experiments.studies.controls.study.summarise`."""
    tables = [
        ("Planted by routing", summary["confusion"]),
        ("Planted by surgery and by freezing", summary["confusion_of_the_second_make"]),
        ("Planted by routing, with a rule of self's own", summary["confusion_of_another_rule"]),
    ]
    return template("controls.html.jinja").render(
        summary=summary,
        found=plain_lines(summary),
        tables=[(title, table) for title, table in tables if table],
        verdicts=VERDICTS,
        cells=CELLS,
        shares_figure=Markup(shares_against_planted(summary["organisms"])),
    )


def plain_lines(summary: Mapping[str, Any]) -> list[str]:
    """Three lines: how often verdicts are right, how well shares come back, and what to be wary of."""
    findings = summary["findings"]
    wrong = [
        f"{count} {truth} called {verdict}"
        for table in (
            summary[name]
            for name in ("confusion", "confusion_of_the_second_make", "confusion_of_another_rule")
        )
        for truth, of in table.items()
        for verdict, count in of.items()
        if verdict != truth
    ]
    judged = sum(count for of in summary["nulls"].values() for count in of.values())
    spurious = sum(
        count
        for of in summary["nulls"].values()
        for verdict, count in of.items()
        if verdict not in ("absent", "undecided")
    )
    lines = {name.replace("_", " "): of for name, of in summary["corroboration"].items()}
    idle = [name for name, of in lines.items() if of["spoken"] and not of["better_than_chance"]]
    mute = [name for name, of in lines.items() if not of["spoken"]]
    worth = [f"No better than chance as corroboration: {', '.join(idle)}."] if idle else []
    worth += [f"Never spoke: {', '.join(mute)}."] if mute else []
    if not lines:
        worth = ["No corroboration was measured."]
    seen = ", ".join(map(str, summary["chosen_on_these"]))
    untested = (
        [f"Not a test: thresholds were chosen on run seeds {seen}, which are among these."] if seen else []
    )
    return [
        f"The verdict is what was planted in a share of {interval(findings['accuracy'])} of organisms planted by routing "
        f"({interval(findings['accuracy without absent, which planting checks by behaviour alone'])} without the absent, who can hardly be missed), and of "
        f"{interval(findings['accuracy of the second make'])} of those planted by surgery or freezing"
        f"{'; wrong: ' + ', '.join(wrong) if wrong else ''}.",
        "Where a lane was given a part of self's goals, the reused share is off from that part by "
        f"{interval(findings['reused share of mixed against the goals dealt to lane A, mean absolute error'])}, and from what the lane carries when it is "
        f"patched whole by {interval(findings['reused share of mixed against lanes patched whole, mean absolute error'])}; components "
        "of the right lane rank above others at an AUROC of "
        f"{interval(findings['localisation auroc of self'])}.",
        f"In {spurious} of {judged} organisms with nothing to find a mechanism was found all the same. "
        + " ".join((worth or ["Every corroboration beats chance."]) + untested),
    ]


def shares_against_planted(rows: list[Mapping[str, Any]]) -> str:
    """The reused share found against the planted one, a dot an organism, a colour a truth. A line leads from
    what was dealt to what the lane carries."""
    kept = [
        row for row in rows if row["took"] and row["planted_shares"] and row["shares"]["reused"] is not None
    ]
    with style():
        figure = Figure(figsize=(WIDTH * 0.6, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls="--")
        for index, truth in enumerate(dict.fromkeys(row["truth"] for row in kept)):
            of = [row for row in kept if row["truth"] == truth]
            dots = {"ms": 5, "mfc": CYCLE[index], "mec": "white", "mew": 0.5, "label": truth}
            carried = np.array([row["planted_shares"]["reused"] for row in of])
            planted = np.array(
                [
                    share if row["dealt"] is None else row["dealt"]
                    for share, row in zip(carried, of, strict=True)
                ]
            )
            found = [row["shares"]["reused"] for row in of]
            axes.hlines(found, planted, carried, color=CYCLE[index], lw=0.6, alpha=0.6)
            axes.plot(planted, found, MARKERS[index], ls="", **dots)
        if not kept:
            not_measured(axes)
        else:
            axes.legend(loc="upper left")
        axes.set(
            xlim=(-0.05, 1.05),
            ylim=(-0.05, 1.05),
            xlabel="planted share, reused",
            ylabel="share found, reused",
        )
        return svg(figure, "Shares found against shares planted")
