"""How does an ensemble get through a curriculum? Phase by phase, chunk by chunk, each checkpoint committed.

When a phase is over, and for whom, `organisms.training.phase_course` decides. Members whose phase is over wait.
"""

import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import numpy as np

from curricula.errors import Stopped
from curricula.phases import Phase
from organisms.ensemble.config import RunConfig
from organisms.ensemble.devices import fetch
from organisms.ensemble.state import State
from organisms.model.parameter_names import from_arrays, to_arrays
from organisms.model.transformer import Organism
from organisms.objectives.registry import objective_named
from organisms.pressures.protocol import PhaseStart
from organisms.pressures.registry import EFFECTS, active_pressures, fit_pressures
from organisms.storage import forking
from organisms.storage.consistency import committed_until, misfits, require_nothing_to_lose
from organisms.storage.manifest import Entry, entry_before
from organisms.storage.resume import Position, Resume, SavedState
from organisms.storage.run import Run
from organisms.storage.versions import changes_since
from organisms.training.callbacks import TrainingCallback
from organisms.training.phase_course import PhaseCourse, outlook_of
from organisms.training.programs import Programs
from organisms.training.run_summary import TrainingEnd, check_planting, run_summary
from organisms.training.sources import TrainingSources
from organisms.training.speed import TrainingSpeed
from organisms.training.step import PhaseParams, Progress, phase_params


def train_ensemble(
    config: RunConfig, run: Run, callback: TrainingCallback, sources: TrainingSources | None = None
) -> dict[str, Any]:
    """Trains an ensemble to the end of its curriculum, or on from where it was killed. Returns the run's summary.

    Raises SystemFailure where the disk refuses, naming the phase and step where a loss is no longer finite.
    """
    return _EnsembleTraining(config, run, callback, sources or TrainingSources()).run_phases()


