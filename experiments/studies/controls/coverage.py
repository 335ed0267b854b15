"""Coverage: do 95 % intervals of shares hold the planted share in 95 % of organisms?

Mixed compiled organisms are made and measured in batches, without runs of their own: their shares are neither 0 nor
1, and known exactly. It does *not* show how well intervals do where effects differ from pair to pair: in compiled
organisms nothing but the patching orders does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np

from analysis.patching.checkpoint import PAIRS, CheckpointMeasurer
from analysis.provenance.shares import BOOTSTRAPS, ShareInputs, shares_with_intervals
from analysis.provenance.verdict import CELLS
from experiments.measurements.patching.effects import GATE_CALLS
from experiments.studies.study import StudyRun
from organisms.planted.compiled_gate import CompiledGate, draw_gate
from organisms.planted.compiled_weights import compiled_organisms

ROUNDING = 1e-6
"""how far a share may lie outside of its interval by rounding"""
BATCH = 25
"""organisms of a batch"""
BATCHES_PER_ORGANISM = 4
"""batches for each organism that the study has of a truth: 400 organisms where it has 4"""


@dataclass(frozen=True)
class CoverageBatch:
    """Of each organism of a batch, how its measured shares relate to the planted ones."""

    cells: tuple[str, ...]
    """the cell of what self has alone"""
    covered: tuple[bool, ...]
    """do the intervals hold all shares?"""
    errors: tuple[float, ...]
    """share that would have to move to another cell"""


def measured_coverage(run: StudyRun) -> tuple[CoverageBatch, ...]:
    """The batches of a study, each measured once. run: of mixed compiled organisms."""
    settings = {"pairs": PAIRS * GATE_CALLS, "bootstraps": BOOTSTRAPS, "organisms": BATCH}
    batches: list[CoverageBatch] = []
    for number in range(BATCHES_PER_ORGANISM * run.settings.members):

        def measure(number: int = number) -> CoverageBatch:
            run.log(f"{run.folder.name}: coverage of intervals, batch {number}")
            with jax.default_matmul_precision("highest"):
                return coverage_batch(run, number)

        batches.append(run.measured_once(f"coverage-{number}", CoverageBatch, settings, measure))
    return tuple(batches)


def coverage_batch(run: StudyRun, number: int, organisms: int = BATCH) -> CoverageBatch:
    """Organisms that follow from the run's seed and the batch's number, compiled and measured."""
    config, world = run.config, run.config.curriculum.world
    rng = np.random.default_rng([config.seed, number, organisms])
    gates = [draw_gate("mixed", config.organism, rng) for _ in range(organisms)]
    secret_goals = rng.integers(0, world.goals, organisms)
    stages = compiled_organisms(world, config.organism, gates, secret_goals.tolist())
    seeds = rng.integers(0, 2**31, 2).tolist()
    fork, end = (
        CheckpointMeasurer(of_stage, config, secret_goals, seed)
        for of_stage, seed in zip(stages, seeds, strict=True)
    )
    effects = (
        fork.shapley_effects("character", "watched", GATE_CALLS),
        end.shapley_effects("character", "watched", GATE_CALLS),
        end.shapley_effects("self", "watched", GATE_CALLS),
    )
    # Where a cue changes without its meaning no component of theirs has an effect, so that there is no floor.
    inputs = [
        ShareInputs(at_fork, at_end, of_self, np.zeros(3))
        for at_fork, at_end, of_self in zip(*effects, strict=True)
    ]
    return compared(gates, inputs)


def compared(gates: Sequence[CompiledGate], inputs: Sequence[ShareInputs]) -> CoverageBatch:
    """Shares and their intervals from measured effects, against the gates' own."""
    covered, errors = [], []
    for member, (gate, of_member) in enumerate(zip(gates, inputs, strict=True)):
        shares, intervals = shares_with_intervals(of_member, member)
        planted = gate.shares() or dict.fromkeys(CELLS, 0.0)
        bounds = [(*intervals[cell], planted[cell]) for cell in CELLS if 0 < planted[cell] < 1]
        covered.append(all(low - ROUNDING <= share <= high + ROUNDING for low, high, share in bounds))
        errors.append(sum(abs(shares[cell] - planted[cell]) for cell in CELLS) / 2)
    return CoverageBatch(tuple(gate.cell for gate in gates), tuple(covered), tuple(errors))
