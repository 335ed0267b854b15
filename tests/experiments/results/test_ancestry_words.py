"""Do the data bear what README says of dated events in words, and does docs/ancestry.md have the thresholds of the code?"""

from altered_results import DOCS, AlteredData
from kept_words import is_above, is_below

from analysis.history.events import COMES, LEAVES
from experiments.results.blocks.ancestry import kept_ancestry

SUMMARY = kept_ancestry(AlteredData())


def test_most_planted_changes_are_found():
    assert SUMMARY.primary.name == "changes_detected.all"
    assert is_above(SUMMARY.primary.value, 0.5)


def test_some_dates_of_what_is_learned_are_far_off_and_those_of_surgery_are_not():
    learned, median_of_surgery = SUMMARY.learned_error(0.9), SUMMARY.groups["surgery"].median_error
    assert learned is not None
    assert median_of_surgery is not None
    assert learned > 5
    assert median_of_surgery <= 1


def test_hardly_anything_is_reported_where_nothing_happens():
    assert is_below(SUMMARY.false_events, 0.05)


def test_the_page_has_the_thresholds_of_events():
    text = " ".join((DOCS / "ancestry.md").read_text().split())
    assert f"at {COMES:g} or more of that role's gate" in text
    assert f"two checkpoints in a row below {LEAVES:g}" in text
