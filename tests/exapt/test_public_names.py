"""Is the public API what its documentation lists, and is it there at once?"""

import ast
import inspect
import re
import subprocess
import sys

import pytest
from commands import ROOT

import exapt
from curricula.errors import UserError
from exapt.arguments import require_count, require_name

SOURCE = ROOT / "exapt/__init__.py"
HEAVY = ("jax", "flax", "numpy", "scipy", "tyro", "curricula", "organisms", "analysis", "experiments")


def documented_names() -> list[str]:
    """The names in the lines of the package's docstring that list what there is."""
    lines = [line for line in (exapt.__doc__ or "").splitlines() if line.startswith("- ")]
    return re.findall(r"`(\w+)`", "\n".join(lines))


def test_the_documentation_lists_every_public_name_and_no_other():
    assert sorted(documented_names()) == sorted(exapt.__all__) == sorted(dir(exapt))


def test_type_checkers_see_the_names_where_they_are_found():
    imported = {
        alias.name: node.module
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module not in ("importlib", "typing")
        for alias in node.names
    }
    assert imported == exapt._MODULE_OF
    assert set(imported) == set(exapt.__all__)


@pytest.mark.parametrize("name", exapt.__all__)
def test_a_public_name_is_documented_and_keeps_its_name(name):
    value = getattr(exapt, name)
    assert value.__name__ == name
    assert inspect.getdoc(value)
    if inspect.isfunction(value):
        assert ">>> " in (value.__doc__ or "")


def test_an_unknown_name_is_a_line_that_lists_what_there_is():
    with pytest.raises(AttributeError, match="has no attribute 'grwo'; it has Analysis, ") as error:
        exapt.grwo  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("program", ["import exapt", "import exapt.command; exapt.command.help_text()"])
def test_nothing_heavy_is_imported_before_it_is_used(program):
    """Packages beneath as well, save for the few modules without libraries that a process of a command needs."""
    allowed = {"curricula", "experiments"} if "command" in program else set()
    words = f"{program}; import sys; print(*({set(HEAVY) - allowed!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("\n", "")


def test_a_wrong_word_is_told_with_the_one_that_was_meant():
    with pytest.raises(UserError) as error:
        require_name("role", "slef", ("character", "self"))
    assert str(error.value) == "role: expected one of character, self, got 'slef'; did you mean 'self'?"
    with pytest.raises(UserError, match="count: expected 1 or more, got 0"):
        require_count(0)
