"""Which curriculum, scale and number of steps will a command line name? They decide what the other defaults
are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from curricula.catalogue.named import Scale

NUMBERS = {f"--{words}": words.replace("-", "_") for words in ("steps", "parent-step")}
TEXTS = {f"--{words}": words.replace("-", "_") for words in ("first-phase", "parent")}


@dataclass(frozen=True)
class First:
    """The arguments that decide what the other defaults are."""

    curriculum: str = ""
    scale: Scale = "cpu"
    steps: int | None = None
    first_phase: str = ""
    parent: str = ""
    parent_step: int | None = None


def first_look(arguments: Sequence[str], switches: Sequence[str]) -> First:
    """Finds the curriculum, the scale and the steps among the arguments, which may stand in any order.
    switches: flags that take no value."""
    found = First()
    takes_none = {"--help", "-h"} | {f"--{no}{name}" for name in switches for no in ("", "no-")}
    for before, word in zip(["", *arguments], arguments, strict=False):
        value_of = (
            before if before.startswith("-") and "=" not in before and before not in takes_none else None
        )
        name, _, value = word.partition("=") if word.startswith("--") else (value_of, "", word)
        name = name and name.replace("_", "-")
        if name == "--scale" and value in ("tiny", "cpu", "gpu"):
            found = replace(found, scale=value)
        elif name in NUMBERS and re.fullmatch(r"-?[0-9]+", value):
            found = replace(found, **{NUMBERS[name]: int(value)})
        elif name in TEXTS:
            found = replace(found, **{TEXTS[name]: value})
        elif name is None and not word.startswith("-"):
            found = replace(found, curriculum=word)
    return found
