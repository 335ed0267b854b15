"""Jobs: how are many commands run, a few at the same time, here or on a cluster? Each has a log of its own,
and none outlives an interrupt.

Imports nothing heavy: a job on a cluster loads this module before it starts its command.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from curricula.errors import SystemFailure, UserError
from experiments.progress import Say

GRACE_SECONDS = 10.0
"""between asking a process to end and killing it"""


class Task(NamedTuple):
    """A command with a name, and the file that its output is appended to."""

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
    """A task that runs."""

    every: float
    """seconds between two polls"""

    def poll(self) -> tuple[int | None, str] | None:
        """None while it runs; then its exit code and a line of the launcher's. No exit code: the job was
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
                task.command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},  # so that its last line is there however it ends
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
    Raises UserError where submitit or Slurm is missing.
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
        except Exception as error:  # of whatever class sbatch led to
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
    """The signals that came to end the process. They wait here, so that none can fall between a start and its
    record."""
    received: list[int] = []
    kinds = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    kinds = [kind for kind in kinds if signal.getsignal(kind) is not signal.SIG_IGN]  # nohup sets that
    handlers = {kind: signal.signal(kind, lambda number, _: received.append(number)) for kind in kinds}
    try:
        yield received
    finally:
        for kind, handler in handlers.items():
            signal.signal(kind, handler)


class _RunningTask(NamedTuple):
    task: Task
    job: Job
    log_size: int
    """bytes of the log before this attempt"""
    started: float
    """seconds, on the monotonic clock"""

    def ending(self) -> Ending | None:
        """How it ended; None while it runs."""
        if (result := self.job.poll()) is None:
            return None
        code, text = result
        error = None if code == 0 else last_words(self.task.log, self.log_size, text)
        return Ending(code, error, round(time.monotonic() - self.started, 1))


class _TaskQueue:
    """Tasks that wait, that run and that have ended."""

    def __init__(self, tasks: Sequence[Task], start: Callable[[Task], Job], report: Say):
        self.waiting = list(reversed(tasks))
        self.running: list[_RunningTask] = []
        self.endings: dict[str, Ending] = {}
        self.start, self.report, self.total = start, report, len(tasks)

    def start_next(self) -> None:
        """Starts a task. One that can not be started stops no other."""
        task = self.waiting.pop()
        log_size = task.log.stat().st_size if task.log.exists() else 0
        try:
            self.running.append(_RunningTask(task, self.start(task), log_size, time.monotonic()))
        except SystemFailure as failure:
            self.endings[task.name] = Ending(None, str(failure), 0.0)
            self.report(f"{task.name}: failed ({failure}); {len(self.endings)} of {self.total}")
            return
        self.report(f"{task.name}: started, {len(self.waiting)} more to start; log in {task.log}")

    def collect(self) -> None:
        """Records the tasks that have ended."""
        for item in list(self.running):
            if (ending := item.ending()) is None:
                continue
            self.running.remove(item)
            self.endings[item.task.name] = ending
            code = ending.exit_code
            failure = "lost" if code is None else f"exit {code}"
            result = "ended well" if code == 0 else f"failed ({failure})"
            count = f"{len(self.endings)} of {self.total}"
            self.report(f"{item.task.name}: {result} after {ending.seconds:g} s; {count}")

    def stop(self) -> None:
        """Ends whatever runs."""
        if self.running:
            self.report(f"stopping {', '.join(item.task.name for item in self.running)}")
        for item in self.running:
            try:
                item.job.stop()
            except Exception as error:  # of any class: the others have to be stopped too
                self.report(f"{item.task.name}: could not be stopped: {_reason(error)}")


def run_all(
    tasks: Sequence[Task], start: Callable[[Task], Job], at_once: int, report: Say
) -> dict[str, Ending]:
    """Runs every task, `at_once` at most at a time, whether others fail or not. Returns how each ended, by
    name.

    Raises KeyboardInterrupt on SIGINT, SIGTERM or SIGHUP, and whatever `start` raises but `SystemFailure`,
    which is that task's ending; either way nothing is left running.
    """
    assert at_once >= 1
    queue = _TaskQueue(tasks, start, report)
    with _interrupts() as received:
        try:
            while queue.waiting or queue.running:
                while queue.waiting and len(queue.running) < at_once and not received:
                    queue.start_next()
                if received:
                    raise KeyboardInterrupt
                queue.collect()
                time.sleep(max((item.job.every for item in queue.running), default=0))
        finally:
            queue.stop()
    return queue.endings


def last_words(log: Path, start: int, launcher: str = "") -> str:
    """Why a command failed, in a line: the launcher's reason, then the command's last error, else its last
    line.

    start: where in the log this attempt begins.
    """
    text = log.read_bytes()[start:].decode(errors="replace") if log.exists() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [index for index, line in enumerate(lines) if line.startswith(("error: ", "failed: "))]
    words = " ".join(lines[errors[-1] :]) if errors else lines[-1] if lines else ""
    return "; ".join(part for part in (launcher, words) if part) or "it printed nothing"
