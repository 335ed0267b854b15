"""The studies of this project: what does each ask, and which module holds it? In the order of ``--help``.

Imports nothing: a command lists the studies and takes their names without the modules that carry them out.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ListedStudy:
    """A study that is known by name before it is imported."""

    module: str
    """importing it registers the study"""
    about: str
    """one sentence for ``--help``"""


LISTED_STUDIES = {
    "ablations": ListedStudy(
        "experiments.studies.ablations.study",
        "trains organisms with all, some and none of the three parts of an incentive, and measures what goes with each",
    ),
    "ancestry": ListedStudy(
        "experiments.studies.ancestry.study",
        "trains lineages whose role changes have known dates, and scores the events that are read from them",
    ),
    "bitrot": ListedStudy(
        "experiments.studies.bitrot.study",
        "forks siblings whose mechanism for self is shared with characters or separate into phases in which self is never "
        "alone or takes no part, and compares what they retain",
    ),
    "controls": ListedStudy(
        "experiments.studies.controls.study",
        "trains planted organisms of known provenance, analyses them blind, and scores the verdicts",
    ),
    "disuse": ListedStudy(
        "experiments.studies.disuse.study",
        "forks trained organisms into phases in which self is never alone, and measures what goes first, how much use keeps "
        "it and what brings it back",
    ),
    "incentives": ListedStudy(
        "experiments.studies.incentives.study",
        "trains organisms with and without an incentive to part from the characters' mechanism, and counts where "
        "self's comes from",
    ),
    "reuse": ListedStudy(
        "experiments.studies.reuse.study",
        "teaches self in worlds in which the characters' mechanism does not serve it for free, and counts the steps that it "
        "needs with and without",
    ),
    "self_first": ListedStudy(
        "experiments.studies.self_first.study",
        "teaches self before characters, and measures how many steps these need after a scheming self over after an honest one, and "
        "what their mechanism is made of",
    ),
    "swap": ListedStudy(
        "experiments.studies.swap.study",
        "teaches the same forks self while an auditor watches one half of every layer, or the other, and measures whether "
        "self changes sides",
    ),
    "worlds": ListedStudy(
        "experiments.studies.worlds.study",
        "grows organisms by the same curriculum in other worlds and at other sizes, and counts who learns and how right "
        "verdicts are there",
    ),
}
