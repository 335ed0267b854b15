"""Processes of a check: how does a part that hangs, crashes or runs out of memory not end the others?

Each part is ``python -m benchmarks.gpu_check FUNCTION SETTINGS``. It writes a row a line, so that what it
measured before it ended stays.
"""

import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from benchmarks.gpu_check.plan import Part, Settings
from benchmarks.gpu_check.rows import PartOutcome, Row, row_from_plain, row_to_plain
from benchmarks.workers import ROOT, environment
from curricula.errors import SystemFailure, UserError
from organisms.storage import records

MEMORY_SHARE = "0.92"
"""of a card that JAX may take; its default, three quarters, would leave out the largest ensembles"""
USER_ERROR = 2


def run_part(part: Part, settings: Settings) -> tuple[list[Row], PartOutcome]:
    """Runs a part in a process of its own, which is ended when its time is over.

    Raises UserError where the part finds that it was asked for what this machine can not do.
    """
    if part.needs and importlib.util.find_spec(part.needs) is None:
        return [], PartOutcome(part.name, 0.0, left_out=f"{part.needs} is not installed")
    rows: list[Row] = []
    start, stopped = time.monotonic(), threading.Event()
    words = [sys.executable, "-m", "benchmarks.gpu_check", part.function, json.dumps(settings.plain())]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=part_environment(part),
            cwd=ROOT,
            start_new_session=True,
        )

        def stop() -> None:
            stopped.set()
            _end(process)

        timer = threading.Timer(settings.seconds, stop)
        timer.start()
        try:
            assert process.stdout
            rows += [row_from_plain(json.loads(line)) for line in process.stdout]
            code = process.wait()
        finally:
            timer.cancel()
            _end(process)
        errors.seek(0)
        written = errors.read().decode(errors="replace").strip().splitlines()
    last = written[-1].removeprefix("error: ") if written else f"exit code {code}"
    if code == USER_ERROR and not stopped.is_set():
        raise UserError(last)
    failure = f"ended after {settings.seconds:.0f} s" if stopped.is_set() else last[:300] if code else ""
    return rows, PartOutcome(part.name, time.monotonic() - start, failure)


def part_environment(part: Part) -> Mapping[str, str]:
    """What a part finds in its environment: JAX's share of the card, and the platforms that it may use."""
    settings = {"XLA_PYTHON_CLIENT_MEM_FRACTION": MEMORY_SHARE} | environment()
    return settings | ({"JAX_PLATFORMS": part.platforms} if part.platforms else {})


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def serve_part(function: str, settings: Settings) -> None:
    """Runs a part in this process, writes its rows and ends the process.

    What libraries print goes to standard error.
    """
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    code = 0
    try:
        if not function.endswith(":measure_pytorch"):
            from organisms.ensemble.environment import fix_switches

            fix_switches()
        module, _, name = function.partition(":")
        for row in getattr(importlib.import_module(module), name)(settings):
            print(json.dumps(records.plain(row_to_plain(row))), file=channel, flush=True)
    except UserError as error:
        code = USER_ERROR
        print(f"error: {error}", file=sys.stderr, flush=True)
    except SystemFailure as error:
        code = 1
        print(error, file=sys.stderr, flush=True)
    except Exception as error:
        code = 1
        first = (str(error).splitlines() or [""])[0]
        print(f"{type(error).__name__}: {first}", file=sys.stderr, flush=True)
    channel.flush()
    os._exit(code)  # threads that still compile would be waited for
