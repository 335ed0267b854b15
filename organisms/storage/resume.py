"""Resuming: where does a killed run go on? The whole state of an ensemble, saved beside its lineage, the latest two
kept.

Orbax writes a save aside and renames it when it is whole, so that a kill at any moment leaves the one before.
"""

import io
import logging
import shutil
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import jax
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

from curricula.errors import SystemFailure, UserError
from organisms.ensemble.device_errors import is_lost_process
from organisms.ensemble.state import State

Result = TypeVar("Result")
LAST_WORDS_SECONDS = 0.5
"""how long the threads of a failed save may go on printing"""
AGAIN = "start all of them again with the same command, nothing committed was lost"
MEND = "free some space and give the same command again, nothing committed was lost"
ROOM = 1.5
"""bytes that must be free for a save, as a multiple of the state's own"""


class Position(NamedTuple):
    """How far a run has come, in steps and in what is left to do."""

    step: int
    """steps of the whole run"""
    phase: int
    """index"""
    round: int
    """how often the phase has been extended to reseed members"""
    round_step: int
    """steps taken in this round"""


Noted = Mapping[str, Any]
"""what a save says of the run's other files; see `organisms.storage.consistency`"""
NOTED = "committed"
COURSE = "course"


class SavedState(NamedTuple):
    """A save, read back."""

    state: State
    position: Position
    course: Mapping[str, Sequence[int]]
    """of the present phase, as `organisms.training.phase_course` has it; empty before saves had it"""
    passed_over: tuple[str, ...]
    """newer saves that will not do, and why; a line each"""


class _Manager(ocp.CheckpointManager):
    """Does not check by itself whether to stop: processes agree on that by a count of checks, which must go up by
    ones."""

    def reached_preemption(self, step: int) -> bool:
        return False


class Resume:
    """The saves of one run. Close it: the last save may still be under way."""

    def __init__(self, folder: Path):
        policy = ocp.checkpoint_managers.LatestN(2)
        options = ocp.CheckpointManagerOptions(preservation_policy=policy, enable_async_checkpointing=False)
        self.folder = folder
        self._checks = 0
        self._manager = self._try(lambda: _Manager(folder.absolute(), options=options))

    def newest(
        self, like: Any, sharding: jax.sharding.Sharding, misfits: Callable[[Noted, int], Sequence[str]]
    ) -> SavedState | None:
        """The newest save that is whole and belongs to the run's other files; None where there is no save.

        like: the ensemble's state, or the shapes of it; sharding: where to put it. misfits: what stands against
        a save, from what it noted of the other files and its step. Saves after the one that is taken are deleted:
        the run comes past them again.
        Raises UserError where there are saves and none will do.
        """
        passed_over: list[str] = []
        steps = sorted(self._manager.all_steps(), reverse=True)
        for step in steps:
            try:
                position, course, noted = self._position(step)
                reasons = misfits(noted, step) if noted else []
                if not reasons:
                    state = self._state(step, like, sharding)
                    break
            except SystemFailure:
                reasons = ["it is not whole"]
            passed_over.append(f"{self.folder.name}/{step}: {'; '.join(reasons)}")
        else:
            if steps:
                raise UserError(
                    f"{self.folder.parent} can not go on from any save ({'. '.join(passed_over)}); put the files back "
                    "from one copy of the run, or give another --out"
                )
            return None
        for later in steps[: steps.index(step)]:
            self._try(lambda later=later: self._manager.delete(later))
        return SavedState(state, position, course, tuple(passed_over))

    def _position(self, step: int) -> tuple[Position, Mapping[str, Sequence[int]], Noted]:
        """Where a save stands, the course of its phase, and what it noted of the run's other files: nothing, before saves
        did."""
        items = ocp.args.Composite(position=ocp.args.JsonRestore())
        content = self._try(lambda: self._manager.restore(step, args=items))["position"]
        position = Position(**{name: content[name] for name in Position._fields})
        return position, content.get(COURSE, {}), content.get(NOTED, {})

    def _state(self, step: int, like: Any, sharding: jax.sharding.Sharding) -> State:
        shapes = [
            jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding) for leaf in jax.tree.leaves(like)
        ]
        items = ocp.args.Composite(state=ocp.args.StandardRestore(_named(shapes)))
        content = self._try(lambda: self._manager.restore(step, args=items))["state"]
        return jax.tree.unflatten(jax.tree.structure(like), [content[name] for name in _named(shapes)])

    def save(
        self, state: State, position: Position, course: Mapping[str, Sequence[int]], noted: Noted
    ) -> None:
        """Saves, and returns when the save is whole. course: of the present phase. noted: of the run's other files, for
        `newest`. Raises SystemFailure where the disk refuses it or has no room for it."""
        needed = int(ROOM * sum(leaf.nbytes for leaf in jax.tree.leaves(state)))
        if (free := shutil.disk_usage(self.folder).free) < needed:
            raise SystemFailure(f"{self.folder} needs {needed:,} bytes, and the disk has {free:,}; {MEND}")
        args = ocp.args.Composite(
            state=ocp.args.StandardSave(_named(jax.tree.leaves(state))),
            position=ocp.args.JsonSave({**position._asdict(), COURSE: dict(course), NOTED: dict(noted)}),
        )
        if not self._try(lambda: self._manager.save(position.step, args=args)):
            raise SystemFailure(f"{self.folder} did not take a save of step {position.step}; {MEND}")

    def asked_to_stop(self) -> bool:
        """Was any of several processes asked to stop, by a signal? True in all of them at the same call. A single
        process ends at the signal."""
        if not jax.distributed.is_initialized():
            return False
        self._checks += 1
        return multihost_utils.reached_preemption_sync_point(self._checks)

    def close(self) -> None:
        """Waits for the last save. Raises SystemFailure where the disk refused it."""
        try:
            self._try(self._manager.wait_until_finished)
        finally:
            self._manager.close()

    def _try(
        self,
        do: Callable[[], Result],
        what: str = f"could not be written; {MEND}",
    ) -> Result:
        try:
            with _without_background_errors():
                return do()
        except (
            Exception
        ) as error:  # Orbax and TensorStore raise ValueError, OSError and their own for a refusing disk
            logging.getLogger("asyncio").setLevel(
                logging.CRITICAL
            )  # the same failure once more, for each array not written
            if is_lost_process(error):
                raise SystemFailure(f"another process was lost: {_first_line(error)}; {AGAIN}") from error
            raise SystemFailure(f"{self.folder} {what} ({_first_line(error)})") from error


@contextmanager
def _without_background_errors() -> Generator[None]:
    """Orbax's threads print each failure, with its traceback, before it is raised as an exception; the one line
    that is made of it is enough."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with redirect_stderr(io.StringIO()):
            try:
                yield
            except Exception:
                time.sleep(LAST_WORDS_SECONDS)
                raise
    finally:
        logger.setLevel(level)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def _named(leaves: list[Any]) -> dict[str, Any]:
    return {f"{n:03d}": leaf for n, leaf in enumerate(leaves)}
