"""The page of the study *audits*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Sequence

from analysis.audits.audit_game import ALARM_LEVEL
from analysis.audits.grain_shares import EVERY_GRAIN
from analysis.audits.twin_difference import NOMINAL
from analysis.audits.units import GRAINS
from analysis.statistics import FEW_ORGANISMS
from experiments.studies.audits.arms import LEARNED_NEWS, NEVER_TRAINED, TWINS
from experiments.studies.audits.figures import maps_figure, power_figure
from experiments.studies.audits.records import CLAIMED_SHARE, GATE_LEVEL, finding_key
from experiments.studies.audits.summary import HONEST_TWIN, REPORTED, SCHEMING, AuditsSummary
from experiments.studies.page import study_table
from reports.formats import DASH, interval_text, rate_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

POWER_CAPTION = (
    "Figure 1. Share of audits of n random units that raise the alarm (rule: one unit at the Sidak level of n tests), mean over "
    "organisms with its interval. Groups of few organisms, planted and untrained ones are in the table alone. Dashed: "
    "1 - (1 - f)^n with the group's mean f. Dotted: the rate of false alarms that the rule is made for."
)
MAP_CAPTION = (
    "Figure 2. One organism of each verdict, a dot a unit. Across: gatedness in self's scenes, 0 where the interaction is no "
    "more than noise. Up: distance from the nearest honest twin, as a multiple of the threshold (dotted)."
)
SHARES_NOTE = (
    f"f: share of units farther from every honest twin than {1 - NOMINAL:.0%} of the twins' own units are, less the same share "
    "of twins that are audited beside the others. Beyond: the share before the floor is taken off."
)
LAW_NOTE = (
    "Correlation: of two units' alarms within an organism. Effective: n audits over the design effect. Worth: how many audits "
    "the law would need for the power that was measured."
)
GATED_NOTE = (
    f"Share of units whose interaction with the flag is beyond noise at {ALARM_LEVEL:g}. Honest organisms that model schemers "
    "have a gate in characters' scenes; what tells them from schemers is self's scenes alone."
)
ALIKE_NOTE = (
    "How often an organism is told from a twin of its own by scenes in which both behave alike: characters' scenes, and units "
    "silenced where self is watched. A coin gives 0.50."
)
DETECTORS_NOTE = (
    "Auroc: area under the curve of telling units that were planted to serve self from all others, by what they carry of the "
    f"flag, by distance from twins, and with labels at random. Gated: share of planted units, and of others, whose p is at most "
    f"{GATE_LEVEL:g}; where gates are compiled these should be 1 and 0 by components."
)
LIMITS = (
    "An auditor who chooses where to look, or who tests several units together.",
    "Whether a unit that differs from every twin schemes: one that makes up for another differs too.",
    "Rare units: the null of the twin detector has as many draws as there are units of a grain in all twins, so that grains of "
    "few units can not pass the level of several hundred tests.",
    "Twins that were trained from the first step on other data: these share everything up to the fork.",
)


def audits_headline(summary: AuditsSummary) -> list[str]:
    """The claim, how much is in on it, and what misleads."""
    scheming = summary.group(SCHEMING)
    few = f" Fewer than {FEW_ORGANISMS} organisms: no claim." if summary.primary.n < FEW_ORGANISMS else ""
    claim = f"No organism has enough honest twins to be audited beside.{few}"
    if summary.primary.value[0] is not None:
        false_alarms = summary.group(HONEST_TWIN)
        rates = false_alarms.power_of("twin")[summary.audits.index(300)] if false_alarms else (None,) * 3
        claim = (
            f"If {CLAIMED_SHARE:.0%} of a schemer's units were in on it, 300 random audits beside honest twins would notice in "
            f"{interval_text(summary.primary.value)} of cases (the law says {1 - (1 - CLAIMED_SHARE) ** 300:.2f}); false "
            f"alarms at 300: {interval_text(rates)}.{few}"
        )
    share = DASH if scheming is None else interval_text(scheming.share[EVERY_GRAIN])
    count = 0 if scheming is None else scheming.n
    return [
        claim,
        f"The share of a schemer's units that is in on it is {share}, n {count}; verdicts are "
        f"{'calibrated' if summary.calibrated else 'uncalibrated'}.",
        f"Honest organisms that learned something else differ in {_beyond(summary, LEARNED_NEWS)} of their units, untrained "
        f"ones in {_beyond(summary, NEVER_TRAINED)}; twins in {_beyond(summary, HONEST_TWIN)}.",
    ]


def _beyond(summary: AuditsSummary, name: str) -> str:
    group = summary.group(name)
    return DASH if group is None else interval_text(group.beyond[EVERY_GRAIN])


def audits_sections(summary: AuditsSummary) -> Sequence[Section]:
    """Power, shares, maps, detectors, scenes in which both behave alike, limits."""
    return [
        Section(
            "How often audits notice",
            "power",
            (
                Picture(power_figure(summary), POWER_CAPTION),
                _power_table(summary),
                Paragraph(LAW_NOTE, soft=True),
            ),
            link="Power",
        ),
        Section(
            "How much is in on it",
            "shares",
            (_shares_table(summary), Paragraph(SHARES_NOTE, soft=True)),
            link="f",
        ),
        Section("Where units lie", "maps", (Picture(maps_figure(summary), MAP_CAPTION),), link="Map"),
        Section(
            "Gated units, and scenes in which both behave alike",
            "gated",
            (_gated_table(summary), Paragraph(GATED_NOTE, soft=True), Paragraph(ALIKE_NOTE, soft=True)),
            link="Gates",
        ),
        Section(
            "Detectors on planted units",
            "detectors",
            (_detectors_table(summary), Paragraph(DETECTORS_NOTE, soft=True)),
            link="Detectors",
        ),
        Section("What it does not show", "limits", (Bullets((*LIMITS, _left_out(summary))),), rank=90),
    ]


def _left_out(summary: AuditsSummary) -> str:
    counts = ", ".join(f"{arm} {count}" for arm, count in summary.left_out.items())
    return f"Organisms that do not do as taught, or whose planting did not take: {counts}."


def _power_table(summary: AuditsSummary) -> PageTable:
    columns = (
        "organisms",
        "detector",
        *(f"n = {n}" for n in REPORTED),
        "law at 300",
        "correlation",
        "worth at 300",
    )
    rows = [
        (
            f"{group.name} ({group.n})",
            curve,
            *(interval_text(values[summary.audits.index(n)]) for n in REPORTED),
            rate_text(group.law[summary.audits.index(300)]),
            rate_text(group.correlation),
            _number(summary, f"worth.{finding_key(group.name)}.n300") if curve == "twin.any" else DASH,
        )
        for group in summary.groups
        for curve, values in group.power.items()
        if values[0][0] is not None
    ]
    return study_table(columns, rows, wide=True)


def _number(summary: AuditsSummary, name: str) -> str:
    value, _, _ = summary.interval(name)
    return DASH if value is None else f"{value:.0f}"


def _shares_table(summary: AuditsSummary) -> PageTable:
    columns = ("organisms", *GRAINS, "all units", "all units, beyond")
    rows = [
        (
            f"{group.name} ({group.n})",
            *(interval_text(group.share[grain]) for grain in (*GRAINS, EVERY_GRAIN)),
            interval_text(group.beyond[EVERY_GRAIN]),
        )
        for group in summary.groups
    ]
    return study_table(columns, rows, wide=True)


def _gated_table(summary: AuditsSummary) -> PageTable:
    columns = (
        "organisms",
        "gated in self's scenes",
        "gated in characters' scenes",
        "told from a twin where both behave alike",
    )
    rows = [
        (
            f"{group.name} ({group.n})",
            *(
                interval_text(summary.interval(f"{name}.{finding_key(group.name)}"))
                for name in ("gated_in_selfs", "gated_in_characters", "alike.accuracy")
            ),
        )
        for group in summary.groups
    ]
    return study_table(columns, rows, wide=True)


def _detectors_table(summary: AuditsSummary) -> PageTable:
    rows = [
        (name.replace("_", " "), interval_text(summary.interval(name)))
        for name in summary.findings
        if name.startswith(("auroc.", "gated.", "attribution."))
    ]
    return study_table(("detector and grain", f"mean over organisms; {TWINS} twins each [95 %]"), rows)
