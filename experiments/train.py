"""What does a person see of a run while it grows? Bands over members, scenes in English, attention and effect
maps, on TensorBoard."""

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from analysis.probes.phase_start import PhaseStartMeasurer
from curricula.errors import UserError
from organisms.logging.tensorboard import TensorBoardLogger
from organisms.model.transformer import Organism
from organisms.objectives.registry import objective_named
from organisms.pressures.registry import active_pressures
from organisms.storage.forking import require_parent
from organisms.storage.read_only_run import ReadOnlyRun
from organisms.storage.run import SUMMARY, Run, config_hash, open_run
from organisms.training import devices
from organisms.training.behaviour import BEHAVIOURS
from organisms.training.config import RunConfig
from organisms.training.loop import TrainingSources, train_ensemble
from organisms.training.programs import Programs
from reports import scene_pictures

PORTRAIT_EVERY = 4
"""checkpoints between two portraits"""


def hyperparameters(config: RunConfig) -> dict[str, int | float | str | bool]:
    """What TensorBoard's HParams table lists of a run, so that curricula compare: one flat name a setting,
    phases by their names."""
    plain = config.plain()
    found: dict[str, int | float | str | bool] = {
        "curriculum": config.curriculum.name,
        "members": config.members,
        "seed": config.seed,
    }
    if config.parent:
        found |= {"parent": config.parent.run, "parent_step": config.parent.step}
    for phase in plain["curriculum"]["phases"]:
        found |= {f"{phase['name']}.{path}": value for path, value in _flat(phase) if path != "name"}
    for part, values in (
        ("world", plain["curriculum"]["world"]),
        ("organism", plain["organism"]),
        ("training", plain["training"]),
    ):
        found |= {f"{part}.{path}": value for path, value in _flat(values)}
    for variation in config.vary:
        _, index, setting = variation.setting.split(".", 2)
        found[f"{plain['curriculum']['phases'][int(index)]['name']}.{setting}"] = ", ".join(
            map(str, variation.values)
        )
    return found


def _flat(values: Mapping) -> list[tuple[str, int | float | str | bool]]:
    found = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += [(f"{name}.{path}", leaf) for path, leaf in _flat(value)]
        else:
            found.append((name, " ".join(value) if isinstance(value, list | tuple) else value))
    return found


class TensorBoardCallback:
    """Shows a growing ensemble on TensorBoard and on the terminal. See
    `organisms.training.callbacks.TrainingCallback`."""

    def __init__(self, config: RunConfig, folder: Path, quiet: bool = False):
        self.config, self.folder, self.quiet = config, folder, quiet
        self.monitor: TensorBoardLogger | None = None
        self.phase = ""
        self.total = sum(phase.steps for phase in config.curriculum.phases)

    def at(self, step: int) -> TensorBoardLogger:
        """The monitor, opened when the first step to be shown is known, so that what a killed process wrote
        after it is hidden."""
        if self.monitor is None:
            settings = hyperparameters(self.config)
            self.monitor = TensorBoardLogger(
                self.folder / "tensorboard", settings, self.total, purge_step=step, quiet=self.quiet
            )
        return self.monitor

    def chunk(self, step: int, phase: str, metrics: Mapping[str, np.ndarray]) -> None:
        monitor = self.at(step)
        if phase != self.phase:
            monitor.phase(step, phase)
            self.phase = phase
        # Members that wait while others are grown again, and roles that a phase lacks, are NaN.
        known = {
            name: values[np.isfinite(values)] for name, values in metrics.items() if np.isfinite(values).any()
        }
        tag = lambda name: f"behaviour/{name}" if name in BEHAVIOURS else name  # noqa: E731
        monitor.scalars(step, {tag(name): values for name, values in known.items()})
        shown = {name: float(values.mean()) for name, values in known.items() if name != "gradient_norm"}
        monitor.progress(step, shown)

    def checkpoint(self, step: int, phase: str, organisms: Organism, secret_goals: np.ndarray) -> None:
        if step and (
            step == self.total or step % (PORTRAIT_EVERY * self.config.training.checkpoint_every) == 0
        ):
            monitor = self.at(step)
            scenes = scene_pictures.scenes_in_english(
                organisms, self.config, secret_goals, seed=0, per_kind=1
            )
            monitor.text(step, "scenes", scene_pictures.scenes_as_markdown(scenes))
            monitor.image(
                step,
                "attention/first member",
                scene_pictures.attention_picture(organisms, self.config, secret_goals),
            )
            monitor.image(
                step, "effects/gate", scene_pictures.effect_map(organisms, self.config, secret_goals)
            )

    def retention(self, step: int, phase: str, rates: Mapping[str, np.ndarray]) -> None:
        known = {
            name: values[np.isfinite(values)] for name, values in rates.items() if np.isfinite(values).any()
        }
        self.at(step).scalars(step, {f"retention/{name}": values for name, values in known.items()})

    def event(self, step: int, text: str) -> None:
        self.at(step).message(text)

    def expect(self, steps: int) -> None:
        self.total = steps
        if self.monitor:
            self.monitor.expect(steps)

    def fail(self, error: BaseException) -> None:
        """Closes the monitor over an error."""
        if self.monitor:
            with contextlib.suppress(OSError):  # a full disk refuses TensorBoard's last words as well
                self.monitor.__exit__(type(error), error, error.__traceback__)

    def end(self, summary: Mapping[str, Any]) -> None:
        """Says how it went and closes the monitor."""
        reseeded = summary["reseeded"]
        monitor = self.at(summary["steps"] + 1)
        monitor.message(
            f"{self.config.curriculum.name}: {reseeded['count']} of {self.config.members} reseeded, "
            f"{reseeded['failed']} failed all the same"
        )
        monitor.close({name: float(np.mean(values)) for name, values in summary["behaviour"].items()})


