"""Do tests check the shapes that modules name?"""

import ast
import tomllib

import jax.numpy as jnp
import numpy as np
import pytest
from checked_shapes import CHECKED, OTHERS, STRICT
from commands import ROOT
from jaxtyping import TypeCheckError

from analysis.patching.shapley import Contributions
from organisms.model.surgery import pick
from organisms.training.behaviour import role_rates
from reports.drawing import mean_over_members


def test_a_wrong_shape_or_type_is_an_error():
    with pytest.raises(TypeCheckError):
        mean_over_members(np.zeros(3))
    with pytest.raises(TypeCheckError):
        role_rates("self", jnp.zeros(3), jnp.zeros((2, 2)))  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeCheckError):
        Contributions(np.zeros((3, 4)), np.zeros(3)).effect(np.zeros(2))
    with pytest.raises(TypeCheckError):
        pick({}, "first")  # pyright: ignore[reportArgumentType]


def names_shapes(text: str) -> bool:
    """Does a module import anything from jaxtyping as it is imported itself?"""
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return any("jaxtyping" in ast.unparse(node) for node in imports)


def test_every_module_that_names_a_shape_is_checked():
    files = [file for package in STRICT for file in (ROOT / package).rglob("*.py")]
    naming = {str(file.relative_to(ROOT)) for file in files if names_shapes(file.read_text())}
    assert len(naming) > 40
    assert naming == {f"{name.replace('.', '/')}.py" for name in CHECKED if name not in OTHERS}


def test_what_is_left_unchecked_is_checked_strictly_by_pyright():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pyright"]
    strict = [
        place["root"] for place in settings["executionEnvironments"] if place.get("strictListInference")
    ]
    assert set(STRICT) <= set(strict)
