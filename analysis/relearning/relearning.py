"""How many steps does it take an organism at its fork to learn the intent, with some of its components
knocked out?

The phase is the run's own, without what planting does in it. All lanes of all members are rows of one batch
of members of one compiled program; rows go member by member, lane by lane. A number of steps says how soon
self behaved, not by which mechanism.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.provenance.verdict import BEHAVES
from curricula.phases import Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.resample_ablation import ResampleAblation
from curricula.pressures.routing import Routing
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.storage.forking import member_ids
from organisms.storage.loading import fork_and_end, load, require_finished
from organisms.storage.run import Run
from organisms.training.config import RunConfig
from organisms.training.devices import Layout, fetch
from organisms.training.optimiser import initial_moments
from organisms.training.state import State
from organisms.training.step import ChunkSetup, PhaseParams, imitation_params, train_chunk

CHUNK = 5
"""steps between two readings of the rates; a rate is smoothed over two chunks"""
LIMIT = 150
"""steps that a lane is given at most"""
BUDGET = 750
"""steps that the lanes of one organism are given together: about what growing it took"""
OTHER_ORDER = 1 << 16
"""added to a phase's index, keeps the scenes of another order of the data apart from all of the run's"""


class Lane(NamedTuple):
    """One run of an arm."""

    arm: str
    order: int
    """of the data, 0 the run's own; of random arms also the draw"""


LANES = (
    Lane("intact", 0),
    Lane("lesioned", 0),
    Lane("lesioned", 1),
    Lane("random", 0),
    Lane("random", 1),
    Lane("spare", 0),
    Lane("naive", 0),
)
ARMS = tuple(dict.fromkeys(lane.arm for lane in LANES))

AblatedSets = dict[str, Bool[np.ndarray, "order component"]]
"""arm to what each of its lanes knocks out"""


def free(phase: Phase) -> Phase:
    """The phase without what planting does in it: routing, and the dropout that spreads what lanes do."""
    pressures = phase.pressures
    if pressures[Routing].active:
        pressures = pressures.replace(Routing(), ComponentDropout())
    return replace(phase, pressures=pressures, graft=False, learns="everything")


def lane_params(config: RunConfig, ablated: Sequence[AblatedSets]) -> PhaseParams:
    """The numbers [row, ...] of the first phase that teaches self, given the components that each member's arms
    ablate."""
    index, names = config.curriculum.fork, np.array(components(config.organism))
    phases, numbers = [], []
    for phase, arms in zip(map(free, config.member_phases(index)), ablated, strict=True):
        for lane in LANES:
            mask = arms[lane.arm][lane.order] if lane.arm in arms else np.zeros(len(names), bool)
            ablation = ResampleAblation(tuple(names[mask].tolist()))
            phases.append(replace(phase, pressures=phase.pressures.replace(ablation)))
            numbers.append(config.number_of(index) + lane.order * OTHER_ORDER)
    return imitation_params(phases, numbers, config)


@lru_cache(maxsize=8)
def _program(world: World, organism: OrganismConfig, batch: int, rows: int):
    layout = Layout.of(rows, batch)
    chunk = partial(train_chunk, setup=ChunkSetup(world, organism, batch, CHUNK, layout.shares))
    return layout, layout.over_members(chunk, donate=(0,))


def learn(
    config: RunConfig, state: State, params: PhaseParams, running: Bool[np.ndarray, "member lane"]
) -> tuple[Float[np.ndarray, "member lane"], Int[np.ndarray, " member"], Int[np.ndarray, " member"]]:
    """Steps that each lane needs; the step [member] at which those that did not get there (NaN) were given
    up; and organism-steps [member] spent.

    state, params: [row, ...]. running: lanes that there are. Lanes of a member stop as they get there, and
    all of them at `LIMIT` or when `BUDGET` does not reach for another chunk.
    """
    layout, train = _program(config.curriculum.world, config.organism, config.training.batch, running.size)
    limit = min(LIMIT, config.curriculum.phases[config.curriculum.fork].steps // CHUNK * CHUNK)
    state, running, rates = layout.place(state), running.copy(), []
    steps, given_up = np.full(running.shape, np.nan), np.full(len(running), limit)
    spent, taken = np.zeros(len(running), int), 0
    while taken < limit and running.any():
        # A lane that is past the end of its phase waits, at no cost on a CPU.
        phase_step = np.where(running.ravel(), taken, params.schedule.steps).astype(np.int32)
        state, progress = train(state._replace(phase_step=layout.place(phase_step)), params)
        metrics = fetch(progress.metrics)
        rates.append(np.stack([metrics["self_alone_secret"], metrics["self_watched_professed"]], axis=-1))
        taken += CHUNK
        spent += CHUNK * running.sum(1)
        steps = steps_to_criterion(np.stack(rates)).reshape(running.shape)
        running &= np.isnan(steps)
        broke = running.any(1) & (spent + CHUNK * running.sum(1) > BUDGET)
        given_up[broke] = taken
        running[broke] = False
    return steps, given_up, spent


def steps_to_criterion(rates: Float[np.ndarray, "chunk row rate"]) -> Float[np.ndarray, " row"]:
    """The end of the first two chunks in a row whose mean rates all reach `BEHAVES`; NaN where there are
    none."""
    met = np.asarray(((rates[1:] + rates[:-1]) / 2).min(-1) >= BEHAVES)
    return np.array([CHUNK * (column.argmax() + 2) if column.any() else np.nan for column in met.T])


def starts(run: Run, config: RunConfig, naive: Run | None) -> State:
    """Where lanes start [row, ...]: the fork's organism of its member, or the naive one's, with a fresh
    optimiser."""
    fork = fork_and_end(config, run.entries())[0]
    members = np.repeat(np.arange(config.members), len(LANES))
    organisms = jax.tree.map(lambda leaf: np.array(leaf)[members], load(run, config, fork))
    if naive is not None:
        theirs = require_finished(naive)
        of_naive = load(naive, theirs, fork_and_end(theirs, naive.entries())[0])
        lane, known = [lane.arm for lane in LANES].index("naive"), min(config.members, theirs.members)
        for ours, other in zip(jax.tree.leaves(organisms), jax.tree.leaves(of_naive), strict=True):
            ours[lane :: len(LANES)][:known] = other[:known]
    attempts = np.asarray(fork.extra["attempts"], np.int32)[members]
    seeds, numbers = (of[members] for of in member_ids(config))
    start = np.zeros(len(members), np.int32)
    return State(organisms, initial_moments(organisms), seeds, numbers, attempts, start)  # pyright: ignore[reportArgumentType]
