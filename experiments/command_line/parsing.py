"""Command lines: how do words become a record of settings, and what does a person read where they can not?

tyro alone reads the words. Where some of them decide the defaults of the others (a curriculum decides the
settings of its phases), tyro reads all of them twice: first with defaults for any curriculum, then with those
of the one named.
"""

import contextlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, is_dataclass, make_dataclass, replace
from functools import partial
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import tyro
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

from curricula.errors import UserError
from curricula.plugins import load_plugins
from curricula.pressures.registry import PRESSURES, Pressures

Settings = TypeVar("Settings")


class Draft(NamedTuple):
    """What a first reading of the words gives."""

    settings: Any
    """the record, with defaults for whatever the words leave out"""
    help: bool
    """a second reading ends in the help"""
    unknown: tuple[str, ...]
    """words that no flag takes: a second reading ends in an error about them, and words beside them may have
    been read as something else than they are"""


@dataclass(frozen=True)
class PluginFlags:
    """The flags that are read before all others, since what they load adds to the others."""

    plugin: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()


def parse(kind: type[Settings], description: str, words: Sequence[str]) -> Settings:
    """The record that the words of a command line give, once the plug-ins among them are loaded.

    Raises UserError on a wrong word, with tyro's suggestion in one line. ``--help`` prints and exits 0.
    """
    load_named_plugins(words)
    return _parse(kind, words, description=description)


def parse_twice(
    kind: type[Settings],
    describe: Callable[[], str],
    words: Sequence[str],
    draft: Callable[[], Settings],
    refine: Callable[[Draft], Settings],
) -> Settings:
    """As `parse`, for a record whose defaults depend on its other values.

    describe: the text of the help. draft: defaults that know every flag there can be. refine: the defaults
    that go with the values of the first reading. All three are called once the plug-ins are loaded.
    """
    load_named_plugins(words)
    whole = make_dataclass(
        "FirstReading",
        [
            ("settings", Annotated[kind, tyro.conf.arg(name="")]),
            ("help", Annotated[bool, tyro.conf.arg(aliases=["-h"])], field(default=False)),
        ],
        frozen=True,
    )
    first, unknown = _parse(whole, words, default=whole(draft()), add_help=False, return_unknown_args=True)
    default = refine(Draft(first.settings, first.help, tuple(unknown)))
    return _parse(kind, words, description=describe(), default=default)


def load_named_plugins(words: Sequence[str]) -> None:
    """Loads the files that ``--plugin`` names among the words. Raises UserError where one can not be
    loaded."""
    flags, _ = _parse(PluginFlags, words, add_help=False, return_unknown_args=True)
    if flags.plugin:
        # What this project registers comes first, in every command: a plug-in may build on it, and takes no name of it.
        import_module("experiments.measurements.catalogue")
    load_plugins(flags.plugin)


FLAG_RULES = ConstructorRegistry()


@FLAG_RULES.struct_rule
def _pressure_flags(type_info: StructTypeInfo) -> StructConstructorSpec | None:
    """A phase's pressures as flags: those of every registered pressure, by its name."""
    if type_info.type is not Pressures:
        return None
    default = type_info.default if isinstance(type_info.default, Pressures) else Pressures()
    fields = tuple(StructFieldSpec(name, kind, default.by_name(name)) for name, kind in PRESSURES.items())
    return StructConstructorSpec(instantiate=lambda **settings: Pressures(*settings.values()), fields=fields)


_reads_fields = False
"""is a rule asking tyro how it would read a record?"""


@FLAG_RULES.struct_rule
def _fields_with_flowing_help(type_info: StructTypeInfo) -> StructConstructorSpec | None:
    """A dataclass as tyro reads it, with the text of each field in one piece: tyro keeps the ends of its lines."""
    global _reads_fields
    if _reads_fields or not is_dataclass(type_info.type) or type_info.type is Pressures:
        return None
    _reads_fields = True
    try:
        spec = ConstructorRegistry.get_struct_spec(type_info)
    finally:
        _reads_fields = False
    if not isinstance(spec, StructConstructorSpec):
        return None
    fields = (replace(part, helptext=partial(_flowing, part.helptext)) for part in spec.fields)
    return replace(spec, fields=tuple(fields))


def _flowing(text: str | Callable[[], str | None] | None) -> str | None:
    """The text of a field, whose paragraphs are a line each."""
    text = text() if callable(text) else text
    return None if text is None else re.sub(r"(?<!\n)\n(?!\n)", " ", text)


def _parse(kind: Any, words: Sequence[str], **settings: Any) -> Any:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed), FLAG_RULES:
            return tyro.cli(kind, args=words, **settings)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise UserError(_in_one_line(printed.getvalue())) from None


def _in_one_line(box: str) -> str:
    """The text of a box that tyro draws around an error, without its last sentence.

    That sentence names the command: it takes as many lines as its path is long and the terminal narrow.
    """
    rows = [line for line in box.splitlines() if not line.startswith(("╭", "╰"))]
    lines = [re.sub(r"[│─━┃]+", " ", line).strip() for line in rows]
    text = " ".join(takewhile(lambda line: not line.startswith("For full helptext"), lines))
    return re.sub(r"\s+", " ", text).strip() + "; see --help"
