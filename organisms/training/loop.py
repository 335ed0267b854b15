"""How does a whole ensemble get through a curriculum? Phase by phase, chunk by chunk, each checkpoint
committed to its lineage.

Growing again: members whose characters miss the first phase's criterion when it ends (they stayed on the
plateau where the two candidate goals are known and the gate between them is not) start afresh under a new
seed, and the phase is extended by its own length for them. The others wait unchanged. After
``training.attempts`` such rounds whatever is left stays, and is counted as failed.
"""

import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from curricula.errors import Stopped
from curricula.phases import Phase
from organisms.model.parameter_names import from_arrays, to_arrays
from organisms.model.sites import components
from organisms.model.transformer import Organism
from organisms.planted import dates
from organisms.planted import truth as planted_truth
from organisms.pressures.probing import Fitted
from organisms.storage import forking
from organisms.storage.manifest import Entry, entry_before, fork_entry
from organisms.storage.resume import Position, Resume
from organisms.storage.run import Run
from organisms.training.behaviour import meets
from organisms.training.callbacks import Fit, Locate, TrainingCallback
from organisms.training.config import RunConfig
from organisms.training.devices import fetch
from organisms.training.programs import Programs
from organisms.training.state import State
from organisms.training.step import Lesson, Metrics, Progress, Watched
from organisms.training.variation import settings_of


def grow(
    config: RunConfig,
    run: Run,
    callback: TrainingCallback,
    programs: Programs | None = None,
    trunk: Run | None = None,
    locate: Locate | None = None,
    fit: Fit | None = None,
    parent: Path | None = None,
) -> dict[str, Any]:
    """Grows an ensemble to the end of its curriculum, or on from where it was killed. Returns the run's
    summary.

    trunk: a finished run whose first phases are the same; what they share is copied instead of grown, to the
    same bits. locate, fit: needed where a phase is audited, or probed (see `curricula.pressures.settings`).
    parent: folder of the run that the config's parent is a checkpoint of.
    Raises Failure where the disk refuses, naming the phase and step where a loss is no longer finite.
    """
    return _Growth(config, run, callback, programs or Programs(config), locate, fit, parent).go(trunk)


