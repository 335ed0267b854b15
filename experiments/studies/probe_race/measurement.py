"""What the study *probe_race* measures of an arm: its course, checkpoint by checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from analysis.probes.act_probe import fitted_readers, request_site
from analysis.probes.phase_start import PhaseStartMeasurer
from analysis.race.course import METRICS, RACE_SCENES, RaceCheckpoint, StaleProbe, race_checkpoint
from analysis.race.rollouts import ROLLOUT_SCENES
from curricula.pressures.race.act_probe import ActProbe
from experiments.studies.probe_race.arms import DENSE_FROM, READ_EVERY
from experiments.studies.study import StudyRun
from organisms.pressures.protocol import PhaseStart
from organisms.pressures.race.act_probe import request_of
from organisms.storage.loading import load, secret_goals_of
from organisms.storage.manifest import Entry


@dataclass(frozen=True)
class RaceCourse:
    """What was measured of one arm: of the undecided organisms, nothing but which they are."""

    steps: tuple[int, ...]
    fork_sha256: str
    """of the organisms that began the race"""
    metrics: tuple[str, ...]
    """names of `RaceCheckpoint`'s fields"""
    values: Float[np.ndarray, "metric checkpoint member"]

    def metric(self, name: str) -> Float[np.ndarray, "checkpoint member"]:
        """One number of every organism at every checkpoint."""
        return self.values[self.metrics.index(name)]


def race_entries(run: StudyRun) -> list[Entry]:
    """The start, checkpoints that arms have in common, and the end."""
    entries, early = run.run.entries(), (DENSE_FROM, 2 * DENSE_FROM)
    shared = [entry for entry in entries[:-1] if entry.step % READ_EVERY == 0 or entry.step in early]
    return [*shared, entries[-1]]


def race_course(run: StudyRun) -> RaceCourse:
    """The course of an arm, measured unless it was before."""
    entries = race_entries(run)
    settings = {
        "scenes": [RACE_SCENES, ROLLOUT_SCENES],
        "steps": [entry.step for entry in entries],
        "metrics": list(METRICS),
    }

    def measure() -> RaceCourse:
        run.log(f"{run.folder.name}: probes at {len(entries)} checkpoints")
        checkpoints = _measured(run, entries)
        values = np.asarray([[getattr(checkpoint, name) for checkpoint in checkpoints] for name in METRICS])
        return RaceCourse(tuple(entry.step for entry in entries), entries[0].sha256, tuple(METRICS), values)

    return run.measured_once("probe-race", RaceCourse, settings, measure)


def _measured(run: StudyRun, entries: Sequence[Entry]) -> list[RaceCheckpoint]:
    config = run.config
    secret_goals = secret_goals_of(run.run)
    starts = [PhaseStart(config, 0, load(run.run, config, entry), secret_goals) for entry in entries]
    settings = [phase.pressures[ActProbe] for phase in config.member_phases(0)]
    requests = [request_of(member_settings) for member_settings in settings]
    fitted = PhaseStartMeasurer(starts[0]).act_probes(requests)
    readers = fitted_readers(fitted, requests, config.organism)
    stale = [StaleProbe(reader, request.tokens) for reader, request in zip(readers, requests, strict=True)]
    return [race_checkpoint(start, starts[0], stale, request_site(requests[0])) for start in starts]
