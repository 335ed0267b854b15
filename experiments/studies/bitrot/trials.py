"""What do organisms that lost a mode, or kept it, do when they are put to the test? Parts, relearning,
planted cases and the knock, for one mechanism of the study.

What was found is kept beside the run of disuse, with the checkpoints that it is of, and not measured again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from analysis.forgetting import circuit_intact, restoration, weight_decay_baseline, weight_noise
from analysis.forgetting.retention import Cell
from analysis.forgetting.survival import HALF
from analysis.relearning import savings
from analysis.relearning.finetune import MODE, NUMBER, Rows, teach
from analysis.statistics import jsonable, mean_interval
from organisms.storage import records
from organisms.storage.loading import load
from organisms.storage.manifest import Entry, fork_entry
from organisms.storage.run import Run, read_run
from organisms.training.config import RunConfig, read_config

SEED = 1
"""of what trials draw: pairs, noise"""
OTHER_SEED = 2
"""of the pairs on which the gates are found that are drawn anew"""
HIDING = NUMBER + 1
"""number of the phase that hides a mode, whose scenes are then none of those by which it is taught anew"""


class Case(NamedTuple):
    """The runs of one mechanism."""

    parent: Path
    disused: Path
    """under every drive"""
    untaught: Path | None
    """the same disuse, by organisms that were never taught the mode; none where relearning is not asked of
    the mechanism"""
    faded: Path | None
    """decay without gradients; none where another mechanism of the same organisms has it"""
    strongest: Cell
    """of the run of disuse: under the strongest drive"""
    fading: Cell | None
    """of the run of decay without gradients: with decay"""


class Grown(NamedTuple):
    """A run at one of its checkpoints."""

    run: Run
    config: RunConfig
    entry: Entry
    rows: Rows

    @classmethod
    def at(cls, folder: Path, fork: bool = False) -> "Grown":
        """The organisms of a run at last, or just before self was taught."""
        run = read_run(folder)
        config, entries = read_config(run.config), run.entries()
        entry = fork_entry(config.curriculum, entries) if fork else entries[-1]
        return cls(run, config, entry, Rows.of(load(run, config, entry), config, entry.extra["attempts"]))


def trials_of(case: Case, drives: Sequence[Cell], planted: bool) -> dict[str, Any]:
    """Everything that is tried with a mechanism. drives: the cells of its run of disuse, of the organisms
    that had the mode. planted: also the trials that ask nothing of the run of disuse (knocks, and planted
    cases of what is gone and what is suppressed)."""
    ancestors, disused = Grown.at(case.parent), Grown.at(case.disused)
    untaught = Grown.at(case.untaught) if case.untaught else None
    faded = [Grown.at(case.faded)] if case.faded else []
    marks = records.plain(
        {
            "of": [grown.entry.sha256 for grown in (ancestors, disused, untaught, *faded) if grown],
            "organisms": [cell.organisms for cell in drives],
            "planted": planted,
            "rules": savings.RULES
            | weight_noise.RULES
            | {
                "pairs": restoration.PAIRS,
                "least_lost": restoration.LEAST_LOST,
                "standing": circuit_intact.RULES,
                "drawn_anew": OTHER_SEED,
            },
        }
    )
    path = case.disused / "analysis" / "bitrot.json"
    known = records.read_object(path, "delete it to measure again") if path.exists() else {}
    if all(known.get(name) == value for name, value in marks.items()):
        return known
    secret_goals = np.asarray(ancestors.run.summary()["secret_goals"])
    gates = restoration.gate_of(ancestors.rows.organisms, ancestors.config, secret_goals, SEED)
    found: dict[str, Any] = dict(marks)
    found["parts"] = [_parts(cell, disused, ancestors, secret_goals, gates) for cell in drives]
    if untaught:
        found["relearning"] = _relearning(case.strongest, disused, untaught)
    if planted:
        found["predicted"] = _predicted(case, ancestors)
        which = sorted(set(case.strongest.organisms))
        emptied = restoration.gate_of(ancestors.rows.organisms, ancestors.config, secret_goals, OTHER_SEED)
        found["planted_cases"] = _planted_cases(case.parent, ancestors, secret_goals, gates, emptied, which)
        phase = disused.config.curriculum.phases[0]
        rows, mine = ancestors.rows.take(which), gates[which]
        found["knock"] = (
            weight_noise.try_rest(
                weight_noise.knock(rows, mine, ancestors.config, SEED), ancestors.config, phase
            )
            if which
            else None
        )
    found = records.plain(found)
    path.parent.mkdir(exist_ok=True)
    records.write_whole(path, records.pretty(found), path.parent / ".partial")
    return found


def _parts(
    cell: Cell, disused: Grown, ancestors: Grown, secret_goals: np.ndarray, gates: np.ndarray
) -> dict[str, Any]:
    """Parts of the organisms of a cell, each beside the organism that it was as disuse began."""
    found, stand = [], []
    if cell.rows:
        now, then = disused.rows.take(cell.rows).organisms, ancestors.rows.take(cell.organisms).organisms
        about = disused.config, secret_goals[cell.organisms], gates[cell.organisms], SEED
        found, stand = restoration.parts_lost(now, then, *about), circuit_intact.standing(now, then, *about)
    lost = [one for one, part in zip(stand, found, strict=True) if part["gate"] is not None]
    mean = lambda name: jsonable(mean_interval(one[name] for one in found))  # noqa: E731
    return {
        "settings": cell.settings,
        "organisms": found,
        "n_lost": len(lost),
        "standing": circuit_intact.summed(lost) | {"organisms": stand},
        "mean": {
            name: mean(name) for name in ("gate", "content", "readout", "leaves", "names", "now", "with_both")
        },
    }


def _predicted(case: Case, ancestors: Grown) -> dict[str, Any] | None:
    """What decay alone should do to the organisms that had the mode; and how far from that they came, where
    most."""
    cell = case.fading
    if cell is None or case.faded is None or not cell.rows:
        return None
    config = read_config(read_run(case.faded).config)  # read on the scenes of that run
    found = weight_decay_baseline.predicted(
        ancestors.rows.take(cell.organisms), config, cell.phase, cell.steps, MODE
    )
    apart = np.abs(np.transpose(found["organisms"]) - cell.rates[MODE])
    return found | {"furthest_from_seen": float(apart.max())}


def _relearning(cell: Cell, disused: Grown, untaught: Grown) -> dict[str, Any] | None:
    """The saving of the organisms that lost their mode under the strongest drive; None where none did."""
    rates = cell.rates[MODE]
    lost = [n for n in range(len(cell.rows)) if rates[-1, n] <= HALF * rates[0, n]]
    if not lost:
        return None
    rows = [
        ("disused", disused.rows.take([cell.rows[n] for n in lost])),
        ("never", untaught.rows.take([cell.organisms[n] for n in lost])),
    ]
    steps = _steps(rows, disused.config)
    return savings.saving(steps["disused"], steps["never"])


def _steps(kinds: Sequence[tuple[str, Rows]], config: RunConfig) -> dict[str, list[float]]:
    """Steps that each row of each kind needs to learn the intent."""
    together, where = savings.by_kind(kinds)
    phase = savings.intent(config.curriculum.phases[0])
    rates, _ = teach(together, [phase] * together.amount, config, savings.LIMIT, enough=savings.all_there)
    steps = savings.steps_needed(rates)
    return {name: steps[at].tolist() for name, at in where.items()}


def _planted_cases(
    parent: Path,
    ancestors: Grown,
    secret_goals: np.ndarray,
    gates: np.ndarray,
    drawn: np.ndarray,
    which: Sequence[int],
) -> dict[str, Any] | None:
    """Organisms whose mode is suppressed or gone by construction, was taught away, or never was there: whose
    gate still stands, and then all taught the intent anew. drawn: the gates that are drawn anew, found on
    other pairs than those (`gates`) of which it is asked whether they stand."""
    if not which:
        return None
    config, rows = ancestors.config, ancestors.rows.take(which)
    emptied = savings.reinitialised(rows.organisms, drawn[list(which)], config.organism, SEED)
    emptied = rows._replace(organisms=jax.tree.map(np.asarray, emptied))
    never = Grown.at(parent, fork=True).rows.take(which)
    phase = config.curriculum.phases[0]
    held, suppressed = teach(
        rows,
        [savings.honest_at_last(phase)] * rows.amount,
        config,
        savings.HELD_STEPS,
        number=HIDING,
        held=savings.all_but_last_layer,
    )
    together, where = savings.by_kind([("taught honest", rows), ("gone", emptied), ("never", never)])
    hidden = [savings.honest(phase)] * together.amount
    rates, after = teach(together, hidden, config, savings.HONEST_STEPS, number=HIDING)
    at_rest = {"suppressed": held[MODE][-1].tolist()} | {
        name: rates[MODE][-1, at].tolist() for name, at in where.items()
    }
    kinds = [(name, after.take(np.arange(together.amount)[at])) for name, at in where.items()]
    about = config, secret_goals[list(which)], gates[list(which)], SEED
    stand = {
        name: circuit_intact.standing(of.organisms, rows.organisms, *about)
        for name, of in [("suppressed", suppressed), *kinds]
        if name != "never"
    }
    hidden_now = {name: [rate <= savings.HIDDEN for rate in at_rest[name]] for name in ("suppressed", "gone")}
    says = {
        name: [one["says"] for one, counts in zip(stand[name], hidden_now[name], strict=True) if counts]
        for name in hidden_now
    }
    steps = _steps([("suppressed", suppressed), *kinds], config)
    found = {
        name: savings.saving(steps[name], steps["never"]) for name in ("suppressed", "gone", "taught honest")
    }
    scored = {
        name: savings.of_hidden(found[name]["organisms"], at_rest[name]) for name in ("suppressed", "gone")
    }
    apart = savings.told_apart(scored["suppressed"], scored["gone"])
    return found | {
        "mode_when_hidden": at_rest,
        "told_apart": apart,
        "not_hidden": 2 * rows.amount - apart["n"],
        "standing": {name: circuit_intact.summed(of) | {"organisms": of} for name, of in stand.items()},
        "told_by_standing": circuit_intact.told_apart(says),
    }
