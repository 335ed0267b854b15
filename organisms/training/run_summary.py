"""What does a finished run say of itself? Its `summary.json`, and the truth beside it where something was planted."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Int

from organisms.ensemble.config import RunConfig
from organisms.ensemble.variation import settings_of
from organisms.model.transformer import Organism
from organisms.planted.dates import dated_changes
from organisms.planted.truth import PlantedEnsemble, planting_record
from organisms.storage.consistency import committed_until
from organisms.storage.manifest import Entry, fork_entry
from organisms.storage.run import Run
from organisms.training.behaviour import meets
from organisms.training.phase_course import committed_rates


class TrainingEnd(NamedTuple):
    """A run as its training ended."""

    config: RunConfig
    run: Run
    step: int
    organisms: Organism
    """[member, ...]"""
    attempts: Int[np.ndarray, " member"]
    """how many times each was reseeded"""
    secret_goals: Int[np.ndarray, " member"]
    behaviour: dict[str, np.ndarray]
    """the four rates [member]"""
    adopted_steps: int
    """copied from another run"""
    organism_steps_per_second: float | None
    committed: Callable[[Entry], tuple[Organism, Any]]
    """the organisms and attempts [member] of a checkpoint"""


def run_summary(end: TrainingEnd) -> dict[str, Any]:
    """What `summary.json` of a finished run says; paths are relative to the run's folder."""
    config, final, first = end.config, end.run.entries()[-1], end.config.curriculum.phases[0]
    criterion_met = [True] * config.members
    if first.criterion:
        last = [entry for entry in end.run.entries() if entry.phase == first.name][-1]
        met = meets(committed_rates(last), first.judged_role, first.criterion)
        criterion_met = np.asarray(met).tolist()
    return {
        "run": f"{config.curriculum.name}-{end.run.hash}",
        "curriculum": config.curriculum.name,
        "members": config.members,
        "steps": end.step,
        "finished": True,
        "final_checkpoint": final.file,
        "organism_steps_per_second": end.organism_steps_per_second,
        "behaviour": {name: rate.tolist() for name, rate in end.behaviour.items()},
        "reseeded": {
            "attempts": end.attempts.tolist(),
            "count": int((end.attempts > 0).sum()),
            "failed": sum(not met for met in criterion_met),
        },
        "phases": phase_lengths(end),
        "adopted_steps": end.adopted_steps,
        "secret_goals": end.secret_goals.tolist(),
        "varied": [settings_of(member, config.vary) for member in range(config.members)],
        "devices": jax.device_count(),
        "committed": committed_until(end.run),
    }


def phase_lengths(end: TrainingEnd) -> dict[str, dict[str, list[Any]]]:
    """Of each phase that a criterion ends: the steps that each member took in its last attempt, whether these are more
    than the phase's own, and whether the member met the criterion."""
    lengths: dict[str, dict[str, list[Any]]] = {}
    for phase in end.config.curriculum.phases:
        last = [entry for entry in end.run.entries() if entry.phase == phase.name][-1]
        if not phase.criterion or "phase_steps" not in last.extra:
            continue
        met = meets(committed_rates(last), phase.judged_role, phase.criterion)
        steps = list(last.extra["phase_steps"])
        went_on = [count > phase.steps for count in steps]
        lengths[phase.name] = {"steps": steps, "went_on": went_on, "met": np.asarray(met).tolist()}
    return lengths


def prolonged_phases(summary: Mapping[str, Any]) -> dict[str, int]:
    """How many members went on past the steps of each phase, where any did, from a run's summary; of a run from before
    phases were prolonged, none."""
    counts = {name: sum(phase["went_on"]) for name, phase in summary.get("phases", {}).items()}
    return {name: count for name, count in counts.items() if count}


def check_planting(end: TrainingEnd, summary: dict[str, Any]) -> list[str]:
    """Checks what was planted and writes the truth beside the run, for the scorer of an analysis. Returns a line for
    each member in which planting failed."""
    fork = fork_entry(end.config.curriculum, end.run.entries())
    organisms, _ = end.committed(fork)
    # Of the last attempts: a member reseeded after the fork has other lanes than those it had there.
    ensemble = PlantedEnsemble(end.config, end.attempts, np.asarray(end.secret_goals))
    truth = planting_record(ensemble, organisms, end.organisms, summary["behaviour"], fork.step)
    lineage = ((entry, end.committed(entry)[0]) for entry in end.run.entries())
    truth["changes"] = dated_changes(ensemble, lineage)
    truth["config"] = end.run.hash
    end.run.write_truth(truth)
    reasons = zip(truth["took"], truth["why_not"], strict=True)
    return [
        f"planting member {member} failed: {why}" for member, (took, why) in enumerate(reasons) if not took
    ]
