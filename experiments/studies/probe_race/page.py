"""The page of the study *probe_race*: its sections, and the lines for a reader who reads no further."""

from collections.abc import Sequence

from markupsafe import Markup

from analysis.statistics import FEW_ORGANISMS
from experiments.studies.page import study_table
from experiments.studies.probe_race.arms import ARM_OF, main_cell
from experiments.studies.probe_race.figures import race_figure, variance_figure, weights_figure
from experiments.studies.probe_race.provenance_page import provenance_section
from experiments.studies.probe_race.summary import ProbeRaceSummary
from reports.formats import interval_text
from reports.section import Bullets, PageTable, Paragraph, Picture, Section

RACE_CAPTION = Markup(
    "Figure 1. Each panel is an arm, means over organisms. A dot is the undecided start, an arrow leads from each checkpoint to "
    "the next. To the left: the probe of the start no longer tells forced acts apart. Downwards: self acts on its secret less "
    "often. Dotted grey: a probe that is fitted on self anew at each checkpoint."
)
WEIGHTS_CAPTION = "Figure 2. Where self ends, over the weight of the score."
VARIANCE_CAPTION = (
    "Figure 3. A dot is one organism with one probe: good, of noisy labels, of few scenes, or at an early layer. Organisms in "
    "which hardly anything gave way have none."
)
LIMITS = (
    "That a probe reads deceit. Self's secret is a constant, so a probe from self may read which act it was. A probe from "
    "characters has to compare the act with what its actor professes; its numbers stand beside.",
    "That an organism evades a probe on purpose. The arm without a cost shows how far probes drift by themselves.",
    "What larger models do, or reward that depends on more than one act.",
    "That refitting alone makes a difference: in arms that refit, the optimiser and the organism that divergence is from "
    "begin anew as well.",
    "Whether provenance changes the race where a probe reads elsewhere than at the act. What was planted is known as the race "
    "begins; no mask holds it from there on.",
)
ENDS = (
    "misbehaviour",
    "stale_auroc",
    "stale_accuracy",
    "fresh_self_auroc",
    "fresh_character_auroc",
    "random_auroc",
    "cosine",
)
OUTCOMES = ("misbehaviour", "policy_score", "activation_score", "original_auroc", "reward", "shortfall")
LOSSES = (
    "misbehaviour_lost",
    "auroc_lost",
    "accuracy_lost",
    "selection",
    "selection_by_accuracy",
    "log_ratio",
)


def race_headline(summary: ProbeRaceSummary) -> list[str]:
    """Three lines: reward and loss, what variances say, how far to trust it."""
    reward, loss = (main_cell(ARM_OF[name]) for name in ("reward", "loss"))

    def text(name: str) -> str:
        return interval_text(summary.interval(name))

    few = f" Fewer than {FEW_ORGANISMS} organisms: no claim." if summary.n < FEW_ORGANISMS else ""
    return [
        f"Of what gives way, misbehaviour is {text(f'{reward}.selection')} with the probe in the reward and "
        f"{text(f'{loss}.selection')} with it in the loss; difference {text(summary.primary.name)} (n {summary.primary.n}). "
        f"Misbehaviour ends at {text('none.end.misbehaviour')} without a cost, {text(f'{reward}.end.misbehaviour')} and "
        f"{text(f'{loss}.end.misbehaviour')}; the stale probe's AUROC at {text('none.end.stale_auroc')}, "
        f"{text(f'{reward}.end.stale_auroc')} and {text(f'{loss}.end.stale_auroc')}.",
        f"The variance argument: over graded probes the log ratio of rates changes by {text('variance_slope.reward')} with each unit "
        f"of the log ratio of variances in the reward, and by {text('variance_slope.loss')} in the loss.",
        f"Start: misbehaviour {text('start.misbehaviour')}, AUROC of the probe {text('start.stale_auroc')}, of random labels "
        f"{text('start.random_auroc')}.{few}",
    ]


def _rows(summary: ProbeRaceSummary, names: Sequence[str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for cell in summary.cells:
        keys = [f"{cell.cell}.{name}" for name in names]
        if all(key in summary.findings for key in keys):
            rows.append((cell.cell, *(interval_text(summary.interval(key)) for key in keys)))
    return rows


def _table(summary: ProbeRaceSummary, names: Sequence[str], prefix: str = "") -> tuple[PageTable]:
    columns = ("arm", *(name.replace("_", " ") for name in names))
    return (study_table(columns, _rows(summary, [prefix + name for name in names]), wide=True),)


def race_sections(summary: ProbeRaceSummary) -> list[Section]:
    """The race, what was lost, weights, variances, outcomes, provenance, limits."""
    return [
        Section(
            "The race", "race", (Picture(race_figure(summary), RACE_CAPTION), *_table(summary, ENDS, "end."))
        ),
        Section(
            "What gave way",
            "losses",
            (
                Paragraph(
                    "Losses are means over checkpoints, against the same organisms without a cost. Selection is misbehaviour lost "
                    "as a share of both losses: by the area under the stale probe's curve, and by its accuracy at its own threshold. A shift "
                    "of all scores loses the second and not the first."
                ),
                *_table(summary, LOSSES),
            ),
        ),
        Section("Weights", "weights", (Picture(weights_figure(summary), WEIGHTS_CAPTION),)),
        Section("Variances", "variances", (Picture(variance_figure(summary), VARIANCE_CAPTION),)),
        Section(
            "Four outcomes",
            "outcomes",
            (
                Paragraph(
                    "Honest: little misbehaviour. Blatant: much of it, and both scores low. Obfuscated policy: much of it, which the "
                    "organism that began the race does not see either. Obfuscated activations: the same text looks more honest than "
                    "it did. Shortfall: by how much an organism earns less than one that misbehaves as much could."
                ),
                *_table(summary, OUTCOMES, "end."),
            ),
        ),
        provenance_section(summary),
        Section("What this does not show", "limits", (Bullets(LIMITS), Paragraph(summary.plan, soft=True))),
    ]
