"""Reports of the challenge: what do its steps read, and what do they write?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curricula.errors import UserError
from curricula.typed_json import write_json
from experiments.challenge.baselines import BaselineName, baseline_readings
from experiments.challenge.fitting import fitted_rule, needs_fitting, submission_of
from experiments.challenge.leaks import LARGEST_AUROC, LEAST_AUROC, UNEQUAL, LeakScore, MakeLeak, leak_score
from experiments.challenge.pack import read_pack
from experiments.challenge.scoring import score_submission, score_table
from experiments.challenge.sealing import read_truth_file, require_truth_of
from experiments.challenge.submission import read_submission, require_submission_for, write_submission
from organisms.storage import records

Log = Callable[[str], None]


NEEDS_PRACTICE = "it needs --practice and --practice-truth"


@dataclass(frozen=True)
class BaselineRequest:
    """What a command decides about baselines."""

    pack: Path
    chosen: tuple[BaselineName, ...]
    practice: Path | None
    practice_truth: Path | None
    out: Path


def score_files(
    submissions: Sequence[Path], truth_path: Path, out: Path | None, log: Log, pack_folder: Path | None = None
) -> Path:
    """Scores submissions and writes ``score.json``. pack_folder: of the published pack, which names the seal; without it the
    first submission does, which a forged truth can fit.

    Raises UserError where a submission, the truth or the pack is wrong, or where they are not of one another.
    """
    if not submissions:
        raise UserError("expected one or more submissions, got none; see --help")
    read = [(path, read_submission(path)) for path in submissions]
    if pack_folder is None:
        checked = "the submissions alone"
        truth = read_truth_file(truth_path, read[0][1].pack, f"the pack that {submissions[0]} answers")
    else:
        checked, pack = "the pack", read_pack(pack_folder)
        truth = read_truth_file(truth_path, pack.truth_sha256, str(pack_folder))
        require_truth_of(pack, truth, truth_path)
    components = {name: organism.all_components for name, organism in truth.organisms.items()}
    for path, submission in read:
        require_submission_for(submission, truth.seal(), components, path)
    scores = [score_submission(submission, truth) for _, submission in read]
    lines = score_table(scores)
    for line in lines:
        log(line)
    advice = "" if pack_folder else ", which a forged truth can fit; give --pack"
    log(f"the truth was checked against {checked}{advice}")
    content = {
        "truth_sha256": truth.seal(),
        "truth_checked_against": checked,
        "scores": write_json(scores),
        "table": lines,
    }
    return _written(out or submissions[0].parent, "score.json", content)


def score_leaks(pack_folder: Path, truth_path: Path, out: Path, log: Log) -> Path:
    """Runs the leak test and writes ``leaks.json``."""
    pack = read_pack(pack_folder)
    truth = read_truth_file(truth_path, pack.truth_sha256, str(pack_folder))
    require_truth_of(pack, truth, truth_path)
    score = leak_score(pack, pack_folder, truth)
    for line in leak_lines(score):
        log(line)
    return _written(out, "leaks.json", {"truth_sha256": pack.truth_sha256, "leaks": write_json(score)})


def write_baselines(request: BaselineRequest, log: Log) -> Path:
    """Writes a submission for each baseline, and ``summary.json``. Those that need a practice pack are left out without.

    Raises UserError where a pack or its truth is wrong.
    """
    pack = read_pack(request.pack)
    if (request.practice is None) != (request.practice_truth is None):
        raise UserError("expected --practice and --practice-truth together; give both, or neither")
    rules: dict[str, Any] = {}
    work = request.out / "runs"
    if request.practice is not None and request.practice_truth is not None:
        practice = read_pack(request.practice)
        if practice.truth_sha256 == pack.truth_sha256:
            raise UserError("--practice is the pack that is answered; give one of another seed")
        truth = read_truth_file(request.practice_truth, practice.truth_sha256, str(request.practice))
        require_truth_of(practice, truth, request.practice_truth)
        for title, readings in baseline_readings(
            practice, request.practice, work, request.chosen, log
        ).items():
            if needs_fitting(readings):
                rules[title] = fitted_rule(readings, truth)
    written: list[str] = []
    for title, readings in baseline_readings(pack, request.pack, work, request.chosen, log).items():
        if needs_fitting(readings) and rules.get(title) is None:
            reason = "it gives no numbers of the practice pack" if title in rules else NEEDS_PRACTICE
            log(f"{title}: left out, since {reason}")
            continue
        name = "".join(letter if letter.isalnum() else "-" for letter in title.lower()) + ".json"
        write_submission(
            request.out / name, submission_of(title, readings, pack.truth_sha256, rules.get(title))
        )
        log(f"{request.out / name}: written")
        written.append(name)
    return _written(request.out, "summary.json", {"pack": pack.truth_sha256, "submissions": written})


def _written(folder: Path, name: str, content: Mapping[str, Any]) -> Path:
    records.make_folder(folder)
    records.write_record(folder / name, content, folder / ".partial")
    return folder / name


def leak_lines(score: LeakScore) -> list[str]:
    """The result in words."""
    value, low, high = (number if number is not None else float("nan") for number in score.auroc)
    forest = score.forest_auroc[0]
    return [
        f"files tell labels with an AUROC of {value:.2f} [{low:.2f}, {high:.2f}], {score.folds} sets of "
        f"{score.n} organisms; shuffled labels: {score.chance[0]:.2f} to {score.chance[1]:.2f}, p {score.p:.2f}; "
        f"forest {'-' if forest is None else f'{forest:.2f}'}",
        *(f"within {make}: {_make_words(leak)}" for make, leak in score.by_make.items()),
        _conclusion(score),
    ]


def _make_words(leak: MakeLeak) -> str:
    if leak.auroc is None or leak.chance is None:
        return "no set has every label"
    return (
        f"{leak.auroc:.2f}, {leak.folds} sets; shuffled labels: {leak.chance[0]:.2f} to {leak.chance[1]:.2f}"
    )


def _conclusion(score: LeakScore) -> str:
    if score.unequal_makes:
        return f"not at chance: in {', '.join(score.unequal_makes)} {UNEQUAL}, so the pack leaks"
    if not score.enough:
        return "too few organisms to tell: shuffled labels alone stray further, or a make has no set of its own; give more --sets"
    if score.at_chance:
        return "at chance"
    return (
        f"not at chance ({LEAST_AUROC} to {LARGEST_AUROC} for linear classifier and forest): the pack leaks"
    )
