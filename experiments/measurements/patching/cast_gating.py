"""Cast gating: do characters who act beside self read and act with self's components?

See `analysis.provenance.cast_gating`, which also tells what it does not show.
"""

from collections.abc import Iterator
from types import MappingProxyType

from analysis.findings import RunFindings
from analysis.patching.checkpoint import PAIRS
from analysis.patching.circuits import LEAST_NATS
from analysis.patching.cue_reading import DRAWS, SCENES_PER_DRAW, reading_overlaps
from analysis.patching.results import CircuitsResult, EffectsResult, effects_record
from analysis.provenance.cast_gating import (
    CastEffects,
    CastGating,
    CastGatingResult,
    moved_effects,
    moved_reading,
)
from analysis.provenance.shares import null_floor
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
            "pairs": PAIRS,
            "calls": CALLS,
            "reading.draws": DRAWS,
            "reading.scenes": SCENES_PER_DRAW,
        }
    )

    def measure(self, run: MeasuredRun, results: RunFindings) -> CastGatingResult:
        """The end of every member."""
        effects, circuits = results[EffectsResult], results[CircuitsResult]
        can_share = run.config.curriculum.world.characters > 1
        pairs = run.end.shapley_effects("character", "watched", CALLS, beside_self=can_share)
        beside = effects_record("end", "character", "watched", pairs)
        apart, of_self = (effects.require("end", role) for role in ("character", "self"))
        nulls = [effects.require("end", role, "idle").contributions() for role in ("character", "self")]
        found = circuits.find("end", "self").found
        reading = reading_overlaps(run.end) if can_share else None
        members: list[CastGating] = []
        for member in range(run.config.members):
            acts = found[member] and min(apart.total_nats[member], beside.total_nats[member]) > LEAST_NATS
            if reading is None or not acts:
                members.append(CastGating(None, None))
                continue
            inputs = CastEffects(
                apart.contributions()[member],
                pairs[member],
                of_self.contributions()[member],
                null_floor(nulls[0][member], float(apart.total_nats[member])),
                null_floor(nulls[1][member], float(of_self.total_nats[member])),
            )
            seed = run.seed + member
            members.append(CastGating(moved_effects(inputs, seed), moved_reading(reading[member], seed)))
        return CastGatingResult(beside, tuple(members))

    def rows(self, findings: RunFindings) -> Iterator[Row]:
        """Overlaps of every member, apart from self and beside it, and the share that moved: of effects and of reading."""
        step = findings.run.step_of("end")
        for member in findings.members:
            gating = findings[CastGatingResult].members[member]
            for variable, found in (("watched", gating.effects), ("reading", gating.reading)):
                if found is None:
                    continue
                place = {"phase": "end", "step": step, "role": "character", "variable": variable}
                for metric, interval in (
                    ("overlap apart from self", found.apart),
                    ("overlap beside self", found.beside),
                    ("moved beside self", found.moved),
                ):
                    yield Row(member, metric, interval.value, low=interval.low, high=interval.high, **place)
