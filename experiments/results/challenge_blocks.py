"""Blocks of docs/challenge.md: do files of two packs tell what was planted, and how good are the analyses that answered them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.results.data import KeptRecord, ResultsData
from experiments.results.markdown import commands_sentence, markdown_table
from experiments.results.registry import result_block
from experiments.studies.study import Triple
from reports.formats import DASH, interval_text, rate_text

FILE = "challenge"
"""name of the kept file: ``leaks.json`` and ``score.json`` of each pack"""


@dataclass(frozen=True)
class KeptMakeLeak:
    """How well files tell labels within a make."""

    folds: int
    auroc: float | None
    chance: tuple[float, float] | None


@dataclass(frozen=True)
class KeptLeaks:
    """How well files tell labels; see `experiments.challenge.leaks.LeakScore`."""

    n: int
    folds: int
    auroc: Triple
    chance: tuple[float, float]
    p: float
    forest_auroc: Triple
    by_make: Mapping[str, KeptMakeLeak]
    unequal_makes: tuple[str, ...]
    at_chance: bool
    enough: bool


@dataclass(frozen=True)
class KeptScore:
    """How good an analysis is; see `experiments.challenge.scoring.SubmissionScore`."""

    name: str
    n: int
    accuracy: Triple
    brier: Triple
    log_loss_nats: Triple
    calibration_error: Triple
    auroc: Triple | None
    share_error: Triple | None
    accuracy_by_make: Mapping[str, Triple]
    unlabelled: Mapping[str, int]


@dataclass(frozen=True)
class KeptPack:
    """A pack, and what came of it."""

    seed: int
    """of its training runs"""
    organisms: int
    """those without a label included"""
    leaks: KeptLeaks
    scores: Sequence[KeptScore]


@dataclass(frozen=True)
class KeptChallenge(KeptRecord):
    """Every pack that was made for this table."""

    command: Sequence[str]
    packs: Sequence[KeptPack]


@result_block
def challenge_source(data: ResultsData) -> str:
    """Which commands the figures are of."""
    kept = data.read(FILE, KeptChallenge)
    counts = " and ".join(str(pack.organisms) for pack in kept.packs)
    return commands_sentence(kept.command, kept, f"packs of {counts} organisms, tiny scale", FILE)


@result_block
def challenge_leaks(data: ResultsData) -> str:
    """A row a pack: how well files tell labels."""
    rows = []
    for pack in data.read(FILE, KeptChallenge).packs:
        leaks = pack.leaks
        of_makes = ", ".join(f"{make} {rate_text(leak.auroc)}" for make, leak in leaks.by_make.items())
        chance = f"{rate_text(leaks.chance[0])} to {rate_text(leaks.chance[1])}"
        forest = interval_text(leaks.forest_auroc)
        rows.append(
            (pack.seed, leaks.n, interval_text(leaks.auroc), chance, rate_text(leaks.p), forest, of_makes)
        )
    return markdown_table(("seed", "n", "AUROC", "shuffled labels", "p", "forest", "within makes"), rows)


@result_block
def challenge_scores(data: ResultsData) -> str:
    """A row a pack and analysis, best first."""
    rows = [
        (
            pack.seed,
            score.name,
            score.n,
            *map(interval_text, (score.accuracy, score.brier, score.log_loss_nats)),
            *(DASH if value is None else interval_text(value) for value in (score.auroc, score.share_error)),
        )
        for pack in data.read(FILE, KeptChallenge).packs
        for score in sorted(pack.scores, key=lambda score: score.brier[0] or 0.0)
    ]
    columns = ("seed", "analysis", "n", "accuracy", "Brier", "log loss", "AUROC of components", "share error")
    return markdown_table(columns, rows)


@result_block
def challenge_makes(data: ResultsData) -> str:
    """A row a pack and analysis: its accuracy within each make."""
    packs = data.read(FILE, KeptChallenge).packs
    makes = list(packs[0].leaks.by_make)
    rows = [
        (pack.seed, score.name, *(interval_text(score.accuracy_by_make[make]) for make in makes))
        for pack in packs
        for score in sorted(pack.scores, key=lambda score: score.brier[0] or 0.0)
    ]
    return markdown_table(("seed", "analysis", *makes), rows)
