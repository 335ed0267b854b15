"""How long does a mode live once it is out of use? Kaplan-Meier over organisms, of which some still have it
at the end.

An organism's mode *dies* when its rate first falls to half of what it was as disuse began, read off between
two readings as if it fell evenly. An organism that has not come to that by the last reading is *censored*: it
lived at least that long. One that comes back has died all the same, so that who *kept* its mode is told by
the last reading alone. All curves and their intervals are SciPy's (`scipy.stats.ecdf` of `CensoredData`;
Kaplan & Meier 1958). What a half-life does *not* show: that modes die at random, as atoms do; it is the time
by which half of the organisms had lost theirs, and nothing more.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from analysis.statistics import Interval, count_interval

HALF = 0.5
"""of its first rate: where a mode counts as dead"""


class Lives(NamedTuple):
    """How long each organism kept a mode."""

    times: Float[np.ndarray, " organism"]
    """at which it died, or was last read"""
    died: Bool[np.ndarray, " organism"]

    @property
    def n(self) -> int:
        return len(self.times)


def lives(times: Sequence[float], rates: Float[np.ndarray, "reading organism"]) -> Lives:
    """The life of each organism's mode. times: of the readings, the first of which is the rate at the start.

    ``lives([0, 10, 20], [[1], [0.8], [0.3]])`` died at 16. Raises ValueError where a mode was not there to
    begin with.
    """
    clock = np.asarray(times, float)
    if not (rates[0] > 0).all():
        raise ValueError("a mode that is not there at the first reading has no life to measure")
    share = rates / rates[0]
    found = Lives(np.full(share.shape[1], clock[-1]), (share <= HALF).any(0))
    for organism in np.flatnonzero(found.died):
        after = int((share[:, organism] <= HALF).argmax())
        high, low = share[after - 1, organism], share[after, organism]
        found.times[organism] = clock[after - 1] + (clock[after] - clock[after - 1]) * (high - HALF) / (
            high - low
        )
    return found


def curve(of: Lives) -> dict[str, list[float]]:
    """The share of organisms that still have the mode, from 1 at time 0, with its 95 % interval (log-log): a
    step at each time."""
    if not of.n:
        return {"time": [0.0], **{key: [math.nan] for key in ("alive", "low", "high")}}
    estimate = _estimate(of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where all or none live the interval is not defined, and NaN
        within = estimate.confidence_interval(method="log-log")
    return {
        "time": [0.0, *map(float, estimate.quantiles)],
        "alive": [1.0, *map(float, estimate.probabilities)],
        "low": [1.0, *map(float, within.low.probabilities)],
        "high": [1.0, *map(float, within.high.probabilities)],
    }


def half_life(of: Lives) -> Interval:
    """When half of the organisms had lost the mode, with the times between which its 95 % interval holds a
    half (Brookmeyer & Crowley 1982).

    Infinite where fewer than half did; the true one is then more than the last reading. A high end of
    infinity: the interval is open above.
    """
    if not of.n:
        return math.nan, math.nan, math.nan
    steps = curve(of)
    time = np.asarray(steps["time"])

    def first(values: Sequence[float]) -> float:
        reached = np.asarray(values) <= HALF + 1e-12
        return float(time[reached.argmax()]) if reached.any() else math.inf

    value = first(steps["alive"])
    # Where the estimate is 0 the interval is not defined; the mode is dead in all of them by then.
    low, high = (
        np.where(np.isnan(steps[end]) & (np.asarray(steps["alive"]) == 0), 0.0, steps[end])
        for end in ("low", "high")
    )
    return (
        value,
        min(first(np.nan_to_num(low, nan=1.0).tolist()), value),
        first(np.nan_to_num(high, nan=1.0).tolist()),
    )


class Ratio(NamedTuple):
    """One half-life over another."""

    value: float
    """NaN where undecided"""
    low: float
    high: float
    bound: str
    """what can be said where it is undecided: ``> 2.1``, ``< 0.4`` or nothing"""


def ratio(first: Lives, second: Lives, confidence: float = 0.95, seed: int = 0) -> Ratio:
    """The ratio of two half-lives and its bootstrap interval over organisms (BCa, SciPy; percentiles where
    that is degenerate).

    *Undecided* where either half-life is beyond the last reading. Where one of them is, the interval of both
    bounds the ratio on one side. In resampled organisms a half-life beyond the last reading counts as that
    reading, which draws the interval towards 1; an end is therefore open (infinity, or 0) where the interval
    of the half-life that it rests on is.
    """
    one, other = half_life(first), half_life(second)
    nan = math.nan
    if math.isinf(one[0]) or math.isinf(other[0]):
        bound = ""
        if math.isinf(one[0]) and math.isfinite(other[2]):
            bound = f"> {min(one[1], first.times.max()) / other[2]:.2g}"
        elif math.isinf(other[0]) and math.isfinite(one[2]):
            bound = f"< {one[2] / min(other[1], second.times.max()):.2g}"
        return Ratio(nan, nan, nan, bound)
    value = one[0] / other[0]

    def of(a: np.ndarray, b: np.ndarray) -> float:
        ends = [min(_median(Lives(abs(times), times > 0)), abs(times).max()) for times in (a, b)]
        return math.log(ends[0] / ends[1])

    signed = [np.where(lived.died, 1.0, -1.0) * np.maximum(lived.times, 1e-9) for lived in (first, second)]
    found = _resampled(signed, of, math.log(value), confidence, seed)
    if found is None:
        return Ratio(value, nan, nan, "")
    low = 0.0 if math.isinf(other[2]) else math.exp(found[0])
    return Ratio(value, low, math.inf if math.isinf(one[2]) else math.exp(found[1]), "")


class Means(NamedTuple):
    """How long modes lived within the time that was watched, in one group over another."""

    ratio: Interval
    """of mean lives up to the last reading, with its bootstrap interval over organisms; NaN where nobody died
    in either group"""
    p: float
    """chance of curves that differ as much, or more, if both groups lived alike (log-rank, two-sided)"""


def mean_lives(first: Lives, second: Lives, seed: int = 0) -> Means:
    """The ratio of restricted mean lives (Irwin 1949), which is decided where half-lives are not, since
    everybody who still lives counts with the last reading; it mostly lies nearer to 1 than half-lives would.
    Mantel's log-rank test stands beside it. Both groups must have been watched for as long.
    """
    if not (first.died.any() or second.died.any()):
        return Means((math.nan, math.nan, math.nan), math.nan)
    one, other = (
        stats.CensoredData(uncensored=of.times[of.died], right=of.times[~of.died]) for of in (first, second)
    )
    value = float(first.times.mean() / second.times.mean())
    of_means = lambda a, b: math.log(a.mean() / b.mean())  # noqa: E731
    found = _resampled([first.times, second.times], of_means, math.log(value), 0.95, seed)
    ends = [math.exp(end) for end in found] if found else [math.nan, math.nan]
    return Means((value, ends[0], ends[1]), float(stats.logrank(one, other).pvalue))


def _resampled(
    groups: Sequence[np.ndarray], of: Callable[..., float], value: float, confidence: float, seed: int
) -> tuple[float, float] | None:
    """The bootstrap interval of a statistic of two groups (BCa, SciPy; percentiles where that is degenerate);
    None where neither holds the value, or where a group has one organism, which can not be drawn anew."""
    if min(map(len, groups)) < 2:
        return None
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = stats.bootstrap(
                groups,
                of,
                vectorized=False,
                paired=False,
                n_resamples=1999,
                confidence_level=confidence,
                method=method,
                rng=np.random.default_rng(seed),
            ).confidence_interval
        if found.low <= value <= found.high:
            return float(found.low), float(found.high)
    return None


def _median(of: Lives) -> float:
    estimate = _estimate(of)
    reached = estimate.probabilities <= HALF + 1e-12
    return float(estimate.quantiles[reached.argmax()]) if reached.any() else math.inf


def _estimate(of: Lives) -> Any:
    return stats.ecdf(stats.CensoredData(uncensored=of.times[of.died], right=of.times[~of.died])).sf


def kept(rates: Float[np.ndarray, "reading organism"]) -> Interval:
    """The share of organisms whose rate at the last reading is above half of what it was at the first, with
    its Wilson interval."""
    return count_interval(int((rates[-1] > HALF * rates[0]).sum()), rates.shape[1])


def keeping(rates: Sequence[float], shares: Sequence[Interval]) -> tuple[float, float, float]:
    """The smallest exercise rate at which, and at every higher one, most organisms kept the mode; then what
    lies below and above it: the largest rate that surely lost it (Wilson's interval wholly below a half; 0
    where none did) and the smallest that surely kept it, with all above.

    rates: rising. shares: of the organisms that `kept` it at each. NaN where there is no such rate.
    """
    lost = [rate for rate, share in zip(rates, shares, strict=True) if share[2] < HALF]

    def from_here(position: int) -> float:
        holds = [share[position] > HALF for share in shares]
        first = next((n for n in range(len(holds)) if all(holds[n:])), None)
        return math.nan if first is None else float(rates[first])

    return from_here(0), float(max(lost, default=0.0)), from_here(1)
