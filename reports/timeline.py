"""What happened to an organism's components, at a glance? One figure: a row a component, a column a
checkpoint.

Blue serves characters, orange serves self, purple both; the fuller the colour, the more it carries. Signs
stand where something happened. Columns are checkpoints and not steps, so that a change which is looked at
closely is also drawn widely.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reports.drawing import BLUE, GREY, INK, ORANGE, PURPLE, WIDTH, array, not_measured, shorten, style, svg

SIGNS = {"born": "^", "took over": ">", "shared": "D", "repurposed": "*", "lost": "v"}
FULL = 0.25
"""a share of the gate that is drawn in full colour"""
LABELS = 16
"""steps written under the figure, at most"""


def timeline(told: Mapping[str, Any], organism: Mapping[str, Any], names: Sequence[str], run: str) -> str:
    """The figure of one organism. told: what findings hold under *ancestry*; organism: one of its organisms.
    Components that nothing happened to are left out."""
    steps = told["steps"]
    shown = [name for name in names if any(event["component"] == name for event in organism["events"])]
    rows = {name: y for y, name in enumerate(shown)}
    with style():
        figure = Figure(figsize=(WIDTH, 1.15 + 0.19 * max(len(shown), 3)), layout="constrained")
        axes = figure.subplots()
        if shown:
            which = [list(names).index(name) for name in shown]
            effects = [array(organism["effects"][role])[:, which].T for role in ("character", "self")]
            axes.imshow(colours(*effects), aspect="auto", interpolation="nearest")
            axes.set(yticks=range(len(shown)), yticklabels=shown, ylim=(len(shown) - 0.5, -0.5))
            axes.set_yticks(np.arange(len(shown) - 1) + 0.5, minor=True)
            axes.grid(axis="y", which="minor", color="white", lw=1.2)
            axes.tick_params(which="minor", length=0)
        else:
            not_measured(axes, "no component came to serve a role")
        for event in organism["events"]:
            since, until = (_column(steps, step) for step in event["interval"])
            y, colour = rows[event["component"]], BLUE if event["role"] == "character" else ORANGE
            axes.plot([since, until], [y, y], color=INK, lw=0.7, zorder=3)
            sign = {
                "ms": 9 if event["event"] == "repurposed" else 5,
                "mfc": colour,
                "mec": "white",
                "mew": 0.7,
            }
            axes.plot(event["checkpoint"], y, SIGNS[event["event"]], zorder=4, ls="", **sign)
        every = -(-len(steps) // LABELS)
        axes.set_xticks(range(0, len(steps), every), [str(step) for step in steps[::every]])
        axes.set(xlim=(-0.5, len(steps) - 0.5), xlabel="checkpoint after so many steps")
        _phases(axes, told["phases"])
        axes.set_title(f"organism {organism['member']}", pad=14)
        _legend(figure)
        return svg(figure, f"Timeline of organism {organism['member']} of {run}")


def colours(
    characters: Float[np.ndarray, "component checkpoint"], own: Float[np.ndarray, "component checkpoint"]
) -> Float[np.ndarray, "component checkpoint 3"]:
    """White where a component carries nothing, blue where it carries characters' gate alone, orange for
    self's, purple for both."""
    of_characters, of_self = (np.nan_to_num(share).clip(0, FULL) / FULL for share in (characters, own))
    both = np.minimum(of_characters, of_self)
    apart = {BLUE: of_characters - both, ORANGE: of_self - both, PURPLE: both}
    found = np.ones((*both.shape, 3))
    for colour, strength in apart.items():
        found -= strength[..., None] * (1 - np.array(to_rgb(colour)))
    return found.clip(0, 1)


def _column(steps: Sequence[int], step: int) -> int:
    return list(steps).index(step)


def _phases(axes: Axes, phases: Sequence[str]) -> None:
    """A line before each phase's first checkpoint, and its name above."""
    above = axes.get_xaxis_transform()
    for n, phase in enumerate(phases):
        if not n or phase != phases[n - 1]:
            if n:
                axes.axvline(n - 0.5, color=INK, lw=0.8, ls=":")
            axes.text(n - 0.4, 1.01, shorten(phase, 16), transform=above, va="bottom", fontsize=7, color=GREY)


def _legend(figure: Figure) -> None:
    served = {"serves characters": BLUE, "serves self": ORANGE, "serves both": PURPLE}
    handles: list[Any] = [Patch(color=colour, label=label) for label, colour in served.items()]
    for event, sign in SIGNS.items():
        size = 9 if event == "repurposed" else 5
        handles.append(Line2D([], [], marker=sign, ls="", ms=size, mfc=GREY, mec="white", label=event))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=7.5)
