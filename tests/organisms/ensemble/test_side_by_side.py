"""What is done meanwhile is done when the block ends, and its error is not lost. Programs of several devices run one at a
time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from organisms.ensemble.compiler_options import TO_MEASURE
from organisms.ensemble.devices import Layout
from organisms.ensemble.side_by_side import meanwhile, one_at_a_time


def test_the_block_runs_while_the_thread_works_and_ends_after_it():
    begun, done, order = threading.Event(), threading.Event(), []

    def work(name: str) -> None:
        begun.set()
        assert done.wait(60)
        order.append(name)

    with meanwhile(work, "thread"):
        assert begun.wait(60)
        order.append("block")
        done.set()
    assert order == ["block", "thread"]


def test_an_error_of_the_thread_is_raised_after_the_block():
    def fail(text: str) -> None:
        raise ValueError(text)

    order = []
    with pytest.raises(ValueError, match="lost"), meanwhile(fail, "lost"):
        order.append("block")
    assert order == ["block"]


def test_a_block_that_raises_waits_for_nothing():
    never = threading.Event()
    with pytest.raises(KeyboardInterrupt), meanwhile(lambda event: event.wait(60), never):
        raise KeyboardInterrupt
    never.set()


class CountingProgram:
    """Stands for a compiled program: says when it is compiled, and whether another one ran at the same time."""

    running, most = 0, 0

    def __init__(self, compiled: threading.Event, goes_on: threading.Event):
        self.compiled, self.goes_on, self.compilations = compiled, goes_on, 0

    def lower(self, *_):
        return self

    def compile(self):
        self.compilations += 1
        self.compiled.set()

    def __call__(self, given):
        CountingProgram.running += 1
        CountingProgram.most = max(CountingProgram.most, CountingProgram.running)
        assert self.goes_on.wait(60)
        CountingProgram.running -= 1
        return given


def test_programs_of_several_devices_are_compiled_side_by_side_and_run_one_at_a_time():
    """The second is compiled while the first one runs, which waits for that; it runs when the first has ended."""
    events = [threading.Event() for _ in range(3)]
    first, second = CountingProgram(events[0], events[1]), CountingProgram(events[1], events[2])
    events[2].set()
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(one_at_a_time(first), np.ones(2))
        assert events[0].wait(60)
        two = threads.submit(one_at_a_time(second), np.ones(2))
        assert (one.result(60) == 1).all()
        assert (two.result(60) == 1).all()
    assert CountingProgram.most == 1


def test_a_program_is_compiled_once_for_each_kind_of_arguments():
    free = threading.Event()
    free.set()
    program = CountingProgram(threading.Event(), free)
    run = one_at_a_time(program)
    for given in (np.ones(2), np.zeros(2), np.ones(3), np.ones(2, np.int32)):
        run(given)
    assert program.compilations == 3


def test_what_measures_runs_alone_and_what_trains_does_not(monkeypatch):
    """On several devices; on one there is nothing to wait for."""
    wrapped = []
    monkeypatch.setattr(
        "organisms.ensemble.devices.one_at_a_time", lambda program: wrapped.append(program) or program
    )
    both, one = Layout.of(2), Layout.of(1)
    both.over_members(np.sin)
    assert not wrapped
    both.over_members(np.sin, options=TO_MEASURE)
    both.over_rows(lambda member, row: row)
    assert len(wrapped) == 2
    one.over_rows(lambda member, row: row)
    assert len(wrapped) == 2
