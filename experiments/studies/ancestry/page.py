"""What does the study of dated lineages look like? One page, and the lines for a reader who reads no
further."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.statistics import FEW_ORGANISMS
from reports.drawing import BLUE, ORANGE, WIDTH, not_measured, style, svg
from reports.report import interval, rate, template


def page(summary: Mapping[str, Any]) -> str:
    """The report as text. summary: see `experiments.studies.ancestry.study.summarise`."""
    return template("chronology.html.jinja").render(
        summary=summary,
        found=plain_lines(summary),
        errors_figure=Markup(errors(summary["errors"])),
    )


def plain_lines(summary: Mapping[str, Any]) -> list[str]:
    """Three lines: how many changes are found and how well they are dated, what is dated where nothing
    happens, and what to be wary of."""
    of, counts = summary["findings"], summary["counts"]
    few = [name for name, grown in summary["grown"].items() if grown["took"] < FEW_ORGANISMS]
    wary = [f"Fewer than {FEW_ORGANISMS} organisms, too few for a claim: {', '.join(few)}."] if few else []
    if summary["chosen_on_these"]:
        wary.append("Thresholds were chosen on some of these runs: no test.")
    wary.append(
        f"Components that carry less than {summary['carries']} of a gate are not scored, and checkpoints are {summary['checkpoint_every']} steps apart."
    )
    return [
        f"Of the role changes that were planted {interval(of['role changes found, all'])} were found ({counts['all']} of components; by surgery "
        f"{interval(of['role changes found, by surgery'])}, learned {interval(of['role changes found, learned'])}), dated wrongly by a median of "
        f"{rate(of['median error in checkpoints, all'])} checkpoints (by surgery {rate(of['median error in checkpoints, by surgery'])}, learned "
        f"{rate(of['median error in checkpoints, learned'])}).",
        f"Where nothing happens {interval(of['false events a component, all'])} events a component were told.",
        " ".join(wary),
    ]


def errors(counted: Mapping[str, list[int]]) -> str:
    """How many found changes are dated wrongly by how many checkpoints, where the date is that of surgery and
    where it is learned."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
        for axes, (kind, colour) in zip(
            figure.subplots(1, 2), {"by surgery": BLUE, "learned": ORANGE}.items(), strict=True
        ):
            axes.set(title=kind, xlabel="checkpoints between the event and the known date", ylabel="changes")
            if not counted[kind]:
                not_measured(axes, "none was found")
                continue
            axes.bar(np.arange(len(counted[kind])), counted[kind], color=colour, width=0.8)
        return svg(figure, "Errors of dates")
