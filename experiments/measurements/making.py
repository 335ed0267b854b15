"""Making measurements side by side: while one is compiled, on one core, another one is compiled or runs.

A measurement starts once the results that it requires are there. What it gives does not depend on what runs beside it.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from typing import Any

import jax

from analysis.findings import RunFindings
from experiments.measurements.protocol import MeasuredRun, Measurement
from organisms.ensemble.side_by_side import AT_ONCE


def make_side_by_side(
    measurements: Sequence[Measurement[Any]], run: MeasuredRun, findings: RunFindings
) -> Iterator[tuple[Measurement[Any], object]]:
    """Each measurement with its result, as they come.

    findings: results that are there already. The first error of a measurement is raised, and nothing more is started.
    """
    waiting = list(measurements)
    if waiting:
        _ = run.fork, run.end  # loaded once, before any thread asks for them
    executor, running = ThreadPoolExecutor(AT_ONCE), dict[Future[object], Measurement[Any]]()
    try:
        while waiting or running:
            ready = [
                each for each in waiting if all(findings.get(kind) is not None for kind in each.requires)
            ]
            for measurement in ready[: AT_ONCE - len(running)]:
                waiting.remove(measurement)
                running[executor.submit(_make, measurement, run, findings)] = measurement
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                result = future.result()
                findings = findings.with_result(result)
                yield running.pop(future), result
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _make(measurement: Measurement[Any], run: MeasuredRun, findings: RunFindings) -> object:
    """One measurement, in the precision that it wants."""
    with jax.default_matmul_precision("highest") if measurement.full_precision else nullcontext():
        return measurement.measure(run, findings)
