"""The page of the study *bitrot*: three lines, what is left under each rate, and siblings' differences."""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.forgetting.retention import Retention
from analysis.statistics import FEW_ORGANISMS
from experiments.studies.bitrot.paired import PRIMARY, RetainedDifference
from experiments.studies.bitrot.plan import (
    GROUP_OF,
    GROUPS,
    PAIRS,
    RATES,
    USE_WORDS,
    USES,
    GroupName,
    Use,
    arm_label,
)
from experiments.studies.bitrot.summary import BitrotSummary, pair_name
from experiments.studies.page import study_table
from experiments.studies.study import Triple
from reports.drawing import CYCLE, GREY, INK, WIDTH, array, not_measured, style, svg
from reports.formats import DASH, counts_text, interval_text, rate_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

LIMITS = (
    "Whether a mode that lived to the end would live for ever: curves stop where disuse stops.",
    "That groups differ in sharing alone. The sham group fits the separate one in the number of components ablated, not in how "
    "hard self was to learn: a separate mode is learned later, by more of an incentive (an auditor prices the characters' "
    "mechanism there alone), and may be weaker from the start. The planted groups differ by a lane, and are the closer match.",
    "That being shown keeps a mode or costs it: where self is always watched, it is trained towards its profession at every "
    "act, which may override the mode besides letting it go.",
    "What would be without selection: pairs count by verdicts, which are read after the groups were treated unlike. Of all "
    "grown, a pair in which either did not do as taught counts as 0, which draws that figure towards 0.",
    "That a planted copy is what an organism would learn by itself: its lanes hold while it is trained, and in disuse it may "
    "use both.",
    "That self absent differs from self watched in practice alone: its scenes are given to characters, who are then seen twice "
    "as often.",
    "How long a mode would live in a large model, or under another optimiser or other drives.",
)


LEAST_LIKELY = 0.05
"""p value from which on nothing is claimed"""


def bitrot_headline(summary: BitrotSummary) -> list[str]:
    """Does sharing protect; at which rates and without self; and how far to trust it."""
    primary = summary.difference(PRIMARY)
    absent = summary.difference(PRIMARY.replace("watched", "absent"))
    planted = summary.difference("retained.shared_planted_minus_separate_planted.watched")
    by_rate = ", ".join(
        f"{RATES[rate]:g}: {interval_text(summary.difference(f'{PRIMARY}.{rate}').mean)}" for rate in RATES
    )
    return [
        f"{protection_sentence(primary)} Of all that were grown: {interval_text(primary.mean_of_grown)}.",
        f"By learning rate, {by_rate}. Where self takes no part: {interval_text(absent.mean)}. Planted siblings, self "
        f"watched: {interval_text(planted.mean)}.",
        _trust_line(summary),
    ]


def protection_sentence(primary: RetainedDifference) -> str:
    """What siblings that share retain less what separate ones do, in one sentence; a claim only of enough pairs, where the
    interval and the p value agree."""
    value, low, high = primary.mean
    figures = f"{interval_text(primary.mean)} of the gate, n = {primary.n} pairs, p = {primary.p:.2g}"
    if value is None or low is None or high is None:
        return f"Whether siblings that share retain more is not measured: {primary.n} pairs."
    if primary.n >= FEW_ORGANISMS and primary.p < LEAST_LIKELY and not low <= 0 <= high:
        way = "more" if low > 0 else "less"
        return f"Where self is always watched, siblings that share the characters' mechanism retain {way}: {figures}."
    return (
        f"Where self is always watched, it is undecided whether siblings that share retain more: {figures}."
    )


def _trust_line(summary: BitrotSummary) -> str:
    verdicts = "; ".join(
        f"{GROUP_OF[group].words}: {counts_text(summary.verdicts[group])}" for group in GROUPS
    )
    sentences = [f"Verdicts as disuse began: {verdicts}."]
    if uncalibrated := [GROUP_OF[group].words for group in GROUPS if not summary.calibrated[group]]:
        sentences.append(f"Verdicts are uncalibrated in: {'; '.join(uncalibrated)}.")
    if summary.primary.n < FEW_ORGANISMS:
        sentences.append(f"Fewer than {FEW_ORGANISMS} pairs, too few for a claim.")
    of_other_forks = [pair_words(*pair) for pair in PAIRS if not summary.one_fork[pair_name(*pair)]]
    if of_other_forks:
        sentences.append(f"Not of the same forks, and paired by seed alone: {'; '.join(of_other_forks)}.")
    return " ".join(sentences)


