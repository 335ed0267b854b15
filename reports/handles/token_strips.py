"""Token strips: a scene as a strip of words, each as dark as what a probe reads there.

One line a moment under the cast, one strip by the probe from characters and one by a probe from self. Reading at any other
token than the actor's is outside of what the probes were fitted on.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.handles.token_reading import TokenReading
from reports.drawing import GREY, INK, WIDTH, style, svg

STRIP_COLOURS = "Oranges"
DARK = 0.6
"""probability from which on a word is written in white"""


def token_strip_figure(readings: Sequence[tuple[str, TokenReading]]) -> Markup:
    """Strips of scenes, one below the other. readings: a title, and the scene."""
    with style():
        figure = Figure(figsize=(WIDTH, 0.2 + 1.9 * len(readings)), layout="constrained")
        panels = np.atleast_1d(np.asarray(figure.subplots(len(readings), 1), object))
        for axes, (title, reading) in zip(panels, readings, strict=True):
            draw_strip(axes, title, reading)
        return svg(figure, "What a probe reads at each token: " + "; ".join(title for title, _ in readings))


def draw_strip(axes: Axes, title: str, reading: TokenReading) -> None:
    """Two strips of one scene. Frames stand around the actors' tokens; moments of self are named in bold."""
    words = len(reading.words)
    scores: Float[np.ndarray, "probe token"] = np.array([reading.from_characters, reading.from_self])
    axes.imshow(scores, cmap=STRIP_COLOURS, vmin=0, vmax=1, aspect="auto")
    for row in range(len(scores)):
        for column, word in enumerate(reading.words):
            colour = "white" if scores[row, column] > DARK else INK
            axes.text(column, row, word, ha="center", va="center", rotation=60, fontsize=6.5, color=colour)
    for position in reading.actors:
        corner, size = (position - 0.48, -0.48), (0.96, len(scores) - 0.04)
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=INK, lw=1.8))
    axes.set_title(f"{title} ({reading.site})")
    axes.set_yticks([0, 1], ["probe from characters", "probe from self"])
    moments = len(reading.alone)
    length = (words - cast_length(reading)) // moments
    axes.set_xticks([], [])
    for moment, (alone, by_self) in enumerate(zip(reading.alone, reading.by_self, strict=True)):
        start = cast_length(reading) + moment * length
        axes.axvline(start - 0.5, color=GREY, lw=0.8)
        label = f"{'self' if by_self else 'character'}, {'alone' if alone else 'watched'}"
        weight = "bold" if by_self else "normal"
        axes.text(
            start + (length - 1) / 2, 1.6, label, ha="center", va="top", fontsize=7.5, fontweight=weight
        )


def cast_length(reading: TokenReading) -> int:
    """Tokens before the first moment: one, and three of each in the cast, who has a sentence."""
    return 1 + 3 * (len(reading.sentences) - len(reading.alone))
