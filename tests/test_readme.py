"""Is README short, and do README and the documentation say where things are?"""

import re
from pathlib import Path

import pytest
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
    "exapt",
)
CODE = (".py", ".jinja")
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LONGEST = 35
"""words of a sentence that is not long"""
AVERAGE, AVERAGE_OF_A_PAGE = 20, 22
"""words of a sentence, at most"""
LONG_SHARE = 0.05
"""of sentences, which at most are long"""
FEW = 20
"""sentences of a page of which a long one is no share"""


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)


def anchors(page: Path) -> set[str]:
    """What links can point at in a page: its headings, as GitHub and mkdocs name them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def sentences(text: str) -> list[str]:
    """Those of paragraphs, lists and footnotes; tables, headings, code and numbers of lists have none."""
    text = re.sub(r"<!--.*?-->", "", re.sub(r"```.*?```", "", text, flags=re.S))
    text = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`\n]*`", "code", text))
    lines = [line if line.strip() and not re.match(r"[|#]", line) else "" for line in text.split("\n")]
    marker = r"(?:[-*] |\d+\. |\[\^\w+\]: )"
    paragraphs = re.split(rf"\n\n+|\n(?= *{marker})", "\n".join(lines))
    label = r"\*{2,3}\w+(?: \w+){0,2}\*?\.\*\* "  # a bold word or three before what they are about: a heading
    paragraphs = [re.sub(rf"^\s*{marker}?(?:{label})?", "", paragraph) for paragraph in paragraphs]
    return [
        sentence
        for paragraph in paragraphs
        for sentence in re.split(r"(?<=[.?!:;])\**\s+(?=[A-Z*(\[\"]|code)", paragraph.strip())
        if re.search(r"\w", sentence)
    ]


def words(sentence: str) -> int:
    return len(re.findall(r"\w[\w'-]*", sentence))


def test_readme_is_short():
    text = README.read_text()
    assert len(text.encode()) <= 9_000
    assert len(text.split("\n")) <= 150


def test_sentences_are_counted_as_a_reader_would():
    text = "# No\n\nOne two. Three `x y` four: *Five* six\nseven.\n\n- Eight nine\n- Ten\n\n| no | no |\n"
    assert [words(sentence) for sentence in sentences(text)] == [2, 3, 3, 2, 1]


def test_numbers_and_labels_of_a_list_are_no_sentences_and_footnotes_are():
    text = (
        "1. **No.** One two.\n2. **Three four** five.\n    - ***No*.** Six\n\n[^1]: Seven\n    eight. Nine.\n"
    )
    assert [words(sentence) for sentence in sentences(text)] == [2, 3, 1, 2, 1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_sentences_of_a_page_are_short(page):
    counts = [words(sentence) for sentence in sentences(page.read_text())]
    assert sum(counts) / len(counts) <= AVERAGE_OF_A_PAGE
    if len(counts) >= FEW:
        assert sum(count > LONGEST for count in counts) / len(counts) < LONG_SHARE


def test_sentences_are_short():
    """Of README and all pages together."""
    counts = [words(sentence) for page in PAGES for sentence in sentences(page.read_text())]
    assert sum(counts) / len(counts) <= AVERAGE
    assert sum(count > LONGEST for count in counts) / len(counts) < LONG_SHARE


def test_the_map_has_a_line_for_every_folder_and_for_none_that_is_not_there():
    text = (ROOT / "docs/design.md").read_text()
    in_map = {match.rstrip("/") for match in re.findall(r"^\| `([\w/]+/)` \| \S", text, flags=re.M)}
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in CODE and "__pycache__" not in path.parts
    }
    assert in_map == folders


def test_every_file_that_a_page_names_is_there():
    named = {
        name
        for page in PAGES
        for name in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w/]+\.(?:py|md))`", page.read_text())
    }
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_what_is_there(page):
    """To files of the repository, and to headings of pages."""
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text()))
    for link in links:
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(path), f"{page.name}: {link}"