def pair_words(first: GroupName, second: GroupName) -> str:
    """Which siblings are compared."""
    return f"{GROUP_OF[first].words} less {GROUP_OF[second].words}"


def bitrot_sections(summary: BitrotSummary) -> list[Section]:
    """Everything below the headline."""
    retention_caption = (
        f"Figure 1. {summary.scale} scale, {summary.steps} steps of disuse under weight decay {summary.decay:g} and with "
        f"{summary.news:g} of moments asking something new. At each checkpoint self's gate is read: the lesser of the rates at "
        "which it acts on its secret when put alone and on its profession when watched. A thin line is an organism, a thick one "
        "their mean. Organisms that did not do as taught when disuse began, or by another mechanism than their group's, are "
        "not shown."
    )
    difference_caption = (
        "Figure 2. What an organism retains less what its sibling does: mean and 95 % interval, by learning rate. Above 0, the "
        "first keeps more."
    )
    note = (
        "Retained: mean gate over the readings after the first, as a share of the first. n: pairs in which both did as taught when "
        "disuse began, by the mechanism of their group or by one that is undecided. Grown: all pairs, whatever the mechanism; one "
        "in which either did not do as taught counts as 0. p: sign flips, corrected for the number of comparisons (Benjamini and "
        "Hochberg) but for the primary endpoint, which is the first row and uncorrected."
    )
    return [
        Section(
            "What is left, as disuse goes on",
            "retention",
            (
                Picture(group_retention_figure(summary.retention), retention_caption),
                _retention_table(summary),
            ),
            link="Retention",
        ),
        Section(
            "Does sharing protect?",
            "differences",
            (
                Picture(difference_figure(summary), difference_caption),
                _difference_table(summary),
                Paragraph(note, soft=True),
            ),
            link="Siblings",
        ),
        Section("Groups", "groups", (_groups_table(summary),)),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]


def _retention_table(summary: BitrotSummary) -> PageTable:
    rows = [
        (
            GROUP_OF[group].words,
            USE_WORDS[use],
            f"{RATES[rate]:g}",
            summary.retention[arm_label(group, use)][rate].n,
            summary.retention[arm_label(group, use)][rate].dead,
            interval_text(summary.retention[arm_label(group, use)][rate].at_end),
        )
        for group in GROUPS
        for use in USES
        for rate in RATES
    ]
    columns = ("group", "in disuse", "learning rate", "n", "ever at half", "gate at the end [95 %]")
    return study_table(columns, rows, wide=True)


def _difference_table(summary: BitrotSummary) -> PageTable:
    rows = [
        (
            _arms_words(difference),
            "mean of the three" if difference.rate is None else f"{RATES[difference.rate]:g}",
            difference.n,
            interval_text(difference.mean),
            f"{interval_text(difference.mean_of_grown)} (n = {difference.n_grown})",
            p_text(difference),
        )
        for difference in sorted(summary.differences, key=lambda difference: difference.name != PRIMARY)
    ]
    columns = ("first less second", "learning rate", "n", "difference [95 %]", "of all grown", "p")
    return study_table(columns, rows, wide=True)


def p_text(difference: RetainedDifference) -> str:
    """The p value of a difference, and whether it is uncorrected."""
    if difference.corrected_p is None:
        return f"{rate_text(difference.p)} (uncorrected)"
    return rate_text(difference.corrected_p)


def _arms_words(difference: RetainedDifference) -> str:
    (first, first_use), (second, second_use) = difference.first.split("."), difference.second.split(".")
    if first == second:
        return f"{_words(first)}: self watched less self absent"
    return f"{_words(first)} less {_words(second)}, self {first_use if first_use == second_use else DASH}"


def _words(group: str) -> str:
    return next(GROUP_OF[name].words for name in GROUPS if name == group)


