"""Are events dated right? The study *ancestry*.

Grows lineages whose dates are known: lanes that are exchanged from one step to the next, a lane that is
grafted over the other, a spare that is taught another role; and lineages that only train on, at the floor of
the loss and at the rate at which they ended, in which nothing happens. Their histories are told blind
(`analysis.history.trajectories`, `analysis.history.events`); only then is what was planted read and compared
(`analysis.history.dating`).
"""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.history import dating, events
from analysis.history.trajectories import ROLES, trajectories
from analysis.patching.checkpoint import PAIRS
from analysis.provenance import scoring
from analysis.statistics import jsonable, mean_interval
from curricula.errors import UserError
from experiments.compare import Say, say_on_error_stream, train_missing
from experiments.studies.ancestry.page import page, plain_lines
from experiments.studies.former import Study, write
from organisms.model.sites import components
from organisms.storage import records
from organisms.storage.loading import require_finished
from organisms.storage.run import Run, open_run, read_run
from organisms.training.config import RunConfig

DATED = ("planted_exchanged", "planted_repurposed", "grafted_repurposed")
"""curricula whose changes are planted"""
QUIET = {"planted_exchanged": "settled", "settled": "settled"}
"""curricula with a phase in which nothing happens, and its name"""
CURRICULA = (*DATED, "settled")
CHECKPOINT_EVERY = 20
SEEDS_APART = 1000
CHOSEN_ON = frozenset({12, 3010, 7020})
"""seeds of the runs that thresholds were chosen on, by looking at what components do in them: see
`analysis.history.events`. No run of this study has one of them"""
TARGETS = {
    "found, at least": 0.9,
    "median error, checkpoints, at most": 2,
    "false events a component, at most": 0.05,
}


class Chronology(Study):
    """Lineages whose dates are known."""

    def config(self, name: str) -> RunConfig:
        """The run of a curriculum, with a seed of its own, so that no two organisms are siblings."""
        found = self.run(name, self.members, self.seed * SEEDS_APART + 500 + 10 * CURRICULA.index(name))
        return replace(found, training=replace(found.training, checkpoint_every=CHECKPOINT_EVERY))


def run_chronology(
    study: Chronology, out: Path, command: str, quiet: bool = False, say: Say = say_on_error_stream
) -> Path:
    """Grows, tells histories and scores; what is there already is not made again. Returns the path of the
    study's summary.

    Raises Fault on wrong settings with nothing grown; Failure where the disk refuses.
    """
    found = [] if study.members >= 1 else [f"members: expected 1 or more, got {study.members}"]
    if not 0 <= study.seed < 2**31 // SEEDS_APART:
        found.append(f"seed: expected 0 to {2**31 // SEEDS_APART - 1}, got {study.seed}")
    if found:
        raise UserError("; ".join(found))
    configs = [study.config(name) for name in CURRICULA]
    folders = dict(zip(CURRICULA, train_missing(configs, out / "ancestry", quiet, say), strict=True))
    rows, false, grown = [], [], {}
    for name, folder in folders.items():
        told = measured(folder, say)
        truth = scoring.read_truth(folder) if name in DATED else None
        took = truth["took"] if truth else [True] * len(told["events"])
        rows += dating.scored(told, truth) if truth else []
        false += dating.spurious(told, QUIET[name], took) if name in QUIET else []
        grown[name] = {"grown": len(took), "took": sum(took), "checkpoints": len(told["steps"])}
    return write(study, out, summarise(study, rows, false, grown), command, page, plain_lines, say)


def measured(folder: Path, say: Say, seed: int = 1) -> dict[str, Any]:
    """The history of a run's organisms, and what every component carries at the ends of phases on other
    pairs; kept beside the run."""
    run = read_run(folder)
    config, path = require_finished(run), folder / "analysis" / "chronology.json"
    mark = {
        "end_sha256": run.entries()[-1].sha256,
        "thresholds": dict(events.TABLE),
        "seed": seed,
        "pairs": PAIRS,
    }
    known = records.read_object(path, "delete it to measure again") if path.exists() else {}
    if all(known.get(name) == value for name, value in mark.items()):
        return known
    say(f"{folder.name}: the history of {config.members} organisms over {len(run.entries())} checkpoints")
    with open_run(folder, run.config) as run:
        found = records.plain(_told(run, config, seed) | mark)
        path.parent.mkdir(exist_ok=True)
        records.write_whole(path, records.pretty(found), path.parent / ".partial")
    return found


def _told(run: Run, config: RunConfig, seed: int) -> dict[str, Any]:
    entries, names = run.entries(), components(config.organism)
    ends = [one for one, other in itertools.pairwise(entries) if one.phase != other.phase] + entries[-1:]
    found = trajectories(run, config, entries, seed)
    carried = trajectories(run, config, ends, seed + 1)
    return {
        "run": run.folder.resolve().name,
        "curriculum": config.curriculum.name,
        "components": names,
        "steps": found.steps,
        "phases": found.phases,
        "events": [events.events(found, names, member) for member in range(config.members)],
        "carried": {
            str(step): {role: carried.share[n, :, r].tolist() for r, role in enumerate(ROLES)}
            for n, step in enumerate(carried.steps)
        },
    }


def summarise(
    study: Chronology,
    rows: Sequence[Mapping[str, Any]],
    false: Sequence[Mapping[str, Any]],
    grown: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """What `summary.json` of the study says. rows, false: see `analysis.history.dating`."""
    kinds = {
        "all": rows,
        "by surgery": [row for row in rows if row["abrupt"]],
        "learned": [row for row in rows if not row["abrupt"]],
        "came": [row for row in rows if row["comes"]],
        "left": [row for row in rows if not row["comes"]],
    }
    kinds |= {f"in {name}": [row for row in rows if row["curriculum"] == name] for name in DATED}
    quiet = {name: [row["a_component"] for row in false if row["curriculum"] == name] for name in QUIET}
    every = [row["a_component"] for row in false]
    seeds = [study.config(name).seed for name in CURRICULA]
    return {
        "study": "ancestry",
        "n": sum(of["took"] for of in grown.values()),
        "seeds": seeds,
        "chosen_on_these": sorted(CHOSEN_ON.intersection(seeds)),
        "thresholds": dict(events.TABLE),
        "carries": dating.CARRIES,
        "checkpoint_every": CHECKPOINT_EVERY,
        "targets": TARGETS,
        "grown": grown,
        "findings": {
            **{f"role changes found, {kind}": jsonable(dating.found_share(of)) for kind, of in kinds.items()},
            **{f"median error in checkpoints, {kind}": dating.median_error(of) for kind, of in kinds.items()},
            "date inside the interval": jsonable(
                mean_interval(float(row["in_interval"]) for row in rows if row["in_interval"] is not None)
            ),
            "false events a component, all": jsonable(mean_interval(every)),
            **{
                f"false events a component, {name}": jsonable(mean_interval(of)) for name, of in quiet.items()
            },
        },
        "counts": {kind: len(of) for kind, of in kinds.items()},
        "told_as": {
            f"{'surgery' if abrupt else 'learned'}: {'came to' if comes else 'left'} {role}": dict(
                Counter(
                    row["event"] or "not found"
                    for row in rows
                    if (row["abrupt"], row["comes"], row["role"]) == (abrupt, comes, role)
                )
            )
            for abrupt in (True, False)
            for comes in (True, False)
            for role in ROLES
        },
        "errors": {
            kind: np.bincount([r["error"] for r in of if r["error"] is not None]).tolist()
            for kind, of in kinds.items()
        },
        "false": list(false),
        "changes": list(rows),
    }
