"""Seals: what is known of a pack's organisms, and was it known when the pack was published?

A pack holds the sha256 of its truth. The truth holds a random salt, so that nobody can try all labels until one has that
sha256; and the sha256 of the pack's record less the seal, so that it is the truth of these weights in these worlds.

What hides the truth is drawn from a secret of 128 bits that is in no published file, and never from the seed of the runs.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from curricula.errors import UserError
from curricula.typed_json import read_json, write_json
from experiments.challenge.pack import ChallengePack, canonical_sha256
from experiments.challenge.sources import ChallengeLabel, MakeName
from organisms.storage import records

TRUTH_FILE = "truth.json"
TRUTH_FIX = "give the truth.json that challenge.py make wrote beside the pack, unchanged"


@dataclass(frozen=True)
class OrganismTruth:
    """What is known of one organism by construction."""

    make: MakeName
    label: ChallengeLabel | None
    """None where nothing was planted"""
    shares: Mapping[str, float] | None
    """self's gate over the four cells"""
    components: tuple[str, ...]
    """those that serve self at the end, or the lane that they are a part of; none where nothing was planted"""
    all_components: tuple[str, ...]
    """those that a submission scores"""


@dataclass(frozen=True)
class SealedTruth:
    """The truth of a pack."""

    salt: str
    pack_sha256: str
    """of the pack's record, less the seal"""
    organisms: Mapping[str, OrganismTruth]

    def seal(self) -> str:
        """The sha256 that the pack holds."""
        return canonical_sha256(self)


SECRET_BITS = 128


def new_secret() -> str:
    """A secret that nobody can try out, as hexadecimal digits."""
    return f"{secrets.randbits(SECRET_BITS):0{SECRET_BITS // 4}x}"


@dataclass(frozen=True)
class PackStreams:
    """What a pack draws at random. Published noise shows numbers of its stream, so each stream follows from the secret by
    a hash of its own: who finds out one stream knows nothing of another."""

    order: np.random.Generator
    """of organisms"""
    gauge: np.random.Generator
    """which of equal weights a file holds"""
    noise: np.random.Generator
    """what fills the unread"""
    pairs: np.random.Generator
    """which scenes are in minimal pairs"""
    salt: str
    """of the seal"""


def pack_streams(secret: str) -> PackStreams:
    """The streams of a secret, from their beginning."""

    def child(use: str) -> str:
        return hashlib.sha256(f"exapt-challenge {use} {secret}".encode()).hexdigest()

    order, gauge, noise, pairs = (
        np.random.default_rng(int(child(use), 16)) for use in ("order", "gauge", "noise", "pairs")
    )
    return PackStreams(order, gauge, noise, pairs, child("salt"))


def unsealed_sha256(pack: ChallengePack) -> str:
    """The sha256 of all that a pack's record says, but for its seal."""
    return canonical_sha256(replace(pack, truth_sha256=""))


def write_truth_file(folder: Path, truth: SealedTruth) -> None:
    """Writes the truth beside a pack. Raises SystemFailure where the disk refuses."""
    records.write_record(folder / TRUTH_FILE, write_json(truth), folder / ".partial")


def read_truth_file(path: Path, expected_sha256: str, whose: str) -> SealedTruth:
    """The truth that was sealed. expected_sha256: the seal. whose: who has it, for the error.

    Raises UserError where the file is another's, or was changed since.
    """
    truth = read_json(SealedTruth, records.read_object(path, TRUTH_FIX), str(path))
    if truth.seal() != expected_sha256:
        raise UserError(
            f"{path} is not the truth of {whose}: its sha256 is {truth.seal()[:12]}.., expected {expected_sha256[:12]}..; "
            f"{TRUTH_FIX}"
        )
    return truth


def require_truth_of(pack: ChallengePack, truth: SealedTruth, path: Path) -> None:
    """Raises UserError where a truth is of another pack: of other organisms, worlds or labels."""
    if truth.pack_sha256 != unsealed_sha256(pack) or set(truth.organisms) != set(pack.organisms):
        raise UserError(
            f"{path} was sealed for other organisms, worlds or labels than the pack has; {TRUTH_FIX}"
        )
