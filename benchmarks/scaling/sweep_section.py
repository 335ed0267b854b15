"""Sweeps on a page: what would they cost here, on one card, on a pod and on Slurm?"""

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.scaling.cards import H100, POD_CHIPS, V5E, Card, MeasuredRate
from benchmarks.scaling.data import ScalingData, Scenario
from benchmarks.scaling.predictions import (
    UTILISATIONS,
    Interval,
    organism_seconds,
    placement,
    predicted_seconds,
)
from benchmarks.scaling.words import duration, interval, number, scaled, share, table

SLURM_JOBS = 100
"""jobs at the same time, of one device each"""


def sweep_lines(data: ScalingData, rates: Sequence[MeasuredRate]) -> Iterator[str]:
    """The section as lines of Markdown."""
    yield from ("## What a sweep costs", "")
    yield (
        "Counted from the programs of each size: arithmetic and bytes are exact, but for pressures of later phases. *Effects* "
        "are those of an analysis at the fork and at the end, for both roles and every variable."
    )
    yield ""
    yield from table(
        (
            "sweep",
            "parameters of an organism",
            "steps",
            "training",
            "effects",
            "checkpoints of an organism",
            "bytes on the disk",
        ),
        [_counts(scenario) for scenario in data.scenarios],
    )
    yield ""
    yield from _assumptions(data, rates)
    for scenario in data.scenarios:
        yield from ("", f"### {scenario.title}", "")
        head = ("what, and where", "devices busy", "from beginning to end", "device-hours")
        yield from table(head, list(_placements(scenario, data, rates)))
    yield ""


def _counts(scenario: Scenario) -> tuple[str, ...]:
    training = scenario.organisms * scenario.steps * scenario.step_flops
    effects = scenario.organisms * scenario.effects_calls * scenario.effects_flops
    disk = scenario.organisms * scenario.checkpoints * scenario.checkpoint_bytes
    return (
        scenario.title,
        f"{scenario.parameters:,}",
        f"{scenario.steps:,}",
        scaled(training, "FLOP"),
        scaled(effects, "FLOP"),
        str(scenario.checkpoints),
        scaled(disk, "B"),
    )


def _assumptions(data: ScalingData, rates: Sequence[MeasuredRate]) -> Iterator[str]:
    yield (
        f"Hours on this machine are predicted from the cells above, with 95 % intervals; a job of Slurm also compiles, "
        f"{_start_seconds(data):.0f} s. {SLURM_JOBS} jobs run at the same time there. Waiting in queues, first phases "
        "that are repeated for reseeded members (their checkpoints too), and writing are not in it."
    )
    for card in (H100, V5E):
        yield (
            f"{card.name}: {scaled(card.flops_per_second, 'FLOP')}/s at {card.precision}, {scaled(card.memory_bytes, 'B')} "
            f"({card.source})."
        )
    shares = ", ".join(share(utilisation) for utilisation in UTILISATIONS)
    yield (
        f"Where nothing was measured on a card, seconds are ***unmeasured***, and hours are its arithmetic at an *assumed* "
        f"share of the published peak: {shares}. Organisms as small as those at cpu scale may well reach less than the "
        "least of these. Effects are measured in full float32, at which no card was assumed: they are told for this machine."
    )
    if not rates:
        yield "Nothing was measured on any card so far (`make gpu-check`)."


def _placements(
    scenario: Scenario, data: ScalingData, rates: Sequence[MeasuredRate]
) -> Iterator[tuple[str, ...]]:
    step = predicted_seconds(data, "training", scenario.sizes, scenario.step_flops)
    effects = predicted_seconds(data, "effects", scenario.sizes, scenario.effects_flops)
    if step:
        training = step.times(scenario.steps)
        yield _clocked(f"training on this machine, {data.cores} cores", scenario, training, 1, 0.0)
        if effects:
            calls = effects.times(scenario.effects_calls)
            yield _clocked("effects on this machine", scenario, calls, 1, 0.0)
        title = f"training on Slurm, {SLURM_JOBS} jobs of a machine like it"
        yield _clocked(title, scenario, training, SLURM_JOBS, _start_seconds(data))
    for rate in rates:
        if rate.scale == scenario.scale:
            yield from _measured(scenario, rate, _start_seconds(data))
    yield _assumed(f"training on one {H100.name}, *unmeasured*", scenario, H100, 1)
    yield _assumed(f"training on a pod of {POD_CHIPS} {V5E.name}, *unmeasured*", scenario, V5E, POD_CHIPS)
    title = f"training on Slurm, {SLURM_JOBS} jobs of one {H100.name}, *unmeasured*"
    yield _assumed(title, scenario, H100, SLURM_JOBS, _start_seconds(data))


def _measured(scenario: Scenario, rate: MeasuredRate, start_seconds: float) -> Iterator[tuple[str, ...]]:
    """Rows of a card that was measured, at the rate of its best number of members. start_seconds: of a job."""
    seconds = scenario.steps / rate.organism_steps_per_second
    places = (
        (f"training on one {rate.card}", 1, 0.0),
        (f"training on Slurm, {SLURM_JOBS} jobs of one {rate.card}", SLURM_JOBS, start_seconds),
    )
    for title, devices, start in places:
        whole = placement(scenario, devices, seconds, start)
        title = f"{title}, measured with {rate.members:,} members"
        yield title, str(whole.devices), duration(whole.hours), number(whole.device_hours)


def _clocked(
    title: str, scenario: Scenario, seconds: Interval, devices: int, start_seconds: float
) -> tuple[str, ...]:
    """A row with intervals. seconds: of all that one organism takes."""
    whole = [
        placement(scenario, devices, amount, start_seconds)
        for amount in (seconds.value, seconds.low, seconds.high)
    ]
    return (
        title,
        str(whole[0].devices),
        interval(*(place.hours for place in whole), write=duration),
        interval(*(place.device_hours for place in whole), write=number),
    )


def _assumed(
    title: str, scenario: Scenario, card: Card, devices: int, start_seconds: float = 0.0
) -> tuple[str, ...]:
    """A row at each assumed share of a card's peak. start_seconds: of a job of its own; without, devices are joined."""
    whole = []
    for utilisation in UTILISATIONS:
        seconds = organism_seconds(scenario, utilisation * card.flops_per_second)
        whole.append(placement(scenario, devices, seconds, start_seconds, joined=not start_seconds))
    hours, device_hours = (
        ", ".join(f"{text} at {share(assumed)}" for text, assumed in zip(texts, UTILISATIONS, strict=True))
        for texts in (
            [duration(place.hours) for place in whole],
            [number(place.device_hours) for place in whole],
        )
    )
    return title, str(whole[0].devices), hours, device_hours


def _start_seconds(data: ScalingData) -> float:
    """Of a job before its first step: the compiler's, in the median over all cells."""
    series = data.of("training", "compile_seconds")
    return median(turns[0] for measured in series for turns in measured.rounds)
