"""Result blocks: which texts of the documentation are made of data, and by which functions?"""

from collections.abc import Callable
from importlib import import_module

from curricula.errors import UserError, nearest_name, registered_twice
from experiments.results.data import ResultsData

ResultBlock = Callable[[ResultsData], str]
"""from the data to Markdown, without the newline at its end"""
_BLOCKS: dict[str, ResultBlock] = {}
"""those registered so far"""


def result_block(block: ResultBlock) -> ResultBlock:
    """Decorator: makes a block known by its function's name. Raises UserError where another has that name."""
    name = block.__name__
    if name in _BLOCKS:
        raise registered_twice(f"result block {name!r}", _BLOCKS[name].__module__, block.__module__)
    _BLOCKS[name] = block
    return block


def block_names() -> tuple[str, ...]:
    """The names of all blocks, in the order of registration."""
    import_module("experiments.results.catalogue")
    return tuple(_BLOCKS)


def block_text(name: str, data: ResultsData) -> str:
    """What a block says by the data. Raises UserError where there is no such block, or its data are missing."""
    names = block_names()
    if name not in names:
        raise UserError(
            f"result block: expected one of {', '.join(names)}, got {name!r}{nearest_name(name, names)}"
        )
    try:
        return _BLOCKS[name](data)
    except LookupError as error:
        raise UserError(f"result block {name!r}: nothing under {error} in {data.folder}") from error
