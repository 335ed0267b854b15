"""Submissions: what does somebody hand in, and is it whole?

A submission is one file of JSON. For each organism of the pack it has a probability for each label; shares of self's gate
and a score for each component may stand beside. A track is scored where every organism has it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.provenance.verdict import CELLS
from curricula.config_json import OMIT_IF_DEFAULT
from curricula.errors import UserError
from curricula.typed_json import read_json, write_json
from experiments.challenge.pack import ChallengePack
from experiments.challenge.sources import LABELS
from organisms.storage import records

ROUNDING = 1e-9
"""by which a share may be above 1"""
SUMS_TO_ONE = 1e-3
"""how far probabilities and shares may be from a sum of 1"""
SHARE_NAMES: tuple[str, ...] = CELLS
"""cells that shares are given of"""
SHOWN = 3
"""faults that an error names"""
SUBMISSION_FIX = "docs/challenge.md has the format"


@dataclass(frozen=True)
class OrganismAnswer:
    """What a submission says of one organism."""

    probabilities: Mapping[str, float]
    """of each label; they sum to 1"""
    shares: Mapping[str, float] | None = field(default=None, metadata=OMIT_IF_DEFAULT)
    """self's gate over the cells reused, repurposed, migrated and second copy; they sum to 1"""
    scores: Mapping[str, float] | None = field(default=None, metadata=OMIT_IF_DEFAULT)
    """of each component: the higher, the likelier it serves self at the end"""


@dataclass(frozen=True)
class Submission:
    """Answers about the organisms of one pack."""

    pack: str
    """the pack's truth_sha256"""
    name: str
    """of the analysis, for the table"""
    organisms: Mapping[str, OrganismAnswer]

    @property
    def has_shares(self) -> bool:
        return all(answer.shares is not None for answer in self.organisms.values())

    @property
    def has_scores(self) -> bool:
        return all(answer.scores is not None for answer in self.organisms.values())


def write_submission(path: Path, submission: Submission) -> None:
    """Writes a submission. Raises SystemFailure where the disk refuses."""
    records.write_record(path, write_json(submission), path.parent / ".partial")


def read_submission(path: Path) -> Submission:
    """A submission that is whole in itself. Raises UserError, in one line, where it is not."""
    submission = read_json(Submission, records.read_object(path, SUBMISSION_FIX), str(path))
    if faults := list(_faults(submission)):
        raise _wrong(path, faults)
    return submission


def require_submission_for(
    submission: Submission, truth_sha256: str, components: Mapping[str, Sequence[str]], path: Path
) -> None:
    """Raises UserError where a submission is for another pack, or leaves out one of its organisms.

    components: of each organism of the pack.
    """
    if submission.pack != truth_sha256:
        raise UserError(
            f"{path} is for the pack {submission.pack[:12]!r}.., expected {truth_sha256[:12]!r}..; answer the pack that is "
            "scored, and copy truth_sha256 of its pack.json"
        )
    missing, unknown = (
        sorted(first - second)
        for first, second in (
            (set(components), set(submission.organisms)),
            (set(submission.organisms), set(components)),
        )
    )
    faults = [f"organism {name} is missing" for name in missing]
    faults += [f"organism {name!r} is not in the pack" for name in unknown]
    for name, answer in submission.organisms.items():
        expected = components.get(name, ())
        if expected and answer.scores is not None and set(answer.scores) != set(expected):
            faults.append(f"organisms.{name}.scores: expected {expected[0]} to {expected[-1]}, each once")
    if faults:
        raise _wrong(path, faults)


def check_submission(path: Path, pack: ChallengePack) -> Submission:
    """A submission that may be sent in for a pack. Raises UserError, in one line, where it may not."""
    submission = read_submission(path)
    components = {name: organism.components for name, organism in pack.organisms.items()}
    require_submission_for(submission, pack.truth_sha256, components, path)
    return submission


def _wrong(path: Path, faults: Sequence[str]) -> UserError:
    hidden = len(faults) - SHOWN
    listed = "; ".join(faults[:SHOWN]) + (f"; and {hidden} more" if hidden > 0 else "")
    return UserError(f"{path}: {listed}; {SUBMISSION_FIX}")


def _faults(submission: Submission) -> Iterator[str]:
    if not submission.name.strip() or not submission.name.isprintable():
        yield "name: expected a line of text"
    for name, answer in submission.organisms.items():
        place = f"organisms.{name}"
        yield from _distribution_faults(f"{place}.probabilities", answer.probabilities, LABELS)
        if answer.shares is not None:
            yield from _distribution_faults(f"{place}.shares", answer.shares, SHARE_NAMES)
        if answer.scores is not None and not all(map(math.isfinite, answer.scores.values())):
            yield f"{place}.scores: expected finite numbers"


def _distribution_faults(place: str, shares: Mapping[str, float], names: Sequence[str]) -> Iterator[str]:
    if set(shares) != set(names):
        yield f"{place}: expected {', '.join(names)}, got {', '.join(map(repr, shares)) or 'nothing'}"
    elif not all(0 <= share <= 1 + ROUNDING for share in shares.values()):
        yield f"{place}: expected numbers from 0 to 1, got {list(shares.values())}"
    elif abs(sum(shares.values()) - 1) > SUMS_TO_ONE:
        yield f"{place}: expected a sum of 1, got {sum(shares.values()):.4g}"
