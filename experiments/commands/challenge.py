"""Make and score sealed packs of planted organisms: python scripts/challenge.py make"""

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from curricula.catalogue.building_blocks import Scale
from curricula.errors import UserError, nearest_name
from experiments.command_line.flags import CommonFlags, ComputingFlags
from experiments.command_line.parsing import parse
from experiments.command_line.process import main

SEED_BITS = 128


@dataclass(frozen=True, kw_only=True)
class ChallengeMake(ComputingFlags):
    """Makes a pack: OUT/pack, which is published, and OUT/truth.json, which is not. Nor is the rest of OUT, nor the seed,
    which trains the same organisms again."""

    seed: int | None = None
    """of the training runs alone; by default one that nobody can guess. Order, disguise and salt are drawn from OUT/plan.json"""
    sets: int = 8
    """organisms of each make and label; with fewer in four makes the leak test can not tell"""
    grown: int | None = None
    """organisms of each run, of which those are taken that are as they were planted; by default one more than --sets"""
    scale: Scale = "tiny"
    """sizes of the world and of trained organisms"""
    makes: tuple[Literal["routed", "grafted", "masked", "compiled", "incentivised"], ...] = (
        "routed",
        "grafted",
        "masked",
        "compiled",
        "incentivised",
    )
    """how organisms are made"""
    steps: int | None = None
    """steps of every phase, to try the command; organisms are then taken whether or not planting took"""
    pairs: int = 64
    """minimal pairs of each contrast, at most"""
    disguise: bool = True
    """hide what weights look like. Without it a pack shows what its leak test finds, and is not to be published"""
    out: Path = Path("runs/challenge")
    """folder of the pack, its truth and its runs"""


@dataclass(frozen=True, kw_only=True)
class ChallengeCheck(CommonFlags):
    """Says whether a submission may be sent in: exit code 0, or one line about what is wrong."""

    submission: Annotated[Path, tyro.conf.Positional]
    """file of JSON"""
    pack: Path
    """folder of the pack that it answers"""


@dataclass(frozen=True, kw_only=True)
class ChallengeScore(CommonFlags):
    """Scores submissions, and prints a line of the table for each."""

    submissions: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """files of JSON"""
    truth: Path
    """truth.json of the pack that they answer"""
    pack: Path | None = None
    """folder of that pack, as it was published. Without it the truth is checked against the submissions alone"""
    out: Path | None = None
    """folder for the summary; by default beside the first submission"""


@dataclass(frozen=True, kw_only=True)
class ChallengeBaselines(ComputingFlags):
    """Writes a submission for each baseline, by the pack alone."""

    pack: Annotated[Path, tyro.conf.Positional]
    """folder of a pack"""
    baselines: tuple[Literal["random", "weights", "attribution", "cosine", "verdict", "lines"], ...] = (
        "random",
        "weights",
        "attribution",
        "cosine",
        "verdict",
        "lines",
    )
    """which"""
    practice: Path | None = None
    """folder of a pack of another seed whose labels are known, for baselines that have no rule of their own"""
    practice_truth: Path | None = None
    """its truth.json"""
    out: Path = Path("runs/challenge-baselines")
    """folder for the submissions"""


@dataclass(frozen=True, kw_only=True)
class ChallengeLeaks(CommonFlags):
    """Tries to tell the labels by what files look like."""

    pack: Annotated[Path, tyro.conf.Positional]
    """folder of a pack"""
    truth: Path
    """its truth.json"""
    out: Path | None = None
    """folder for the summary; by default that of the truth"""


def _make(flags: ChallengeMake) -> Path:
    from experiments.challenge.making import make_pack, seed_of_plan
    from experiments.challenge.sources import PackPlan

    flags.set_up_jax()
    seed = seed_of_plan(flags.out) if flags.seed is None else flags.seed
    if seed is None:
        seed = secrets.randbits(SEED_BITS)
    plan = PackPlan(
        seed, flags.sets, flags.scale, flags.makes, flags.steps, flags.pairs, flags.grown, flags.disguise
    )
    return make_pack(plan, flags.out, flags.quiet, flags.report)


def _check(flags: ChallengeCheck) -> Path:
    from experiments.challenge.pack import read_pack
    from experiments.challenge.submission import check_submission

    submission = check_submission(flags.submission, read_pack(flags.pack))
    tracks = [
        "labels",
        *(["shares"] if submission.has_shares else []),
        *(["components"] if submission.has_scores else []),
    ]
    flags.report(
        f"{flags.submission}: whole, {len(submission.organisms)} organisms; tracks: {', '.join(tracks)}"
    )
    return flags.submission


def _score(flags: ChallengeScore) -> Path:
    from experiments.challenge.reporting import score_files

    return score_files(flags.submissions, flags.truth, flags.out, flags.report, flags.pack)


def _baselines(flags: ChallengeBaselines) -> Path:
    from experiments.challenge.reporting import BaselineRequest, write_baselines

    flags.set_up_jax()
    request = BaselineRequest(flags.pack, flags.baselines, flags.practice, flags.practice_truth, flags.out)
    return write_baselines(request, flags.report)


def _leaks(flags: ChallengeLeaks) -> Path:
    from experiments.challenge.reporting import score_leaks

    return score_leaks(flags.pack, flags.truth, flags.out or flags.truth.parent, flags.report)


@dataclass(frozen=True)
class ChallengeStep:
    """A word that may follow the command."""

    flags: type
    run: Callable[..., Path]


STEPS: Mapping[str, ChallengeStep] = {
    "make": ChallengeStep(ChallengeMake, _make),
    "check": ChallengeStep(ChallengeCheck, _check),
    "score": ChallengeStep(ChallengeScore, _score),
    "baselines": ChallengeStep(ChallengeBaselines, _baselines),
    "leaks": ChallengeStep(ChallengeLeaks, _leaks),
}


def challenge_command(words: Sequence[str]) -> Path:
    """Runs the step that the first word names, and returns the path of its result."""
    name = words[0] if words else ""
    if name in ("-h", "--help"):
        print(help_of_steps())
        sys.exit(0)
    if name not in STEPS:
        raise UserError(
            f"expected one of {', '.join(STEPS)}, got {name or 'none'}{nearest_name(name, STEPS)}; see --help"
        )
    step = STEPS[name]
    return step.run(parse(step.flags, step.flags.__doc__ or "", words[1:]))


def help_of_steps() -> str:
    """The steps, one a line."""
    lines = [f"  {name:<10} {' '.join((step.flags.__doc__ or '').split())}" for name, step in STEPS.items()]
    head = f"usage: {sys.argv[0]} STEP ...\n\nA sealed challenge: can your analysis tell what was planted? docs/challenge.md has the rules.\n"
    return "\n".join([head, *lines, "\nSTEP --help lists the settings of one."])


if __name__ == "__main__":  # of a process of its own, where there is no scripts/
    main("experiments.commands.challenge:challenge_command")
