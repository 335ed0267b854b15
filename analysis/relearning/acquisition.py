"""Acquisition: does what the characters' mechanism was at the fork make the intent easier to learn?

Corroboration by acquisition. From the fork (the organism just before self was taught) the intent phase is learned
anew, with some components resample-ablated: an ablated component does in each scene what it does in another scene of
the batch, in training and where rates are read, so that it carries nothing. Counted are the steps until self acts on
its secret when alone and on its profession when watched. The arms:

- *intact*: nothing is ablated.
- *lesioned*: the core of the fork's circuit for characters (see `analysis.patching.circuits`).
- *random*: other components of the same layers and kinds, as many; two draws.
- *spare*: as many components again, those that do most for self at the end beyond what they do for characters
there: what the organism came to use.
- *naive*: the fork of an organism that never met a schemer, with nothing ablated; only where such a run is given.

The phase is the run's, scenes included, but for routing and its dropout, grafts and frozen parameters, which are what
planting does and no analysis may know. Lesioned and random arms are run on two orders of the data: the run's and
another.

The line is the *slowdown*: steps of the lesioned arms over those of the random ones, as a ratio of geometric means.
Its noise is how far two runs of one arm lie apart in the logarithm of their steps, pooled over both arms and all
organisms of the run, since two runs alone tell next to nothing, and at least how finely steps are read. The interval
is Student's, with as many degrees of freedom as there are pairs of runs. An arm that never got there bounds the ratio
on one side only. A slowdown counts from `LEAST_SLOWDOWN` on, or from the slower random draw where that is more.

What it does *not* show: what the run did. It shows what the fork makes easy, with no lane forbidden: organisms of one
fork and one mixture get the same numbers, whatever was planted in them later. A self that uses what characters had at
the fork (*reused*, *repurposed*) should have been held up without it, so for these verdicts a slowdown agrees, in
that the verdict could have failed here and did not, and its absence disagrees. A self whose mechanism is not of the
fork (*second copy*, *migrated*) may have been driven off an easy road, or have left it once it was taught: a slowdown
does not refute that, and the line is then silent; that there was no easy road agrees. Nor does a slowdown show why: a
lesion of the characters' mechanism also sets back the characters that are rehearsed beside self, and both share one
gradient.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from analysis.patching.circuits import random_sets
from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.provenance.corroboration import FROM_THE_FORK, Evidence, EvidenceLine
from analysis.relearning.finetune import CHUNK
from analysis.relearning.relearning import (
    ARMS,
    BUDGET,
    LANES,
    LIMIT,
    AblatedSets,
    lane_params,
    lane_rows,
    learn_intent,
)
from curricula.errors import UserError
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.storage.loading import fork_and_end, require_finished
from organisms.storage.run import Run

LEAST_SLOWDOWN = 1.25
"""a smaller one counts as none"""
NO_CORE = "no circuit was found for characters at the fork"
NO_SPARE = "self's gate has no effects at the end"
NO_NAIVE = "no naive run with such a member was handed over"


@dataclass(frozen=True)
class ArmSteps:
    """Steps of the runs of one arm; a run that did not get there has None. No runs: the arm is absent."""

    arm: str
    runs: tuple[int | None, ...]


@dataclass(frozen=True)
class SlowdownLine(EvidenceLine):
    """How much slower the intent is learned without the characters' mechanism, as a ratio of steps."""

    steps: tuple[ArmSteps, ...] = ()
    censored_at: int = 0
    """steps after which an arm was given up"""
    ablated: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """components that each arm ablates, one set a run"""
    absent: Mapping[str, str] = field(default_factory=dict)
    """arms that there are not, with the reason"""


@dataclass(frozen=True)
class AcquisitionResult:
    """How fast the intent is learned anew from the fork, with parts of it ablated."""

    naive_sha256: str | None
    """fork of the naive run; None where no such run was given"""
    naive_folder: str | None
    limit: int
    """steps after which an arm counts as never having learned"""
    budget: int
    why_not: str | None
    """reason where nothing was measured"""
    organism_steps: tuple[int, ...]
    """steps spent on each member"""
    lines: tuple[SlowdownLine | None, ...]


