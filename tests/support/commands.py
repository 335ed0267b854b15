"""Runs the scripts as a user does: in their own process, from the project's root."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TextIO

from command_server import CommandServer, Served

from organisms.ensemble.compiler_options import OLDER_EMITTER

ROOT = Path(__file__).parents[2]
QUICKLY_COMPILED = (
    *(f"--{name}={str(value).lower()}" for name, value in OLDER_EMITTER.items()),
    "--xla_backend_optimization_level=1",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_parallel_codegen_split_count=1",
)
"""flags of the compiler for tests and for the commands that they start: these train and measure for seconds"""
HANGS_AFTER_SECONDS = 600


def as_users_do() -> dict[str, str]:
    """The environment of a command whose programs are compiled as users' are."""
    words = [word for word in os.environ.get("XLA_FLAGS", "").split() if word not in QUICKLY_COMPILED]
    return {**os.environ, "XLA_FLAGS": " ".join(words)}


def command(script: str, *arguments: object, pictures: bool = True) -> list[str]:
    """The command line of a script. pictures: whether training draws its pictures for TensorBoard, whose programs take
    seconds."""
    launcher = () if pictures else (str(ROOT / "tests/support/without_pictures.py"),)
    return [sys.executable, *launcher, str(ROOT / "scripts" / f"{script}.py"), *map(str, arguments)]


def run(
    script: str, *arguments: object, env: Mapping[str, str] | None = None, pictures: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs a script to its end. One that hangs fails the test, and says where each of its threads stood.

    pictures: see `command`.
    """
    words = command(script, *arguments, pictures=pictures)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:

        def written() -> list[str]:
            return [file.seek(0) or file.read() for file in (output, errors)]

        process = _process(
            words, dict(env or os.environ) | {"PYTHONFAULTHANDLER": "1"}, output, errors, pictures
        )
        try:
            code = process.wait(HANGS_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # which Python answers with the stack of every thread
            process.wait(HANGS_AFTER_SECONDS)
            raise AssertionError(
                f"{' '.join(words)} did not end in {HANGS_AFTER_SECONDS} s: {written()[1]}"
            ) from None
        return subprocess.CompletedProcess(words, code, *written())


def _process(
    words: list[str], environment: dict[str, str], output: TextIO, errors: TextIO, pictures: bool
) -> Served | subprocess.Popen[bytes]:
    """A process that the worker's server forks; or where it would have imported libraries otherwise, a new one."""
    server = _server()
    if server.serves(environment):
        script = words[1 if pictures else 2 :]
        return server.start(script, environment, (output.fileno(), errors.fileno()), pictures)
    return subprocess.Popen(words, cwd=ROOT, env=environment, stdout=output, stderr=errors)


@cache
def _server() -> CommandServer:
    return CommandServer(ROOT)


def start(script: str, *arguments: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Starts a script in a process group of its own. Its training draws no pictures."""
    return subprocess.Popen(
        command(script, *arguments, pictures=False),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=(env or os.environ) | {"PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )


HEED = "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); os.execv(sys.argv[1], sys.argv[1:])"


def heeding_interrupts(words: list[str]) -> list[str]:
    """A command that heeds interrupts: a shell in the background has its children ignore them."""
    return [sys.executable, "-c", HEED, *words]
