"""A page of scaling: what does a person read? It is made of the data alone, and no number in it is typed by hand."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.scaling.cards import MeasuredRate, measured_rates
from benchmarks.scaling.data import DATA, DRAWING, PAGE, Quantity, ScalingData, Series, Work, put, read_data
from benchmarks.scaling.drawing import draw_scaling
from benchmarks.scaling.factors import CUE_KINDS
from benchmarks.scaling.fits import BAD_FIT
from benchmarks.scaling.predictions import interval_of_logs, predicted_seconds
from benchmarks.scaling.sharding_section import sharding_lines
from benchmarks.scaling.sweep_section import sweep_lines
from benchmarks.scaling.words import interval, number, table

TABLES: tuple[tuple[str, Work, Quantity, str], ...] = (
    (
        "Training: seconds a step of all members",
        "training",
        "seconds",
        "Clocked. Small organisms are bound by overhead, so "
        "the exponent at the large end is what an extrapolation uses.",
    ),
    (
        "Training: floating-point operations a step of all members",
        "training",
        "flops",
        "Counted from the program, so the "
        "intervals hold bends alone: embeddings, logits and attention grow by other exponents than the layers' weights.",
    ),
    (
        "Training: bytes of the compiled program",
        "training",
        "program_bytes",
        "What the compiler plans: state, scenes and "
        "what a backward pass keeps, over all devices. On a CPU one member a device is under way at a time, on a card all.",
    ),
    ("Training: bytes of a checkpoint", "training", "checkpoint_bytes", "Of all members, as a file."),
    (
        "Training: seconds to trace and compile",
        "training",
        "compile_seconds",
        "Read once for each cell, and paid once by a process that finds no kept program.",
    ),
    (
        "Effects: seconds of a call",
        "effects",
        "seconds",
        "Shapley values of every component over minimal pairs. More layers "
        "are more components *and* longer passes, so the exponent over layers is near 2.",
    ),
    ("Effects: floating-point operations of a call", "effects", "flops", "Counted from the program."),
    (
        "Histories: seconds to measure a lineage",
        "history",
        "seconds",
        "Effects for both roles and fingerprints at every checkpoint, reading them from the disk included.",
    ),
    (
        "Lineage: bytes on the disk",
        "history",
        "lineage_bytes",
        "Checkpoints and manifest; what is kept to resume a run "
        "(about three checkpoints, whatever its length) is not in it.",
    ),
)


def write_page(folder: Path) -> Path:
    """Makes the page and its drawing of the data in a folder of documentation, and returns the page's path.

    Raises UserError where there are no data, SystemFailure where the disk refuses.
    """
    data = read_data(folder)
    put(folder, DRAWING, draw_scaling(data).encode())
    return put(folder, PAGE, page_text(data, measured_rates(folder)).encode())


def page_text(data: ScalingData, rates: Sequence[MeasuredRate]) -> str:
    """The page as Markdown. rates: what was measured on cards; empty where nothing was."""
    lines = ["# How cost grows", "", *_about(data), ""]
    lines += [
        f"![Cost against each factor, as a multiple of that at its first value; dashed: the fits]({DRAWING.name})",
        "",
    ]
    lines += ["## Exponents", "", *_how_to_read(data), ""]
    for title, work, quantity, words in TABLES:
        if series := data.of(work, quantity):
            lines += [f"### {title}", "", words, "", *_exponents(series), ""]
    lines += ["## Where the fits are bad", "", *_bad_fits(data), ""]
    lines += ["## Are predictions right?", "", *_checks(data), ""]
    lines += sweep_lines(data, rates)
    lines += sharding_lines(data)
    return "\n".join(lines).rstrip() + "\n"


def _about(data: ScalingData) -> Iterator[str]:
    yield f"Made by `{data.command}` from [`{DATA}`]({DATA}); `--page-only` makes it again of the same data."
    busy = data.cores_busy_with_others
    beside = "unknown" if busy is None else f"{busy:.1f} of {data.cores} cores"
    versions = ", ".join(f"{name} {version}" for name, version in data.versions.items() if version)
    yield (
        f"Measured on {data.processor}, {data.cores} cores, in {data.seconds / 60:.0f} minutes. Other processes kept "
        f"busy meanwhile: {beside}. Versions: {versions}."
    )
    if data.quick:
        yield "**These are figures of `--quick`: they show that everything runs, and nothing about speed.**"
    sizes = ", ".join(f"{name} {value}" for name, value in data.base_sizes.items())
    yield (
        f"The base is {data.scale} scale ({sizes}) with {data.members} members in training, {data.effects_members} in "
        f"effects and {data.history_members} in histories. One factor at a time is varied around it; a layer has four "
        f"neurons for each number of its width, and over cues there are {CUE_KINDS} kinds of them."
    )


def _how_to_read(data: ScalingData) -> Iterator[str]:
    yield (
        "*Exponent*: of a least-squares line through log cost over log value, with its 95 % interval by Student's t on the "
        "residuals of the points. The residuals hold what matters: bends, and cells that the machine treats otherwise. A "
        "bootstrap over turns would leave both out, since all turns of a cell share them."
    )
    yield (
        "*At the large end*: the exponent between the last two values, with its 95 % interval by Student's t over "
        f"{data.rounds} turns, in each of which the two were clocked; exact where it is counted."
    )
    yield "*Furthest point*: the ratio by which the worst point is off the line."


def _exponents(series: Sequence[Series]) -> list[str]:
    rows = []
    for measured in series:
        law = measured.law
        rows.append(
            (
                measured.name.factor,
                " ".join(map(str, measured.values)),
                interval(law.exponent, law.low, law.high),
                interval(law.local, law.local_low, law.local_high),
                "-" if law.r_squared is None else f"{law.r_squared:.3f}",
                f"{law.worst_ratio:.2f}",
            )
        )
    head = ("over", "values", "exponent", "at the large end", "R²", "furthest point")
    return table(head, rows, words=2)


def _bad_fits(data: ScalingData) -> Iterator[str]:
    bad = [series for series in data.series if series.law.bends]
    yield (
        f"A line is no description where a point is off it by more than {BAD_FIT:g} times, whatever its R². "
        "The exponent at the large end is to be used there."
    )
    if not bad:
        yield "There is none."
        return
    yield ""
    for series in bad:
        name, law = series.name, series.law
        yield (
            f"- {name.work}, {name.quantity.replace('_', ' ')} over {name.factor}: {law.worst_ratio:.2f} times; "
            f"exponent {law.exponent:.2f} over all, {law.local:.2f} at the large end"
        )


def _checks(data: ScalingData) -> Iterator[str]:
    yield (
        "The rate at which a size does its arithmetic is predicted as that of the base times a ratio for each factor. "
        "Between measured values a ratio lies on the line between them. Beyond the last it follows the exponent at the "
        "large end. The arithmetic of a size is counted, and so holds what is no factor here (heads, names, characters). "
        "That ratios multiply is an assumption. So a size that is none of the cells is measured too, in the same turns:"
    )
    yield ""
    rows = []
    for check in data.checks:
        measured = interval_of_logs(np.log(check.rounds))
        predicted = predicted_seconds(data, "training", check.sizes, check.step_flops)
        if predicted:
            texts = [
                interval(seconds.value, seconds.low, seconds.high, number)
                for seconds in (predicted, measured)
            ]
            rows.append((check.title, *texts, f"{predicted.value / measured.value:.2f}"))
    if rows:
        head = ("size", "predicted seconds of an organism's step", "measured", "predicted / measured")
        yield from table(head, rows)
    else:
        yield "*Not measured.*"
