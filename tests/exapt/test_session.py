"""Is a notebook told that switches of JAX which it had set are now others?"""

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator

import jax
import pytest
from commands import ROOT, run

from exapt.session import set_up_session

SWITCHES = ("jax_enable_x64", False), ("jax_default_prng_impl", "threefry2x32")


@pytest.fixture(autouse=True)
def _usual_switches() -> Iterator[None]:
    yield
    for switch, usual in SWITCHES:
        jax.config.update(switch, usual)


def set_otherwise() -> None:
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_prng_impl", "rbg")


def test_switches_that_were_set_otherwise_are_named_in_one_warning_with_both_values():
    set_otherwise()
    with pytest.warns(UserWarning, match="switches of JAX") as told:
        set_up_session()
    (warning,) = told
    text = str(warning.message)
    assert "jax_enable_x64 was True and is now False" in text
    assert "jax_default_prng_impl was 'rbg' and is now 'threefry2x32'" in text
    assert "\n" not in text


def test_a_switch_that_is_set_between_two_calls_is_set_back_and_named():
    set_up_session()
    set_otherwise()
    with pytest.warns(UserWarning, match="jax_enable_x64 was True"):
        set_up_session()
    assert jax.config.jax_enable_x64 is False


def test_where_nothing_was_set_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        set_up_session()


@pytest.mark.slow
def test_the_warning_names_the_line_that_called_exapt():
    """In a process of its own: here every function has a frame that checks its shapes."""
    lines = (
        "import jax, exapt",
        "jax.config.update('jax_enable_x64', True)",
        "exapt.grow('no such curriculum', scale='tiny')",
    )
    words = [sys.executable, "-c", "\n".join(lines)]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stderr
    assert said.startswith("<string>:3: UserWarning: switches of JAX are set")


@pytest.mark.slow
def test_a_command_says_it_in_a_line_and_not_where_it_is_quiet(tiny_run):
    environment = os.environ | {"JAX_ENABLE_X64": "1"}
    words = ("shared", "--scale", "tiny", "--members", 2, "--out", tiny_run.folder)
    first, *_ = run("train", *words, env=environment).stderr.splitlines()
    assert first.endswith("jax_enable_x64 was True and is now False")
    assert "jax_enable_x64" not in run("train", *words, "--quiet", env=environment).stderr
