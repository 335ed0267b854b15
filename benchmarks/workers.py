"""Worker processes: how are measurements isolated from one another? Each runs in a process that is called in
turn, one call at a time.

A worker is ``python -m benchmarks KIND``. Each line on its standard input is a call, each line on its
standard output an answer. While one worker measures, the others wait for input and take no time.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from curricula.errors import SystemFailure, UserError
from organisms.storage.records import plain

KINDS = {
    "limits": "benchmarks.limits:Limits",
    "training": "benchmarks.training:EnsembleTraining",
    "patching": "benchmarks.patching:Patching",
    "pytorch": "benchmarks.pytorch_baseline:PyTorchBaseline",
    "hooks": "benchmarks.hooks:Hooks",
}
WITHOUT_JAX = frozenset({"pytorch", "hooks"})
ROOT = Path(__file__).parent.parent
FULL = ("RESOURCE_EXHAUSTED", "out of memory", "MemoryError", "OutOfMemoryError")


PATIENCE_SECONDS = 20
"""longest time that an idle process may take to end"""


class OutOfMemory(Exception):
    """What a worker was asked for does not fit into this machine's memory."""


def environment() -> dict[str, str]:
    """What a worker finds in its environment: a device a core, as `organisms.ensemble.devices.claim_cores`
    has it; no compiled program from before; no memory reserved."""
    settings = {
        "JAX_NUM_CPU_DEVICES": str(len(os.sched_getaffinity(0))),
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return settings | dict(os.environ) | {"JAX_ENABLE_COMPILATION_CACHE": "false", "PYTHONPATH": path}


class Worker:
    """A process that answers calls to the methods of its kind. Leaving its ``with`` block ends it."""

    def __init__(self, kind: str, **settings: Any):
        self.kind = kind
        self.started = time.time()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks", kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=environment(),
        )
        try:
            self.call("__init__", **settings)
        except BaseException as error:
            self.__exit__(error)
            raise

    def call(self, method: str, **arguments: Any) -> Any:
        """The method's answer. Raises OutOfMemory where memory did not suffice, UserError where the environment is
        to blame, SystemFailure on any other error."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            print(json.dumps([method, plain(arguments)]), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            code = self.process.wait()
            if code == -signal.SIGKILL:
                raise OutOfMemory("the system ended the process, as it does when memory runs out")
            raise SystemFailure(f"the {self.kind} worker ended with {code}: {self.last_error_line()}")
        answer = json.loads(line)
        if "error" in answer:
            if answer["user"]:
                raise UserError(answer["error"])
            words = f"{self.kind} worker, {method}: {answer['error']}"
            raise OutOfMemory(answer["error"]) if answer["full"] else SystemFailure(words)
        return answer["result"]

    def last_error_line(self) -> str:
        """Last line that the process wrote on its standard error."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, error: object = None, *_: object) -> None:
        """Lets the process end by itself, so that it ends what it started; at once where something went
        wrong."""
        try:
            self.process.communicate(timeout=0 if error else PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        self.errors.close()


def serve(kind: str) -> None:
    """Answers calls until standard input ends. What libraries print goes to standard error."""
    with os.fdopen(os.dup(1), "w") as channel:
        os.dup2(2, 1)
        instance: Any = None
        for line in sys.stdin:
            method, arguments = json.loads(line)
            try:
                if method == "__init__":
                    if kind not in WITHOUT_JAX:
                        _set_up_jax()
                    module, _, name = KINDS[kind].partition(":")
                    instance, result = getattr(importlib.import_module(module), name)(**arguments), None
                else:
                    result = getattr(instance, method)(**arguments)
                answer = {"result": plain(result)}
            except UserError as error:
                answer = {"error": str(error), "user": True}
            except Exception as error:
                text = f"{type(error).__name__}: {error}".strip()
                full = any(sign in text for sign in FULL)
                answer = {"error": text.splitlines()[0][:300], "full": full, "user": False}
            print(json.dumps(answer), file=channel, flush=True)


def _set_up_jax() -> None:
    """What decides results is fixed as in every command. Raises UserError on switches that programs do not support, or
    where there is no device."""
    from organisms.ensemble import devices, environment

    environment.fix_switches()
    devices.require_devices()
