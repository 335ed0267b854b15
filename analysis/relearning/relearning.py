"""Relearning from the fork: how many steps does it take an organism to learn the intent, with some of its
components ablated?

The phase is the run's own, without what planting does in it. An arm ablates one set of components; a *lane*
is one run of an arm. All lanes of all members are rows of one batch of members of one compiled program; rows
go member by member, lane by lane. A number of steps shows how soon self behaved as taught. It does *not* show
by which mechanism.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.relearning.finetune import (
    CHUNK,
    MODE,
    WATCHED_MODE,
    Chunk,
    Rows,
    RowSizes,
    fresh_state,
    train_rows,
)
from analysis.thresholds import BEHAVES
from curricula.phases import Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.resample_ablation import ResampleAblation
from curricula.pressures.routing import Routing
from organisms.ensemble.config import RunConfig
from organisms.ensemble.state import State
from organisms.model.sites import components
from organisms.storage.loading import fork_and_end, load, require_finished
from organisms.storage.run import Run
from organisms.training.step import PhaseParams, imitation_params

LIMIT = 150
"""steps that a lane is given at most; a rate is smoothed over two chunks of `CHUNK` steps"""
BUDGET = 750
"""steps that the lanes of one organism are given together: about as many as its training took"""
OTHER_ORDER = 1 << 16
"""added to a phase's index, keeps the scenes of another order of the data apart from all of the run's"""


class RelearningLane(NamedTuple):
    """One run of an arm."""

    arm: str
    order: int
    """of the data, 0 the run's own; of random arms also the draw"""


LANES = (
    RelearningLane("intact", 0),
    RelearningLane("lesioned", 0),
    RelearningLane("lesioned", 1),
    RelearningLane("random", 0),
    RelearningLane("random", 1),
    RelearningLane("spare", 0),
    RelearningLane("naive", 0),
)
ARMS = tuple(dict.fromkeys(lane.arm for lane in LANES))

AblatedSets = dict[str, Bool[np.ndarray, "order component"]]
"""from an arm to the components that each of its lanes ablates"""


class LaneSteps(NamedTuple):
    """How long each lane took to learn the intent."""

    steps: Float[np.ndarray, "member lane"]
    """NaN for a lane that did not reach the criterion"""
    given_up: Int[np.ndarray, " member"]
    """the step at which lanes that did not reach it were given up"""
    spent: Int[np.ndarray, " member"]
    """organism-steps that all lanes took together"""


def without_planting(phase: Phase) -> Phase:
    """The phase without routing, and without the component dropout that spreads what lanes do."""
    pressures = phase.pressures
    if pressures[Routing].active:
        pressures = pressures.replace(Routing(), ComponentDropout())
    return replace(phase, pressures=pressures, graft=False, learns="everything")


def lane_params(config: RunConfig, ablated: Sequence[AblatedSets]) -> PhaseParams:
    """The numbers [row, ...] of the first phase that teaches self. ablated: each member's arms."""
    index, names = config.curriculum.fork, np.array(components(config.organism))
    phases, numbers = [], []
    for member_phase, arms in zip(config.member_phases(index), ablated, strict=True):
        phase = without_planting(member_phase)
        for lane in LANES:
            mask = arms[lane.arm][lane.order] if lane.arm in arms else np.zeros(len(names), bool)
            ablation = ResampleAblation(tuple(names[mask].tolist()))
            phases.append(replace(phase, pressures=phase.pressures.replace(ablation)))
            numbers.append(config.number_of(index) + lane.order * OTHER_ORDER)
    return imitation_params(phases, numbers, config)


def learn_intent(
    config: RunConfig, rows: Rows, params: PhaseParams, lanes: Bool[np.ndarray, "member lane"]
) -> LaneSteps:
    """Trains every lane until it behaves as taught.

    rows, params: [row, ...]. lanes: those that there are. Lanes of a member stop as they reach the criterion,
    and all of them at `LIMIT` or when `BUDGET` does not suffice for another chunk.
    """
    limit = min(LIMIT, config.curriculum.phases[config.curriculum.fork].steps // CHUNK * CHUNK)
    steps, rates = np.full(lanes.shape, np.nan), []
    given_up, spent = np.full(len(lanes), limit), np.zeros(len(lanes), int)

    def after_chunk(chunk: Chunk) -> tuple[State, Bool[np.ndarray, " row"]]:
        metrics, running = chunk.metrics, chunk.running.reshape(lanes.shape)
        rates.append(np.stack([metrics[MODE], metrics[WATCHED_MODE]], axis=-1))
        spent[:] += CHUNK * running.sum(1)
        steps[:] = steps_to_criterion(np.stack(rates)).reshape(lanes.shape)
        running = running & np.isnan(steps)
        over_budget = running.any(1) & (spent + CHUNK * running.sum(1) > BUDGET)
        given_up[over_budget] = chunk.steps
        running[over_budget] = False
        return chunk.state, running.ravel()

    sizes = RowSizes.of_run(config, lanes.size)
    train_rows(fresh_state(rows), params, sizes, limit, lanes.ravel(), after_chunk)
    return LaneSteps(steps, given_up, spent)


def steps_to_criterion(rates: Float[np.ndarray, "chunk row rate"]) -> Float[np.ndarray, " row"]:
    """The end of the first two chunks in a row whose mean rates all reach `BEHAVES`; NaN where there are
    none."""
    met = np.asarray(((rates[1:] + rates[:-1]) / 2).min(-1) >= BEHAVES)
    return np.array([CHUNK * (column.argmax() + 2) if column.any() else np.nan for column in met.T], float)


def lane_rows(run: Run, config: RunConfig, naive: Run | None) -> Rows:
    """The organisms [row, ...] that lanes start from: the fork's of its member, or the naive run's."""
    fork = fork_and_end(config, run.entries())[0]
    members = np.repeat(np.arange(config.members), len(LANES))
    rows = Rows.from_run(load(run, config, fork), config, fork.extra["attempts"]).take(members)
    if naive is None:
        return rows
    naive_config = require_finished(naive)
    naive_organisms = load(naive, naive_config, fork_and_end(naive_config, naive.entries())[0])
    naive_lane = [lane.arm for lane in LANES].index("naive")
    both = min(config.members, naive_config.members)
    for leaf, naive_leaf in zip(
        jax.tree.leaves(rows.organisms), jax.tree.leaves(naive_organisms), strict=True
    ):
        leaf[naive_lane :: len(LANES)][:both] = naive_leaf[:both]
    return rows
