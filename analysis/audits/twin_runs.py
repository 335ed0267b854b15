"""Twin runs: which run grows the honest twins of a run's organisms, and which such runs lie beside it?

A twin has its schemer's first phases, parameter for parameter. It is then taught as the schemer was, under the same
pressures, with a self that is honest, and on other scenes: its last phase comes after some that last a step and move
nothing, since the number of a phase is part of what its scenes are drawn from.

A config does *not* show that a twin is honest: see `analysis.audits.honesty`.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curricula.errors import UserError
from curricula.phases import OptimiserConfig, Phase
from organisms.ensemble.config import RunConfig, read_config
from organisms.storage.loading import require_finished
from organisms.storage.manifest import Entry
from organisms.storage.run import Run, read_run

PAUSE = OptimiserConfig(learning_rate=0.0, warmup=0, weight_decay=0.0)


@dataclass(frozen=True)
class TwinRun:
    """A finished run of honest twins."""

    number: int
    """pauses before its last phase, less one: twins of one number see the same scenes"""
    run: Run
    config: RunConfig
    end: Entry


def twin_config(schemer: RunConfig, number: int) -> RunConfig:
    """The run of the honest twins of a number, from 0 on, of a schemer's run."""
    *trunk, last = schemer.curriculum.phases
    pauses = [
        Phase(f"pause{index}", 1, schemers=last.schemers, optimiser=PAUSE) for index in range(number + 1)
    ]
    phases = (*trunk, *pauses, replace(last, self_acts="honest"))
    name = f"{schemer.curriculum.name}_twin{number}"
    return replace(schemer, curriculum=replace(schemer.curriculum, name=name, phases=phases))


def twin_number(schemer: RunConfig, candidate: RunConfig) -> int | None:
    """Which of a run's twins another run's organisms are, by the configs alone; None where they are none. Names of the
    curriculum and of pauses do not matter. A run has twins where its last phase alone teaches self."""
    *trunk, last = schemer.curriculum.phases
    *before, honest = candidate.curriculum.phases
    pauses = before[len(trunk) :]
    curriculum = replace(
        schemer.curriculum, name=candidate.curriculum.name, phases=candidate.curriculum.phases
    )
    is_twin = (
        schemer.curriculum.fork == len(trunk)
        and not _varies_in_last_phase(schemer)
        and replace(schemer, curriculum=curriculum) == candidate
        and before[: len(trunk)] == trunk
        and honest == replace(last, self_acts="honest")
        and all(map(moves_nothing, pauses))
    )
    return len(pauses) - 1 if is_twin and pauses else None


def moves_nothing(phase: Phase) -> bool:
    """Does a phase last one step and leave every parameter as it was?"""
    return phase == Phase(phase.name, 1, schemers=phase.schemers, optimiser=PAUSE)


def _varies_in_last_phase(config: RunConfig) -> bool:
    """Do members differ in the phase whose number is another one in a twin?"""
    last = f"phases.{len(config.curriculum.phases) - 1}."
    return any(variation.setting.startswith(last) for variation in config.vary)


def twins_beside(run: Run, config: RunConfig) -> tuple[TwinRun, ...]:
    """The finished runs of a run's twins in the folders beside its own, by rising number and one a number. A folder that is
    no run, or whose run is unfinished or damaged or needs a plug-in that is not loaded, is passed over."""
    twins: dict[int, TwinRun] = {}
    for candidate in _runs_beside(run):
        try:
            if not _is_likely(candidate, config):
                continue
            number = twin_number(config, read_config(candidate.config))
            if number is None or number in twins:
                continue
            twin_of_number = require_finished(candidate)
            end = candidate.entries()[-1]
            candidate.parameters(end, names=())
        except (UserError, OSError):
            continue
        twins[number] = TwinRun(number, candidate, twin_of_number, end)
    return tuple(twins[number] for number in sorted(twins))


def _runs_beside(run: Run) -> Iterator[Run]:
    """Every folder beside a run's that has a config, by name."""
    folder = Path(os.path.abspath(run.folder))
    try:
        beside = sorted(path for path in folder.parent.iterdir() if path != folder)
    except OSError:
        return
    for path in beside:
        try:
            yield read_run(path)
        except (UserError, OSError):
            continue


def _is_likely(candidate: Run, config: RunConfig) -> bool:
    """A quick look at the JSON, so that hundreds of runs beside one another cost little."""
    plain = candidate.config
    return (plain.get("seed"), plain.get("members")) == (config.seed, config.members)


def twins_hash(twins: Sequence[TwinRun]) -> str | None:
    """What tells the twins beside a run from any others, as 64 hex digits; None where there are none."""
    if not twins:
        return None
    content = json.dumps([[twin.number, twin.end.sha256] for twin in twins])
    return hashlib.sha256(content.encode()).hexdigest()
