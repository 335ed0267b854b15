"""What do all commands share? Parsing, the exit codes, and where results are announced."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import tyro

from curricula.faults import Failure, Fault


def parse(kind: Any, description: str, arguments: Sequence[str] | None = None, default: Any = None) -> Any:
    """A dataclass from the command line; `--help` and misspelt flags are tyro's, which exits 2 on the latter."""
    settings = {} if default is None else {"default": default}
    return tyro.cli(kind, description=description, args=arguments, **settings)


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
    print(text, file=sys.stderr, flush=True)
    sys.exit(code)
