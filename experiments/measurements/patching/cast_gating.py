"""Cast gating: do characters who act beside self read and act with self's components?

See `analysis.provenance.cast_gating`, which also tells what it does not show.
"""

from collections.abc import Iterator
from types import MappingProxyType

import numpy as np

from analysis.findings import RunFindings
from analysis.patching.checkpoint import PAIRS
from analysis.patching.circuits import LEAST_NATS
from analysis.patching.cue_reading import DRAWS, SCENES_PER_DRAW, reading_shares
from analysis.patching.results import CircuitsResult, EffectsResult, effects_record
from analysis.provenance.cast_gating import (
    TOGETHER,
    CastGating,
    CastGatingResult,
    ThreeSamples,
    of_draws,
    of_pairs,
    where_beside_self,
)
from analysis.thresholds import OF_HOME
from experiments.measurements.protocol import MeasuredRun, Measurement
from reports.tables import Row

CALLS = 2
"""program calls behind the effects of characters beside self"""


class CastGatingMeasurement(Measurement[CastGatingResult]):
    """Effects and cue reading of characters beside self, and how much nearer to self's they are than apart from it."""

    name = "cast_gating"
    result = CastGatingResult
    requires = (EffectsResult, CircuitsResult)
    settings = MappingProxyType(
        {
            "moved.least": OF_HOME,
            "total_nats.least": LEAST_NATS,
            "together.cosine": TOGETHER,
            "pairs": PAIRS,
            "calls": CALLS,
            "reading.draws": DRAWS,
            "reading.scenes": SCENES_PER_DRAW,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> CastGatingResult:
        """The end of every member. A member whose characters have less than half of their gate beside self acts there as
        it was never taught to: nothing is said of it."""
        effects, found = results[EffectsResult], results[CircuitsResult].find("end", "self").found
        nothing = CastGating(None, None)
        if run.config.curriculum.world.characters == 1:
            return CastGatingResult(None, (nothing,) * run.config.members)
        pairs = run.end.shapley_effects("character", "watched", CALLS, beside_self=True)
        beside, reading = effects_record("end", "character", "watched", pairs), reading_shares(run.end)
        apart, of_self = (effects.require("end", role) for role in ("character", "self"))
        members: list[CastGating] = []
        for member in range(run.config.members):
            taught = beside.total_nats[member] > max(LEAST_NATS, OF_HOME * apart.total_nats[member])
            if not (taught and found[member] and apart.total_nats[member] > LEAST_NATS):
                members.append(nothing)
                continue
            of_effects = (apart.contributions()[member], pairs[member], of_self.contributions()[member])
            samples = (
                ThreeSamples(*map(of_pairs, of_effects)),
                ThreeSamples(*map(of_draws, np.moveaxis(reading[member], 1, 0))),
            )
            members.append(CastGating(*(where_beside_self(each, run.seed + member) for each in samples)))
        return CastGatingResult(beside, tuple(members))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """How far every member's characters are on the way to self, and off it: of effects and of reading."""
        step = findings.run.step_of("end")
        for member in findings.members:
            gating = findings[CastGatingResult].members[member]
            for variable, where in (("watched", gating.effects), ("reading", gating.reading)):
                if where is None:
                    continue
                place = {"phase": "end", "step": step, "role": "character", "variable": variable}
                for metric, interval in (
                    ("moved beside self", where.moved),
                    ("elsewhere beside self", where.elsewhere),
                ):
                    yield Row(member, metric, interval.value, low=interval.low, high=interval.high, **place)
