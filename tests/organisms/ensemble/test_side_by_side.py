"""What is done meanwhile is done when the block ends, and its error is not lost."""

import threading

import pytest

from organisms.ensemble.side_by_side import meanwhile


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
