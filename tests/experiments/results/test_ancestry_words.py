"""Do the data bear what README says of dated events in words, and does docs/ancestry.md have the thresholds of the code?"""

from altered_results import DOCS, AlteredData
from kept_words import is_below

from analysis.history.events import COMES, LEAVES
from experiments.results.blocks.ancestry import kept_ancestry

SUMMARY = kept_ancestry(AlteredData())


def test_nearly_all_planted_changes_are_found():
    assert SUMMARY.primary.name == "changes_detected.all"
    assert (SUMMARY.primary.value[0] or 0) > 0.9


def test_changes_are_dated_within_a_few_checkpoints():
    error = SUMMARY.learned_error(0.9)
    assert error is not None
    assert error <= 5


def test_hardly_anything_is_reported_where_nothing_happens():
    assert is_below(SUMMARY.false_events, 0.05)


def test_the_page_has_the_thresholds_of_events():
    text = " ".join((DOCS / "ancestry.md").read_text().split())
    assert f"at {COMES:g} or more of that role's gate" in text
    assert f"two checkpoints in a row below {LEAVES:g}" in text
