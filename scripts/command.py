"""What do all commands share? Parsing, the exit codes, and where results are announced."""

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import tyro

from curricula.errors import Incomplete, Stopped, SystemFailure, UserError
from organisms.training import devices

_output: io.TextIOBase | None = None
"""where the path of the summary goes, if not to sys.stdout"""


def parse(kind: Any, description: str, arguments: Sequence[str] | None = None, default: Any = None) -> Any:
    """A dataclass from the command line. Raises Fault on a wrong argument, with tyro's suggestion in one
    line; `--help` prints and exits 0."""
    settings = {} if default is None else {"default": default}
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(kind, description=description, args=arguments, **settings)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise UserError(_in_one_line(said.getvalue())) from None


def _in_one_line(box: str) -> str:
    """What tyro says in a box, without the box."""
    rows = [line for line in box.splitlines() if not line.startswith(("╭", "╰"))]
    lines = [re.sub(r"[│─━┃]+", " ", line).strip() for line in rows]
    text = " ".join(line for line in lines if line and not line.startswith("For full helptext"))
    return re.sub(r"\s+", " ", text) + "; see --help"


def prepare(cache: bool, processes: devices.Processes | None = None) -> None:
    """Sets JAX up, before anything of it is used: a device a core, programs kept between commands, other
    processes met."""
    devices.claim_cores()
    devices.keep_programs(cache)
    if processes:
        # What the processes' library says on standard output goes to standard error: the former carries the path of the summary alone.
        global _output
        _output = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        devices.meet(processes)


def main(command: Callable[[], Path]) -> NoReturn:
    """Runs a command and exits: 0 with the path of its summary as the last line on standard output, 2 on a
    Fault, 1 on a Failure."""
    try:
        path = command()
    except UserError as fault:
        _say(f"error: {fault}", 2)
    except Incomplete as failure:
        print(failure.summary)
        _say(f"failed: {failure}", 1)
    except Stopped as stopped:
        devices.leave()
        _say(f"failed: {stopped}", 1)
    except SystemFailure as failure:
        _say(f"failed: {failure}", 1)
    except KeyboardInterrupt:
        _say("interrupted; give the same command again to go on", 1)
    except OSError as error:
        _say(f"failed: {error.strerror or error}: {error.filename or ''}; nothing committed was lost", 1)
    print(path, file=_output or sys.stdout, flush=True)
    sys.exit(0)


def _say(text: str, code: int) -> NoReturn:
    """Ends the process at once: libraries' threads and exit handlers would add tracebacks of the same
    fault."""
    print(text, file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(code)
