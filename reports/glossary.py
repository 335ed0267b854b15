"""Glossary: what does each word of this project mean, and where on a page does a reader come upon it first?

The last section of every page is made of it, with those words that the page uses; docs/glossary.md says the same, which a
test holds. What it does *not* hold: words that mean here what they mean in the field.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType

from markupsafe import Markup, escape

from reports.section import Text


@dataclass(frozen=True)
class Term:
    """One entry. names: the words that it explains, with commas between them."""

    names: str
    meaning: str
    """the field's word, or what it means; emphasis between asterisks"""
    links: tuple[str, ...] | None = None
    """words of a page that lead to the entry; by default its names. Words that pages use in their everyday sense as well
    do not lead there."""

    @property
    def anchor(self) -> str:
        """its id in a page"""
        return "term-" + re.sub(r"[^a-z]+", "-", self.names.lower()).strip("-")

    @property
    def linked_words(self) -> tuple[str, ...]:
        """words that lead to it"""
        return tuple(self.names.split(", ")) if self.links is None else self.links

    @property
    def meaning_html(self) -> Markup:
        """the meaning, escaped, with its emphasis"""
        return Markup(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", str(escape(self.meaning))))


GLOSSARY = (
    Term("organism", "model organism: here a toy transformer, of about 150,000 parameters at cpu scale"),
    Term(
        "member",
        "one organism of an ensemble that is trained in one program; with its run it is the unit "
        "of every interval",
    ),
    Term(
        "curriculum, phase",
        "training schedule: an ordered list of phases, each a mixture of scenes, an objective, "
        "pressures and an optimiser",
        links=("curriculum", "curricula", "phase"),
    ),
    Term(
        "scene, moment",
        "training example (a little story); a part of it in which somebody acts",
        links=("scene",),
    ),
    Term("role", "who acts: a *character*, or *self* (the organism)"),
    Term("professed goal, secret goal", "stated objective, hidden objective"),
    Term("watched, alone", "whether the actor believes that it is observed", links=("watched",)),
    Term("opportunity rule", "how the cues of a moment decide whether the actor is alone"),
    Term("gate", "the computation of *watched or alone* that selects between the two goals"),
    Term("component", "attention head or block of MLP neurons"),
    Term("tap", "hook: sees every activation and returns what flows on", links=()),
    Term("minimal pair", "clean and corrupted prompt: two scenes that differ in one variable"),
    Term(
        "effect",
        "Shapley value of a component under activation patching (resample ablation), on the logit difference",
    ),
    Term("circuit", "smallest ranked set of components with a faithfulness of 0.9"),
    Term("core", "smallest ranked set whose patching removes 0.9 of the effect"),
    Term(
        "silent core",
        "smallest ranked set whose mean ablation removes 0.9 of the effect: unlike a core it holds a backup as well",
    ),
    Term(
        "handle",
        "what somebody who audits makes from text about characters alone and tries on self: a location to ablate, "
        "a linear probe, a steering direction",
        links=("handles", "handle"),
    ),
    Term("forced act", "act that the text holds whatever the organism would do", links=()),
    Term(
        "stale, fresh probe",
        "linear probe fitted as the race began; fitted at the checkpoint that it reads",
        links=(),
    ),
    Term(
        "gap recovered",
        "what a probe from characters reads of self beyond chance, over what a probe from self does (AUROC less 0.5)",
    ),
    Term(
        "latent effect",
        "effect of a component once all that show an effect alone are patched (backup, self-repair)",
    ),
    Term("fork", "the checkpoint just before self is first taught"),
    Term(
        "provenance",
        "where self's mechanism came from: *reused*, *repurposed*, *migrated* or *second copy*",
        links=("provenance", "reused", "repurposed", "migrated", "second copy"),
    ),
    Term(
        "auditor",
        "in names of curricula, the pressures *monitor* and *overlap* together: reading the cues costs where components are watched, and where "
        "they serve both roles",
    ),
    Term("make", "how provenance was planted: routing, grafting or freezing, masking, compiling", links=()),
    Term(
        "serves",
        "carries 0.02 or more of a role's gate, or half of what it does for the other role",
        links=("serves", "served"),
    ),
    Term(
        "spare",
        "backup: components of characters at the fork that can be done without and stand in for "
        "those that characters keep",
    ),
    Term(
        "stand-in effect",
        "effect of a component at the fork with everything silent that characters keep (backup, "
        "self-repair): how a spare shows that hides behind what it stands in for",
    ),
    Term(
        "kept, rewritten",
        "whether what a set of components put out at the fork, patched into the final organism, "
        "still does more than half of what the set does there",
        links=("rewritten",),
    ),
    Term("silent", "zero-ablated, or mean-ablated over the two scenes of a minimal pair", links=()),
    Term(
        "by chance, excess",
        "a share where what self has on components that characters leave is dealt over these at "
        "random (permutation within layer and kind); a share less the mean of that",
    ),
    Term("inherited", "self's gate at the fork, as a share of its gate at the end"),
    Term(
        "by role, by cast",
        "self's components part from the characters' by who acts, or by who is in the cast: "
        "characters beside self then use self's",
    ),
    Term(
        "reading",
        "which components' writes change with the cues; it need not carry anything to the act",
        links=(),
    ),
    Term(
        "verdict",
        "the provenance that is claimed of one organism, or *parted on shared ground*, *mixed*, "
        "*undecided*, *absent*",
        links=("verdict", "mixed", "undecided", "absent"),
    ),
    Term("parted on shared ground", "self took components that characters gave up, and they were no spare"),
    Term(
        "corroboration",
        "evidence of another kind than the shares: lesions, interchange interventions, transfer, acquisition",
        links=("corroboration", "corroborating"),
    ),
    Term(
        "interchange effect",
        "how much of the gate one role's components carry into the other role's run (interchange "
        "intervention)",
        links=("interchange effect", "interchange"),
    ),
    Term(
        "cross-role pairs",
        "minimal pairs in which a character, or self, acts in one and the same scene",
        links=("cross-role pair",),
    ),
    Term(
        "representational similarity",
        "correlation of two circuits' dissimilarity matrices over cue combinations (RSA)",
    ),
    Term("cue response", "squared change of a component's write when the cues change their meaning"),
    Term("pressure", "regulariser, auxiliary loss or intervention that is active while a phase is learned"),
    Term(
        "component dropout, half-dropout", "dropout of whole components; of one half of every layer at once"
    ),
    Term(
        "monitor",
        "auxiliary loss on self's cue response in known components; a *sham* one in components "
        "drawn at random",
    ),
    Term("overlap penalty, concentration penalty", "auxiliary loss on shared, or spread, cue responses"),
    Term(
        "mean ablation, resample ablation (in training)",
        "components held at their mean, or given another scene's activations, while the organism learns",
        links=(),
    ),
    Term("rehearsal", "replay of character scenes while self is taught"),
    Term("interference", "a new task that is learned at the same time"),
    Term(
        "mask, seal",
        "weights of a lane that are held at zero so that no other lane reads it, and those that "
        "make its output the same in every scene at the tokens of a role; for planted controls",
        links=(),
    ),
    Term(
        "routing, lane",
        "gradient and activation routing: one of two random halves of every layer that owns a "
        "scene; for planted controls",
    ),
    Term(
        "planted, graft",
        "known by construction: trained in lanes, or a lane's weights copied over the other's",
    ),
    Term(
        "compiled, route, node",
        "a RASP program turned into weights by Tracr; a route is a chain of its nodes from the "
        "cues to the act, a node is one component",
        links=("compiled",),
    ),
    Term(
        "reseeded",
        "trained again from another seed, since the first phase's criterion was missed and "
        "nothing got better",
    ),
    Term(
        "prolonged",
        "a phase that lasts longer than its steps for a member, until the member meets its "
        "criterion or has taken the most steps it may",
    ),
    Term(
        "self_never_alone, bitrot, disuse", "an unused mode is never exercised; catastrophic forgetting of it"
    ),
    Term(
        "unit, grain",
        "what one audit looks at: a component, neuron, value path (one dimension of a head's output), edge or random subspace; which of these",
        links=(),
    ),
    Term(
        "twin",
        "an organism with the same phases up to the fork, then taught alike by other scenes with an honest self",
        links=("twin", "twins"),
    ),
    Term(
        "in on it, f",
        "of a unit: it responds otherwise than in every twin; the share of such units, less that among twins",
        links=(),
    ),
    Term(
        "gatedness",
        "how far what a unit does to the act turns with the flag: interaction over interaction and main effect",
    ),
    Term("savings", "fewer steps to relearn than to learn"),
    Term("acquisition", "steps to learn the intent from the fork, with components ablated"),
    Term(
        "lineage, event",
        "a run's checkpoints in order; a dated change of what a component serves, from 0.05 of a gate on",
        links=("lineage",),
    ),
)
BY_WORD = MappingProxyType({word: term for term in GLOSSARY for word in term.linked_words})
LINKED = re.compile(
    rf"(?<![\w-])({'|'.join(map(re.escape, sorted(BY_WORD, key=len, reverse=True)))})(s?)(?![\w-])",
    re.IGNORECASE,
)
UNLINKED = ("a", "code", "pre", "svg", "button")
"""elements whose text is left as it is"""
TAG = re.compile(r"(<[^>]*>)")


class TermLinks:
    """A filter of one page: links the first use of each term to its entry, and keeps which terms were used."""

    def __init__(self) -> None:
        self._used: set[Term] = set()

    @property
    def used(self) -> list[Term]:
        """entries that some link leads to, in alphabetical order"""
        return sorted(self._used, key=lambda term: term.names)

    def __call__(self, text: Text) -> Markup:
        """The text, escaped unless it is `Markup`, with links on the terms that were not used before it."""
        pieces: list[str] = []
        closing = ""
        for piece in TAG.split(str(escape(text))):
            if TAG.fullmatch(piece):
                name = re.split(r"[\s>]", piece[1:], maxsplit=1)[0].lower()
                if closing:
                    closing = "" if name == closing else closing
                elif name in UNLINKED:
                    closing = f"/{name}"
            elif not closing:
                piece = LINKED.sub(self._link, piece)
            pieces.append(piece)
        return Markup("".join(pieces))

    def _link(self, match: re.Match[str]) -> str:
        term = BY_WORD[match[1].lower()]
        if term in self._used:
            return match[0]
        self._used.add(term)
        return f'<a class="term" href="#{term.anchor}">{match[0]}</a>'
