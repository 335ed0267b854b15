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

from curricula.faults import Failure, Fault


def parse(kind: Any, description: str, arguments: Sequence[str] | None = None, default: Any = None) -> Any:
    """A dataclass from the command line. Raises Fault on a wrong argument, with tyro's suggestion in one line; `--help` prints and exits 0."""
    settings = {} if default is None else {"default": default}
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(kind, description=description, args=arguments, **settings)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise Fault(_in_one_line(said.getvalue())) from None


def _in_one_line(box: str) -> str:
    """What tyro says in a box, without the box."""
    rows = [line for line in box.splitlines() if not line.startswith(("╭", "╰"))]
    lines = [re.sub(r"[│─━┃]+", " ", line).strip() for line in rows]
    text = " ".join(line for line in lines if line and not line.startswith("For full helptext"))
    return re.sub(r"\s+", " ", text) + "; see --help"


def main(command: Callable[[], Path]) -> NoReturn:
    """Runs a command and exits: 0 with the path of its summary as the last line on standard output, 2 on a Fault, 1 on a Failure."""
    try:
        path = command()
    except Fault as fault:
        _say(f"error: {fault}", 2)
    except Failure as failure:
        _say(f"failed: {failure}", 1)
    except KeyboardInterrupt:
        _say("interrupted; give the same command again to go on", 1)
    except OSError as error:
        _say(f"failed: {error.strerror or error}: {error.filename or ''}; nothing committed was lost", 1)
    print(path, flush=True)
    sys.exit(0)


def _say(text: str, code: int) -> NoReturn:
    """Ends the process at once: libraries' threads and exit handlers would add tracebacks of the same fault."""
    print(text, file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(code)
