"""Re-initialisation: does what stood at the fork in the components that self later took matter to where self goes?

From the fork the phase that teaches self is run anew, whole and with its pressures as they were fitted then, on the run's
scenes. The arms:

- *intact*: the fork as it was.
- *own*: the weights of self's own set (`analysis.provenance.spare`) are drawn anew.
- *others*: those of as many other components of the same layers and kinds; two draws.

Read are the steps until self behaves as taught, and where self's effect is at the end of the phase: its share in self's own
set. A mechanism that was taken over should be missed: self slower, or elsewhere. Where only the places count, as where a
pressure says where self may be, self goes to its set all the same.

What it does *not* show: which part of a set was missed. A redrawn component also sets back the characters that are rehearsed
beside self; so do others, among which may be what characters keep.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.circuits import random_sets
from analysis.patching.results import EffectsResult
from analysis.probes.phase_start import PhaseStartMeasurer
from analysis.provenance.spare import own_sets
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
from analysis.relearning.relearning import steps_to_criterion, without_planting
from analysis.relearning.savings import reinitialise_components
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import fetch
from organisms.ensemble.state import State
from organisms.pressures.protocol import PhaseStart
from organisms.pressures.registry import fit_pressures
from organisms.storage.loading import fork_and_end, load, secret_goals_of
from organisms.storage.run import Run
from organisms.training.step import PhaseParams, phase_params

LANES = ("intact", "own", "others", "others")
"""arms, a lane each; the second lane of others is another draw"""
EFFECT_CALLS = 2
"""program calls behind the effects of a lane"""


@dataclass(frozen=True)
class ReinitialisedLane:
    """One run of an arm."""

    arm: str
    components: tuple[int, ...]
    """whose weights were drawn anew"""
    steps: int | None
    """until self behaved as taught; None where it did not within the phase"""
    self_in_own: float
    """share of self's effect that is in self's own set at the end; NaN where self has no gate"""


@dataclass(frozen=True)
class MemberReinitialised:
    """The lanes of one organism."""

    own: tuple[int, ...]
    lanes: tuple[ReinitialisedLane, ...]


@dataclass(frozen=True)
class ReinitialisationResult:
    """All organisms; None where nothing serves self, or its layers hold too few other components."""

    why_not: str | None
    """reason where nothing was measured"""
    members: tuple[MemberReinitialised | None, ...]
    limit: int = 0
    """steps of the phase: a lane that did not get there within them is counted with as many"""


class LaneEnds(NamedTuple):
    """What became of every lane."""

    steps: Float[np.ndarray, "member lane"]
    """until self behaved as taught; NaN where it did not"""
    self_effect: Float[np.ndarray, "member lane component"]


def measure_reinitialisation(
    run: Run, config: RunConfig, effects: EffectsResult, seed: int
) -> ReinitialisationResult:
    """The phase that teaches self run anew from the fork of a finished run, in every lane. Takes about `LANES` times as
    long as that phase did. seed: of the draws."""
    index, nothing = config.curriculum.fork, (None,) * config.members
    if why_not := reason_against(config):
        return ReinitialisationResult(why_not, nothing)
    of_characters, of_self = (effects.require("end", role).value for role in ("character", "self"))
    own_masks = [own_sets(*of_member)["self"] for of_member in zip(of_characters, of_self, strict=True)]
    sets = np.stack([lane_sets(mask, config, seed + member) for member, mask in enumerate(own_masks)])
    fork = fork_and_end(config, run.entries())[0]
    organisms = load(run, config, fork)
    secret_goals = secret_goals_of(run).astype(np.int32)
    start = PhaseStart(config, index, organisms, secret_goals)
    fitted = fit_pressures(config.member_phases(index), start, PhaseStartMeasurer(start))
    params = jax.tree.map(
        lambda leaf: np.repeat(np.asarray(leaf), len(LANES), axis=0),
        phase_params(config, index, organisms, fitted),
    )
    rows = Rows.from_run(organisms, config, fork.extra["attempts"]).take(
        np.repeat(np.arange(len(sets)), len(LANES))
    )
    redrawn = reinitialise_components(rows.organisms, sets.reshape(-1, sets.shape[2]), config.organism, seed)
    ends = _run_lanes(config, rows._replace(organisms=redrawn), params, secret_goals, seed)
    return ReinitialisationResult(
        None,
        tuple(
            _member(own_masks[member], sets[member], ends, member) if _comparable(sets[member]) else None
            for member in range(config.members)
        ),
        config.curriculum.phases[index].steps,
    )


def reason_against(config: RunConfig) -> str | None:
    """Why a run can not be measured; None where it can."""
    index, phases = config.curriculum.fork, config.curriculum.phases
    if index == len(phases) or phases[index].self_acts != "scheming":
        return "self is never taught to scheme"
    if without_planting(phases[index]) != phases[index]:
        return "the phase that teaches self plants what is found"
    return None


def lane_sets(
    own_set: Bool[np.ndarray, " component"], config: RunConfig, seed: int
) -> Bool[np.ndarray, "lane component"]:
    """Components whose weights each lane draws anew."""
    drawn = random_sets(config.organism, np.flatnonzero(own_set), seed)
    return np.stack([np.zeros_like(own_set), own_set, drawn[1], drawn[2]])


def _comparable(sets: Bool[np.ndarray, "lane component"]) -> bool:
    """Is there a set of its own, and does each draw of others spare at least half of it?"""
    own_set, *random = sets[1:]
    return bool(own_set.any()) and all((own_set & drawn).sum() <= own_set.sum() / 2 for drawn in random)


def _run_lanes(
    config: RunConfig, rows: Rows, params: PhaseParams, secret_goals: np.ndarray, seed: int
) -> LaneEnds:
    """Every lane through the whole phase, and what self's components do then."""
    phase, rates = config.curriculum.phases[config.curriculum.fork], []

    def after_chunk(chunk: Chunk) -> tuple[State, Bool[np.ndarray, " row"]]:
        rates.append(np.stack([chunk.metrics[MODE], chunk.metrics[WATCHED_MODE]], axis=-1))
        return chunk.state, chunk.running

    sizes, running = RowSizes.of_run(config, rows.amount), np.ones(rows.amount, bool)
    state = train_rows(fresh_state(rows), params, sizes, phase.steps // CHUNK * CHUNK, running, after_chunk)
    organisms, effects = fetch(state.organism), []
    for lane in range(len(LANES)):  # of one seed, so that the lanes of a member see the same pairs
        of_lane = jax.tree.map(lambda leaf, lane=lane: leaf[lane :: len(LANES)], organisms)
        with jax.default_matmul_precision("highest"):
            end = CheckpointMeasurer(of_lane, config, secret_goals, seed)
            found = end.shapley_effects("self", "watched", EFFECT_CALLS)
        effects.append(np.stack([each.effect() for each in found]))
    steps = steps_to_criterion(np.stack(rates)).reshape(config.members, len(LANES))
    return LaneEnds(steps, np.stack(effects, axis=1))


def _member(
    own_set: Bool[np.ndarray, " component"],
    sets: Bool[np.ndarray, "lane component"],
    ends: LaneEnds,
    member: int,
) -> MemberReinitialised:
    lanes = tuple(
        ReinitialisedLane(
            arm,
            tuple(np.flatnonzero(mask).tolist()),
            None if np.isnan(steps) else int(steps),
            share_within(effect, own_set),
        )
        for arm, mask, steps, effect in zip(
            LANES, sets, ends.steps[member], ends.self_effect[member], strict=True
        )
    )
    return MemberReinitialised(tuple(np.flatnonzero(own_set).tolist()), lanes)


def share_within(effect: Float[np.ndarray, " component"], chosen: Bool[np.ndarray, " component"]) -> float:
    """Share of the positive effects that are in a set; NaN where there are none."""
    positive = np.nan_to_num(effect).clip(0)
    return float(positive[chosen].sum() / positive.sum()) if positive.sum() else float("nan")
