"""Has the site every page, each once, and does it build without a warning?"""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from commands import ROOT

import exapt
from exapt.command import COMMANDS
from experiments.studies.catalogue import LISTED_STUDIES

SETTINGS = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
NEEDED = ("mkdocs", "material", "mkdocstrings")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]


def leaves(nav: object) -> Iterator[str]:
    """The pages of a navigation, in order."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for below in nav.values():
            yield from leaves(below)
    elif isinstance(nav, list):
        for below in nav:
            yield from leaves(below)


def made_pages() -> set[str]:
    """Names of pages that the site's hook adds."""
    tree = ast.parse((ROOT / "docs/site_pages.py").read_text())
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[a-z_]+\.md", text)}


def test_every_page_is_in_the_navigation_once():
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    made = made_pages()
    assert {"index.md", "contributing.md", "reference.md", "flags.md"} <= made
    assert written & made == set()
    assert sorted(leaves(SETTINGS["nav"])) == sorted(written | made)


def test_what_the_site_names_is_there():
    """Style sheets and hooks."""
    named = [ROOT / "docs" / name for name in SETTINGS["extra_css"]] + [
        ROOT / name for name in SETTINGS["hooks"]
    ]
    assert [path for path in named if not path.exists()] == []
    assert SETTINGS["strict"] is True


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built from the checkout as it is."""
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)} not installed; the extra [docs] has what builds the site")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    assert "WARNING" not in result.stderr
    return folder


@pytest.mark.slow
def test_the_site_has_a_page_for_each_leaf_and_names_no_path_of_this_machine(site):
    for leaf in leaves(SETTINGS["nav"]):
        page = site / ("" if leaf == "index.md" else leaf.removesuffix(".md")) / "index.html"
        assert str(ROOT) not in page.read_text(), leaf


@pytest.mark.slow
def test_the_reference_documents_every_public_name_with_its_example(site):
    text = (site / "reference/index.html").read_text()
    for name, module in exapt._MODULE_OF.items():
        assert f'id="{module}.{name}"' in text
    assert "<blockquote>" not in text
    functions = [name for name in exapt.__all__ if name.islower()]
    assert text.count('class="language-pycon') >= len(functions)


@pytest.mark.slow
def test_the_page_of_flags_has_every_command_and_a_line_a_study(site):
    text = (site / "flags/index.html").read_text()
    assert re.findall(r'<h2 id="([\w-]+)"', text) == list(COMMANDS)
    for name in LISTED_STUDIES:
        assert len(re.findall(rf"^  {name}  +\w", text, flags=re.M)) == 1, name


@pytest.mark.slow
def test_pictures_and_links_of_readme_lead_somewhere_on_the_site(site):
    text = (site / "index.html").read_text()
    article = text[text.index("<article") : text.index("</article>")]
    targets = re.findall(r'(?:href|src)="([^"#:]+)[^":]*"', article)
    assert "effects.png" in targets
    assert "tour/" in targets
    for target in targets:
        path = site / target
        assert (path / "index.html" if target.endswith("/") else path).exists(), target
