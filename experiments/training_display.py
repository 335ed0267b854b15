"""The display of a run while it trains: what does a person see of it?

Bands over members, scenes in English, attention and effect maps on TensorBoard; a line of progress on the
terminal.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from jaxtyping import Float, Int

from curricula.config_json import to_plain
from experiments.progress import say_on_error_stream
from organisms.ensemble.config import RunConfig
from organisms.logging.tensorboard import TensorBoardLogger
from organisms.model.transformer import Organism
from organisms.training.behaviour import BEHAVIOURS
from organisms.training.run_summary import prolonged_phases

PICTURES_EVERY = 4
"""checkpoints from one set of pictures to the next"""
Hyperparameter = int | float | str | bool
Show = TypeVar("Show", bound=Callable[..., None])


def hyperparameters(config: RunConfig) -> dict[str, Hyperparameter]:
    """What TensorBoard's HParams table lists of a run, so that curricula compare: one flat name a setting,
    phases by their names."""
    phases = config.curriculum.phases
    table: dict[str, Hyperparameter] = {
        "curriculum": config.curriculum.name,
        "members": config.members,
        "seed": config.seed,
    }
    if config.parent:
        table |= {"parent": config.parent.run, "parent_step": config.parent.step}
    for phase in phases:
        table |= {name: value for name, value in _flat(phase.name, phase) if name != f"{phase.name}.name"}
    for part, settings in (
        ("world", config.curriculum.world),
        ("organism", config.organism),
        ("training", config.training),
    ):
        table |= dict(_flat(part, settings))
    for variation in config.vary:
        _, index, setting = variation.setting.split(".", 2)
        table[f"{phases[int(index)].name}.{setting}"] = ", ".join(map(str, variation.values))
    return table


def _flat(prefix: str, settings: Any) -> Iterator[tuple[str, Hyperparameter]]:
    """Every number and word in a record of settings, with its path."""
    for name, value in to_plain(settings).items():
        path = f"{prefix}.{name}"
        if isinstance(value, Mapping):
            yield from _flat(path, value)
        else:
            yield path, " ".join(value) if isinstance(value, list | tuple) else value


def _finite(
    metrics: Mapping[str, Float[np.ndarray, " member"]],
) -> dict[str, Float[np.ndarray, " measured_member"]]:
    """The finite numbers of each metric that has any: members that wait while others are reseeded, and roles
    that a phase lacks, are NaN."""
    finite = {name: values[np.isfinite(values)] for name, values in metrics.items()}
    return {name: values for name, values in finite.items() if len(values)}


def drops_what_can_not_be_shown(show: Show) -> Show:
    """The method of a display, made so that a disk which refuses stops the display and not the run."""

    @wraps(show)
    def shown(display: "TensorBoardCallback", *arguments: Any) -> None:
        if display.is_lost:
            return
        try:
            show(display, *arguments)
        except OSError as error:
            display.is_lost = True
            say_on_error_stream(f"nothing more of {display.folder.name} is shown: {error}; the run goes on")

    return cast(Show, shown)


class TensorBoardCallback:
    """Shows a training ensemble on TensorBoard and on the terminal. See
    `organisms.training.callbacks.TrainingCallback`."""

    def __init__(self, config: RunConfig, folder: Path, quiet: bool = False):
        self.config, self.folder, self.quiet = config, folder, quiet
        self.logger: TensorBoardLogger | None = None
        self.phase = ""
        self.is_lost = False
        """did the disk refuse something? Nothing is shown from then on"""
        self.total_steps = sum(phase.steps for phase in config.curriculum.phases)

    def logger_from(self, step: int) -> TensorBoardLogger:
        """The logger, opened at the first step that is shown: what a killed process logged after it is
        hidden."""
        if self.logger is None:
            self.logger = TensorBoardLogger(
                self.folder / "tensorboard",
                hyperparameters(self.config),
                self.total_steps,
                purge_step=step,
                quiet=self.quiet,
            )
        return self.logger

    @drops_what_can_not_be_shown
    def chunk(self, step: int, phase: str, metrics: Mapping[str, Float[np.ndarray, " member"]]) -> None:
        """Bands of every metric, and a line of their means."""
        logger = self.logger_from(step)
        if phase != self.phase:
            logger.phase(step, phase)
            self.phase = phase
        finite = _finite(metrics)
        tags = {name: f"behaviour/{name}" if name in BEHAVIOURS else name for name in finite}
        logger.scalars(step, {tags[name]: values for name, values in finite.items()})
        means = {name: float(values.mean()) for name, values in finite.items() if name != "gradient_norm"}
        logger.progress(step, means)

    @drops_what_can_not_be_shown
    def checkpoint(
        self, step: int, phase: str, organisms: Organism, secret_goals: Int[np.ndarray, " member"]
    ) -> None:
        """At the end, and every few checkpoints: scenes in English, attention, and components' effects."""
        is_last = step == self.total_steps
        if not step or not (is_last or step % (PICTURES_EVERY * self.config.training.checkpoint_every) == 0):
            return
        from reports import (
            scene_pictures,  # takes long to import, and the first picture of learning comes before it
        )

        logger = self.logger_from(step)
        subject = organisms, self.config, secret_goals
        scenes = scene_pictures.scenes_in_english(*subject, seed=0, per_kind=1)
        logger.text(step, "scenes", scene_pictures.scenes_as_markdown(scenes))
        logger.image(step, "attention/first member", scene_pictures.attention_picture(*subject))
        if (
            self.config.curriculum.world.scratchpad == "none"
        ):  # else no pair of texts differs in one cue alone
            logger.image(step, "effects/gate", scene_pictures.effect_map(*subject))

    @drops_what_can_not_be_shown
    def retention(self, step: int, phase: str, rates: Mapping[str, Float[np.ndarray, " member"]]) -> None:
        """Bands of every behaviour, whether the phase shows its scenes or not."""
        self.logger_from(step).scalars(
            step, {f"retention/{name}": values for name, values in _finite(rates).items()}
        )

    @drops_what_can_not_be_shown
    def event(self, step: int, text: str) -> None:
        """A line on the terminal."""
        self.logger_from(step).message(text)

    @drops_what_can_not_be_shown
    def expect(self, steps: int) -> None:
        """Changes the number of steps that the time left is computed from."""
        self.total_steps = steps
        if self.logger:
            self.logger.expect(steps)

    def fail(self, error: BaseException) -> None:
        """Closes the logger over an error."""
        if self.logger:
            with contextlib.suppress(OSError):  # a full disk refuses the last lines of TensorBoard as well
                self.logger.__exit__(type(error), error, error.__traceback__)

    @drops_what_can_not_be_shown
    def end(self, summary: Mapping[str, Any]) -> None:
        """A line about members that were reseeded, and one a phase that some needed longer for; closes the logger."""
        reseeded = summary["reseeded"]
        logger = self.logger_from(summary["steps"] + 1)
        logger.message(
            f"{self.config.curriculum.name}: {reseeded['count']} of {self.config.members} reseeded, "
            f"{reseeded['failed']} failed all the same"
        )
        for phase, count in prolonged_phases(summary).items():
            logger.message(f"{phase} took longer than its steps in {count} of {self.config.members}")
        logger.close({name: float(np.mean(values)) for name, values in summary["behaviour"].items()})


class NoDisplay:
    """The callback of a process that leaves the display to the first one."""

    def chunk(self, step: int, phase: str, metrics: Mapping[str, Float[np.ndarray, " member"]]) -> None:
        """Shows nothing."""

    def checkpoint(
        self, step: int, phase: str, organisms: Organism, secret_goals: Int[np.ndarray, " member"]
    ) -> None:
        """Shows nothing."""

    def retention(self, step: int, phase: str, rates: Mapping[str, Float[np.ndarray, " member"]]) -> None:
        """Shows nothing."""

    def event(self, step: int, text: str) -> None:
        """Shows nothing."""

    def expect(self, steps: int) -> None:
        """Shows nothing."""

    def fail(self, error: BaseException) -> None:
        """Has nothing to close."""

    def end(self, summary: Mapping[str, Any]) -> None:
        """Has nothing to close."""
