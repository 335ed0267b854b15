"""The process of a command: how does it end, and where does it announce its result?

Imports nothing heavy: the command itself is imported once whatever may go wrong on the way has a line.
"""

import contextlib
import gc
import io
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from curricula.errors import Incomplete, Stopped, SystemFailure, UserError
from experiments.command_line.streams import drop_output, guard_streams, output_is_unread
from experiments.progress import Say

if TYPE_CHECKING:
    from organisms.ensemble.processes import Processes

INTERRUPTED = "interrupted; give the same command again to go on"
LOOK_FOR_CYCLES_AFTER = (30_000, 20, 50)
"""objects made before Python looks for cycles among them, in place of 700: tracing makes millions that live on, and an
analysis with nothing kept spent a twelfth of its time looking"""
_output: io.TextIOBase | None = None
"""where the path of the summary goes, if not to sys.stdout"""


def command_file(name: str) -> Path:
    """The file that a process of its own runs a command from: that in ``scripts/`` of a checkout, or where the packages are
    installed without it, the command's module."""
    packages = Path(__file__).parents[2]
    script = packages / "scripts" / f"{name}.py"
    return script if script.exists() else packages / "experiments" / "commands" / f"{name}.py"


def meet_processes(processes: "Processes | None", report: Say) -> None:
    """Joins the other processes that train the same ensemble, if there are any. report: told for whom it waits.

    The library that connects them prints on standard output, which carries the path of the summary alone:
    from here on its lines go to standard error.
    """
    if processes:
        global _output
        from organisms.ensemble import devices

        _output = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        devices.meet(processes, report)


def main(command: str) -> NoReturn:
    """Runs a command on the words of its command line and exits: 0 with the path of its summary as the last
    line on standard output, 2 on a `UserError`, 1 on a `SystemFailure`.

    command: MODULE:FUNCTION, of a function that takes the words and returns the path.
    """
    guard_streams()
    gc.set_threshold(*LOOK_FOR_CYCLES_AFTER)
    _end_imports_at_interrupts()
    try:
        module, _, name = command.partition(":")
        path: Path = getattr(import_module(module), name)(sys.argv[1:])
        _announce(str(path))
    except SystemExit as end:  # of --help and --dry-run
        _announce("")
        sys.exit(end.code)
    except UserError as error:
        _exit(f"error: {error}", 2)
    except Incomplete as failure:
        _announce(str(failure.summary))
        _exit(f"failed: {failure}", 1)
    except Stopped as stopped:
        from organisms.ensemble import devices

        devices.leave()
        _exit(f"failed: {stopped}", 1)
    except SystemFailure as failure:
        _exit(f"failed: {failure}", 1)
    except KeyboardInterrupt:
        _exit(INTERRUPTED, 1)
    except MemoryError as error:
        _exit(f"failed: out of memory ({error}); make members, the batch or the organisms smaller", 1)
    except OSError as error:
        if not (isinstance(error, BrokenPipeError) and output_is_unread()):
            _exit(f"failed: {error.strerror or error}: {error.filename or ''}; nothing committed was lost", 1)
        drop_output()  # of --help and the like, which nobody reads to the end
    except Exception as error:
        from organisms.ensemble.device_errors import device_error_in_words

        words = device_error_in_words(error)
        if words is None:
            raise
        text, code = words
        _exit(text, code)
    sys.exit(0)


def _end_imports_at_interrupts() -> None:
    """Lets an interrupt raise KeyboardInterrupt, as ever, save in the midst of an import, where libraries make a traceback
    or another error of it: there it ends the process at once."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
                _exit(INTERRUPTED, 1)
            frame = frame.f_back
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)


def _announce(text: str) -> None:
    """A last line on standard output. Where nobody reads it any more it is dropped; where it can not be written the
    process ends with exit code 1."""
    try:
        if text:
            print(text, file=_output or sys.stdout)
        (_output or sys.stdout).flush()
    except BrokenPipeError:
        drop_output()
    except OSError as error:
        drop_output()
        reason = error.strerror or error
        _exit(f"failed: standard output takes no more ({reason}); all is whole: {text}", 1)


def _exit(text: str, code: int) -> NoReturn:
    """Ends the process at once: threads and exit handlers of libraries would add tracebacks of the same
    error."""
    print(text, file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(code)
