"""The command of a check: where do its figures go?

A bare machine with a GPU has no tyro, so this command reads its flags with argparse.
"""

import argparse
import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from benchmarks.gpu_check.check import run_check
from benchmarks.gpu_check.page import DATA, PAGE, page_text, read_checks
from benchmarks.gpu_check.plan import PART_NAMES
from benchmarks.gpu_check.rows import GpuCheck, check_to_plain
from curricula.errors import Incomplete, UserError
from organisms.storage import records

ABOUT = """Check a machine with a GPU in at most eight minutes: parity with the CPU, training beside PyTorch
and beside the card's limits, a whole curriculum, analysis. Writes gpu-CARD.json."""
OUT = "OUT"
"""a variable of the environment: a folder that gets a copy of the file"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; --help lists what there is")


def gpu_check_command(words: Sequence[str]) -> Path:
    """Runs the check, or writes the page. Returns the path of what was written.

    Raises UserError on wrong flags or without a GPU; Incomplete, with the file written, where a part failed.
    """
    flags = _parse(words)
    if flags.page:
        records.write_whole(PAGE, page_text(read_checks(DATA)).encode(), PAGE.parent / ".partial")
        return PAGE
    folder = flags.out or DATA
    require_modules()
    names = flags.parts or PART_NAMES
    say = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731
    command = shlex.join(["python", "scripts/gpu_check.py", *words])
    check = run_check(flags.short, flags.seed, names, command, say)
    copies = [Path(os.environ[OUT])] if os.environ.get(OUT) else []
    for place in (folder, *copies):
        place.mkdir(parents=True, exist_ok=True)
        records.write_record(place / file_name(check), check_to_plain(check), place / ".partial")
    path = folder / file_name(check)
    if check.failures:
        raise Incomplete("; ".join(check.failures), path)
    return path


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="gpu_check.py", description=ABOUT, allow_abbrev=False)
    add = parser.add_argument
    add("--short", action="store_true", help="tiny sizes: shows that all parts run, and nothing about speed")
    add("--out", type=Path, help=f"folder of the file (docs/results/data); ${OUT} gets a copy, if set")
    add("--seed", type=int, default=0, help="of weights and scenes (0)")
    add("--parts", nargs="+", choices=PART_NAMES, help="these parts alone, and limits")
    add("--page", action="store_true", help="measure nothing: write docs/gpu.md from docs/results/data")
    flags = parser.parse_args(list(words))
    partial = flags.short or flags.parts
    if partial and not flags.page and (flags.out is None or flags.out.resolve() == DATA.resolve()):
        raise UserError(
            f"expected --out FOLDER with --short or --parts, got {flags.out or 'none'}; give "
            "another folder than docs/results/data, which holds whole checks of cards alone"
        )
    if not 0 <= flags.seed < 2**31:
        raise UserError(f"--seed: expected 0 to {2**31 - 1}, got {flags.seed}")
    flags.parts = flags.parts and {"limits", *flags.parts}
    return flags


def require_modules() -> None:
    """Raises UserError without the one library that every part needs and a bare machine may lack."""
    try:
        import jaxtyping  # noqa: F401
    except ImportError as error:
        raise UserError(
            "expected jaxtyping, which is not installed; run 'make gpu-wheels' where there is a network, "
            "and take .wheels along"
        ) from error


def file_name(check: GpuCheck) -> str:
    """gpu-CARD.json of a whole check on a GPU, PLATFORM-short.json of a short one."""
    if check.short:
        return f"{check.platform}-short.json"
    return f"gpu-{re.sub('[^a-z0-9]+', '-', check.card.lower()).strip('-')}.json"
