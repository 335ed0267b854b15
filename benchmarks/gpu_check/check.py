"""A check under way: which part comes next, with how much time, and what did each come to?"""

import tempfile
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from benchmarks.gpu_check.plan import FRACTIONS, PARTS, SHORT_FACTOR, Part, Settings
from benchmarks.gpu_check.process import run_part
from benchmarks.gpu_check.rows import (
    DeviceRow,
    FractionRow,
    GpuCheck,
    LimitRow,
    PartOutcome,
    Row,
    TrainingRow,
)
from benchmarks.machine import versions
from curricula.errors import SystemFailure

Say = Callable[[str], None]
LEAST_SECONDS = 5.0
"""with less than this left a part is not begun"""


def run_check(short: bool, seed: int, names: Collection[str], command: str, say: Say) -> GpuCheck:
    """Runs the parts of these names in order, a line each.

    Raises UserError where a whole check finds no GPU, SystemFailure where the device could not be asked for.
    """
    start, date = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    rows: list[Row] = []
    outcomes: list[PartOutcome] = []
    with tempfile.TemporaryDirectory() as folder:
        end = start
        for part in [part for part in PARTS if part.name in names]:
            end += part.seconds * (SHORT_FACTOR if short else 1.0)
            left = end - time.monotonic()
            added, outcome = _begin(part, Settings(short, seed, folder, left, **_so_far(rows, short)))
            rows += added
            outcomes.append(outcome)
            say(_line(outcome, len(added)))
    if FRACTIONS in names:
        fractions = fractions_of(rows)
        failure = "" if fractions else "no rate or no limit was measured"
        outcomes.append(PartOutcome(FRACTIONS, 0.0, failure))
        rows += fractions
        say(_line(outcomes[-1], len(fractions)))
    device = next((row for row in rows if isinstance(row, DeviceRow)), None)
    if device is None:
        raise SystemFailure(outcomes[0].failure if outcomes else "nothing was measured")
    return GpuCheck(
        card=device.card,
        platform=device.platform,
        short=short,
        date=date,
        command=command,
        seconds=time.monotonic() - start,
        versions=versions(),
        parts=tuple(outcomes),
        rows=tuple(rows),
    )


def _begin(part: Part, settings: Settings) -> tuple[list[Row], PartOutcome]:
    if settings.seconds < LEAST_SECONDS:
        return [], PartOutcome(part.name, 0.0, "not begun, since no time was left")
    return run_part(part, settings)


def _so_far(rows: list[Row], short: bool) -> dict[str, float]:
    """What later parts need to know of earlier ones."""
    limits = [row.flops_per_second for row in rows if isinstance(row, LimitRow)]
    members = Settings(short, 0, "", 0.0).sizes.curriculum_members
    rates = [
        row.organism_steps_per_second
        for row in rows
        if isinstance(row, TrainingRow)
        and (row.scale, row.members) == ("cpu", members)
        and row.organism_steps_per_second
    ]
    rate = {"curriculum_rate": rates[0]} if rates else {}
    return rate | ({"flops_per_second": max(limits)} if limits else {})


def _line(outcome: PartOutcome, count: int) -> str:
    if outcome.left_out:
        return f"{outcome.part}: left out, since {outcome.left_out}"
    words = f"failed: {outcome.failure}" if outcome.failure else "done"
    return f"{outcome.part}: {words} ({count} rows, {outcome.seconds:.0f} s)"


def fractions_of(rows: list[Row]) -> list[FractionRow]:
    """Each ensemble's products a second over each precision's fastest large product, where both were
    measured."""
    limits = [row for row in rows if isinstance(row, LimitRow)]
    return [
        FractionRow(
            row.scale,
            row.members,
            limit.precision,
            row.organism_steps_per_second * row.flops_a_step / limit.flops_per_second,
        )
        for row in rows
        if isinstance(row, TrainingRow) and row.organism_steps_per_second and row.flops_a_step
        for limit in limits
    ]
