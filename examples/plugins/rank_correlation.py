"""Rank correlation: do the same components matter most for characters and for self?

python scripts/analyse.py RUN --plugin examples/plugins/rank_correlation.py
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import spearmanr

from analysis.patching.results import EffectsResult
from analysis.provenance.corroboration import SAME_MECHANISM, Evidence, EvidenceLine
from experiments.measurements.protocol import Measurement
from experiments.measurements.registry import register_measurement
from reports.section import PageTable, Section, TableCell, one_group
from reports.tables import Row

DRAWS = 100  # of the bootstrap over pairs
LIMIT = "A high correlation does not show that the components compute the same thing."


@dataclass(frozen=True)
class RankCorrelationResult:
    lines: tuple[EvidenceLine, ...]  # of each member


def rank_correlation(self_nats, character_nats, unrelated_nats, rng):
    """One member's line, from the effects [pair, component]; its null is the correlation with another task's."""
    whole, draws = slice(None), rng.integers(len(self_nats), size=(DRAWS, len(self_nats)))
    ranked = [spearmanr(self_nats[draw].mean(0), character_nats[draw].mean(0)) for draw in (whole, *draws)]
    value, *resampled = [float(correlation.statistic) for correlation in ranked]
    low, high = map(float, np.quantile(resampled, [0.025, 0.975]))
    null = float(spearmanr(self_nats.mean(0), unrelated_nats.mean(0)).statistic)
    return EvidenceLine(value, low, high, null)


@register_measurement
class RankCorrelation(Measurement[RankCorrelationResult]):
    name, result, requires = "rank_correlation", RankCorrelationResult, (EffectsResult,)
    settings: ClassVar = {"draws": DRAWS}

    def measure(self, run, results):
        kinds = [("self", "watched"), ("character", "watched"), ("character", "professed")]
        nats = [results[EffectsResult].require("end", *kind).pair_nats for kind in kinds]
        rng = np.random.default_rng(run.seed)
        return RankCorrelationResult(tuple(rank_correlation(*each, rng) for each in zip(*nats, strict=True)))

    def rows(self, findings):
        for member, line in enumerate(findings[self.result].lines):
            yield Row(member, "spearman", line.value, line.low, line.high, phase="end")

    def section(self, findings):
        lines = [(run.run.run, line) for run in findings for line in run[self.result].lines]
        rows = [(TableCell(name), TableCell(f"{line.value:.2f}", "number")) for name, line in lines]
        table = PageTable(("run", "Spearman correlation"), one_group(*rows))
        return Section("Rank correlation", "rank-correlation", (table,), not_shown=(LIMIT,))

    def evidence(self, findings):
        yield Evidence(self.name, SAME_MECHANISM, findings[self.result].lines)
