"""Which run came from which? The graph of runs that begin with the organisms of others, and a drawing of it.

A run is a line, as long as it has steps, in the parts that its phases are; a child's line begins under the
step of its parent that it was forked at. What the drawing does *not* show: runs of which no folder was given,
or that were never finished.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from organisms.storage.forking import NOTED
from organisms.storage.run import CONFIG, Run, read_run
from organisms.training.config import read_config
from reports.drawing import CYCLE, GREY, INK, WIDTH, short, style, svg


def line_of(run: Run) -> list[Path]:
    """The folders of a run and of those that it descends from, as far as they are still where they were; the
    eldest first."""
    found = [run.folder]
    while (entries := read_run(found[0]).entries()) and NOTED in entries[0].extra:
        above = Path(entries[0].extra[NOTED]["folder"])
        if above in found or not (above / CONFIG).exists():
            break
        found.insert(0, above)
    return found


def family(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """The runs as plain JSON, each after its parent: name, members, phases with their ends, and which run it
    was forked from, at which step."""
    found: dict[str, dict[str, Any]] = {}
    for folder in dict.fromkeys(folders):
        run = read_run(folder)
        config, entries = read_config(run.config), run.entries()
        name = f"{config.curriculum.name}-{run.hash}"
        ends = {entry.phase: entry.step for entry in entries}
        found[name] = {
            "run": name,
            "curriculum": config.curriculum.name,
            "members": config.members,
            "phases": [
                {"name": phase.name, "end": ends.get(phase.name, 0)} for phase in config.curriculum.phases
            ],
            "steps": entries[-1].step if entries else 0,
            "differ_in": [one.setting for one in config.vary],
            "parent": config.parent.run or None,
            "parent_step": config.parent.step if config.parent else None,
            "parent_sha256": config.parent.sha256 or None,
        }
    return [found[name] for name in _ordered(found)]


def _ordered(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names, those without a parent among them first, and each followed by its children in the order of their
    steps."""

    def below(name: str | None) -> list[str]:
        children = [
            child for child, of in found.items() if (of["parent"] if of["parent"] in found else None) == name
        ]
        children.sort(key=lambda child: found[child]["parent_step"] or 0)
        return [one for child in children for one in (child, *below(child))]

    return below(None)


def drawing(runs: Sequence[Mapping[str, Any]], title: str = "Which run came from which") -> str:
    """The runs as lines, and forks as arrows from parent to child."""
    begins: dict[str, float] = {}
    rows = {run["run"]: row for row, run in enumerate(runs)}
    with style():
        figure = Figure(figsize=(WIDTH, 0.7 + 0.24 * len(runs)), layout="constrained")
        axes = figure.subplots()
        for row, run in enumerate(runs):
            known = run["parent"] in begins
            start = begins[run["parent"]] + run["parent_step"] if known else 0.0
            begins[run["run"]] = start
            if known:
                bend = {"arrowstyle": "-|>", "color": GREY, "lw": 0.8, "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", (start, row), (start, rows[run["parent"]]), arrowprops=bend)
            before = 0
            for n, phase in enumerate(run["phases"]):
                colour = CYCLE[n % len(CYCLE)]
                axes.plot(
                    [start + before, start + phase["end"]],
                    [row, row],
                    color=colour,
                    lw=3,
                    solid_capstyle="butt",
                )
                before = phase["end"]
            words = ", ".join(phase["name"] for phase in run["phases"])
            text = f" {short(run['run'], 40)}: {short(words, 44)} (n = {run['members']})"
            axes.text(start + run["steps"], row, text, va="center", fontsize=7, color=INK)
        longest = max((begins[run["run"]] + run["steps"] for run in runs), default=1)
        axes.set(
            xlim=(-0.01 * longest, 2.1 * longest),
            ylim=(len(runs) - 0.3, -0.7),
            yticks=[],
            xlabel="steps since birth",
        )
        axes.spines["left"].set_visible(False)
        return svg(figure, title)
