"""Processes of commands without the seconds that their libraries take to import: a server imports those once, and forks.

A command is a process of its own as ever: it runs its script as ``__main__``, with its own words, streams, exit code and
backend of JAX. Every module of this project it imports itself. What it shares with other commands of the same server is the
libraries and the seed of Python's hashes.
"""

import contextlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import warnings
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

LIBRARIES = (
    "jax",
    "flax.nnx",
    "optax",
    "orbax.checkpoint",
    "scipy.optimize",
    "scipy.stats",
    "sklearn.linear_model",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "jax.experimental.multihost_utils",
    "pyarrow.parquet",
    "safetensors.numpy",
    "tensorboardX",
    "jinja2",
    "jaxtyping",
    "rich.progress",
    "tyro",
)
READ_AT_IMPORT = ("JAX_", "PYTHON", "LD_", "OMP_", "OPENBLAS_", "MPL", "XDG_", "TF_")
"""beginnings of names of variables that a library reads as it is imported: where one differs a server does not do"""
LENGTH = 1 << 20
"""of a request at most"""


class CommandServer:
    """A server of one worker's commands; it ends with the worker."""

    def __init__(self, root: Path):
        self.environment = os.environ | {"PYTHONFAULTHANDLER": "1"}
        self.here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(there.fileno())],
            cwd=root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            pass_fds=(there.fileno(),),
        )
        there.close()

    def serves(self, environment: dict[str, str]) -> bool:
        """Would the libraries be the same if they were imported in this environment?"""
        names = set(environment) | set(self.environment)
        return all(
            environment.get(name) == self.environment.get(name)
            for name in names
            if name.startswith(READ_AT_IMPORT)
        )

    def start(
        self, words: list[str], environment: dict[str, str], streams: tuple[int, int], pictures: bool
    ) -> "Served":
        """Starts a script, which writes to these files; without pictures, training draws none for TensorBoard."""
        tidings, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"words": words, "environment": environment, "pictures": pictures}).encode()
        socket.send_fds(self.here, [request], [*streams, end.fileno()])
        end.close()
        return Served(words, tidings)


class Served:
    """A command that a server started; what a test asks of a `subprocess.Popen`."""

    def __init__(self, words: list[str], tidings: socket.socket):
        self.words, self.tidings = words, tidings
        self.pid = int(tidings.recv(LENGTH))

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless the command has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit code, negative if a signal ended it. Raises TimeoutExpired."""
        self.tidings.settimeout(timeout)
        try:
            code = int(self.tidings.recv(LENGTH))
        except TimeoutError:
            raise subprocess.TimeoutExpired(self.words, timeout) from None
        self.tidings.close()
        return code


def serve(requests: socket.socket) -> None:
    """Answers requests until the worker is gone. Returns in the processes of commands alone, ready to run their script."""
    for name in LIBRARIES:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    while True:
        message, files, _, _ = socket.recv_fds(requests, LENGTH, 3)
        if not message:
            os._exit(0)
        if _forked() == 0:
            requests.close()
            return _command_of(json.loads(message), *files)
        for file in files:
            os.close(file)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _forked() -> int:
    """As `os.fork`, without the warning of Python 3.12 that libraries have threads, which would be read as the command's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _command_of(request: dict, stdout: int, stderr: int, end: int) -> None:
    """In the process of the command: as if it were started anew. Its parent waits for it and tells of its end."""
    child = _forked()
    if child:
        os.write(end, str(child).encode())
        status = os.waitpid(child, 0)[1]
        with contextlib.suppress(BrokenPipeError):
            os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for file in (stdout, stderr, end):
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[:] = request["words"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    if not request["pictures"]:
        sys.meta_path.insert(0, WithoutPictures())


class WithoutPictures(MetaPathFinder):
    """Finds the display of training and takes its pictures away, whose programs take seconds to make."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != "experiments.training_display":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            module.TensorBoardCallback.checkpoint = lambda *arguments: None  # pyright: ignore

        spec.loader.exec_module = executed
        return spec


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_path(sys.argv[0], run_name="__main__")
