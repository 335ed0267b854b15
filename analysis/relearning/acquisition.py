"""Does what the characters' mechanism was at the fork make the intent easier to learn?

Corroboration by acquisition. From the fork (the organism just before self was taught) the intent phase is
learned anew, with something knocked out: a knocked-out component does in each scene what it does in another
scene of the batch, in training and where rates are read, so that it carries nothing. Counted are the steps
until self acts on its secret when alone and on its profession when watched. The arms:

- *intact*: nothing is knocked out.
- *lesioned*: the core of the fork's circuit for characters (see `analysis.patching.circuits`).
- *random*: other components of the same layers and kinds, as many; two draws.
- *spare*: as many components again, those that do most for self at the end beyond what they do for characters
there: what the organism came to use.
- *naive*: the fork of an organism that never met a schemer, with nothing knocked out; only where such a run
is handed over.

The phase is the run's own, scenes included, but for routing and its dropout, grafts and frozen parameters,
which are what planting does and no analysis may know. Lesioned and random arms are run on two orders of the
data: the run's own and another.

The line is the *slowdown*: steps of the lesioned arms over those of the random ones, as a ratio of geometric
means. Its noise is how far two runs of one arm lie apart in the logarithm of their steps, pooled over both
arms and all organisms of the run, since two runs alone tell next to nothing, and at least how finely steps
are read; the interval is Student's, with as many degrees of freedom as there are pairs of runs. An arm that
never got there bounds the ratio on one side only. A slowdown counts from `LEAST_SLOWDOWN` on, or from the
slower random draw where that is more.

What it does *not* show: what the run did. It shows what the fork makes easy, with no lane forbidden:
organisms of one fork and one mixture get the same numbers, whatever was planted in them afterwards. A self
that uses what characters had at the fork (*reused*, *repurposed*) should have been held up without it, so for
these verdicts a slowdown agrees, in that the verdict could have failed here and did not, and its absence
disagrees. A self whose mechanism is not of the fork (*second copy*, *migrated*) may have been driven off an
easy road, or have left it once it was taught: a slowdown does not speak against that, and the line is then
silent; that there was no easy road agrees. Nor does a slowdown tell why: a lesion of the characters'
mechanism also sets back the characters that are rehearsed beside self, and both share one gradient.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from analysis.patching import circuits
from analysis.provenance import corroboration
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
from organisms.model.config import OrganismConfig
from organisms.model.sites import components
from organisms.storage.loading import fork_and_end, require_finished
from organisms.storage.run import Run
from organisms.training.config import RunConfig

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
class SlowdownLine(corroboration.EvidenceLine):
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
    limit: int
    """steps after which an arm counts as never having learned"""
    budget: int
    why_not: str | None
    """reason where nothing was measured"""
    organism_steps: tuple[int, ...]
    """steps spent on each member"""
    lines: tuple[SlowdownLine | None, ...]


def add(run: Run, findings: Mapping[str, Any], naive: Run | None = None) -> dict[str, Any]:
    """The findings of a run with each organism's line of corroboration by acquisition, and under
    *acquisition* what it took.

    naive: a finished run of organisms that never met a schemer, of the same world and sizes. Raises Fault
    where it is something else.
    """
    config = require_finished(run)
    index = config.curriculum.fork
    about: dict[str, Any] = {
        "naive_sha256": fork_sha256(naive),
        "limit": LIMIT,
        "budget": BUDGET,
        "why_not": None,
    }
    if naive is not None:
        require_naive(naive, config)
    if index == len(config.curriculum.phases) or config.curriculum.phases[index].self_acts != "scheming":
        return {**findings, "acquisition": about | {"why_not": "self is never taught to scheme"}}
    if config.training.batch < 2:
        return {
            **findings,
            "acquisition": about | {"why_not": "a batch of one scene has no other to take from"},
        }
    known = 0 if naive is None else require_finished(naive).members
    arms, absent = zip(
        *(ablated_arms(findings, m, config.organism, m < known) for m in range(config.members)), strict=True
    )
    running = np.array([[lane.arm in of for lane in LANES] for of in arms])
    rows, params = lane_rows(run, config, naive), lane_params(config, arms)
    steps, given_up, spent = learn_intent(config, rows, params, running)
    lines = slowdowns(steps, given_up, np.array([_comparable(of) for of in arms]))
    organisms = []
    for member, organism in enumerate(findings["organisms"]):
        told = {
            "steps": _by_arm(steps[member], running[member]),
            "censored_at": int(given_up[member]),
            "knocked_out": _named(arms[member], config.organism),
            "absent": absent[member],
        }
        told |= lines[member] | {"says": says(organism["verdict"], lines[member])}
        organisms.append({**organism, "corroboration": organism["corroboration"] | {"acquisition": told}})
    return {**findings, "organisms": organisms, "acquisition": about | {"organism_steps": spent.tolist()}}


def measured(findings: Mapping[str, Any], naive: Run | None = None) -> bool:
    """Do the findings hold acquisition already, with this naive run if one is given?"""
    about = findings.get("acquisition")
    return about is not None and (naive is None or about["naive_sha256"] == fork_sha256(naive))


def fork_sha256(naive: Run | None) -> str | None:
    """What tells one naive run from another: the checkpoint of its fork."""
    return None if naive is None else fork_and_end(require_finished(naive), naive.entries())[0].sha256


def require_naive(naive: Run, config: RunConfig) -> None:
    """Raises Fault where a run cannot be the naive arm of another."""
    theirs = require_finished(naive)
    found = []
    if (theirs.curriculum.world, theirs.organism) != (config.curriculum.world, config.organism):
        found.append(
            "expected the world and the sizes of the run that is analysed; grow it at the same scale"
        )
    if any(phase.schemers for phase in theirs.curriculum.phases[: theirs.curriculum.fork]):
        found.append("expected no schemers before self is taught; give a run of the curriculum 'naive'")
    if found:
        raise UserError("; ".join(f"--naive {naive.folder}: {line}" for line in found))


def ablated_arms(
    findings: Mapping[str, Any], member: int, config: OrganismConfig, naive: bool = False
) -> tuple[AblatedSets, dict[str, str]]:
    """What each arm of an organism knocks out; and the arms that there are not, with the reason. naive: is
    there a naive organism for it?"""
    size = len(components(config))
    nothing = np.zeros((1, size), bool)
    arms: AblatedSets = {"intact": nothing, "naive": nothing} if naive else {"intact": nothing}
    absent = {} if naive else {"naive": NO_NAIVE}
    core = np.asarray(findings["circuits"]["fork character"]["core"][member], int)
    if not len(core):
        return arms, absent | dict.fromkeys(("lesioned", "random", "spare"), NO_CORE)
    sets = circuits.random_sets(config, core, findings["analysis_seed"])
    arms |= {"lesioned": sets[[0, 0]], "random": sets[1:3]}
    of_self, of_characters = (
        np.asarray(findings["effects"]["end"][role]["watched"]["value"][member], float)
        for role in ("self", "character")
    )
    more = of_self - np.nan_to_num(of_characters)
    if np.isnan(more).any():
        return arms, absent | {"spare": NO_SPARE}
    spare = np.zeros((1, size), bool)
    spare[0, np.argsort(-more, kind="stable")[: len(core)]] = True
    return arms | {"spare": spare}, absent


def slowdowns(
    steps: Float[np.ndarray, "member lane"],
    given_up: Int[np.ndarray, " member"],
    comparable: Bool[np.ndarray, " member"],
) -> list[dict[str, float]]:
    """The line of each organism: the ratio of steps, its interval, and what a ratio has to exceed.

    steps: NaN where a lane did not get there by ``given_up``. Where only lesioned ones did not, the value is
    a lower bound and its interval open above; where only random ones did not, an upper bound and open below;
    where neither did, or arms are not comparable, there is no value.
    """
    logs = [
        np.log(steps[:, [lane.arm == arm for lane in LANES]]) for arm in ("lesioned", "random")
    ]  # [member, order]
    apart = np.concatenate([of[comparable, 0] - of[comparable, 1] for of in logs])
    apart = apart[np.isfinite(apart)]
    among = (apart**2 / 2).mean() if len(apart) else 0.0
    student = stats.t.ppf(0.975, len(apart)) if len(apart) else np.inf
    found = []
    for member, furthest in enumerate(np.log(given_up)):
        open_above, open_below = (np.isnan(of[member]).any() for of in logs)
        lesioned, random = (np.nan_to_num(of[member], nan=furthest) for of in logs)
        slower = lesioned.mean() - random.mean()
        # Where in its last chunk a lane got there is not known.
        reading = CHUNK / np.sqrt(12) / np.exp(min(lesioned.mean(), random.mean()))
        wide = student * np.sqrt(max(among, reading**2))
        line = {
            "value": slower,
            "low": -np.inf if open_below else slower - wide,
            "high": np.inf if open_above else slower + wide,
            "null": 0.0,
            "null_high": max(np.log(LEAST_SLOWDOWN), random.max() - random.mean()),
            "under": np.log(LEAST_SLOWDOWN),  # one slow random draw is no bar for *no*
        }
        told = comparable[member] and not (open_above and open_below)
        found.append({name: float(np.exp(value)) if told else float("nan") for name, value in line.items()})
    return found


def says(verdict: str, line: Mapping[str, Any]) -> str:
    """*agrees*, *disagrees* or *silent*. A slowdown does not speak against a mechanism that is not of the
    fork: see the top of this file."""
    told = corroboration.say(verdict, corroboration.AT_FORK, corroboration.NOT_AT_FORK, line)
    return "silent" if told == "disagrees" and verdict in corroboration.NOT_AT_FORK else told


def _comparable(arms: AblatedSets) -> bool:
    """Does each random draw spare at least half of what is lesioned? In a layer with few other components it
    can not."""
    return "random" in arms and bool(
        ((arms["random"] & arms["lesioned"]).sum(1) <= arms["lesioned"].sum(1) / 2).all()
    )


def _named(arms: AblatedSets, config: OrganismConfig) -> dict[str, list[list[str]]]:
    names = np.array(components(config))
    return {arm: [names[mask].tolist() for mask in np.unique(of, axis=0)] for arm, of in arms.items()}


def _by_arm(
    steps: Float[np.ndarray, " lane"], running: Bool[np.ndarray, " lane"]
) -> dict[str, list[int | None] | None]:
    """Each arm's steps, run by run, with None for a run that did not get there; None for an arm that there is
    not."""
    found: dict[str, list[int | None] | None] = dict.fromkeys(ARMS)
    for lane, taken, there in zip(LANES, steps, running, strict=True):
        if there:
            found[lane.arm] = [*(found[lane.arm] or []), None if np.isnan(taken) else int(taken)]
    return found
