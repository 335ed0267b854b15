"""The page of the study of planted controls: its sections, and the lines for a reader who reads no further."""

from collections.abc import Mapping

from markupsafe import Markup

from analysis.provenance.planted_truth import TruthName, right_verdict
from analysis.provenance.scoring import IN_ONE_CELL
from analysis.provenance.verdict import CELLS, VERDICTS, VerdictName
from experiments.studies.controls.figures import planted_shares_figure
from experiments.studies.controls.labels import FINDING_LABELS
from experiments.studies.controls.summary import COMPILED_MAKE, ControlsSummary
from experiments.studies.page import study_table, thresholds_section
from reports.formats import DASH, counts_text, interval_text, rate_text, verdict_badge
from reports.section import Block, Bullets, Heading, Paragraph, Picture, Section

UNDECIDED_NOTE = Markup(
    "<em>Undecided</em> counts as wrong. An organism in which the planting did not take, by a check that knows "
    "the lanes and not the verdict, is not in these tables; another was trained in its place."
)
SHARES_CAPTION = (
    "Figure 1. The reused share that the analysis found, blind, against the planted one: where self's goals "
    "were dealt to both lanes, the share dealt to lane A, with a line to the share of self's gate that the lane "
    "carries when it is patched as a whole; elsewhere the latter. A dot an organism."
)
NUMBERS_NOTE = Markup(
    "<em>Localisation AUROC</em>: chance that a component of the lane that was given the role has the larger "
    "effect than one of the other lane (0.5: no better than chance). <em>CMD</em>: area between a circuit's "
    "faithfulness and 1; <em>that the effects' spread leaves</em>: the same if each component added its effect "
    "and no more; readers that stand in for each other may be below it, components that need each other above. "
    "<em>Share error</em>: the share that would have to move to another cell; here, and for lanes patched "
    "whole, measured in {} of {} mixed organisms. <em>Direction</em>: one trained direction of the residual "
    "stream; how much of the gate it carries from characters into self, as a share."
)
WRONG_NAMES_NOTE = (
    "Of the organisms of each truth that have lines, the share whose evidence would corroborate a verdict, were it given to them: in the "
    "column of their own truth rightly, in the others wrongly. Of divided and spread both claims of repurposed are true (self is "
    "apart, on what served characters at the fork): no line asks whether that was a spare."
)
SIMILARITY_NOTE = Markup(
    "Known by construction: <em>alike</em> where the same components serve both roles (<em>planted_reused</em>, "
    "<em>frozen_reused</em>), which only shows that roles are not mistaken for mechanisms; <em>another</em> "
    "where self's lane learned another rule (<em>planted_other_rule</em>), which is far from the bar. In "
    "between nothing is known: two lanes may learn one rule in two ways, or a copy change while it is used. "
    "Nothing was planted that does so."
)
NULLS_NOTE = Markup(
    "All are judged as if they showed the behaviour. What keeps a verdict from them is that no circuit is found "
    "(too small an effect, or one that does not replicate): they test that, and not the shares or their "
    "thresholds. <em>untrained</em>: the organisms before their first step. <em>shuffled</em>: the two answers "
    "of every pair exchanged at random."
)
LIMITS = (
    "How often verdicts are right about organisms that were not routed. The planting was itself chosen for "
    "organisms that can be distinguished (seed 5000): planted mechanisms keep to their lanes more cleanly than "
    "training by itself would make them.",
    "That absent and frozen organisms are hard to recognise: the one is checked by behaviour alone, the other "
    "not at all beyond its behaviour, since only self's embeddings could learn.",
    "Random sets as a null beyond planted organisms: where a circuit fills its lane in a layer, the other "
    "components there are the other lane.",
    "Accuracy in worlds, sizes or truths that are not in the tables above.",
    "That a share is known to the second decimal. Of a mixed organism's goals a known share was dealt to each "
    "lane, but how much a lane then does for its goals is up to the organism; what the lane carries, patched "
    "whole, is another measurement.",
)


