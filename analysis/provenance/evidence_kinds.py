"""Kinds of evidence: when do the lines of corroboration, taken together, corroborate a verdict?

Lines that measure nearly the same are one kind. A verdict makes two claims, and needs a kind for each. What a count of
corroborated verdicts is worth, wrong names tell: how often would organisms of another provenance be corroborated under
this one? It does *not* add anything to a verdict: all lines but one rest on patches, as the shares do.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from analysis.provenance.corroboration import Agreement, Corroboration, Evidence, corroborate
from analysis.provenance.verdict import VerdictName

EvidenceKind = Literal["interchange", "fork lesion", "transfer", "acquisition"]
EVIDENCE_KINDS: Mapping[EvidenceKind, Sequence[str]] = {
    "interchange": ("interchange", "interchange_reverse", "interchange_direction"),
    "fork lesion": ("fork_lesion",),
    "transfer": ("transfer", "transfer_from_characters"),
    "acquisition": ("acquisition",),
}
"""lines of corroboration by the kind of evidence that they are; a kind agrees where more of its lines agree
than disagree. How far weights moved is none yet, since it was not scored.
The cosine and the cross lesion are none: the one is of the effects that the shares are made of, the
other patches their largest again"""
CLAIM_KINDS: Sequence[Sequence[EvidenceKind]] = (
    ("interchange",),
    ("fork lesion", "transfer", "acquisition"),
)
"""kinds that can test each of a verdict's two claims: that self and characters are together or apart at the
end, and that self's mechanism is from the fork or not"""
CORROBORATED = 2
"""kinds that have to agree; and for each claim more of its kinds have to agree than to disagree"""


def evidence_kinds(lines: Sequence[Corroboration]) -> dict[EvidenceKind, Agreement]:
    """Whether each kind of evidence agrees with an organism's verdict. lines: of the organism."""
    says = {line.name: line.says for line in lines}
    kinds: dict[EvidenceKind, Agreement] = {}
    for kind, names in EVIDENCE_KINDS.items():
        words = [says[name] for name in names if name in says]
        balance = words.count("agrees") - words.count("disagrees")
        kinds[kind] = "agrees" if balance > 0 else "disagrees" if balance < 0 else "silent"
    return kinds


def is_corroborated(kinds: Mapping[EvidenceKind, Agreement]) -> bool:
    """Whether enough kinds of evidence agree with the verdict, and for either of its claims more than
    disagree."""
    words = list(kinds.values())
    claims = [[kinds[kind] for kind in claim] for claim in CLAIM_KINDS]
    return words.count("agrees") >= CORROBORATED and all(
        claim.count("agrees") > claim.count("disagrees") for claim in claims
    )


def corroborated_if_called(
    evidence: Sequence[Evidence], member: int, verdicts: Sequence[VerdictName]
) -> dict[VerdictName, bool]:
    """Whether a member's evidence would corroborate each of some verdicts, given to it rightly or wrongly."""
    found: dict[VerdictName, bool] = {}
    for verdict in verdicts:
        called: list[VerdictName] = [verdict] * (member + 1)
        found[verdict] = is_corroborated(evidence_kinds(corroborate(evidence, called).members[member]))
    return found