def measure_acquisition(
    run: Run, effects: EffectsResult, circuits: CircuitsResult, seed: int, naive: Run | None = None
) -> AcquisitionResult:
    """How fast the intent is learned anew from the fork of a finished run, with each arm's components ablated.

    effects, circuits: of the run; they decide what arms ablate. seed: of the random draws. naive: a finished run of
    organisms that never met a schemer, of the same world and sizes. Takes up to as long as training did.
    Raises UserError where the naive run is something else.
    """
    config = require_finished(run)
    if naive is not None:
        require_naive(naive, config)
    nothing = (None,) * config.members
    result = AcquisitionResult(fork_sha256(naive), _folder(naive), LIMIT, BUDGET, None, (), nothing)
    index = config.curriculum.fork
    if index == len(config.curriculum.phases) or config.curriculum.phases[index].self_acts != "scheming":
        return replace(result, why_not="self is never taught to scheme")
    if config.training.batch < 2:
        return replace(result, why_not="a batch of one scene has no other to take from")
    naive_members = 0 if naive is None else require_finished(naive).members
    cores = circuits.find("fork", "character").core
    self_effect, character_effect = (effects.require("end", role).value for role in ("self", "character"))
    arms, absent = zip(
        *(
            ablated_arms(
                cores[m],
                self_effect[m] - np.nan_to_num(character_effect[m]),
                config.organism,
                seed,
                m < naive_members,
            )
            for m in range(config.members)
        ),
        strict=True,
    )
    running = np.array([[lane.arm in sets for lane in LANES] for sets in arms])
    rows, params = lane_rows(run, config, naive), lane_params(config, arms)
    steps, given_up, spent = learn_intent(config, rows, params, running)
    lines = slowdowns(steps, given_up, np.array([_comparable(sets) for sets in arms]))
    detailed = tuple(
        replace(
            lines[m],
            steps=_steps_by_arm(steps[m], running[m]),
            censored_at=int(given_up[m]),
            ablated=_names_by_arm(arms[m], config.organism),
            absent=absent[m],
        )
        for m in range(config.members)
    )
    return replace(result, organism_steps=tuple(spent.tolist()), lines=detailed)


def acquisition_evidence(result: AcquisitionResult) -> Evidence:
    """The line of corroboration. A slowdown does not refute a mechanism that is not of the fork: see the top of this
    file. Planting does not decide it, since it reads the fork."""
    claims = replace(FROM_THE_FORK, above_refutes=False)
    return Evidence("acquisition", claims, result.lines, depends_on_planting=False)


def _folder(naive: Run | None) -> str | None:
    return None if naive is None else str(naive.folder)


def fork_sha256(naive: Run | None) -> str | None:
    """What tells one naive run from another: the checkpoint of its fork."""
    return None if naive is None else fork_and_end(require_finished(naive), naive.entries())[0].sha256


def require_naive(naive: Run, config: RunConfig) -> None:
    """Raises UserError where a run can not be the naive arm of another."""
    naive_config = require_finished(naive)
    errors: list[str] = []
    if (naive_config.curriculum.world, naive_config.organism) != (config.curriculum.world, config.organism):
        errors.append(
            "expected the world and the sizes of the run that is analysed; train it at the same scale"
        )
    if any(phase.schemers for phase in naive_config.curriculum.phases[: naive_config.curriculum.fork]):
        errors.append("expected no schemers before self is taught; give a run of the curriculum 'naive'")
    if errors:
        raise UserError("; ".join(f"--naive {naive.folder}: {line}" for line in errors))


