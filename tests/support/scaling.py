"""Data of scaling with costs that are known: each factor multiplies them by a power of its own."""

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.scaling.data import Check, OrganismBytes, ScalingData, Scenario, Series, SeriesName
from benchmarks.scaling.fits import power_law

BASE = {"width": 64, "layers": 3, "moments": 4, "cues": 2, "batch": 64}
VALUES = {
    "width": (16, 64, 256),
    "layers": (1, 4, 16),
    "moments": (2, 4, 8),
    "cues": (1, 2, 4),
    "batch": (16, 64, 256),
}
EXPONENTS = {"width": 1.5, "layers": 1.0, "moments": 0.7, "cues": 0.3, "batch": 1.0}
MEMBERS, RATE, ROUNDS = 8, 2e9, 5
STEP_FLOPS = 1e8
"""of an organism at the base, which does `RATE` of them a second"""


def cost(sizes: Mapping[str, int]) -> float:
    """Arithmetic of an organism, as the factors have it."""
    ratios = [(sizes[factor] / BASE[factor]) ** power for factor, power in EXPONENTS.items()]
    return STEP_FLOPS * float(np.prod(ratios))


def series(
    quantity, factor, of_all: Callable[[Mapping[str, int]], float], noise=0.0, rounds=1, seed=0
) -> Series:
    rng = np.random.default_rng([list(VALUES).index(factor), seed])
    costs = [of_all(BASE | {factor: value}) for value in VALUES[factor]]
    turns = [tuple(amount * np.exp(noise * rng.standard_normal(rounds))) for amount in costs]
    return Series(
        SeriesName("training", factor, quantity),
        VALUES[factor],
        tuple(turns),
        power_law(VALUES[factor], turns),
    )


def scenario(**changes) -> Scenario:
    settings = {
        "title": "10,000 organisms at cpu scale",
        "scale": "cpu",
        "organisms": 10_000,
        "parameters": 150_000,
        "sizes": BASE,
        "steps": 800,
        "step_flops": STEP_FLOPS,
        "effects_calls": 26,
        "effects_flops": 1e9,
        "checkpoints": 17,
        "checkpoint_bytes": 600_000,
    }
    return Scenario(**(settings | changes))


def scaling_data(noise: float = 0.0, factors=tuple(EXPONENTS), seed: int = 0) -> ScalingData:
    """Data of a machine that does all arithmetic at one rate. noise: standard deviation of the log of a turn."""
    clocked = [
        series("seconds", factor, lambda sizes: MEMBERS * cost(sizes) / RATE, noise, ROUNDS, seed)
        for factor in factors
    ]
    counted = [series("flops", factor, lambda sizes: MEMBERS * cost(sizes)) for factor in factors]
    compiled = [series("compile_seconds", factor, lambda sizes: 6.0) for factor in factors]
    large = BASE | {"width": 1024, "layers": 8}
    return ScalingData(
        command="python scripts/bench.py --scaling --out docs",
        quick=False,
        processor="a processor",
        cores=2,
        versions={"python": "3.11", "torch": None},
        cores_busy_with_others=0.0,
        seconds=600.0,
        platform="cpu",
        scale="cpu",
        members=MEMBERS,
        effects_members=2,
        history_members=1,
        rounds=ROUNDS,
        base_sizes=BASE,
        series=(*clocked, *counted, *compiled),
        scenarios=(
            scenario(),
            scenario(
                title="8 organisms of 101 M parameters",
                scale="",
                organisms=8,
                sizes=large,
                step_flops=cost(large),
            ),
        ),
        checks=(Check("a size", large, cost(large), (cost(large) / RATE,) * ROUNDS),),
        organism_bytes=tuple(
            OrganismBytes(w, w // 128, 256, 100 * w**2, 2000 * w**2) for w in (256, 512, 1024)
        ),
    )
