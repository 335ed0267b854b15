"""Behaviour: what does an organism do and answer at the end, in scenes that it was trained on and in held-out ones?

See `analysis.probes.belief`, which also tells what rates do not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analysis.findings import RunFindings
from analysis.probes.belief import BehaviourRates, BehaviourResult, examine
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.section import Section
from reports.sections.behaviour import behaviour_rows, behaviour_section
from reports.tables import Row

AS_TAUGHT = BehaviourRates(1.0, 1.0, 1.0, 1.0)


class BehaviourMeasurement(Measurement[BehaviourResult]):
    """Rates of the four behaviours and of answers."""

    name = "behaviour"
    result = BehaviourResult

    def measure(self, run: MeasuredRun, results: RunFindings) -> BehaviourResult:
        """Rates of all members. In a null all behave as taught: without behaviour the verdict would be *absent* before
        anything that the null is for is looked at."""
        scenes = run.config.training.evaluation_scenes
        world = run.config.curriculum.world
        behaviour = examine(run.end.organisms, world, run.secret_goals, run.seed, scenes)
        if run.null is None:
            return behaviour
        return BehaviourResult(tuple(replace(member, trained=AS_TAUGHT) for member in behaviour.members))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Every rate of every member."""
        return behaviour_rows(findings)

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """Figure and tables."""
        return behaviour_section(findings)
