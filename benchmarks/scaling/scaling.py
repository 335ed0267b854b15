"""The scaling bench: how does a plan become data, a page and a drawing?"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.scaling.data import DATA, write_data
from benchmarks.scaling.factors import ScalingPlan
from benchmarks.scaling.measuring import measure_scaling
from benchmarks.scaling.page import write_page
from curricula.errors import UserError
from organisms.ensemble import devices


def bench_scaling(
    plan: ScalingPlan, quick: bool, out: Path, command: str, say: Callable[[str], None]
) -> Path:
    """Measures, and writes data, page and drawing into a folder of documentation. Returns the path of the data.

    Raises UserError on wrong settings, before anything is measured; SystemFailure where the disk refuses.
    """
    if errors := plan.validation_errors():
        raise UserError("; ".join(errors))
    try:
        (out / DATA).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"could not make {out}: {error.strerror or error}; give another --out") from error
    devices.claim_cores()
    devices.keep_programs(False)  # what compiling costs is measured too
    devices.require_devices()
    path = write_data(measure_scaling(plan, quick, command, say), out)
    say(f"wrote {write_page(out)}")
    return path
