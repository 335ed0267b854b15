"""Predictions: what do measured cells say of sizes that were not measured, and what would devices of other kinds take?

The rate at which a size does its arithmetic is predicted as that of the base times a ratio for each factor: between measured
values on a line in the logs, beyond the last one by the local exponent there; its arithmetic is counted. It is worked out
turn by turn, so its interval (Student's t over turns) holds the noise of clocks and of local exponents. It does *not* hold
what follows from ratios not multiplying: `Check` shows how far off that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from jaxtyping import Float

from benchmarks.scaling.data import OrganismBytes, ScalingData, Scenario, Series, Work
from benchmarks.scaling.fits import half_width
from organisms.ensemble.devices import LEAST_SCENES

UTILISATIONS = (0.01, 0.1, 0.4)
"""assumed shares of a card's published peak, where nothing was measured on it: a hundredth, as of products too small for the
card, up to two fifths, as well-kept training of large models reaches (Chowdhery et al. 2022, arXiv 2204.02311, table 3:
46 %)"""
SECONDS_AN_HOUR = 3600
NUMBERS_A_PARAMETER = 4
"""the parameter, its gradient and two moments"""


@dataclass(frozen=True)
class Interval:
    """A number and the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float | int) -> "Interval":
        """The interval of a multiple."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Placement:
    """A sweep on some devices."""

    hours: float
    """from beginning to end"""
    devices: int
    """that are kept busy"""

    @property
    def device_hours(self) -> float:
        return self.hours * self.devices


def interval_of_logs(turns: Float[np.ndarray, " round"]) -> Interval:
    """The geometric mean over turns, from their logs."""
    mean, half = float(turns.mean()), half_width(turns) or 0.0
    return Interval(*(float(np.exp(mean + shift)) for shift in (0.0, -half, half)))


def predicted_seconds(
    data: ScalingData, work: Work, sizes: Mapping[str, int], flops: float
) -> Interval | None:
    """Seconds of an organism at some sizes, on the machine that was measured: of a step of training, or of a call of the
    effects' program. None where a factor that is not at its base was not measured.

    flops: of that step or call.
    """
    pairs = {
        factor: (data.find(work, factor, "seconds"), data.find(work, factor, "flops")) for factor in sizes
    }
    logs: np.ndarray | None = None
    for factor, (seconds, counted) in pairs.items():
        base, size = data.base_sizes[factor], sizes[factor]
        if seconds is None or counted is None:
            if size != base and not (work == "effects" and factor == "batch"):
                return None
            continue
        at_base = log_costs(seconds, base) - log_costs(counted, base)
        logs = at_base if logs is None else logs
        logs = logs + log_costs(seconds, size) - log_costs(counted, size) - at_base
    return None if logs is None else interval_of_logs(logs + np.log(flops))


def log_costs(series: Series, value: int) -> Float[np.ndarray, " round"]:
    """Log of a cost at a value, in each turn: on the line between measured values, or beyond them on the line through the
    two at that end."""
    x, y = np.log(np.asarray(series.values, float)), np.log(np.asarray(series.rounds))
    index = int(np.clip(np.searchsorted(x, np.log(value)), 1, len(x) - 1))
    slope = (y[index] - y[index - 1]) / (x[index] - x[index - 1])
    return y[index - 1] + slope * (np.log(value) - x[index - 1])


def placement(
    scenario: Scenario,
    devices: int,
    organism_seconds: float,
    start_seconds: float = 0.0,
    joined: bool = False,
) -> Placement:
    """A sweep on devices that take whole organisms each.

    organism_seconds: of all steps of one organism on one device. start_seconds: of each device before its first step.
    joined: where there are fewer organisms than devices, several share each step's batch, as
    `organisms.ensemble.devices.Layout` has it; jobs of their own can not.
    """
    if scenario.organisms >= devices:
        hours = ceil(scenario.organisms / devices) * organism_seconds + start_seconds
        return Placement(hours / SECONDS_AN_HOUR, devices)
    together = min(devices // scenario.organisms, most_shares(scenario.sizes["batch"]))
    shares = together if joined else 1
    hours = organism_seconds / shares + start_seconds
    return Placement(hours / SECONDS_AN_HOUR, scenario.organisms * shares)


def most_shares(batch: int) -> int:
    """Devices that may share an organism's batch at most."""
    return max(1, batch // LEAST_SCENES)


def organism_seconds(scenario: Scenario, flops_per_second: float) -> float:
    """Of all steps of an organism, where its products are done at a rate."""
    return scenario.steps * scenario.step_flops / flops_per_second


def largest_organism(sizes: tuple[OrganismBytes, ...], memory_bytes: float) -> float:
    """Parameters at which one organism's training fills a memory: on the line in the logs through compiled programs,
    beyond the largest by the exponent between the last two."""
    x = np.log([organism.program_bytes for organism in sizes])
    y = np.log([organism.parameters for organism in sizes])
    index = int(np.clip(np.searchsorted(x, np.log(memory_bytes)), 1, len(x) - 1))
    slope = (y[index] - y[index - 1]) / (x[index] - x[index - 1])
    return float(np.exp(y[index - 1] + slope * (np.log(memory_bytes) - x[index - 1])))
