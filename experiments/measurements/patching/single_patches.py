"""Single patches: what does patching each component alone do?

The first look. A single patch does not show what redundant components share; see `analysis.patching.shapley`.
"""

import numpy as np

from analysis.findings import RunFindings
from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.results import CheckpointName, SinglePatches, SinglePatchesResult
from curricula.world.contrasts import Role
from experiments.measurements.protocol import MeasuredRun, Measurement


class SinglePatchesMeasurement(Measurement[SinglePatchesResult]):
    """Single patches both ways for characters at the fork, and for either role at the end."""

    name = "single_patches"
    result = SinglePatchesResult

    def measure(self, run: MeasuredRun, results: RunFindings) -> SinglePatchesResult:
        """Single patches of all members."""
        patches = (
            _single_patches("fork", run.fork, "character"),
            _single_patches("end", run.end, "character"),
            _single_patches("end", run.end, "self"),
        )
        return SinglePatchesResult(patches)


def _single_patches(checkpoint: CheckpointName, measurer: CheckpointMeasurer, role: Role) -> SinglePatches:
    nothing = np.zeros((measurer.members, measurer.component_count), bool)
    denoising, noising = (measurer.single_patches(role, way, nothing) for way in (False, True))
    return SinglePatches(checkpoint, role, denoising, noising)
