"""Every task runs once, whatever others do; an interrupt leaves none behind; a cluster's jobs are as good as
processes."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from curricula.errors import UserError
from experiments.launch import ClusterJob, LocalJob, Task, cluster_starter, last_words, run_all


def tasks(folder: Path, *programs: str) -> list[Task]:
    commands = ([sys.executable, "-S", "-c", program, str(folder)] for program in programs)
    return [Task(str(n), command, folder / f"{n}.log") for n, command in enumerate(commands)]


def silent(text: str) -> None:
    pass


@pytest.mark.parametrize("at_once", [1, 2])
def test_as_many_run_at_once_as_asked(at_once, tmp_path):
    counts = [0]

    class Counted(LocalJob):
        def __init__(self, task):
            super().__init__(task)
            counts.append(counts[-1] + 1)

        def poll(self):
            ended = super().poll()
            counts.append(counts[-1] - (ended is not None))
            return ended

    endings = run_all(tasks(tmp_path, *["import time; time.sleep(0.1)"] * 4), Counted, at_once, silent)
    assert {name: ending.exit_code for name, ending in endings.items()} == dict.fromkeys("0123", 0)
    assert max(counts) == at_once


@pytest.fixture
def interruptible():
    """A shell that starts the tests in the background has them ignore interrupts, and Python leaves that as
    it is."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_running_and_starts_nothing_more(kind, tmp_path):
    """Signals reach the sweep alone here; a child that outlived it would go on for a minute."""
    wait = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    many = tasks(tmp_path, wait, wait, "print(0)")
    before = signal.getsignal(kind)

    def interrupt():
        while not all(task.log.exists() and task.log.read_text() for task in many[:2]):
            time.sleep(0.01)
        os.kill(os.getpid(), kind)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_all(many, LocalJob, 2, silent)
    thread.join()
    after = signal.getsignal(kind)
    for task in many[:2]:
        with pytest.raises(ProcessLookupError):
            os.kill(int(task.log.read_text()), 0)
    assert not many[2].log.exists()
    assert after is before


def test_the_words_are_those_of_the_last_attempt(tmp_path):
    task = tasks(tmp_path, "raise SystemExit('no fault, but the last line')")[0]
    task.log.write_text("error: of the attempt before\n")
    ending = run_all([task], LocalJob, 1, silent)["0"]
    assert (ending.exit_code, ending.error) == (1, "no fault, but the last line")
    assert task.log.read_text().startswith("error: of the attempt before\n")
    assert last_words(task.log, task.log.stat().st_size) == "it printed nothing"


def test_without_submitit_slurm_is_refused_in_a_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[slurm\]'"):
        cluster_starter(tmp_path, "auto", None, 0, 1)


# submitit's debug jobs leave their own log files open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("cluster", ["local", "debug"])
def test_a_cluster_runs_tasks_as_this_machine_does(cluster, tmp_path):
    pytest.importorskip("submitit", reason="submitit is not installed, so jobs can not be submitted")
    both = tasks(tmp_path, "print('well')", "raise SystemExit('error: badly')")
    endings = run_all(both, cluster_starter(tmp_path / "jobs", cluster, None, 0, 1), 2, silent)
    assert endings["0"][:2] == (0, None)
    assert endings["1"][:2] == (1, "error: badly")
    assert both[0].log.read_text() == "well\n"


def test_slurm_is_refused_where_there_is_none(monkeypatch, tmp_path):
    pytest.importorskip("submitit", reason="submitit is not installed, so jobs can not be submitted")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="--slurm-cluster local"):
        cluster_starter(tmp_path, "auto", "gpu", 1, 60)


class Lost:
    """In place of submitit's job: one that ended without a result."""

    def done(self):
        return True

    def result(self):
        raise RuntimeError(
            "Job failed with trace:\n  frames\nsubmitit.UncompletedJobError: timed-out\nsee the logs"
        )


class Queued:
    """In place of submitit's job: one that never ends by itself, and whose sweep is interrupted."""

    cancelled = False

    def done(self):
        os.kill(os.getpid(), signal.SIGTERM)
        return False

    def cancel(self, check):
        self.cancelled = True


def test_a_lost_job_is_told_in_a_line(tmp_path):
    task = tasks(tmp_path, "")[0]
    ending = run_all([task], lambda task: ClusterJob(Lost()), 1, silent)["0"]
    assert ending[:2] == (None, "the job was lost: submitit.UncompletedJobError: timed-out")


def test_an_interrupt_cancels_the_jobs_of_a_cluster(tmp_path):
    job = Queued()
    with pytest.raises(KeyboardInterrupt):
        run_all(tasks(tmp_path, ""), lambda task: ClusterJob(job), 1, silent)
    assert job.cancelled
