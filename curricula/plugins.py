"""Plug-ins: which Python files has a person added to this process, and which of them does a run need?

A plug-in is one file that a command loads with ``--plugin FILE``, before it reads the registries that the
file adds to: pressures, curricula, opportunity rules, measurements and studies. The sha256 of the file is a
part of the identity of a run that is trained with it. Nothing else loads code: a run that names a plug-in is
refused until a person gives the file.
"""

import hashlib
import re
import shlex
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from curricula.errors import UserError

DIGITS_SHOWN = 12
"""hex digits of a sha256 in a message"""


@dataclass(frozen=True)
class Plugin:
    """What identifies a plug-in: the name of its file, without folders, and the sha256 of its bytes."""

    name: str
    sha256: str


_loaded: dict[str, tuple[Plugin, ModuleType]] = {}
"""by the name of the file, in the order of loading"""


def loaded_plugins() -> tuple[Plugin, ...]:
    """The plug-ins of this process, in the order of loading."""
    return tuple(plugin for plugin, _ in _loaded.values())


def plugin_flags() -> str:
    """The flags that load the plug-ins of this process again, each after a space."""
    return "".join(f" --plugin {shlex.quote(str(module.__file__))}" for _, module in _loaded.values())


def load_plugins(paths: Sequence[Path]) -> tuple[Plugin, ...]:
    """Runs each file once, in the given order. A file that is loaded already is left alone.

    Raises UserError where a path is no Python file, a file raises, or two files share a name but not their
    content.
    """
    return tuple(_load(path) for path in paths)


def _load(path: Path) -> Plugin:
    if path.suffix != ".py":
        raise UserError(f"--plugin: expected a Python file (.py), got {path}")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"--plugin: expected a Python file at {path}: {error.strerror or error}; give the path of an existing one"
        ) from error
    plugin = Plugin(path.name, hashlib.sha256(source).hexdigest())
    if path.name in _loaded:
        if _loaded[path.name][0] != plugin:
            raise UserError(f"--plugin: two different files are named {path.name}; rename one")
        return plugin
    module = ModuleType(f"plugin_{path.stem}_{plugin.sha256[:DIGITS_SHOWN]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and type hints look their module up there
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise UserError(f"--plugin {path}: {_reason(error, path)}; correct the file") from error
    _loaded[path.name] = plugin, module
    return plugin


def _reason(error: BaseException, path: Path) -> str:
    """One line: the last line of the file that was running, and the error."""
    frames = traceback.extract_tb(error.__traceback__)
    numbers = [frame.lineno for frame in frames if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else numbers[-1] if numbers else None
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
    return (f"line {line}: " if line else "") + kind + re.sub(r"\s+", " ", text)


def plugin_defining(definition: Any) -> Plugin | None:
    """The plug-in whose file defines a class, a function or the class of a value; None where no plug-in
    does."""
    name = getattr(definition, "__module__", None)
    return next((plugin for plugin, module in _loaded.values() if module.__name__ == name), None)


def read_plugins(plain: Any) -> tuple[Plugin, ...]:
    """The plug-ins that a config's JSON names. Raises UserError where the entry is malformed."""
    entries = plain if isinstance(plain, list | tuple) else [plain]
    for entry in entries:
        if not isinstance(entry, dict) or {name: type(value) for name, value in entry.items()} != {
            "name": str,
            "sha256": str,
        }:
            raise UserError(f"config.plugins: expected a list of names with their sha256, got {plain!r}")
    return tuple(Plugin(**entry) for entry in entries)


def require_loaded(plugins: Sequence[Plugin]) -> None:
    """Raises UserError, with a line for all of them, where a plug-in that a run needs is not loaded as it
    was."""
    present = {plugin.name: plugin.sha256 for plugin in loaded_plugins()}
    missing = [plugin for plugin in plugins if plugin.name not in present]
    changed = [plugin for plugin in plugins if plugin.sha256 != present.get(plugin.name, plugin.sha256)]
    lines = [
        f"the run needs the plug-in {plugin.name} (sha256 {plugin.sha256[:DIGITS_SHOWN]}), which is not loaded; "
        "add --plugin FILE, or exapt.load_plugin(FILE) in Python"
        for plugin in missing
    ] + [
        f"the run needs the plug-in {plugin.name} with sha256 {plugin.sha256[:DIGITS_SHOWN]}, but the file given has "
        f"{present[plugin.name][:DIGITS_SHOWN]}; give the file that the run was trained with"
        for plugin in changed
    ]
    if lines:
        raise UserError("; ".join(lines))