def controls_headline(summary: ControlsSummary) -> list[str]:
    """Three lines: how often verdicts are right, how well shares come back, and what to be wary of."""
    findings = {name: interval_text(summary.interval(name)) for name in FINDING_LABELS}
    wrong = [
        f"{count} {truth} called {verdict}"
        for table in summary.confusion.values()
        for truth, verdicts in table.items()
        for verdict, count in verdicts.items()
        if verdict != right_verdict(truth)
    ]
    return [
        f"The verdict is what was planted in a share of {findings['accuracy.routing']} of organisms planted by "
        f"routing ({findings['accuracy.routing_without_absent']} without the absent, who can hardly be missed), "
        f"and of {findings['accuracy.surgery_and_freezing']} of those planted by surgery or freezing"
        f"{'; wrong: ' + ', '.join(wrong) if wrong else ''}.",
        "Where a lane was given a part of self's goals, the reused share is off from that part by "
        f"{findings['error.mixed.goals_in_lane_a']}, and from what the lane carries when it is patched whole by "
        f"{findings['error.mixed.lanes_patched']}; components of the right lane rank above others at an AUROC "
        f"of {findings['localisation_auroc.self']}.",
        _trust_line(summary),
    ]


def _trust_line(summary: ControlsSummary) -> str:
    judged = sum(sum(verdicts.values()) for verdicts in summary.nulls.values())
    spurious = sum(
        count
        for verdicts in summary.nulls.values()
        for verdict, count in verdicts.items()
        if verdict not in ("absent", "undecided")
    )
    scores = {name.replace("_", " "): score for name, score in summary.corroboration.items()}
    idle = [name for name, score in scores.items() if score.spoken and not score.better_than_chance]
    mute = [name for name, score in scores.items() if not score.spoken]
    sentences = [
        f"In {spurious} of {judged} organisms with nothing to find a mechanism was found all the same."
    ]
    if idle:
        sentences.append(f"No better than chance as corroboration: {', '.join(idle)}.")
    if mute:
        sentences.append(f"Always silent: {', '.join(mute)}.")
    if not scores:
        sentences.append("No corroboration was measured.")
    elif not idle and not mute:
        sentences.append("Every corroboration beats chance.")
    return " ".join([*sentences, *filter(None, [controls_warning(summary)])])


def controls_warning(summary: ControlsSummary) -> str:
    """A banner where thresholds were chosen on the very runs; else nothing."""
    seeds = ", ".join(map(str, summary.chosen_on_these))
    warning = f"Not a test: thresholds were chosen on run seeds {seeds}, which are among these."
    return warning if seeds else ""


def control_sections(summary: ControlsSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        _verdicts_section(summary),
        Section(
            "Shares against planted shares",
            "shares",
            (Picture(planted_shares_figure(summary.organisms), SHARES_CAPTION),),
            link="Shares",
        ),
        _numbers_section(summary),
        _corroboration_section(summary),
        Section(
            "Where there is nothing to find",
            "nulls",
            (
                study_table(
                    ("null", "verdicts"),
                    [(null, counts_text(verdicts)) for null, verdicts in summary.nulls.items()],
                ),
                Paragraph(NULLS_NOTE, soft=True),
            ),
            link="Nulls",
        ),
        thresholds_section(summary.thresholds),
        _organisms_section(summary),
        Section("What it does not show", "limits", (Bullets(LIMITS),), rank=90),
    ]


def _verdicts_section(summary: ControlsSummary) -> Section:
    blocks: list[Block] = []
    for make, table in summary.confusion.items():
        rows = [
            [
                truth,
                *(verdicts.get(verdict, "") for verdict in VERDICTS),
                f"{_right(truth, verdicts)} of {sum(verdicts.values())}",
            ]
            for truth, verdicts in table.items()
        ]
        blocks += [
            Heading("Compiled" if make == COMPILED_MAKE else f"Planted by {make}"),
            study_table(("planted", *VERDICTS, "right"), rows),
        ]
    rows = [
        [
            name,
            count.required,
            count.trained,
            count.planting_took
            if count.planting_took >= count.required
            else Markup("{} <strong>(too few)</strong>").format(count.planting_took),
            count.reseeded,
        ]
        for name, count in summary.planting.items()
    ]
    columns = ("curriculum", "required", "trained", "planting took", "characters reseeded")
    blocks += [
        Paragraph(UNDECIDED_NOTE, soft=True),
        Heading("What was trained"),
        study_table(columns, rows),
        *_failed_blocks(summary),
    ]
    return Section("Verdicts against what was planted", "verdicts", tuple(blocks), link="Verdicts")


