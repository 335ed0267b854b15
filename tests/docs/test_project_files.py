"""Do the files about the project say what holds: targets, checks, versions?"""

import re
import tomllib
from datetime import date

import yaml
from commands import ROOT

from organisms.storage.records import SCHEMA_NUMBER

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()


def pinned() -> set[str]:
    """Names in constraints.txt, as indexes normalise them."""
    return {
        normal(name)
        for name in re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), flags=re.M)
    }


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_targets_that_contributing_names_are_in_the_makefile_with_their_words():
    named = set(re.findall(r"`make ([\w-]+)`", (ROOT / "CONTRIBUTING.md").read_text()))
    targets = set(re.findall(r"^([\w-]+):  ## \S", MAKEFILE, flags=re.M))
    assert {"test", "test-all", "lint", "types", "docs", "tour"} <= named <= targets
    assert sorted(re.findall(r"^\.PHONY: ([\w-]+)$", MAKEFILE, flags=re.M)) == sorted(targets)


def test_the_fast_loop_leaves_out_what_is_slow():
    tests = dict(re.findall(r"^(test|test-all):.*\n\t(.*)$", MAKEFILE, flags=re.M))
    assert tests["test"].replace(' -m "not slow"', "") == tests["test-all"]
    readme = re.search(r"-m pytest .*$", (ROOT / "README.md").read_text(), flags=re.M)
    assert readme
    assert tests["test-all"].endswith(readme[0])


def test_hosted_checks_are_those_of_ci_on_the_oldest_python_and_the_next():
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text())
    job = workflow["jobs"]["tests"]
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert job["strategy"]["matrix"]["python"] == [oldest, "3.12"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    checks = (ROOT / ".ci/run").read_text()
    for words in (
        "ruff check .",
        "ruff format --check .",
        "pyright",
        "lint-imports",
        "mkdocs build --strict",
    ):
        assert f".venv/bin/{words}" in checks


def test_hooks_before_a_commit_are_ruffs_of_this_environment():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    assert [hook["id"] for hook in repository["hooks"]] == ["ruff", "ruff-format"]
    assert all(hook["entry"].startswith(".venv/bin/python -m ruff ") for hook in repository["hooks"])


def test_the_citation_is_of_this_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"]["text"])
    assert {"message", "title", "authors"} <= set(citation)


def test_the_changelog_goes_back_in_time_and_names_the_version_and_the_schema():
    text = (ROOT / "CHANGELOG.md").read_text()
    dates = [date.fromisoformat(day) for day in re.findall(r"^## (\S+)$", text, flags=re.M)]
    assert dates == sorted(set(dates), reverse=True)
    assert f"all of this is {PROJECT['version']}. Files of runs are of schema {SCHEMA_NUMBER}." in text


def test_what_builds_the_site_is_pinned():
    needed = [re.match(r"[\w-]+", line) for line in PROJECT["optional-dependencies"]["docs"]]
    assert {normal(name[0]) for name in needed if name} <= pinned()


def test_no_file_holds_a_merge_that_was_left_half_done():
    """Conflict markers in a page are text to Markdown, and the site builds."""
    written = {
        path
        for pattern in (
            "*.md",
            "*.yml",
            "*.toml",
            "docs/**/*.md",
            ".ci/*",
            "scripts/*.py",
            "examples/**/*.py",
        )
        for path in ROOT.glob(pattern)
    }
    assert ROOT / "docs/design.md" in written
    marks = re.compile(r"^(?:<{7} |={7}$|>{7} )", flags=re.M)
    assert sorted(str(path.relative_to(ROOT)) for path in written if marks.search(path.read_text())) == []
