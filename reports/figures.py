"""What do the findings look like? Each function draws one figure of findings and returns it as an SVG.

What a figure does *not* show: how an organism that was never grown would look. A mean hides organisms too, so
each of them is drawn as well, as a dot or a thin line. What was not measured says so in its panel.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.provenance.verdict import BEHAVES
from analysis.statistics import (
    BEHAVIOURS,
    CELLS,
    VERDICTS,
    by_settings,
    compare_summary,
    labels,
    mean_interval,
    numbers,
    shares_of,
)
from reports.drawing import (
    BLUE,
    CELL_COLOURS,
    CYCLE,
    EFFECT_COLOURS,
    GREY,
    INK,
    MARKERS,
    ORANGE,
    WIDTH,
    array,
    mean_over_members,
    not_measured,
    offsets,
    shorten,
    style,
    svg,
)
from reports.tables import circuit_sizes

Finding = Mapping[str, Any]
Effects = Float[np.ndarray, "member component"] | None
"""of every component in some organisms; None where they were measured in none"""

TIMES_AND_ROLES = (("fork", "character"), ("fork", "self"), ("end", "character"), ("end", "self"))
VARIABLES = ("watched", "professed", "secret")
FAITHFUL = 0.9


def verdict_shares(findings: Sequence[Finding]) -> str:
    """Figure 1: of self's mechanism, the share in each provenance cell, by curriculum."""
    findings = by_settings(findings)
    summary = compare_summary(findings)["curricula"]
    columns = min(3, len(findings))
    rows = -(-len(findings) // columns)
    with style():
        figure = Figure(figsize=(WIDTH, 0.5 + 1.75 * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for axes in grid.flat[len(findings) :]:
            axes.set_visible(False)
        for axes, (name, entry), finding in zip(grid.flat, summary.items(), findings, strict=False):
            counts = ", ".join(f"{entry['verdicts'][v]} {v}" for v in VERDICTS if v in entry["verdicts"])
            title = f"{shorten(name, 36)}  (n = {entry['n']}, {entry['n_shares']} with shares)"
            axes.set_title("\n".join([title, *textwrap.wrap(counts, 46)]), fontsize=8.5)
            for y, cell in enumerate(CELLS):
                mean, low, high = array(entry["shares"][cell])
                axes.barh(y, np.nan_to_num(mean), height=0.66, color=CELL_COLOURS[cell], alpha=0.35)
                axes.plot([low, high], [y, y], color=INK, lw=1.6, solid_capstyle="butt", zorder=3)
                values = [share[cell] for share in shares_of(finding)]
                dots = {"ms": 3.8, "mfc": CELL_COLOURS[cell], "mec": "white", "mew": 0.5}
                axes.plot(values, y + offsets(len(values), 0.2), "o", zorder=4, **dots)
            if not entry["n_shares"]:
                not_measured(axes, "no organism that behaves as\ntaught has shares")
            axes.set(xlim=(-0.03, 1.03), ylim=(3.6, -0.6), yticks=range(4), yticklabels=CELLS)
            axes.xaxis.set_tick_params(labelbottom=True)
        figure.supxlabel("share of self's effect (mean, 95 % interval, a dot an organism)", fontsize=8.5)
        return svg(figure, "Provenance shares by curriculum")


def _phase_marks(axes: Axes, finding: Finding) -> None:
    for phase in finding["phases"]:
        if phase["start"]:
            axes.axvline(phase["start"], color=GREY, lw=0.8, ls=":")
        name, above = f" {shorten(phase['name'], 16)}", axes.get_xaxis_transform()
        axes.text(phase["start"], 1.0, name, transform=above, va="bottom", fontsize=7, color=GREY)


def learning_curves(finding: Finding) -> str:
    """Loss and the four behaviours over training: mean, range of members, each member a thin line."""
    learning = finding["learning"]
    panels = {
        "loss (nats)": {"loss_nats": ("loss", BLUE)},
        "characters (rate)": {
            "character_alone_secret": ("alone: acts on the secret", ORANGE),
            "character_watched_professed": ("watched: acts on the profession", BLUE),
        },
        "self (rate)": {
            "self_alone_secret": ("alone: acts on the secret", ORANGE),
            "self_watched_professed": ("watched: acts on the profession", BLUE),
        },
    }
    with style():
        figure = Figure(figsize=(WIDTH, 2.7), layout="constrained")
        for axes, (ylabel, lines) in zip(figure.subplots(1, 3), panels.items(), strict=True):
            measured = False
            for name, (label, colour) in lines.items():
                values = array(learning[name]).reshape(len(learning["step"]), -1)  # [step, member]
                there = np.isfinite(values).any(1)
                if not there.any():
                    continue
                measured = True
                steps, values = np.asarray(learning["step"])[there], values[there]
                axes.fill_between(
                    steps, np.nanmin(values, 1), np.nanmax(values, 1), color=colour, alpha=0.15, lw=0
                )
                axes.plot(steps, values, color=colour, lw=0.5, alpha=0.45)
                axes.plot(steps, mean_over_members(values.T), color=colour, lw=1.8, label=label)
            if not measured:
                not_measured(axes)
            if ylabel.startswith("loss"):
                axes.set_ylim(bottom=0)
            else:
                axes.set_ylim(-0.03, 1.05)
                axes.axhline(BEHAVES, color=GREY, lw=0.7, ls="--")
                if measured:
                    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
            axes.set(xlim=(0, finding["phases"][-1]["end"]), xlabel="step", ylabel=ylabel)
            _phase_marks(axes, finding)
        return svg(figure, f"Learning curves of {finding['run']}")


def _effects(finding: Finding, variable: str, members: Sequence[int]) -> list[Effects]:
    """The effects of one variable in these organisms, in the order of `TIMES_AND_ROLES`."""
    found: list[Effects] = []
    for time, role in TIMES_AND_ROLES:
        effect = finding["effects"].get(time, {}).get(role, {}).get(variable)
        values = None if effect is None else array(effect["value"])[list(members)]
        found.append(values if values is not None and np.isfinite(values).any() else None)
    return found


def measured_variables(finding: Finding) -> list[str]:
    """Those that were measured anywhere, *watched* first."""
    named = {
        name for roles in finding["effects"].values() for variables in roles.values() for name in variables
    }
    return [name for name in VARIABLES if name in named] + sorted(named - set(VARIABLES))


def _effect_grid(finding: Finding, rows: Mapping[str, list[Effects]], title: str, print_values: bool) -> str:
    """A heat map for every row and every pair of time and role, all on one colour scale that is symmetric
    about 0.

    Each panel is a mean over its organisms, and says of how many where some of them have no number.
    """
    layers, heads, blocks = finding["layers"], finding["heads"], finding["neuron_blocks"]
    means = {
        label: [None if values is None else mean_over_members(values) for values in row]
        for label, row in rows.items()
    }
    highest = [
        float(np.nanmax(np.abs(panel))) for row in means.values() for panel in row if panel is not None
    ]
    limit = float(np.ceil(max([0.1, *highest]) * 10) / 10)
    with style():
        height = (0.34 if print_values else 0.24) * layers + 0.3
        figure = Figure(figsize=(WIDTH, 0.75 + height * len(rows)), layout="constrained")
        grid = figure.subplots(len(rows), 4, squeeze=False)
        for (label, panels), line in zip(means.items(), grid, strict=True):
            for (time, role), axes, panel, effects in zip(
                TIMES_AND_ROLES, line, panels, rows[label], strict=True
            ):
                axes.set(xlim=(0, heads + blocks), ylim=(layers, 0), xticks=[], yticks=[])
                if axes in grid[-1]:
                    names = [f"H{n}" for n in range(heads)] + [f"M{n}" for n in range(blocks)]
                    axes.set_xticks(np.arange(heads + blocks) + 0.5, names, fontsize=7)
                if axes is line[0]:
                    axes.set_yticks(np.arange(layers) + 0.5, [f"layer {layer}" for layer in range(layers)])
                axes.tick_params(length=0)
                if axes in grid[0]:
                    axes.set_title(f"{'characters' if role == 'character' else role}, {time}")
                if panel is None or effects is None:
                    not_measured(axes)
                    continue
                measured = int(np.isfinite(effects).any(1).sum())
                if measured < len(effects):
                    axes.set_title(
                        f"{measured} of {len(effects)} organisms", loc="right", fontsize=7, color=ORANGE
                    )
                image = panel.reshape(layers, heads + blocks)
                axes.pcolormesh(
                    image, cmap=EFFECT_COLOURS, vmin=-limit, vmax=limit, edgecolors="#e6e8eb", lw=0.4
                )
                axes.axvline(heads, color=GREY, lw=1)
                if print_values:
                    for (y, x), value in np.ndenumerate(image):
                        if np.isfinite(value) and abs(value) >= 0.05:
                            colour = "white" if abs(value) > 0.7 * limit else INK
                            place = {"ha": "center", "va": "center", "fontsize": 6.5, "color": colour}
                            axes.text(x + 0.5, y + 0.5, f"{value:.2f}", **place)
            line[0].set_ylabel(label, fontsize=9)
        scale = ScalarMappable(Normalize(-limit, limit), EFFECT_COLOURS)
        ticks = [-limit, 0, limit]
        bar = figure.colorbar(scale, ax=grid, location="bottom", shrink=0.4, aspect=40, ticks=ticks, pad=0.02)
        bar.set_label("Shapley effect (1 = the whole difference)", fontsize=8)
        return svg(figure, title)


def effect_maps(finding: Finding) -> str:
    """Effect of each component on each variable, mean over organisms: characters and self, at fork and
    end."""
    members = range(finding["members"])
    rows = {variable: _effects(finding, variable, members) for variable in measured_variables(finding)}
    return _effect_grid(finding, rows, f"Effects in {finding['run']}, mean over organisms", print_values=True)


def effect_maps_by_organism(finding: Finding, variable: str = "watched") -> str:
    """The same for one variable, with a row an organism."""
    rows = {f"member {member}": _effects(finding, variable, [member]) for member in range(finding["members"])}
    return _effect_grid(
        finding, rows, f"Effects on {variable} in {finding['run']} by organism", print_values=False
    )


def faithfulness_curves(finding: Finding) -> str:
    """What is left of an effect when only a circuit is left alone, against random ones of the same size and
    layers."""
    circuits = finding["circuits"]
    with style():
        figure = Figure(figsize=(WIDTH, 2.7), layout="constrained")
        panels = figure.subplots(1, max(3, len(circuits)), sharey=True, squeeze=False)[0]
        for axes in panels[len(circuits) :]:
            axes.set_visible(False)
        for axes, (name, circuit) in zip(panels, circuits.items(), strict=False):
            sizes = circuit_sizes(circuit)
            curves = array(circuit["faithfulness"]).reshape(-1, len(sizes))  # [member, size]
            found = np.asarray(circuit["found"], bool)
            null = array(circuit["null"])[found].reshape(-1, len(sizes))  # [found member and random, size]
            count = f"found in {sum(circuit['found'])} of {len(circuit['found'])}"
            axes.set_title(f"{name.replace('character', 'characters')} ({count})")
            axes.axhline(FAITHFUL, color=ORANGE, lw=1, ls="--", label=f"threshold {FAITHFUL}")
            if np.isfinite(null).any():
                low, high = (_column_quantile(null, q) for q in (0.05, 0.95))
                axes.fill_between(
                    sizes, low, high, color=GREY, alpha=0.3, lw=0, label="random circuits, 5 to 95 %"
                )
            axes.plot(sizes, curves[~found].T, color=GREY, lw=0.6, ls=":")
            axes.plot(sizes, curves[found].T, color=BLUE, lw=0.6, alpha=0.6)
            if found.any():
                axes.plot(
                    sizes,
                    mean_over_members(curves[found]),
                    color=BLUE,
                    lw=2,
                    label="circuit (mean; thin: each organism)",
                )
            elif not np.isfinite(curves).any():
                not_measured(axes)
            axes.set(xlim=(0, max(sizes)), ylim=(-0.15, 1.15), xlabel="components left alone")
        panels[0].set_ylabel("faithfulness")
        drawn: dict[str, Any] = {}  # what is drawn in several panels is explained once
        for axes in panels:
            handles, texts = axes.get_legend_handles_labels()
            drawn |= dict(zip(texts, handles, strict=True))
        if drawn:
            figure.legend(list(drawn.values()), list(drawn), loc="outside lower center", ncols=3)
        return svg(figure, f"Faithfulness in {finding['run']}")


def _column_quantile(
    values: Float[np.ndarray, "row column"], quantile: float
) -> Float[np.ndarray, " column"]:
    kept = (numbers(column) for column in values.T)
    return np.asarray([np.quantile(column, quantile) if column else np.nan for column in kept])


def behaviour_dots(findings: Sequence[Finding]) -> str:
    """The four behaviours on what was trained, on goals and on cues held out of all training: a dot an
    organism."""
    findings = by_settings(findings)
    named = labels(findings)
    scenes = {"trained": "trained", "held_out_goals": "held-out\ngoals", "held_out_cues": "held-out\ncues"}
    step = 0.8 / max(len(findings), 1)
    with style():
        figure = Figure(figsize=(WIDTH, 3.1), layout="constrained")
        panels = figure.subplots(1, 4, sharey=True)
        for axes, behaviour in zip(panels, BEHAVIOURS, strict=True):
            axes.set_title(behaviour.replace("_", " "))
            axes.axhline(BEHAVES, color=GREY, lw=0.7, ls="--")
            measured: set[int] = set()
            for index, (name, finding) in enumerate(zip(named, findings, strict=True)):
                colour, marker = CYCLE[index % len(CYCLE)], MARKERS[index % len(MARKERS)]
                for x, group in enumerate(scenes):
                    values = array(
                        [rates_of(organism, group)[behaviour] for organism in finding["organisms"]]
                    )
                    if not np.isfinite(values).any():
                        continue
                    measured.add(x)
                    centre = x - 0.4 + step * (index + 0.5)
                    dots = {
                        "ms": 3.6,
                        "mfc": colour,
                        "mec": "white",
                        "mew": 0.4,
                        "label": None if x else shorten(name),
                    }
                    axes.plot(centre + offsets(len(values), 0.2 * step), values, marker, ls="", **dots)
                    mean, low, high = mean_interval(values)
                    axes.plot([centre - 0.4 * step, centre + 0.4 * step], [mean, mean], color=colour, lw=1.4)
                    axes.plot([centre, centre], [low, high], color=colour, lw=1.2, alpha=0.6)
            for x in set(range(len(scenes))) - measured:
                axes.text(x, 0.5, "not measured", rotation=90, ha="center", va="center", color=GREY)
            axes.set(xlim=(-0.5, 2.5), ylim=(-0.05, 1.05), xticks=range(3), xticklabels=list(scenes.values()))
        panels[0].set_ylabel("rate")
        if findings:
            drawn = panels[0].get_legend_handles_labels()
            figure.legend(*drawn, loc="outside lower center", ncols=min(4, len(findings)))
        return svg(figure, "Behaviour and generalisation")


def rates_of(organism: Mapping[str, Any], group: str) -> Mapping[str, float | int | None]:
    return organism["behaviour"] if group == "trained" else organism["generalisation"][group]