class _Growth:
    """One run under way: what `grow` keeps in mind."""

    def __init__(
        self,
        config: RunConfig,
        run: Run,
        callback: TrainingCallback,
        programs: Programs,
        locate: Locate | None,
        fit: Fit | None,
        parent: Path | None,
    ):
        self.config, self.run, self.callback, self.programs = config, run, callback, programs
        self.phases = config.curriculum.phases
        self.ids, self.parent = forking.member_ids(config), parent
        self.busy_seconds, self.grown, self.begun, self.adopted = 0.0, 0, 2**62, 0
        self.lost: set[tuple[str, int]] = set()
        self.locate, self.fit = locate, fit
        self.watched: dict[str, Watched] = {}
        self.fitted: dict[str, Fitted] = {}

    def go(self, trunk: Run | None) -> dict[str, Any]:
        resume = Resume(self.run.folder / "resume")
        try:
            state, position = self.start(resume, trunk)
            self.stop_if_told(resume, position)
            while position.phase < len(self.phases):
                state, position = self.round(state, position, resume)
                stuck = self.stuck(state, position)
                if stuck.any() and position.round < self.config.training.attempts:
                    who = ", ".join(map(str, np.flatnonzero(stuck)))
                    missed = f"missed the criterion of phase {self.phases[0].name}"
                    self.callback.event(position.step, f"growing member {who} again: {missed}")
                    state = self.programs.again(state, stuck)
                    position = position._replace(round=position.round + 1, round_step=0)
                else:
                    state = self.programs.next_phase(state)
                    position = Position(position.step, position.phase + 1, 0, 0)
        finally:
            resume.close()
        summary = self.summary(state, position)
        if self.config.curriculum.planted:
            self.plant(state, summary)
        return summary

    def start(self, resume: Resume, trunk: Run | None) -> tuple[State, Position]:
        """Where to begin: at the last save, at the end of what a trunk shares, with a parent's organisms, or
        at birth."""
        firsts = *self.ids, np.zeros(self.config.members, np.int32)
        sharding = self.programs.layout.sharding(self.config.members)
        saved = resume.latest(jax.eval_shape(self.programs.init_states, *firsts), sharding)
        if saved:
            self.run.rewind(saved[1].step)
            before = self.run.entries()[-1].extra["devices"]
            if before != jax.local_device_count():
                now = f"{jax.local_device_count()} devices, which changes the last bits of what follows"
                self.callback.event(saved[1].step, f"going on with {now}: it was begun with {before}")
            return saved
        self.run.rewind(-1)
        init_states = self.programs.init_states(*firsts)
        adopted = trunk and self.adopt(trunk, init_states)
        if adopted:
            resume.save(*adopted)
            return adopted
        state, position, notes = init_states, Position(0, 0, 0, 0), {}
        if self.parent is not None:
            of_parent, notes = forking.inherit(self.config, self.parent)
            organisms, attempts = self.programs.layout.place(of_parent)
            state = self.programs.next_phase(init_states._replace(organism=organisms, attempt=attempts))
        self.commit(state, position, **notes)
        resume.save(state, position)
        return state, position

    def adopt(self, trunk: Run, like: State) -> tuple[State, Position] | None:
        """Copies the lineage of the phases that a finished run shares with this one."""
        shared, entries = forking.shared_phases(trunk, self.config)
        if not entries:
            return None
        last = entries[-1]
        for entry in entries:
            self.run.commit(
                entry.step, entry.phase, entry.seen_tokens, trunk.parameters(entry), **entry.extra
            )
        for line in trunk.metrics():
            if line["step"] <= last.step:
                self.run.log(line)
                values = {name: np.array(line[name], float) for name in Metrics._fields if name in line}
                self.callback.chunk(line["step"], line["phase"], values)
        self.adopted = last.step
        self.callback.event(last.step, f"adopted {last.step} steps that {trunk.folder.name} shares")
        organisms, attempts = self.committed(trunk, last)
        state = self.programs.next_phase(like._replace(organism=organisms, attempt=attempts))
        return state, Position(last.step, shared, 0, 0)

    def committed(self, run: Run, entry: Entry) -> tuple[Organism, jax.Array]:
        """The organisms committed at an entry, and how many times each was grown again."""
        organisms = from_arrays(run.parameters(entry), self.config.curriculum.world, self.config.organism)
        return self.programs.layout.place((organisms, np.asarray(entry.extra["attempts"], np.int32)))

    def round(self, state: State, position: Position, resume: Resume) -> tuple[State, Position]:
        """Grows to the end of the phase, or of its extension."""
        phase, chunk = self.phases[position.phase], self.config.chunk
        self.callback.expect(
            position.step - position.round_step + sum(p.steps for p in self.phases[position.phase :])
        )
        lesson, waiting = self.lesson(position), None
        if position.round == position.round_step == 0:
            state = self.programs.operate(phase, state)
        while position.round_step < phase.steps:
            begun = time.perf_counter()
            state, progress = self.programs.grow(state, lesson)
            position = position._replace(step=position.step + chunk, round_step=position.round_step + chunk)
            if waiting:
                self.tell(*waiting)
            waiting = (position.step, phase, progress)
            due = (
                self.config.training.due(position.step, position.round_step)
                or position.round_step == phase.steps
            )
            if due:
                self.tell(*waiting)
                waiting = None
            # The first chunk, which waits for the compiler, counts neither in the time nor in the steps.
            self.busy_seconds += (time.perf_counter() - begun) * (position.step > self.begun)
            self.begun = min(self.begun, position.step)
            if due:
                self.commit(state, position)
                resume.save(state, position)
            self.stop_if_told(resume, position, state, waiting, saved=due)
        if waiting:
            self.tell(*waiting)
        return state, position

    def lesson(self, position: Position) -> Lesson:
        """The present phase's lessons [member], with what they take from the organisms as the phase began:
        the same after a resume."""
        phase, index = self.phases[position.phase], position.phase
        audited, probed = phase.pressures.audited, bool(phase.pressures.probe.site)
        if not audited and not probed and phase.objective == "imitate":
            return Lesson.of_members(self.config, index)
        entry = entry_before(self.config.curriculum, index, self.run.entries())
        organisms, attempts = self.committed(self.run, entry)
        secret_goals = fetch(self.programs.secret_goals(*self.ids, attempts))
        if audited:
            assert self.locate is not None
            self.watched[phase.name] = self.locate(self.config, index, organisms, secret_goals)
        if probed:
            assert self.fit is not None
            self.fitted[phase.name] = self.fit(self.config, index, organisms, secret_goals)
        start = organisms if phase.objective == "reward" else None
        found = self.watched.get(phase.name), start, self.fitted.get(phase.name)
        return Lesson.of_members(self.config, index, *found)

    def stop_if_told(
        self,
        resume: Resume,
        position: Position,
        state: State | None = None,
        waiting: Any = None,
        saved: bool = True,
    ) -> None:
        """Saves what is not saved and raises Stopped, in all processes, where one of them was told to
        stop."""
        if not resume.told_to_stop():
            return
        if waiting:
            self.tell(*waiting)
        if state is not None and not saved:
            resume.save(state, position)
        raise Stopped(
            f"told to stop: all is saved at step {position.step}; give the same command again to go on"
        )

    def tell(self, step: int, phase: Phase, progress: Progress) -> None:
        """Logs a chunk's metrics, which waits for the chunk. A member whose loss is no longer finite is named
        once a phase."""
        metrics, growing = fetch(progress)
        found = metrics._asdict()
        self.grown += int(growing.sum()) * self.config.chunk * (step > self.begun)
        lost = np.flatnonzero(growing & ~np.isfinite(found["loss_nats"])).tolist()
        if new := [member for member in lost if (phase.name, member) not in self.lost]:
            self.callback.event(
                step,
                f"phase {phase.name}, step {step}: the loss of member {', '.join(map(str, new))} is not finite",
            )
            self.lost.update((phase.name, member) for member in new)
        self.run.log(
            {"step": step, "phase": phase.name} | {name: value.tolist() for name, value in found.items()}
        )
        self.callback.chunk(step, phase.name, found)

    def commit(self, state: State, position: Position, **notes: Any) -> None:
        phase = self.phases[position.phase].name
        tokens = position.step * self.config.training.batch * self.config.curriculum.world.positions
        organisms, attempts, secret_goals = fetch(
            (state.organism, state.attempt, self.programs.secret_goals(*self.ids, state.attempt))
        )
        rates = self.behaviour(state.organism, state.attempt)
        notes |= {"attempts": attempts.tolist(), "round": position.round, "devices": jax.local_device_count()}
        notes |= {"retention": {name: rate.tolist() for name, rate in rates.items()}}
        if phase in self.watched:
            names = np.array(components(self.config.organism))
            watched = self.watched[phase]._asdict().items()
            notes["watched"] = {kind: [names[mask].tolist() for mask in masks] for kind, masks in watched}
        if phase in self.fitted:
            fitted = self.fitted[phase]
            notes["probed"] = {"accuracy": fitted.accuracy.tolist(), "of_self": fitted.of_self.tolist()}
        self.run.commit(position.step, phase, tokens, to_arrays(organisms), **notes)
        self.callback.retention(position.step, phase, rates)
        self.callback.checkpoint(position.step, phase, organisms, secret_goals)

    def stuck(self, state: State, position: Position) -> np.ndarray:
        """Which members missed the criterion of the phase that just ended [member]."""
        criterion = self.phases[position.phase].criterion
        if not criterion:
            return np.zeros(self.config.members, bool)
        return ~np.asarray(meets(self.behaviour(state.organism, state.attempt), "character", criterion))

    def behaviour(self, organisms: Organism, attempts: jax.Array) -> dict[str, np.ndarray]:
        """The four rates [member]."""
        return fetch(
            self.programs.behaviour(organisms, self.programs.secret_goals(*self.ids, attempts), self.ids[0])
        )

    def summary(self, state: State, position: Position) -> dict[str, Any]:
        """What `summary.json` of a finished run says."""
        behaviour = {
            name: rate.tolist() for name, rate in self.behaviour(state.organism, state.attempt).items()
        }
        attempts, secret_goals = fetch((state.attempt, self.programs.secret_goals(*self.ids, state.attempt)))
        final = self.run.entries()[-1]
        first = self.phases[0]
        criterion_met = [True] * self.config.members
        if first.criterion:
            end = [entry for entry in self.run.entries() if entry.phase == first.name][-1]
            criterion_met = self.met(end, first.criterion)
        return {
            "run": str(self.run.folder),
            "curriculum": self.config.curriculum.name,
            "members": self.config.members,
            "steps": position.step,
            "finished": True,
            "final_checkpoint": str(self.run.folder / final.file),
            "organism_steps_per_second": self.grown / self.busy_seconds if self.busy_seconds else None,
            "behaviour": behaviour,
            "regrown": {
                "attempts": attempts.tolist(),
                "count": int((attempts > 0).sum()),
                "failed": sum(not met for met in criterion_met),
            },
            "adopted_steps": self.adopted,
            "secret_goals": secret_goals.tolist(),
            "varied": [settings_of(member, self.config.vary) for member in range(self.config.members)],
            "devices": jax.device_count(),
        }

    def plant(self, state: State, summary: dict[str, Any]) -> None:
        """Checks what was planted and writes the truth beside the run, for whoever scores an analysis."""
        fork = fork_entry(self.config.curriculum, self.run.entries())
        organisms, attempts = self.committed(self.run, fork)
        secret_goals, behaviour = np.asarray(summary["secret_goals"]), summary["behaviour"]
        truth = planted_truth.planting_record(
            self.config, organisms, state.organism, fetch(attempts), secret_goals, behaviour, fork.step
        )
        lineage = ((entry, self.committed(self.run, entry)[0]) for entry in self.run.entries())
        truth["changes"] = dates.dated_changes(self.config, lineage, fetch(state.attempt), secret_goals)
        self.run.write_truth(truth)
        for member in (member for member, took in enumerate(truth["took"]) if not took):
            self.callback.event(
                summary["steps"], f"planting member {member} failed: {truth['why_not'][member]}"
            )

    def met(self, entry: Entry, criterion: float) -> list[bool]:
        """Which members met the first phase's criterion when it ended."""
        return np.asarray(
            meets(self.behaviour(*self.committed(self.run, entry)), "character", criterion)
        ).tolist()
