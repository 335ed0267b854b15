"""The process of a command: how does it end, and where does it announce its result?"""

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from curricula.errors import Incomplete, Stopped, SystemFailure, UserError
from organisms.ensemble import devices

_output: io.TextIOBase | None = None
"""where the path of the summary goes, if not to sys.stdout"""


def meet_processes(processes: devices.Processes | None) -> None:
    """Joins the other processes that train the same ensemble, if there are any.

    The library that connects them prints on standard output, which carries the path of the summary alone:
    from here on its lines go to standard error.
    """
    if processes:
        global _output
        _output = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        devices.meet(processes)


def main(command: Callable[[Sequence[str]], Path]) -> NoReturn:
    """Runs a command on the words of its command line and exits: 0 with the path of its summary as the last
    line on standard output, 2 on a `UserError`, 1 on a `SystemFailure`."""
    try:
        path = command(sys.argv[1:])
    except UserError as error:
        _exit(f"error: {error}", 2)
    except Incomplete as failure:
        print(failure.summary)
        _exit(f"failed: {failure}", 1)
    except Stopped as stopped:
        devices.leave()
        _exit(f"failed: {stopped}", 1)
    except SystemFailure as failure:
        _exit(f"failed: {failure}", 1)
    except KeyboardInterrupt:
        _exit("interrupted; give the same command again to go on", 1)
    except OSError as error:
        _exit(f"failed: {error.strerror or error}: {error.filename or ''}; nothing committed was lost", 1)
    print(path, file=_output or sys.stdout, flush=True)
    sys.exit(0)


def _exit(text: str, code: int) -> NoReturn:
    """Ends the process at once: threads and exit handlers of libraries would add tracebacks of the same
    error."""
    print(text, file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(code)