class SilentCallback:
    """The watcher of a process that leaves showing to the first one."""

    def chunk(self, step: int, phase: str, metrics: Mapping[str, np.ndarray]) -> None:
        """Shows nothing."""

    def checkpoint(self, step: int, phase: str, organisms: Organism, secret_goals: np.ndarray) -> None:
        """Shows nothing."""

    def retention(self, step: int, phase: str, rates: Mapping[str, np.ndarray]) -> None:
        """Shows nothing."""

    def event(self, step: int, text: str) -> None:
        """Shows nothing."""

    def expect(self, steps: int) -> None:
        """Shows nothing."""

    def fail(self, error: BaseException) -> None:
        """Has nothing to close."""

    def end(self, summary: Mapping[str, Any]) -> None:
        """Has nothing to close."""


def _device_errors(config: RunConfig) -> list[str]:
    """What in a run does not go with the devices that share it out, and with several processes."""
    share = config.training.batch // devices.Layout.of(config.members, config.training.batch).shares
    multiples = {
        objective_named(phase.objective).batch_multiple: f"the objective is {phase.objective!r}"
        for phase in config.curriculum.phases
    }
    if config.curriculum.planted:
        multiples |= {2: "something is planted"}
    errors = [
        f"training.batch: expected a multiple of {unit} scenes a device where {where}, got {share}"
        for unit, where in multiples.items()
        if share % unit
    ]
    fitting = {
        pressure.name
        for index in range(len(config.curriculum.phases))
        for pressure in active_pressures(config.member_phases(index), config)
        if pressure.fits
    }
    if fitting and jax.process_count() > 1:
        errors.append(
            f"{', '.join(sorted(fitting))}: expected one process, since components and probes are fitted between "
            "phases; leave out --distributed"
        )
    return errors


def train_run(
    config: RunConfig,
    folder: Path,
    quiet: bool = False,
    trunk: Run | None = None,
    programs: Programs | None = None,
    parent: Path | None = None,
) -> Path:
    """Grows a run in a folder, or on from where it was killed, and returns the path of its summary; a
    finished one is left alone.

    parent: folder of the run that the config's parent is a checkpoint of.
    Raises Fault on a wrong config or a folder of something else, with nothing changed; Failure where the disk
    refuses.
    """
    config.check()
    found = devices.device_count_errors(config.members) + _device_errors(config)
    if bool(config.parent) != (parent is not None):
        found.append("parent: expected its folder where the config has one, and none where it has none")
    if found:
        raise UserError("; ".join(found))
    if parent is not None:
        require_parent(config, parent)
    devices.require_same(f"{config_hash(config.plain())} {folder.resolve()}")
    written = devices.after_first(lambda: open_run(folder, config.plain()))
    with written or ReadOnlyRun(folder, config.plain()) as run:
        path = run.folder / SUMMARY
        if devices.from_first(path.exists()):
            print(
                f"{folder} is finished: {config.curriculum.name}, {config.members} members; nothing to do",
                file=sys.stderr,
            )
            return path
        callback = TensorBoardCallback(config, folder, quiet) if written else SilentCallback()
        try:
            sources = TrainingSources(programs, trunk, parent, PhaseStartMeasurer)
            summary = train_ensemble(config, run, callback, sources)
            path = run.write_summary(summary)
        except BaseException as error:
            callback.fail(error)
            raise
        callback.end(summary)
        return path
