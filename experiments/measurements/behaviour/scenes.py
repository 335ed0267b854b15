"""Scenes: what does it look like? A few scenes in English, with what an organism did in them."""

from collections.abc import Sequence

import jax

from analysis.findings import RunFindings
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.scene_pictures import ScenesResult, scenes_in_english
from reports.section import Section
from reports.sections.scenes import scenes_section


class ScenesMeasurement(Measurement[ScenesResult]):
    """Scenes of the first members, with self and without. They are examples: rates are in *behaviour*."""

    name = "scenes"
    result = ScenesResult

    def measure(self, run: MeasuredRun, results: RunFindings) -> ScenesResult:
        """Scenes of the last checkpoint."""
        return ScenesResult(
            tuple(
                scenes_in_english(jax.device_get(run.end.organisms), run.config, run.secret_goals, run.seed)
            )
        )

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """The scenes."""
        return scenes_section(findings)
