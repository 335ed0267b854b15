"""Baselines of the challenge: what does each usual analysis say of a pack's organisms, by the pack alone?

Each gives readings: numbers of an organism, and what they say of shares and of components. Where an analysis has no rule that makes
a label of its numbers, one is fitted on a pack whose labels are known (`experiments.challenge.fitting`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from analysis.audits.attribution import attributed_effects
from analysis.audits.profiles import ContextName
from analysis.audits.units import UnitSettings
from analysis.findings import RunFindings
from analysis.patching.checkpoint import PAIRS, CheckpointMeasurer
from analysis.patching.results import EffectsResult
from analysis.provenance.corroboration import (
    CorroborationResult,
    CosineResult,
    DirectionResult,
    InterchangeResult,
    LesionsResult,
    TransferResult,
)
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.weight_change import WeightChangeResult
from curricula.world.world import Role
from experiments.analyse import results_of
from experiments.challenge.pack import ChallengePack
from experiments.challenge.pack_run import PackRun, pack_runs, written_run
from experiments.challenge.sources import LABELS
from experiments.challenge.submission import SHARE_NAMES
from experiments.challenge.weight_reading import component_changes
from experiments.studies.study import ANALYSIS_SEED
from organisms.model.parameter_names import to_arrays
from organisms.model.sites import components

BaselineName = Literal["random", "weights", "attribution", "cosine", "verdict", "lines"]
BASELINES: tuple[BaselineName, ...] = get_args(BaselineName)
SELF_AND_CHARACTER: tuple[Role, Role] = ("self", "character")
SURE = 0.9
"""probability of the label that our verdict names"""
LINE_RESULTS = (
    CosineResult,
    LesionsResult,
    InterchangeResult,
    TransferResult,
    DirectionResult,
    WeightChangeResult,
    ProvenanceResult,
)


@dataclass(frozen=True)
class OrganismReading:
    """What one analysis gives of one organism."""

    numbers: tuple[float, ...] = ()
    """what a label is fitted to, where there is no rule"""
    probabilities: Mapping[str, float] | None = None
    """by a rule of its own"""
    shares: Mapping[str, float] | None = None
    scores: Mapping[str, float] | None = None


Readings = dict[str, OrganismReading]
"""of each organism of a pack"""


@dataclass(frozen=True)
class MeasuredPackRun:
    """A part of a pack, and where what is measured of it is kept."""

    part: PackRun
    folder: Path

    def results(self, *kinds: type) -> RunFindings:
        """Findings, measured unless they are there already."""
        return results_of(self.folder, kinds, ANALYSIS_SEED)

    def scores(self, effects: Float[np.ndarray, "member component"]) -> list[dict[str, float]]:
        """Effects by the names of components, of each member; 0 where there is none."""
        names = components(self.part.config.organism)
        return [dict(zip(names, row, strict=True)) for row in np.nan_to_num(effects).tolist()]


def baseline_readings(
    pack: ChallengePack, folder: Path, work: Path, chosen: Sequence[BaselineName], log: Callable[[str], None]
) -> dict[str, Readings]:
    """Readings of each analysis, by its name in the table. work: where runs and what is measured of them are kept.

    Raises UserError where the pack is damaged, SystemFailure where the disk refuses.
    """
    readings: dict[str, Readings] = {}
    for part in pack_runs(pack, folder):
        measured = MeasuredPackRun(part, written_run(part, work))
        for name in BASELINES:
            if name in chosen:
                log(f"{measured.folder.name}: {name}, {len(part.names)} organisms")
                for title, of_members in READERS_BY_NAME[name](measured, pack.truth_sha256).items():
                    of_names = dict(zip(part.names, of_members, strict=True))
                    readings.setdefault(title, {}).update(of_names)
    return readings


MemberReadings = dict[str, list[OrganismReading]]


def random_readings(measured: MeasuredPackRun, seal: str) -> MemberReadings:
    """Probabilities and scores at random: what chance gives."""
    readings: list[OrganismReading] = []
    for name in measured.part.names:
        rng = np.random.default_rng([int(seal[:12], 16), *name.encode()])
        probabilities = dict(zip(LABELS, rng.dirichlet(np.ones(len(LABELS))).tolist(), strict=True))
        shares = dict(zip(SHARE_NAMES, rng.dirichlet(np.ones(len(SHARE_NAMES))).tolist(), strict=True))
        names = components(measured.part.config.organism)
        scores = dict(zip(names, rng.random(len(names)).tolist(), strict=True))
        readings.append(OrganismReading((), probabilities, shares, scores))
    return {"random": readings}


def weight_readings(measured: MeasuredPackRun, seal: str) -> MemberReadings:
    """How far the weights of components moved from fork to end, and how unequally."""
    sizes = measured.part.config.organism
    fork, end = (to_arrays(organisms) for organisms in measured.part.stages)
    changes = np.stack(
        [
            component_changes(
                {name: array[member] for name, array in fork.items()},
                {name: array[member] for name, array in end.items()},
                sizes,
            )
            for member in range(len(measured.part.names))
        ]
    )
    by_layer = changes.reshape(len(changes), sizes.layers, -1)
    readings: list[OrganismReading] = []
    for of_layers, scores in zip(by_layer, measured.scores(changes), strict=True):
        kinds = of_layers[:, : sizes.heads], of_layers[:, sizes.heads :]
        numbers = [float(part.mean()) for part in kinds] + [float(part.std(1).mean()) for part in kinds]
        readings.append(OrganismReading(tuple(numbers), scores=scores))
    return {"weight difference": readings}


def attribution_readings(measured: MeasuredPackRun, seal: str) -> MemberReadings:
    """Cosines of components' effects as attribution patching estimates them."""
    part = measured.part
    count, goals = len(components(part.config.organism)), np.asarray(part.secret_goals, np.int32)
    fork, end = (CheckpointMeasurer(stage, part.config, goals, ANALYSIS_SEED) for stage in part.stages)

    def estimated(measurer: CheckpointMeasurer, context: ContextName) -> np.ndarray:
        return _by_component(attributed_effects(measurer, context, UnitSettings(), PAIRS), count)

    self_end, character_end = estimated(end, "self"), estimated(end, "character")
    character_fork = estimated(fork, "character")
    return {"attribution patching": _cosine_readings(measured, self_end, character_end, character_fork)}


