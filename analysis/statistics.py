"""How sure may one be of a number, given this few organisms?

The organism is the unit: one number per independently grown organism goes in, and organisms are what is drawn
again. What an interval here does *not* show: how far curricula, worlds or sizes that were never grown would
lie from these. Of few organisms, bootstrap intervals are narrower than they should be, so n stands beside
every one.
"""

import math
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from analysis.provenance.verdict import otherwise

CELLS = ("reused", "repurposed", "migrated", "second copy")
VERDICTS = (*CELLS, "mixed", "undecided", "absent")
BEHAVIOURS = (
    "self_alone_secret",
    "self_watched_professed",
    "character_alone_secret",
    "character_watched_professed",
)
FEW_ORGANISMS = 8
"""fewer than this in a cell support no claim"""

Interval = tuple[float, float, float]
"""value, low, high; NaN where there is none"""


def numbers(values: Iterable[float | int | None]) -> list[float]:
    """The values that are there: without None and without what is not finite."""
    return [float(value) for value in values if value is not None and math.isfinite(value)]


def mean_interval(values: Iterable[float | int | None], confidence: float = 0.95, seed: int = 0) -> Interval:
    """The mean over organisms and its bootstrap interval: (mean, low, high).

    values: one per organism; None and NaN are dropped. Equal values give (v, v, v), which says that nothing
    varied here and not that nothing would; a single organism has a mean and no interval; none has neither.
    Where BCa is degenerate (its acceleration or bias correction is not finite) the percentile interval is
    returned in its place.

    Source: Efron 1987, "Better bootstrap confidence intervals", through `scipy.stats.bootstrap`.
    """
    kept = np.asarray(numbers(values))
    if not len(kept):
        return math.nan, math.nan, math.nan
    mean = float(kept.mean())
    if len(kept) < 2:
        return mean, math.nan, math.nan
    if np.ptp(kept) <= 1e-12 * np.abs(kept).max():
        return (same := float(kept[0])), same, same
    low, high = math.nan, math.nan
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = stats.bootstrap(
                (kept,), np.mean, confidence_level=confidence, method=method, rng=np.random.default_rng(seed)
            ).confidence_interval
        low, high = float(found.low), float(found.high)
        if low <= mean <= high:
            return mean, low, high
    return mean, low, high


def count_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """The share `successes / n` of organisms and its Wilson interval: (share, low, high); NaN where n is 0.

    ``count_interval(5, 5)`` is about (1, 0.57, 1): five of five does not show that all do.

    Source: Wilson 1927, through `scipy.stats.binomtest`.
    """
    if n == 0:
        return math.nan, math.nan, math.nan
    found = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return successes / n, float(found.low), float(found.high)


def labels(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each finding that no other has: its curriculum, with the run's name where a curriculum came
    twice."""
    times = Counter(finding["curriculum"] for finding in findings)
    named: list[str] = []
    for finding in findings:
        name = finding["curriculum"]
        name = f"{name} ({finding['run']})" if times[name] > 1 else name
        again = 2
        while name in named:
            name, again = f"{finding['curriculum']} ({finding['run']}, {again})", again + 1
        named.append(name)
    return named


def jsonable(values: Iterable[float]) -> list[float | int | None]:
    """The numbers, with None (null in JSON) for what is not finite."""
    return [float(value) if math.isfinite(value) else None for value in values]


def shares_of(finding: Mapping[str, Any]) -> list[Mapping[str, float]]:
    """The four shares of each organism that behaves as taught and whose shares could be measured."""
    return [
        organism["shares"]
        for organism in finding["organisms"]
        if organism["verdict"] != "absent"
        and len(numbers(organism["shares"][cell] for cell in CELLS)) == len(CELLS)
    ]


def compare_summary(findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Curricula side by side, as a program reads them: ``{"curricula": {name: {...}}}``.

    n counts all organisms, as do verdicts and behaviour; shares are means over the `n_shares` organisms that
    pass the behaviour criterion and whose shares could be measured. Each triple is [mean, low, high], None
    where there is no number.
    """
    parts = by_settings(findings)
    return {"curricula": {name: _summary(part) for name, part in zip(labels(parts), parts, strict=True)}}


def by_settings(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The findings, those whose organisms differ in settings taken apart: organisms of different settings are
    no sample of one thing. A part's curriculum names its settings."""
    return [part for finding in findings for part in _parts(finding)]


def _parts(finding: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    kinds: dict[str, list[Any]] = {}
    for organism in finding["organisms"]:
        kind = ", ".join(f"{name}={value:g}" for name, value in organism["settings"].items())
        kinds.setdefault(kind, []).append(organism)
    if len(kinds) < 2:
        return [finding]
    attempts, name = finding["reseeded"]["attempts"], finding["curriculum"]
    again = {
        kind: {"count": sum(attempts[organism["member"]] > 0 for organism in of)}
        for kind, of in kinds.items()
    }
    return [
        {**finding, "curriculum": f"{name}, {kind}", "organisms": of, "reseeded": again[kind]}
        for kind, of in kinds.items()
    ]


def _summary(finding: Mapping[str, Any]) -> dict[str, Any]:
    organisms, shares = finding["organisms"], shares_of(finding)
    return {
        "run": finding["run"],
        "n": len(organisms),
        "n_shares": len(shares),
        "verdicts": dict(Counter(organism["verdict"] for organism in organisms)),
        "computing_otherwise": sum(map(otherwise, organisms)),
        "shares": {cell: jsonable(mean_interval(share[cell] for share in shares)) for cell in CELLS},
        "behaviour": {
            name: jsonable(mean_interval(organism["behaviour"][name] for organism in organisms))
            for name in BEHAVIOURS
        },
        "regrown": finding["reseeded"]["count"],
        "calibrated": bool(finding["calibrated"]),
    }
