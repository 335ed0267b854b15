"""A plug-in is loaded once, by whoever names it, and is known by its bytes; everything wrong with one is a
line."""

import hashlib

import pytest

from curricula import plugins
from curricula.errors import UserError
from curricula.plugins import (
    load_plugins,
    loaded_plugins,
    plugin_defining,
    plugin_flags,
    read_plugins,
    require_loaded,
)


@pytest.fixture(autouse=True)
def no_plugins(monkeypatch):
    """A process without plug-ins."""
    monkeypatch.setattr(plugins, "_loaded", {})


def test_a_file_runs_once_and_is_known_by_its_bytes(tmp_path):
    path = tmp_path / "counted.py"
    path.write_text(
        "from dataclasses import dataclass\nimport curricula.plugins as home\n"
        "home.runs = getattr(home, 'runs', 0) + 1\n@dataclass\nclass Marked:\n    size: 'int' = 1\n"
    )
    (first,) = load_plugins([path])
    assert load_plugins([path, path]) == (first, first)
    assert loaded_plugins() == (first,)
    assert plugin_flags() == f" --plugin {path}"
    assert plugins.runs == 1
    del plugins.runs
    assert (first.name, first.sha256) == ("counted.py", hashlib.sha256(path.read_bytes()).hexdigest())
    defined = plugins._loaded["counted.py"][1].Marked
    assert plugin_defining(defined) == plugin_defining(defined()) == first
    assert plugin_defining(UserError) is None


WRONG = {
    "raises": ("x = 1\nraise ValueError('bad\\n thing')", "line 2: ValueError: bad thing; correct the file"),
    "has_no_syntax": ("x = 1\ndef", "line 2: SyntaxError: invalid syntax"),
    "exits": ("raise SystemExit(3)", "line 1: SystemExit: 3"),
    "is_refused": (
        "from curricula.errors import UserError\nraise UserError('name x: twice')",
        "line 2: name x",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_raises_is_one_line_with_its_place(case, tmp_path):
    path = tmp_path / f"{case}.py"
    path.write_text(WRONG[case][0])
    with pytest.raises(UserError) as fault:
        load_plugins([path])
    assert f"--plugin {path}: {WRONG[case][1]}" in str(fault.value)
    assert "\n" not in str(fault.value)
    assert not loaded_plugins()


def test_a_path_that_is_no_python_file_is_refused(tmp_path):
    for path, expected in (
        (tmp_path / "none.py", "No such file"),
        (tmp_path / "table.csv", "expected a Python file"),
        (tmp_path, "expected a Python file"),
    ):
        with pytest.raises(UserError, match=expected):
            load_plugins([path])


def test_two_files_of_one_name_must_be_equal(tmp_path):
    for folder, text in (("a", "x = 1"), ("b", "x = 2"), ("c", "x = 1")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(text)
    load_plugins([tmp_path / "a" / "same.py", tmp_path / "c" / "same.py"])
    with pytest.raises(UserError, match=r"two different files are named same\.py"):
        load_plugins([tmp_path / "b" / "same.py"])


def test_a_run_is_refused_without_its_plugin_and_with_another_of_that_name(tmp_path):
    path = tmp_path / "tones.py"
    path.write_text("x = 1")
    (plugin,) = load_plugins([path])
    require_loaded([plugin])
    other = {"name": "tones.py", "sha256": "ab" * 32}
    with pytest.raises(UserError) as fault:
        require_loaded(read_plugins([other]))
    assert f"needs the plug-in tones.py with sha256 {'ab' * 6}, but the file given has" in str(fault.value)
    assert plugin.sha256[:12] in str(fault.value)
    with pytest.raises(UserError) as fault:
        require_loaded(read_plugins([other | {"name": "chords.py"}]))
    assert f"needs the plug-in chords.py (sha256 {'ab' * 6})" in str(fault.value)
    assert "--plugin FILE" in str(fault.value)
    for malformed in ("tones.py", [{"name": "tones.py"}], {"name": "a", "sha256": 3}):
        with pytest.raises(UserError, match=r"config\.plugins"):
            read_plugins(malformed)


def test_a_config_names_plugins_only_where_there_are_any(tmp_path):
    from organisms.ensemble.config import named_config, read_config
    from organisms.storage.config_hash import config_hash

    without = named_config("shared", "tiny")
    assert "plugins" not in without.plain()
    path = tmp_path / "tones.py"
    path.write_text("x = 1")
    (plugin,) = load_plugins([path])
    with_one = named_config("shared", "tiny")
    assert with_one.plugins == (plugin,)
    assert read_config(with_one.plain()) == with_one
    assert read_config(without.plain()) == without
    assert config_hash(with_one.plain()) != config_hash(without.plain())
    plugins._loaded.clear()
    with pytest.raises(UserError, match=r"tones\.py"):
        read_config(with_one.plain())
