"""The page of the study *swap*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Sequence

from markupsafe import Markup

from analysis.statistics import FEW_ORGANISMS
from curricula.world.contrasts import Role
from experiments.studies.page import study_table
from experiments.studies.study import Triple
from experiments.studies.swap.arms import COST_WORDS, COSTS, WATCH_WORDS, Cost
from experiments.studies.swap.figures import course_figure, sham_figure, swap_figure
from experiments.studies.swap.paired import PRIMARY
from experiments.studies.swap.summary import SwapSummary, WatchArmSummary
from reports.formats import DASH, counts_text, interval_text, rate_text, verdict_badge
from reports.section import Bullets, Paragraph, Picture, Section

SWAP_CAPTION = Markup(
    "Figure 1. A thin line is one fork: the same organism, taught self on the same scenes, with the first "
    "half of every layer watched (left) and with the second (right). The thick line joins the means of the "
    "forks that have a share in both. Steep lines in blue: self goes where the auditor does not look. "
    "Lines in orange that run the other way: characters take the half that self leaves. Lines of both that "
    "run the same way: characters follow self."
)
COURSE_CAPTION = Markup(
    "Figure 2. Share of the effect in the first half, from the fork on, where the first half is watched "
    "(solid) and where the second is (dashed). Thin lines are organisms. At step 0 all arms are one "
    "organism."
)
SHAM_CAPTION = Markup(
    "Figure 3. A sham: the auditor watches a random half of every layer's heads and blocks, another one in "
    "each fork. The halves of this study are then no more likely to be left than to be taken, so that "
    "lines should be level on average. What a sham does to the components that it watches stands in the "
    "table of differences (<em>in_sham</em>)."
)
CHANGES_NOTE = Markup(
    "Each difference is one arm less another of the same forks: watched less the other half watched "
    "(<em>in_watched_half</em>), or watched less nobody. The half's mirror image (second half, second "
    "watched) gives the same number, since the two halves are all there is. Over all grown forks: one that "
    "does not act as taught in both arms, or has no effect above the floor of the idle null, counts as 0. "
    "p: two-sided, by random signs, corrected for the number of differences (Benjamini and Hochberg); the "
    "primary endpoint, named before, is not among them."
)
LIMITS = (
    "That organisms have spare mechanisms by themselves: half-dropout makes the one in either half.",
    "That a component computes for self what it computed for characters: shares are of indices, and say "
    "where the gate passes.",
    "That a real auditor could name a half, or that nothing short of reading components would do.",
    "Why characters stay or go where overlap costs nothing: the arms differ in more than one step of "
    "learning.",
    "Other weights of the costs, worlds and sizes than these. Weights are those of audited_half_dropout, "
    "which were chosen on other seeds (docs/incentives.md).",
)


def swap_headline(summary: SwapSummary) -> list[str]:
    """Three lines: whether self changes sides, what characters do, and how far to trust it."""
    first, second = summary.arms["first.overlap"], summary.arms["second.overlap"]
    value, _, high = summary.primary.value
    met = value is not None and value < summary.expected_below
    sure = met and high is not None and high < summary.expected_below
    outcome = "as expected" if sure else "as expected, but for its interval" if met else "not as expected"
    return [
        f"Self's share in the watched half, watched less not, is {interval_text(summary.primary.value)} in "
        f"{summary.primary.n} forks ({outcome}: below {summary.expected_below:g}): self ends with "
        f"{_mean(first.self_in_first)} of its effect in the first half where that one is watched, and with "
        f"{_mean(second.self_in_first)} where the second is.",
        f"Characters, in the same terms: with the overlap cost they {_characters_do(summary, 'overlap')}; with "
        f"their side of it stopped they {_characters_do(summary, 'self_side')}, and self moves by "
        f"{_change(summary, 'self', 'self_side')}; without the cost they {_characters_do(summary, 'none')}, "
        f"and self moves by {_change(summary, 'self', 'none')}. Repurposed, in the same order: "
        f"{_repurposed(summary)}.",
        _trust_line(summary),
    ]


def _mean(interval: Triple) -> str:
    return rate_text(interval[0])


def _change(summary: SwapSummary, role: Role, cost: Cost) -> str:
    return interval_text(summary.interval(f"{role}_in_watched_half.{cost}"))


def _characters_do(summary: SwapSummary, cost: Cost) -> str:
    change = summary.interval(f"character_in_watched_half.{cost}")
    _, low, high = change
    words = "go neither way for sure"
    if low is not None and low > 0:
        words = "take the half that self leaves"
    elif high is not None and high < 0:
        words = "follow self"
    return f"{words} ({interval_text(change)})"


def _repurposed(summary: SwapSummary) -> str:
    arms = [arm for arm in summary.arms.values() if arm.watch in ("first", "second")]
    counts = [
        (
            sum(arm.verdicts.get("repurposed", 0) for arm in arms if arm.cost == cost),
            sum(arm.n for arm in arms if arm.cost == cost),
        )
        for cost in COSTS
    ]
    return ", ".join(f"{count} of {n}" for count, n in counts)


def _trust_line(summary: SwapSummary) -> str:
    sham = summary.interval("self_in_first_half_by_sham.overlap")
    behaving = sum(organism.behaves for arm in summary.arms.values() for organism in arm.organisms)
    primary = next(change for change in summary.changes if change.name == PRIMARY)
    sentences = [
        f"A sham watch of random components moves self between the halves by {interval_text(sham)}; "
        f"{behaving} of {summary.n} organisms act as taught, and of the {summary.primary.n} forks of the "
        f"first line {primary.n_behaving} in both arms (others count as 0)."
    ]
    if summary.primary.n < FEW_ORGANISMS:
        sentences.append(f"Fewer than {FEW_ORGANISMS} forks, too few for a claim.")
    if not summary.calibrated:
        sentences.append("Verdicts are uncalibrated.")
    return " ".join(sentences)


def swap_sections(summary: SwapSummary) -> list[Section]:
    """Everything below the headline."""
    return [
        Section(
            "The same forks, watched here and there",
            "swap",
            (Picture(swap_figure(summary), SWAP_CAPTION),),
            link="Swap",
        ),
        Section("Who moves when", "course", (Picture(course_figure(summary), COURSE_CAPTION),)),
        _arms_section(summary),
        _changes_section(summary),
        Section("A sham watch", "sham", (Picture(sham_figure(summary), SHAM_CAPTION),), link="Sham"),
        _forks_section(summary),
        Section(
            "What it does not show", "limits", (Bullets(LIMITS), Paragraph(summary.plan, soft=True)), rank=90
        ),
    ]


def _arms_section(summary: SwapSummary) -> Section:
    columns = (
        *("watched", "overlap cost", "n", "act as taught", "verdicts", "self in first half"),
        *(
            "characters in first half",
            "self in what is watched",
            "characters in what is watched",
            "in common",
        ),
    )
    note = (
        "Means over organisms that have a share. In common: sum over components of the smaller of both "
        "roles' shares, 1 where they are alike. Verdicts are those of every analysis; absent: does not act "
        "as taught."
    )
    rows = [_arm_cells(arm) for arm in summary.arms.values()]
    return Section(
        "Arms", "arms", (study_table(columns, rows, wide=True), Paragraph(note, soft=True)), link="Arms"
    )


def _arm_cells(arm: WatchArmSummary) -> list[str | int]:
    return [
        *(
            WATCH_WORDS[arm.watch],
            COST_WORDS[arm.cost],
            arm.n,
            interval_text(arm.behaves),
            counts_text(arm.verdicts),
        ),
        *(_mean(share) for share in (arm.self_in_first, arm.character_in_first)),
        *(_mean(share) for share in (arm.self_in_watched, arm.character_in_watched)),
        _mean(arm.common),
    ]


def _changes_section(summary: SwapSummary) -> Section:
    rows = [
        (
            change.name,
            interval_text(change.mean),
            interval_text(change.among_behaving),
            change.n_behaving,
            "primary" if change.corrected_p is None else f"{change.corrected_p:.4f}",
        )
        for change in summary.changes
    ]
    columns = (
        "difference",
        "all grown forks [95 %]",
        "forks that act as taught in both",
        "of them",
        "corrected p",
    )
    return Section(
        "Differences, paired by fork",
        "differences",
        (study_table(columns, rows, wide=True), Paragraph(CHANGES_NOTE, soft=True)),
        link="Differences",
    )


def _forks_section(summary: SwapSummary) -> Section:
    columns = ("arm", "fork", "verdict", "self in first half", "characters in first half", "in common")
    rows: list[Sequence[str | int]] = [
        (
            name,
            organism.member,
            verdict_badge(organism.verdict),
            rate_text(organism.self_in_first),
            rate_text(organism.character_in_first),
            rate_text(organism.common),
        )
        for name, arm in summary.arms.items()
        for organism in arm.organisms
    ]
    failed = max((arm.reseeded_failed for arm in summary.arms.values()), default=0)
    note = (
        "Forks whose characters missed their criterion at every attempt, and are counted all the same: "
        f"{failed or DASH}."
    )
    return Section(
        "Each organism", "organisms", (study_table(columns, rows, wide=True), Paragraph(note, soft=True))
    )
