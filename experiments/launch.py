"""How are many commands run, a few at a time, here or on a cluster? Each has a log of its own, and none
outlives an interrupt.

Imports nothing heavy: a job on a cluster loads this module before it starts its command.
"""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from curricula.errors import SystemFailure, UserError

Say = Callable[[str], None]
GRACE_SECONDS = 10.0
"""between asking a process to end and killing it"""


class Task(NamedTuple):
    """A command with a name, and the file that what it says is appended to."""

    name: str
    command: Sequence[str]
    log: Path


class Ending(NamedTuple):
    """How a task ended. `error` is None where all went well, else one line."""

    exit_code: int | None
    error: str | None
    seconds: float


@runtime_checkable
class Job(Protocol):
    """A task under way."""

    every: float
    """seconds between two looks at it"""

    def poll(self) -> tuple[int | None, str] | None:
        """None while it runs; then its exit code and what the launcher has to say. No exit code: the job was
        lost."""
        ...

    def stop(self) -> None:
        """Ends it, if it has not ended."""
        ...


def run_logged(command: Sequence[str], log: Path) -> int:
    """Runs a command to its end, its output appended to a file; killed with whoever waits for it. Returns its
    exit code."""
    with open(log, "ab") as file:
        return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)


class LocalJob:
    """A task as a process of this machine."""

    every = 0.1

    def __init__(self, task: Task):
        with open(task.log, "ab") as file:
            self.process = subprocess.Popen(
                task.command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
            )

    def poll(self) -> tuple[int | None, str] | None:
        code = self.process.poll()
        if code is None:
            return None
        return code, f"killed by {signal.Signals(-code).name}" if code < 0 else ""

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ClusterJob:
    """A task as a job of submitit."""

    every = 1.0

    def __init__(self, job):
        self.job = job

    def poll(self) -> tuple[int | None, str] | None:
        try:
            return (self.job.result(), "") if self.job.done() else None
        except Exception as error:  # a time limit, a lost node, a cancelled job: each has its own class
            return None, f"the job was lost: {_reason(error)}"

    def stop(self) -> None:
        self.job.cancel(check=False)


def cluster_starter(
    folder: Path, cluster: str, partition: str | None, gpus: int, minutes: int
) -> Callable[[Task], Job]:
    """What starts a task as a job of its own through submitit (an optional extra).

    folder: of submitit's own files. cluster: *auto* is Slurm, *local* processes of this machine, *debug* this
    process.
    Raises Fault where submitit or Slurm is missing.
    """
    try:
        import submitit  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise UserError(
            "--slurm needs submitit, which is not installed; pip install -e '.[slurm]'"
        ) from error
    try:
        executor = submitit.AutoExecutor(folder / "%j", cluster="slurm" if cluster == "auto" else cluster)
    except RuntimeError as error:
        raise UserError(
            f"--slurm: {_reason(error)} Give --slurm-cluster local to try without Slurm"
        ) from error
    executor.update_parameters(timeout_min=minutes, gpus_per_node=gpus or None, slurm_partition=partition)

    def start(task: Task) -> Job:
        executor.update_parameters(name=task.name)
        try:
            return ClusterJob(executor.submit(run_logged, list(task.command), task.log.absolute()))
        except Exception as error:  # submitit hands on whatever sbatch said
            raise SystemFailure(
                f"the cluster did not take the job of {task.name}: {_reason(error)}"
            ) from error

    return start


def _reason(error: BaseException) -> str:
    """One line of what may be a page: the last that names an error, as a traceback does, else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Interrupt)\b", line)]
    return (named[-1:] or lines[:1] or [type(error).__name__])[0]


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """The signals that have asked for an end. They wait here, so that none can fall between a start and its
    record."""
    asked: list[int] = []
    kinds = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    kinds = [kind for kind in kinds if signal.getsignal(kind) is not signal.SIG_IGN]  # as nohup asks for
    before = {kind: signal.signal(kind, lambda number, _: asked.append(number)) for kind in kinds}
    try:
        yield asked
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def run_all(tasks: Sequence[Task], start: Callable[[Task], Job], at_once: int, say: Say) -> dict[str, Ending]:
    """Runs every task, `at_once` at most at a time, whether others fail or not. Returns how each ended, by
    name.

    Raises KeyboardInterrupt on SIGINT, SIGTERM or SIGHUP, and whatever `start` raises but Failure, which is
    that task's ending; either way nothing is left running.
    """
    assert at_once >= 1
    waiting = list(reversed(tasks))
    running: list[tuple[Task, Job, int, float]] = []
    endings: dict[str, Ending] = {}
    with _interrupts() as asked:
        try:
            while waiting or running:
                while waiting and len(running) < at_once and not asked:
                    task = waiting.pop()
                    size = task.log.stat().st_size if task.log.exists() else 0
                    try:
                        running.append((task, start(task), size, time.monotonic()))
                    except SystemFailure as failure:  # one that can not be started stops no other
                        endings[task.name] = Ending(None, str(failure), 0.0)
                        say(f"{task.name}: failed ({failure}); {len(endings)} of {len(tasks)}")
                        continue
                    say(f"{task.name}: started, {len(waiting)} more to start; log in {task.log}")
                if asked:
                    raise KeyboardInterrupt
                for item in list(running):
                    task, job, size, began = item
                    if (ended := job.poll()) is not None:
                        running.remove(item)
                        code, said = ended
                        error = None if code == 0 else last_words(task.log, size, said)
                        endings[task.name] = Ending(code, error, round(time.monotonic() - began, 1))
                        how = (
                            "ended well"
                            if code == 0
                            else f"failed ({'lost' if code is None else f'exit {code}'})"
                        )
                        say(
                            f"{task.name}: {how} after {endings[task.name].seconds:g} s; {len(endings)} of {len(tasks)}"
                        )
                time.sleep(max((job.every for _, job, *_ in running), default=0))
        finally:
            if running:
                say(f"stopping {', '.join(task.name for task, *_ in running)}")
            for task, job, *_ in running:
                try:
                    job.stop()
                except Exception as error:  # whatever it is, the others have to be stopped too
                    say(f"{task.name}: could not be stopped: {_reason(error)}")
    return endings


def last_words(log: Path, start: int, launcher: str = "") -> str:
    """Why a command failed, in a line: what the launcher says of it, then the fault that the command told,
    else its last line.

    start: where in the log this attempt begins.
    """
    text = log.read_bytes()[start:].decode(errors="replace") if log.exists() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [n for n, line in enumerate(lines) if line.startswith(("error: ", "failed: "))]
    words = " ".join(lines[told[-1] :]) if told else lines[-1] if lines else ""
    return "; ".join(part for part in (launcher, words) if part) or "it said nothing"