def _right(truth: TruthName, verdicts: Mapping[VerdictName, int]) -> int:
    return sum(count for verdict, count in verdicts.items() if verdict == right_verdict(truth))


def _failed_blocks(summary: ControlsSummary) -> list[Block]:
    """What is not scored: curricula that this world can not hold, and organisms in which planting failed."""
    blocks: list[Block] = []
    if COMPILED_MAKE not in summary.makes:
        blocks.append(
            Paragraph("No compiled organisms are scored: their compiler was not installed.", soft=True)
        )
    if summary.left_out:
        names = ", ".join(summary.left_out)
        blocks.append(
            Paragraph(
                f"Left out, since they can not be planted in this world or at these sizes: {names}.",
                soft=True,
            )
        )
    if summary.planting_failed:
        verdicts = "; ".join(
            f"{truth}: {counts_text(counts)}"
            for truth, counts in summary.confusion_where_planting_failed.items()
        )
        blocks.append(Paragraph(f"Verdicts where the planting did not take: {verdicts}.", soft=True))
        lines = [f"{name}: {line}" for name, lines in summary.planting_failed.items() for line in lines]
        blocks.append(Bullets(tuple(lines)))
    return blocks


def _numbers_section(summary: ControlsSummary) -> Section:
    rows = [(label, interval_text(summary.interval(name))) for name, label in FINDING_LABELS.items()]
    note = NUMBERS_NOTE.format(summary.mixed_with_shares, summary.mixed)
    blocks = study_table(("what", "value [95 % interval]"), rows), Paragraph(note, soft=True)
    return Section("Numbers", "places", blocks, link="Places")


def _wrong_names(summary: ControlsSummary) -> list[list[str]]:
    """By what was planted, the share that would be corroborated under each verdict."""
    return [
        [truth, *(interval_text(shares[name]) if name in shares else DASH for name in IN_ONE_CELL)]
        for truth, shares in summary.corroborated_as.items()
    ]


def _corroboration_section(summary: ControlsSummary) -> Section:
    columns = (
        *("line", "spoke", "right about what was planted", "rate [95 % interval]"),
        *("p if it did not depend on what was planted", "right, wrong, silent by what was planted"),
    )
    useless = Markup("{} <strong>(no better than chance here)</strong>")
    rows = [
        (
            useless.format(name) if score.spoken and not score.better_than_chance else name,
            f"{score.spoken} of {score.organisms}",
            score.right,
            interval_text(score.rate),
            DASH if score.p_if_independent is None else f"{score.p_if_independent:.3g}",
            "; ".join(
                f"{truth} {words.right}, {words.wrong}, {words.silent}"
                for truth, words in score.by_truth.items()
            ),
        )
        for name, score in ((name.replace("_", " "), score) for name, score in summary.corroboration.items())
    ]
    words = "alike", "another", "undecided"
    similarity = [
        [name, *(counts.get(word, "") for word in words)] for name, counts in summary.similarity.items()
    ]
    blocks: list[Block] = [
        study_table(columns, rows),
        Heading("What is a corroborated verdict worth?"),
        Paragraph(WRONG_NAMES_NOTE, soft=True),
        study_table(("planted", *(f"called {name}" for name in IN_ONE_CELL)), _wrong_names(summary)),
        Heading("Does self's circuit compute as the characters' does?"),
        study_table(("curriculum", *words), similarity),
        Paragraph(SIMILARITY_NOTE, soft=True),
    ]
    if summary.similarity_chosen_on_these:
        seeds = ", ".join(map(str, summary.similarity_chosen_on_these))
        blocks.append(Paragraph(f"Not a test: the bar was chosen on seeds {seeds}."))
    title = "What is each line of corroboration worth?"
    return Section(title, "corroboration", tuple(blocks), link="Corroboration")


def _organisms_section(summary: ControlsSummary) -> Section:
    rows = [
        [
            organism.run,
            organism.member,
            organism.truth,
            rate_text(organism.planted_shares["reused"]) if organism.planted_shares else DASH,
            verdict_badge(organism.verdict),
            *(rate_text(organism.shares[cell]) for cell in CELLS),
        ]
        for organism in summary.organisms
        if organism.planting_took
    ]
    columns = ("run", "member", "planted", "planted reused share", "verdict", *CELLS)
    return Section("Each organism", "organisms", (study_table(columns, rows, wide=True),), rank=85)