def _groups_table(summary: BitrotSummary) -> PageTable:
    rows = [
        (
            GROUP_OF[group].words,
            Markup("<code>{}</code>").format(GROUP_OF[group].curriculum),
            _range_text(summary.ablated[group]),
            _range_text(summary.self_steps[group]),
            counts_text(summary.verdicts[group]),
            summary.without_mode[group],
            summary.counted[group],
        )
        for group in GROUPS
    ]
    columns = (
        *("group", "grown by", "components ablated", "steps of learning self"),
        *("verdicts", "did not do as taught", "counted"),
    )
    return study_table(columns, rows, wide=True)


def _range_text(counts: Sequence[int]) -> str:
    """Mean, fewest and most."""
    return f"{np.mean(counts):.1f} ({min(counts)} to {max(counts)})" if counts else DASH


def group_retention_figure(retention: Mapping[str, Mapping[str, Retention]]) -> Markup:
    """A row a group and use, a column a learning rate."""
    labels: list[tuple[GroupName, Use]] = [(group, use) for use in USES for group in GROUPS]
    with style():
        figure = Figure(figsize=(WIDTH, 0.6 + 1.15 * len(labels)), layout="constrained")
        grid = figure.subplots(len(labels), len(RATES), squeeze=False, sharex=True, sharey=True)
        for row, (group, use) in zip(grid, labels, strict=True):
            for axes, rate in zip(row, RATES, strict=True):
                _draw_retention(axes, retention[arm_label(group, use)][rate], CYCLE[GROUPS.index(group)])
                if axes in grid[0]:
                    axes.set_title(f"learning rate {RATES[rate]:g}")
            row[0].set_ylabel(f"{GROUP_OF[group].words}\nself {use}".replace(", ", ",\n"), fontsize=7)
        figure.supxlabel("steps of disuse", fontsize=8.5)
        return svg(figure, "Retention in disuse, by group and learning rate")


def _draw_retention(axes: Axes, retention: Retention, colour: str) -> None:
    if not retention.n:
        not_measured(axes, "no organism counts")
        return
    for organism in retention.organisms:
        axes.plot(retention.steps, organism, color=colour, lw=0.5, alpha=0.45)
    axes.plot(retention.steps, array([mean for mean, _, _ in retention.mean]), color=colour, lw=1.9)
    axes.axhline(0.5, color=GREY, lw=0.6, ls="--")
    axes.set(xlim=(0, retention.steps[-1]), ylim=(-0.03, 1.05))


def difference_figure(summary: BitrotSummary) -> Markup:
    """A panel a use: differences of each pair of groups by learning rate, with their mean over rates."""
    with style():
        figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
        panels = figure.subplots(1, len(USES), sharey=True)
        for axes, use in zip(panels, USES, strict=True):
            _draw_differences(axes, summary, use)
        panels[0].set_ylabel("retained, first less second")
        handles, labels = panels[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return svg(figure, "Differences of siblings")


def _draw_differences(axes: Axes, summary: BitrotSummary, use: Use) -> None:
    names = [*RATES, None]
    for n, pair in enumerate(PAIRS):
        name = f"retained.{pair_name(*pair)}.{use}"
        difference = [summary.difference(name if rate is None else f"{name}.{rate}") for rate in names]
        places = np.arange(len(names)) + 0.14 * (n - (len(PAIRS) - 1) / 2)
        _draw_intervals(axes, places, [each.mean for each in difference], CYCLE[n], pair_words(*pair))
    axes.axhline(0, color=INK, lw=0.7)
    axes.set_xticks(range(len(names)), [*(f"{value:g}" for value in RATES.values()), "mean"])
    axes.set(title=USE_WORDS[use], xlabel="learning rate of disuse")


def _draw_intervals(axes: Axes, places: np.ndarray, triples: list[Triple], colour: str, label: str) -> None:
    values = [value for value, _, _ in triples]
    axes.plot(places, array(values), "o", ms=4, color=colour, label=label)
    for x, (_, low, high) in zip(places, triples, strict=True):
        if low is not None and high is not None:
            axes.plot([x, x], [low, high], color=colour, lw=1.3)
