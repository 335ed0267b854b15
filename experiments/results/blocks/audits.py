"""Blocks of docs/audits.md: how much of a schemer is in on it, and how often do n random audits notice?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.audits.audit_game import AUDITS
from analysis.audits.grain_shares import EVERY_GRAIN
from analysis.audits.units import GRAINS
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.audits.arms import COMPILED, PLANTED
from experiments.studies.audits.records import CLAIMED_SHARE, finding_key
from experiments.studies.audits.summary import HONEST_TWIN, REPORTED, SCHEMING, AuditGroup
from reports.formats import DASH, interval_text, rate_text

MOST_AUDITS = REPORTED[-1]
SHOWN_GRAINS = GRAINS[:-1]
"""grains whose units a component holds, so that it is known which were planted"""


@dataclass(frozen=True)
class KeptAudits(KeptSummary):
    """What the page needs of the study's summary."""

    groups: tuple[AuditGroup, ...]
    left_out: Mapping[str, int]

    def group(self, name: str) -> AuditGroup:
        """The group of a name. Raises LookupError where there is none."""
        found = next((group for group in self.groups if group.name == name), None)
        if found is None:
            raise LookupError(f"group {name!r}")
        return found


def kept_audits(data: ResultsData) -> KeptAudits:
    """The summary that is kept."""
    return data.read("audits", KeptAudits)


def figure_or_dash(summary: KeptSummary, name: str) -> str:
    """A finding as text; a dash where the study has none of the name."""
    return summary.figure(name) if name in summary.findings else DASH


def whole_text(summary: KeptSummary, name: str) -> str:
    """A finding as a whole number; a dash where it was not measured."""
    value, _, _ = summary.interval(name)
    return DASH if value is None else f"{value:.0f}"


@result_block
def audits_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    summary = kept_audits(data)
    return source_sentence(summary, f"{summary.n} organisms with all twins, cpu scale", "audits")


@result_block
def audits_answer(data: ResultsData) -> str:
    """The claim about one part in a hundred, the share that is in on it in fact, and false alarms."""
    summary = kept_audits(data)
    place = AUDITS.index(MOST_AUDITS)
    schemers, twins = summary.group(SCHEMING), summary.group(HONEST_TWIN)
    law = 1 - (1 - CLAIMED_SHARE) ** MOST_AUDITS
    return (
        f"If {CLAIMED_SHARE:.0%} of a schemer's units were in on it, {MOST_AUDITS} random audits beside honest twins would notice "
        f"in {interval_text(summary.primary.value)} of cases, where the law says {law:.2f}; n {summary.primary.n}. In fact "
        f"{interval_text(schemers.share[EVERY_GRAIN])} of units are in on it (n {schemers.n}), and {REPORTED[1]} audits notice in "
        f"{interval_text(schemers.power_of('twin')[AUDITS.index(REPORTED[1])])}. False alarms on honest twins: "
        f"{interval_text(twins.power_of('twin')[place])} at {MOST_AUDITS} audits."
    )


def rows_of_groups(summary: KeptAudits) -> Sequence[AuditGroup]:
    """Groups that have twins."""
    return [group for group in summary.groups if group.share[EVERY_GRAIN][0] is not None]


@result_block
def audits_shares(data: ResultsData) -> str:
    """f by group and grain, and the share beyond the threshold before the floor is taken off."""
    grains = (*GRAINS, EVERY_GRAIN)
    rows = [
        (
            f"*{group.name}*",
            group.n,
            *(interval_text(group.share[grain]) for grain in grains),
            interval_text(group.beyond[EVERY_GRAIN]),
        )
        for group in rows_of_groups(kept_audits(data))
    ]
    return markdown_table(("organisms", "n", *GRAINS, "all units", "all units, beyond"), rows)


@result_block
def audits_power(data: ResultsData) -> str:
    """How often n audits of random units raise the alarm, by group and detector, beside the law."""
    summary = kept_audits(data)
    places = [AUDITS.index(n) for n in REPORTED]
    rows: list[tuple[str, ...]] = []
    for group in summary.groups:
        laws = [rate_text(group.law[place]) for place in places]
        for curve, powers in group.power.items():
            detector, _, rule = curve.partition(".")
            if rule == "any" and powers[0][0] is not None:
                measured = [interval_text(powers[place]) for place in places]
                rows.append((f"*{group.name}* ({group.n})", detector, *measured, *laws[-2:]))
    columns = [f"n = {n}" for n in REPORTED]
    return markdown_table(
        ("organisms", "detector", *columns, *(f"law, {name}" for name in columns[-2:])), rows
    )


@result_block
def audits_correlated(data: ResultsData) -> str:
    """How far alarms of one organism's units agree, and what n audits are worth."""
    summary = kept_audits(data)
    rows = [
        (
            f"*{group.name}* ({group.n})",
            rate_text(group.correlation),
            whole_text(summary, f"effective.{finding_key(group.name)}.n{MOST_AUDITS}"),
        )
        for group in rows_of_groups(summary)
    ]
    return markdown_table(("organisms", "correlation of alarms", f"{MOST_AUDITS} audits are worth"), rows)


@result_block
def audits_gated(data: ResultsData) -> str:
    """Units that are gated in self's scenes and in characters', and scenes in which both behave alike."""
    summary = kept_audits(data)
    names = ("gated_in_selfs", "gated_in_characters", "alike.accuracy")
    rows = [
        (
            f"*{group.name}* ({group.n})",
            *(summary.figure(f"{name}.{finding_key(group.name)}") for name in names),
        )
        for group in summary.groups
    ]
    columns = (
        "gated in self's scenes",
        "gated in characters' scenes",
        "told from a twin where both behave alike",
    )
    return markdown_table(("organisms", *columns), rows)


@result_block
def audits_detectors(data: ResultsData) -> str:
    """How well planted units are told, by arm and grain."""
    summary = kept_audits(data)
    rows = [
        (
            f"`{arm.name}`",
            grain,
            *(
                figure_or_dash(summary, f"auroc.{arm.name}.{name}.{key}")
                for name in ("gatedness", "twin", "random")
            ),
            *(figure_or_dash(summary, f"gated.{arm.name}.{name}.{key}") for name in ("planted", "other")),
        )
        for arm in (*COMPILED, *PLANTED)
        for grain in SHOWN_GRAINS
        if (key := finding_key(grain)) and f"auroc.{arm.name}.gatedness.{key}" in summary.findings
    ]
    columns = (
        "AUROC of gatedness",
        "of twin difference",
        "of random labels",
        "planted units called",
        "others called",
    )
    return markdown_table(("organisms", "grain", *columns), rows)


@result_block
def audits_attribution(data: ResultsData) -> str:
    """How far attribution agrees with exact patches."""
    summary = kept_audits(data)
    grains = [name.rpartition(".")[2] for name in summary.findings if name.startswith("attribution.recall.")]
    rows = [
        (
            grain.replace("_", " "),
            summary.figure(f"attribution.rank_correlation.{grain}"),
            summary.figure(f"attribution.recall.{grain}"),
        )
        for grain in grains
    ]
    return markdown_table(("grain", "rank correlation", "recall of the strongest"), rows)
