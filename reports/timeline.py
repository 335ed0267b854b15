"""Timeline of one organism: what happened to its components, and when?

One figure: a row a component, a column a checkpoint. Blue serves characters, orange serves self, purple both;
the fuller the colour, the larger the effect. Signs mark events. Columns are checkpoints and not steps, so
that densely saved changes are drawn wide. What it does *not* show: components without events, and why an
event happened.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.findings import RunInfo
from analysis.history.component_history import HistoryResult, MemberHistory
from analysis.history.events import ComponentEvent
from reports.drawing import BLUE, GREY, INK, ORANGE, PURPLE, WIDTH, not_measured, shorten, style, svg

SIGNS = MappingProxyType({"born": "^", "took over": ">", "shared": "D", "repurposed": "*", "lost": "v"})
"""matplotlib's marker for each kind of event"""
FULL = 0.25
"""a share of the gate that is drawn in full colour"""
MOST_LABELS = 16
"""steps written under the figure, at most"""


def draw_timeline(run: RunInfo, history: HistoryResult, member: int) -> Markup:
    """The figure of one organism. Components without events are left out."""
    organism = history.members[member]
    with_events = {event.component for event in organism.events}
    names = [name for name in run.components if name in with_events]
    with style():
        figure = Figure(figsize=(WIDTH, 1.15 + 0.19 * max(len(names), 3)), layout="constrained")
        axes = figure.subplots()
        if names:
            _draw_effects(axes, organism, names, run.components)
        else:
            not_measured(axes, "no component came to serve a role")
        for event in organism.events:
            _draw_event(axes, event, names.index(event.component), history.steps)
        stride = -(-len(history.steps) // MOST_LABELS)
        ticks = range(0, len(history.steps), stride)
        axes.set_xticks(ticks, [str(step) for step in history.steps[::stride]])
        axes.set(xlim=(-0.5, len(history.steps) - 0.5), xlabel="steps at the checkpoint")
        _draw_phases(axes, history.phases)
        axes.set_title(f"organism {member}", pad=14)
        _draw_legend(figure)
        return svg(figure, f"Timeline of organism {member} of {run.run}")


def role_colours(
    character_effects: Float[np.ndarray, "component checkpoint"],
    self_effects: Float[np.ndarray, "component checkpoint"],
) -> Float[np.ndarray, "component checkpoint 3"]:
    """Red, green and blue of each cell: white for no effect, blue for characters alone, orange for self
    alone, purple for both. Effects are shares of the gate."""
    character, self_ = (
        np.nan_to_num(share).clip(0, FULL) / FULL for share in (character_effects, self_effects)
    )
    both = np.minimum(character, self_)
    rgb = np.ones((*both.shape, 3))
    for colour, strength in ((BLUE, character - both), (ORANGE, self_ - both), (PURPLE, both)):
        rgb -= strength[..., None] * (1 - np.array(to_rgb(colour)))
    return rgb.clip(0, 1)


def _draw_effects(
    axes: Axes, organism: MemberHistory, names: Sequence[str], components: Sequence[str]
) -> None:
    """Rows of coloured cells, a component each."""
    columns = [components.index(name) for name in names]
    effects = [organism.of_role(role).effects[:, columns].T for role in ("character", "self")]
    axes.imshow(role_colours(*effects), aspect="auto", interpolation="nearest")
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(np.arange(len(names) - 1) + 0.5, minor=True)
    axes.grid(axis="y", which="minor", color="white", lw=1.2)
    axes.tick_params(which="minor", length=0)


def _draw_event(axes: Axes, event: ComponentEvent, row: int, steps: Sequence[int]) -> None:
    """A sign at the event's checkpoint and a line over its interval."""
    first, last = (steps.index(step) for step in event.interval)
    axes.plot([first, last], [row, row], color=INK, lw=0.7, zorder=3)
    colour, size = BLUE if event.role == "character" else ORANGE, _sign_size(event.event)
    sign = {"ms": size, "mfc": colour, "mec": "white", "mew": 0.7}
    axes.plot(event.checkpoint, row, SIGNS[event.event], zorder=4, ls="", **sign)


def _sign_size(event: str) -> int:
    return 9 if event == "repurposed" else 5


def _draw_phases(axes: Axes, phases: Sequence[str]) -> None:
    """A line where each phase begins, and its name above."""
    top = axes.get_xaxis_transform()
    for checkpoint, phase in enumerate(phases):
        if checkpoint and phase == phases[checkpoint - 1]:
            continue
        if checkpoint:
            axes.axvline(checkpoint - 0.5, color=INK, lw=0.8, ls=":")
        name = shorten(phase, 16)
        axes.text(checkpoint - 0.4, 1.01, name, transform=top, va="bottom", fontsize=7, color=GREY)


def _draw_legend(figure: Figure) -> None:
    served = {"serves characters": BLUE, "serves self": ORANGE, "serves both": PURPLE}
    handles: list[Any] = [Patch(color=colour, label=label) for label, colour in served.items()]
    for event, sign in SIGNS.items():
        size = _sign_size(event)
        handles.append(Line2D([], [], marker=sign, ls="", ms=size, mfc=GREY, mec="white", label=event))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=7.5)
