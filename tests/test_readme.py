"""Does the README say where things are?"""

import re

from commands import ROOT

FOLDERS = (
    "curricula",
    "organisms",
    "analysis",
    "reports",
    "experiments",
    "benchmarks",
    "exapt",
    "scripts",
    "examples",
)
CODE = (".py", ".jinja")


def test_the_map_has_a_line_for_every_folder_and_for_none_that_is_not_there():
    text = (ROOT / "README.md").read_text()
    section = text[text.index("## Where things are") :]
    in_map = {match.rstrip("/") for match in re.findall(r"^\| `([\w/]+/)` \| \S", section, flags=re.M)}
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in CODE and "__pycache__" not in path.parts
    }
    assert in_map == folders


def test_every_file_that_the_readme_names_is_there():
    text = (ROOT / "README.md").read_text()
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w/]+\.(?:py|md))`", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