def ablated_arms(
    core: Sequence[int],
    excess: Float[np.ndarray, " component"],
    config: OrganismConfig,
    seed: int,
    naive: bool = False,
) -> tuple[AblatedSets, dict[str, str]]:
    """Components that each arm of an organism ablates; and the arms that there are not, with the reason.

    core: of the characters' circuit at the fork; empty where there is none. excess: what components do for self
    beyond what they do for characters, at the end; NaN where self's gate has no effects. naive: is there a naive
    organism for it?
    """
    size = len(components(config))
    nothing = np.zeros((1, size), bool)
    arms: AblatedSets = {"intact": nothing, "naive": nothing} if naive else {"intact": nothing}
    absent = {} if naive else {"naive": NO_NAIVE}
    if not len(core):
        return arms, absent | dict.fromkeys(("lesioned", "random", "spare"), NO_CORE)
    sets = random_sets(config, np.asarray(core, int), seed)
    arms |= {"lesioned": sets[[0, 0]], "random": sets[1:3]}
    if np.isnan(excess).any():
        return arms, absent | {"spare": NO_SPARE}
    spare = np.zeros((1, size), bool)
    spare[0, np.argsort(-excess, kind="stable")[: len(core)]] = True
    return arms | {"spare": spare}, absent


def slowdowns(
    steps: Float[np.ndarray, "member lane"],
    given_up: Int[np.ndarray, " member"],
    comparable: Bool[np.ndarray, " member"],
) -> list[SlowdownLine]:
    """The line of each organism: the ratio of steps, its interval, and what a ratio has to exceed.

    steps: NaN where a lane did not get there by ``given_up``. Where only lesioned ones did not, the value is
    a lower bound and its interval open above; where only random ones did not, an upper bound and open below;
    where neither did, or arms are not comparable, every number is NaN.
    """
    logs = [
        np.log(steps[:, [lane.arm == arm for lane in LANES]]) for arm in ("lesioned", "random")
    ]  # [member order]
    differences = np.concatenate([steps_log[comparable, 0] - steps_log[comparable, 1] for steps_log in logs])
    differences = differences[np.isfinite(differences)]
    variance = (differences**2 / 2).mean() if len(differences) else 0.0
    student = stats.t.ppf(0.975, len(differences)) if len(differences) else np.inf
    lines: list[SlowdownLine] = []
    for member, furthest in enumerate(np.log(given_up)):
        open_above, open_below = (np.isnan(steps_log[member]).any() for steps_log in logs)
        if not comparable[member] or (open_above and open_below):
            lines.append(SlowdownLine(nan, nan, nan, nan, nan, under=nan))
            continue
        lesioned, random = (np.nan_to_num(steps_log[member], nan=furthest) for steps_log in logs)
        slower = lesioned.mean() - random.mean()
        # Where in its last chunk a lane got there is not known.
        reading = CHUNK / np.sqrt(12) / np.exp(min(lesioned.mean(), random.mean()))
        half_width = student * np.sqrt(max(variance, reading**2))
        low = -np.inf if open_below else slower - half_width
        high = np.inf if open_above else slower + half_width
        null_high = max(np.log(LEAST_SLOWDOWN), random.max() - random.mean())
        value, low, high, null_high = (float(np.exp(number)) for number in (slower, low, high, null_high))
        # One slow random draw is no bar for *no*.
        under = float(np.exp(np.log(LEAST_SLOWDOWN)))
        lines.append(SlowdownLine(value, low, high, 1.0, null_high, under=under))
    return lines


def _comparable(arms: AblatedSets) -> bool:
    """Does each random draw spare at least half of what is lesioned? In a layer with few other components it
    can not."""
    return "random" in arms and bool(
        ((arms["random"] & arms["lesioned"]).sum(1) <= arms["lesioned"].sum(1) / 2).all()
    )


def _names_by_arm(arms: AblatedSets, config: OrganismConfig) -> dict[str, tuple[tuple[str, ...], ...]]:
    names = np.array(components(config))
    return {
        arm: tuple(tuple(names[mask].tolist()) for mask in np.unique(sets, axis=0))
        for arm, sets in arms.items()
    }


def _steps_by_arm(
    steps: Float[np.ndarray, " lane"], running: Bool[np.ndarray, " lane"]
) -> tuple[ArmSteps, ...]:
    """Each arm's steps, run by run, with None for a run that did not get there; no runs for an arm that there is
    not."""
    runs: dict[str, list[int | None]] = {arm: [] for arm in ARMS}
    for lane, lane_steps, is_running in zip(LANES, steps, running, strict=True):
        if is_running:
            runs[lane.arm].append(None if np.isnan(lane_steps) else int(lane_steps))
    return tuple(ArmSteps(arm, tuple(arm_runs)) for arm, arm_runs in runs.items())
