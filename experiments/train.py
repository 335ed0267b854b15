"""Training: how does a config become a finished run in a folder?"""

import sys
from pathlib import Path

import jax

from analysis.probes.phase_start import PhaseStartMeasurer
from curricula.errors import UserError
from experiments.training_display import NoDisplay, TensorBoardCallback
from organisms.ensemble import devices
from organisms.ensemble.config import RunConfig
from organisms.ensemble.memory import memory_errors
from organisms.objectives.registry import objective_named
from organisms.planted.compiled_program import require_compiler
from organisms.pressures.registry import active_pressures
from organisms.storage.config_hash import config_hash
from organisms.storage.forking import require_parent
from organisms.storage.loading import require_finished
from organisms.storage.read_only_run import ReadOnlyRun
from organisms.storage.run import SUMMARY, Run, open_run
from organisms.training.compiling import compile_ensemble
from organisms.training.loop import train_ensemble
from organisms.training.programs import Programs
from organisms.training.sources import TrainingSources
from organisms.training.validation import check_config


def _device_errors(config: RunConfig) -> list[str]:
    """What in a run is at odds with the devices that share its work, or with several processes, a line
    each."""
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
        for pressure in active_pressures(config.distinct_phases(index), config)
        if pressure.fits
    }
    if fitting and jax.process_count() > 1:
        errors.append(
            f"{', '.join(sorted(fitting))}: expected one process, since components and probes are fitted between "
            "phases; leave out --distributed"
        )
    return errors


def _require_trainable(config: RunConfig, parent: Path | None) -> None:
    """Raises UserError with everything that stands against training a config on this machine."""
    check_config(config)
    if config.curriculum.compiled != "nothing":
        require_compiler()
    errors = devices.device_count_errors(config.members) + _device_errors(config)
    errors += memory_errors(config)
    if bool(config.parent) != (parent is not None):
        errors.append("parent: expected its folder where the config has one, and none where it has none")
    if errors:
        raise UserError("; ".join(errors))
    if parent is not None:
        require_parent(config, parent)


def train_run(
    config: RunConfig,
    folder: Path,
    quiet: bool = False,
    trunk: Run | None = None,
    programs: Programs | None = None,
    parent: Path | None = None,
) -> Path:
    """Trains a run in a folder, from its beginning or from where it was killed, and returns the path of its
    summary; a finished one is left alone.

    quiet: show no progress. trunk: a finished run whose first phases this one shares, so that they are
    adopted. programs: compiled programs of a run of the same sizes. parent: folder of the run that the
    config's parent is a checkpoint of.

    Raises:
        UserError: a wrong config or a folder of something else; nothing is changed.
        SystemFailure: the disk refuses.
    """
    _require_trainable(config, parent)
    devices.require_same(f"{config_hash(config.plain())} {folder.resolve()}")
    written = devices.after_first(lambda: open_run(folder, config.plain()))
    with written or ReadOnlyRun(folder, config.plain()) as run:
        path = run.folder / SUMMARY
        if devices.from_first(path.exists()):
            require_finished(run)
            print(
                f"{folder} is finished: {config.curriculum.name}, {config.members} members; nothing to do",
                file=sys.stderr,
            )
            return path
        callback = TensorBoardCallback(config, folder, quiet) if written else NoDisplay()
        try:
            if config.curriculum.compiled == "nothing":
                sources = TrainingSources(programs, trunk, parent, PhaseStartMeasurer)
                summary = train_ensemble(config, run, callback, sources)
            else:
                summary = compile_ensemble(config, run, callback)
            path = run.write_summary(summary)
        except BaseException as error:
            callback.fail(error)
            raise
        callback.end(summary)
        return path
