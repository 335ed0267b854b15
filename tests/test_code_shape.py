"""Does the code keep the shape that its readers rely on? Names that say what they hold, one meaning a public name,
short functions, few arguments, small files and folders, records in place of string keys."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import ROOT

FOLDERS = ("curricula", "organisms", "analysis", "reports", "experiments", "exapt", "scripts")
BARE_WORDS = frozenset(
    """of at by told asked found said own mine theirs now then here there before after apart again one other others
    each some which wanted taken kept held known seen shown meant made given due done alike least most more much
    """.split()  # noqa: SIM905
)
"""words that say nothing of what a binding holds when they stand alone"""
MOST_BARE, MOST_LINES, MOST_ARGUMENTS, MOST_FILE_LINES, MOST_MODULES = 0.01, 60, 6, 300, 14
MOST_STRING_SUBSCRIPTS = 150
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


TREES = {path.relative_to(ROOT): ast.parse(path.read_text()) for path in modules(*FOLDERS)}


def bindings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg) and node.arg not in ("self", "cls"):
            yield node.arg


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def argument_count(function: Function) -> int:
    arguments = function.args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def test_hardly_any_binding_is_a_bare_function_word():
    names = [name for tree in TREES.values() for name in bindings(tree)]
    bare = [name for name in names if name.strip("_") in BARE_WORDS]
    assert len(names) > 1000
    assert len(bare) < MOST_BARE * len(names), Counter(bare).most_common(10)


def test_no_public_name_has_two_meanings():
    places: dict[str, list[str]] = {}
    for path, tree in TREES.items():
        if path.parts[0] == "scripts":
            continue
        for node in tree.body:
            if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_functions_are_short_and_take_few_arguments(folder):
    too_much = [
        f"{path}:{function.lineno} {function.name}"
        for path, tree in TREES.items()
        if path.parts[0] == folder
        for function in functions(tree)
        if (function.end_lineno or 0) - function.lineno + 1 > MOST_LINES
        or argument_count(function) > MOST_ARGUMENTS
    ]
    assert too_much == []


def test_files_and_folders_are_small():
    files = modules(*FOLDERS, "tests", "benchmarks", "examples")
    long = [str(path) for path in files if len(path.read_text().splitlines()) > MOST_FILE_LINES]
    full = Counter(path.parent for path in TREES if path.name != "__init__.py")
    assert long == []
    assert {str(folder): count for folder, count in full.items() if count > MOST_MODULES} == {}


def test_records_are_read_by_field_and_not_by_string():
    subscripts = Counter(
        str(path)
        for path, tree in TREES.items()
        if path.parts[0] in ("analysis", "reports", "experiments")
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    )
    assert subscripts.total() < MOST_STRING_SUBSCRIPTS, subscripts.most_common(10)
