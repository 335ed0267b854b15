"""A bench: how does a plan become files? It is measured, summed up, drawn and written; a machine that was
busy with something else is pointed out."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import figures, tables
from benchmarks.background_load import BackgroundLoad
from benchmarks.machine import cores, versions
from benchmarks.measurement import Measurement
from benchmarks.plan import Plan
from benchmarks.summary import summary
from curricula.errors import UserError
from organisms.storage import records

DISTURBED = 0.1
"""number of cores that other processes may keep busy before figures are called untrustworthy"""


def bench(plan: Plan, out: Path, command: str, say: Callable[[str], None]) -> Path:
    """Runs a bench and writes ``summary.json``, ``cost.svg`` and ``memory.svg`` into ``out``. Returns the
    path of the summary.

    Raises UserError on wrong settings, before anything is measured; SystemFailure where a measurement fails or the disk
    refuses.
    """
    if errors := plan.validation_errors():
        raise UserError("; ".join(errors))
    for folder, flag in ((out, "--out"), (plan.profile, "--profile")):
        try:
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"could not make {folder}: {error.strerror or error}; give another {flag}"
            ) from error
    load, start = BackgroundLoad(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        measurement = Measurement(plan, Path(folder), say)
        if plan.pytorch and not measurement.has_pytorch():
            say(
                "PyTorch is not installed, so nothing is compared with it; install it with pip install -e '.[bench]'"
            )
        raw = measurement.run()
    about = {
        "versions": versions(),
        "cores": cores(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "cores_busy_with_others": load.cores(),
        "seconds": time.monotonic() - start,
    }
    results = records.plain(summary(raw, about))
    path = out / "summary.json"
    for name, drawn in (
        ("cost.svg", figures.cost(results["rows"])),
        ("memory.svg", figures.memory(results["rows"])),
    ):
        records.write_whole(out / name, drawn.encode(), out / ".partial")
    records.write_record(path, results, out / ".partial")
    say(tables.text(results))
    if (busy := about["cores_busy_with_others"] or 0.0) > DISTURBED:
        say(
            f"other processes kept {busy:.1f} of {cores()} cores busy meanwhile: figures are too low and ratios not to be trusted"
        )
    return path
