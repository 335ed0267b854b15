"""Does the README say where things are?"""

import re

from commands import ROOT

FOLDERS = ("curricula", "organisms", "analysis", "benchmarks", "scripts")


def test_the_map_has_a_line_for_every_file_and_for_none_that_is_not_there():
    text = (ROOT / "README.md").read_text()
    told, folder = set(), ""
    for line in text[text.index("## Where things are") :].splitlines():
        if opened := re.match(r"(\w+)/ ", line):
            folder = opened[1]
        elif of := re.match(r"  (\w+\.py) +\S", line):
            told.add(f"{folder}/{of[1]}")
    there = {f"{folder}/{path.name}" for folder in FOLDERS for path in (ROOT / folder).glob("*.py")}
    assert told == {path for path in there if not path.endswith("__init__.py")}
