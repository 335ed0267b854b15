"""Progress on standard error, for a person who waits: how far is the run, and how long will it take?"""

import math
import sys
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

PLAIN_LINE_SECONDS = 5.0


class Display:
    """Progress on standard error: a bar on a terminal; elsewhere the first line, the last, and one every 5
    seconds."""

    def __init__(self, total_steps: int, quiet: bool):
        self._total = total_steps
        self._is_quiet = quiet
        # Step and time of the first call: the time before it, which compiling took, does not predict the time left.
        self._origin: tuple[int, float] | None = None
        self._printed_at = -math.inf
        self._unprinted: str | None = None
        self._bar: Progress | None = None
        self._task = TaskID(0)
        console = Console(stderr=True)
        if not quiet and sys.stderr.isatty() and not console.is_dumb_terminal:
            columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
            # Standard output stays with the script, whose last line a program reads.
            bar = Progress(*columns, console=console, redirect_stdout=False)
            self._task = bar.add_task("starting", total=total_steps)
            bar.start()
            self._bar = bar

    def expect(self, total_steps: int) -> None:
        self._total = total_steps
        if self._bar is not None:
            self._bar.update(self._task, total=total_steps)

    def progress(self, step: int, phase: str | None, line: Mapping[str, float]) -> None:
        if self._is_quiet:
            return
        time_now = monotonic()
        if self._origin is None:
            self._origin = step, time_now
        parts = [f"step {step}/{self._total}"]
        parts += [] if phase is None else [phase]
        parts += [f"{name} {value:.4g}" for name, value in line.items()]
        first_step, first_time = self._origin
        if step > first_step:
            seconds = (time_now - first_time) / (step - first_step) * max(self._total - step, 0)
            parts.append(f"{timedelta(seconds=round(seconds))} left")
        text = "  ".join(parts)
        if self._bar is not None:
            self._bar.update(self._task, completed=step, description=text)
        elif time_now - self._printed_at >= PLAIN_LINE_SECONDS or step >= self._total:
            print(text, file=sys.stderr, flush=True)
            self._printed_at, self._unprinted = time_now, None
        else:
            self._unprinted = text

    def message(self, text: str) -> None:
        if self._is_quiet:
            return
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._unprinted is not None:
            print(self._unprinted, file=sys.stderr, flush=True)