@dataclass
class _EnsembleTraining:
    """One run under way: what `train_ensemble` keeps in mind."""

    config: RunConfig
    run: Run
    callback: TrainingCallback
    sources: TrainingSources
    speed: TrainingSpeed = field(default_factory=TrainingSpeed)
    adopted_steps: int = 0
    not_finite: set[tuple[str, int]] = field(default_factory=set)
    """phases and members whose loss was reported"""
    course: PhaseCourse = field(init=False)
    """of the present phase"""
    params: PhaseParams | None = None
    """of the present phase and round"""
    fitted: dict[str, dict[str, Any]] = field(default_factory=dict)
    """what pressures fitted, by phase and pressure"""

    def __post_init__(self):
        self.programs = self.sources.programs or Programs(self.config)
        self.phases = self.config.curriculum.phases
        self.ids = forking.member_ids(self.config)
        self.course = PhaseCourse.begun(self.config, 0)

    def run_phases(self) -> dict[str, Any]:
        resume = Resume(self.run.folder / "resume")
        try:
            state, position = self.start(resume)
            self.stop_if_asked(resume, position)
            while position.phase < len(self.phases):
                state, position = self.run_round(state, position, resume)
                state, position = self.decide(state, position)
        finally:
            resume.close()
        end = self.end(state, position)
        summary = run_summary(end)
        if self.config.curriculum.planted:
            for failure in check_planting(end, summary):
                self.callback.event(position.step, failure)
        return summary

    def start(self, resume: Resume) -> tuple[State, Position]:
        """Where to begin: at the last save, at the end of what a trunk shares, with a parent's organisms, or at the
        first step."""
        first_ids = *self.ids, np.zeros(self.config.members, np.int32)
        sharding = self.programs.layout.sharding(self.config.members)
        shapes = jax.eval_shape(self.programs.init_states, *first_ids)
        if saved := resume.newest(shapes, sharding, partial(misfits, self.run)):
            self.go_on(saved)
            return saved.state, saved.position
        trunk = self.sources.trunk
        require_nothing_to_lose(self.run, forking.shared_phases(trunk, self.config)[1] if trunk else ())
        self.run.rewind(-1)
        with nullcontext() if trunk else self.programs.compiled_meanwhile(self.config, shapes):
            return self.begin(resume, first_ids)

    def begin(self, resume: Resume, first_ids: tuple[np.ndarray, ...]) -> tuple[State, Position]:
        """A first state, committed and saved."""
        init_states, trunk = self.programs.init_states(*first_ids), self.sources.trunk
        if adopted := trunk and self.adopt(trunk, init_states):
            self.course = PhaseCourse.begun(self.config, adopted[1].phase)
            self.save(resume, *adopted)
            return adopted
        state, position, notes, parent = init_states, Position(0, 0, 0, 0), {}, self.sources.parent
        if parent is not None:
            inherited, notes = forking.inherit(self.config, parent, self.run.folder)
            organisms, attempts = self.programs.layout.place(inherited)
            state = self.programs.next_phase(init_states._replace(organism=organisms, attempt=attempts))
        self.commit(state, position, **notes)
        self.save(resume, state, position)
        return state, position

    def go_on(self, saved: SavedState) -> None:
        """Drops what came after a save, and says what is not as it was."""
        step = saved.position.step
        at_save = PhaseCourse.begun(self.config, saved.position.phase).advanced(saved.position.round_step)
        self.course = PhaseCourse.from_plain(saved.course) if saved.course else at_save
        self.run.rewind(step)
        for line in (*saved.passed_over, *changes_since(self.run.entries())):
            self.callback.event(step, f"going on from step {step}: {line}")

    def save(self, resume: Resume, state: State, position: Position) -> None:
        """Saves the state beside a note of what is committed."""
        resume.save(state, position, self.course.plain(), committed_until(self.run, position.step))

    def adopt(self, trunk: Run, like: State) -> tuple[State, Position] | None:
        """Copies the lineage of the phases that a finished run shares with this one."""
        shared, entries = forking.shared_phases(trunk, self.config)
        if not entries:
            return None
        last = entries[-1]
        for entry in entries:
            parameters = trunk.parameters(entry)
            self.run.commit(entry.step, entry.phase, entry.seen_tokens, parameters, **entry.extra)
        for line in trunk.metrics():
            if line["step"] <= last.step:
                self.run.log(line)
                lists = {name: value for name, value in line.items() if isinstance(value, list)}
                values = {name: np.array(value, float) for name, value in lists.items()}
                self.callback.chunk(line["step"], line["phase"], values)
        self.adopted_steps = last.step
        self.callback.event(last.step, f"adopted {last.step} steps that {trunk.folder.name} shares")
        organisms, attempts = self.committed(trunk, last)
        state = self.programs.next_phase(like._replace(organism=organisms, attempt=attempts))
        return state, Position(last.step, shared, 0, 0)

    def committed(self, run: Run, entry: Entry) -> tuple[Organism, jax.Array]:
        """The organisms committed at an entry, and how many times each was reseeded."""
        organisms = from_arrays(run.parameters(entry), self.config.curriculum.world, self.config.organism)
        return self.programs.layout.place((organisms, np.asarray(entry.extra["attempts"], np.int32)))

    def run_round(self, state: State, position: Position, resume: Resume) -> tuple[State, Position]:
        """Trains until it is to be decided about some member whether its phase is over."""
        phase, chunk = self.phases[position.phase], self.config.chunk
        check = self.config.training.checkpoint_every
        to_come = sum(phase_to_come.steps for phase_to_come in self.phases[position.phase + 1 :])
        self.callback.expect(position.step + self.course.longest_left() + to_come)
        if self.params is None or position.round_step == 0:
            self.params = self.phase_params(position)  # once a round: what pressures fit takes long
        params, waiting = self.params._replace(schedule=self.course.scheduled(self.params.schedule)), None
        if position.round == position.round_step == 0:
            state = self.programs.operate(phase, state)
        while not self.course.at_check(check).any():
            begun = time.perf_counter()
            remaining = self.course.to_check(check)
            to_commit = self.config.chunks_to_commit(remaining, position.step, position.round_step)
            state, trained = self.programs.train_chunks(state, params, to_commit)
            for progress in trained:
                step, round_step = position.step + chunk, position.round_step + chunk
                position = position._replace(step=step, round_step=round_step)
                self.course = self.course.advanced(chunk)
                if waiting:
                    self.log_metrics(*waiting)
                waiting = (position.step, phase, progress)
            if (commits := len(trained) == to_commit) and waiting:
                self.log_metrics(*waiting)
                waiting = None
            self.speed.time_chunk(position.step, time.perf_counter() - begun)
            if commits:
                self.commit(state, position)
                self.save(resume, state, position)
            self.stop_if_asked(resume, position, None if commits else state, waiting)
        if waiting:
            self.log_metrics(*waiting)
        return state, position

    def phase_params(self, position: Position) -> PhaseParams:
        """The numbers [member] of the present phase, with those that come from the organisms as the phase began: the
        same after a resume."""
        phase, index = self.phases[position.phase], position.phase
        member_phases = self.config.member_phases(index)
        fits = any(pressure.fits for pressure in active_pressures(member_phases, self.config))
        if not fits and not objective_named(phase.objective).needs_start:
            return phase_params(self.config, index)
        entry = entry_before(self.config.curriculum, index, self.run.entries())
        organisms, attempts = self.committed(self.run, entry)
        if fits:
            assert self.sources.make_measurer is not None
            secret_goals = fetch(self.programs.secret_goals(*self.ids, attempts))
            start = PhaseStart(self.config, index, organisms, secret_goals)
            measurer = self.sources.make_measurer(start)
            self.fitted[phase.name] = fit_pressures(member_phases, start, measurer)
        return phase_params(self.config, index, organisms, self.fitted.get(phase.name))

    def stop_if_asked(
        self, resume: Resume, position: Position, unsaved: State | None = None, waiting: Any = None
    ) -> None:
        """Saves what is not saved and raises Stopped, in all processes, where one of them was asked to stop."""
        if not resume.asked_to_stop():
            return
        if waiting:
            self.log_metrics(*waiting)
        if unsaved is not None:
            self.save(resume, unsaved, position)
        raise Stopped(
            f"told to stop: all is saved at step {position.step}; give the same command again to go on"
        )

    def log_metrics(self, step: int, phase: Phase, progress: Progress) -> None:
        """Logs a chunk's metrics, which waits for the chunk. A member whose loss is no longer finite is named once a
        phase."""
        metrics, training = fetch(progress)
        self.speed.organism_steps += int(training.sum()) * self.config.chunk * (step > self.speed.first_step)
        lost = np.flatnonzero(training & ~np.isfinite(metrics["loss_nats"])).tolist()
        if new := [member for member in lost if (phase.name, member) not in self.not_finite]:
            lost_now = f"the loss of member {', '.join(map(str, new))} is not finite"
            self.callback.event(step, f"phase {phase.name}, step {step}: {lost_now}")
            self.not_finite.update((phase.name, member) for member in new)
        values = {name: value.tolist() for name, value in metrics.items()}
        self.run.log({"step": step, "phase": phase.name} | values)
        self.callback.chunk(step, phase.name, metrics)

    def commit(self, state: State, position: Position, **notes: Any) -> None:
        """Commits a checkpoint with its notes, and shows it to the callback."""
        phase = self.phases[position.phase].name
        tokens = position.step * self.config.training.batch * self.config.curriculum.world.positions
        secret_goals = self.programs.secret_goals(*self.ids, state.attempt)
        organisms, attempts, secret_goals = fetch((state.organism, state.attempt, secret_goals))
        rates = self.behaviour(state.organism, state.attempt)
        notes |= {"attempts": attempts.tolist(), "round": position.round, "devices": jax.local_device_count()}
        notes |= {"retention": {name: rate.tolist() for name, rate in rates.items()}}
        if self.phases[position.phase].criterion:
            notes["phase_steps"] = self.course.steps.tolist()
        if fitted := self.fitted.get(phase):
            sizes = self.config.organism
            notes["pressures"] = {name: EFFECTS[name].notes(value, sizes) for name, value in fitted.items()}
        self.run.commit(position.step, phase, tokens, to_arrays(organisms), **notes)
        self.callback.retention(position.step, phase, rates)
        self.callback.checkpoint(position.step, phase, organisms, secret_goals)

    def decide(self, state: State, position: Position) -> tuple[State, Position]:
        """Who goes on, is reseeded or is done with the phase; the next phase where all are."""
        phase, first = self.phases[position.phase], position.phase == 0 and not self.config.parent
        entries = [e for e in self.run.entries() if e.phase == phase.name and e.step <= position.step]
        may_be_reseeded = first & (fetch(state.attempt) < self.config.training.attempts)
        outlook = outlook_of(phase, self.course, entries, self.config.training.checkpoint_every)
        decision = self.course.decide(phase, self.config.chunk, outlook, may_be_reseeded)
        for line in decision.lines(phase):
            self.callback.event(position.step, line)
        self.course = decision.course
        if decision.reseeded.any():
            state = self.programs.reseed(state, decision.reseeded)
            position = position._replace(round=position.round + 1, round_step=0)
        if self.course.ended.all():
            state = self.programs.next_phase(state)
            position = Position(position.step, position.phase + 1, 0, 0)
            self.course = PhaseCourse.begun(self.config, position.phase)
        return state, position

    def behaviour(self, organisms: Organism, attempts: jax.Array) -> dict[str, np.ndarray]:
        """The four rates [member]."""
        secret_goals = self.programs.secret_goals(*self.ids, attempts)
        return fetch(self.programs.behaviour(organisms, secret_goals, self.ids[0]))

    def end(self, state: State, position: Position) -> TrainingEnd:
        """The run as it ended."""
        attempts, secret_goals = fetch((state.attempt, self.programs.secret_goals(*self.ids, state.attempt)))
        return TrainingEnd(
            config=self.config,
            run=self.run,
            step=position.step,
            organisms=state.organism,
            attempts=attempts,
            secret_goals=secret_goals,
            behaviour=self.behaviour(state.organism, state.attempt),
            adopted_steps=self.adopted_steps,
            organism_steps_per_second=self.speed.organism_steps_per_second,
            committed=lambda entry: self.committed(self.run, entry),
        )