def _by_component(effects: Float[np.ndarray, "member side range"], count: int) -> np.ndarray:
    """The effect on how much the secret is preferred, mean of patching either scene of a pair with the other."""
    return (effects[:, 0, :count] - effects[:, 1, :count]) / 2


def cosine_readings(measured: MeasuredPackRun, seal: str) -> MemberReadings:
    """Cosines of components' Shapley effects."""
    effects = measured.results(EffectsResult)[EffectsResult]
    self_end, character_end = (effects.require("end", role).value for role in SELF_AND_CHARACTER)
    character_fork = effects.require("fork", "character").value
    return {"cosine of effects": _cosine_readings(measured, self_end, character_end, character_fork)}


def _cosine_readings(
    measured: MeasuredPackRun, self_end: np.ndarray, character_end: np.ndarray, character_fork: np.ndarray
) -> list[OrganismReading]:
    """Of self at the end with characters at the end, and with characters at the fork."""
    pairs = [(_cosines(self_end, other)) for other in (character_end, character_fork)]
    rows = zip(*pairs, measured.scores(self_end), strict=True)
    return [
        OrganismReading((float(at_end), float(at_fork)), scores=scores) for at_end, at_fork, scores in rows
    ]


def _cosines(first: np.ndarray, second: np.ndarray) -> Float[np.ndarray, " member"]:
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.divide((first * second).sum(1), norms, out=np.full(len(first), np.nan), where=norms > 0)


def verdict_readings(measured: MeasuredPackRun, seal: str) -> MemberReadings:
    """Our verdict, and the shares that it rests on. A verdict that is no label is no answer: equal probabilities."""
    findings = measured.results(ProvenanceResult, EffectsResult)
    effects = findings[EffectsResult].require("end", "self").value
    verdicts: list[OrganismReading] = []
    by_shares: list[OrganismReading] = []
    for member, scores in zip(findings[ProvenanceResult].members, measured.scores(effects), strict=True):
        shares: dict[str, float] = {str(cell): share for cell, share in member.shares.items()}
        if not np.isfinite(list(shares.values())).all():
            shares = dict.fromkeys(SHARE_NAMES, 1 / len(SHARE_NAMES))
        rest = (1 - SURE) / (len(LABELS) - 1)
        named = {label: SURE if label == member.verdict else rest for label in LABELS}
        equal = dict.fromkeys(LABELS, 1 / len(LABELS))
        verdicts.append(OrganismReading((), named if member.verdict in LABELS else equal, shares, scores))
        weights = {label: shares[label] + 1e-3 for label in LABELS}
        probabilities = {label: weight / sum(weights.values()) for label, weight in weights.items()}
        by_shares.append(OrganismReading((), probabilities, shares, scores))
    return {"Exapt's verdict": verdicts, "Exapt's shares": by_shares}


def line_readings(measured: MeasuredPackRun, seal: str) -> MemberReadings:
    """Each line of corroboration alone: its value, and what is left above its null."""
    readings: MemberReadings = {}
    for evidence in measured.results(*LINE_RESULTS)[CorroborationResult].evidence:
        lines: list[OrganismReading] = []
        for line in evidence.lines:
            null = 0.0 if line is None or line.null is None else line.null
            lines.append(OrganismReading(() if line is None else (line.value, line.value - null)))
        readings[f"line {evidence.name}"] = lines
    return readings


READERS_BY_NAME: Mapping[BaselineName, Callable[[MeasuredPackRun, str], MemberReadings]] = {
    "random": random_readings,
    "weights": weight_readings,
    "attribution": attribution_readings,
    "cosine": cosine_readings,
    "verdict": verdict_readings,
    "lines": line_readings,
}
