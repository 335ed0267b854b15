"""The parents of runs of disuse: which of their organisms have the mode, by the mechanism that they are taken for?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from analysis.provenance.judging import ProvenanceResult
from analysis.thresholds import BEHAVES
from experiments.analyse import results_of
from experiments.studies.study import ANALYSIS_SEED
from organisms.storage.run import read_run


@dataclass(frozen=True)
class ParentOrganisms:
    """The organisms of a parent run, as disuse began."""

    folder: Path
    verdicts: tuple[str, ...]
    """of each member"""
    has_mode: Bool[np.ndarray, " member"]
    """members that do as taught, in all four rates"""
    counted: Bool[np.ndarray, " member"]
    """members that do as taught, by the mechanism that the study takes theirs for or by one that is undecided"""
    calibrated: bool
    """whether how often verdicts are right is known for organisms grown as these were"""


def parent_organisms(folder: Path, expected: str) -> ParentOrganisms:
    """The organisms of a parent, with their verdicts, measured unless they are there already.

    expected: the verdict that its organisms should have.
    """
    results = results_of(folder, (ProvenanceResult,), ANALYSIS_SEED)
    verdicts = tuple(organism.verdict for organism in results[ProvenanceResult].members)
    able = has_mode(folder)
    counted = able & as_expected(expected, verdicts)
    return ParentOrganisms(folder, verdicts, able, counted, results.run.calibrated)


def has_mode(folder: Path) -> Bool[np.ndarray, " member"]:
    """Which organisms of a parent have the mode: self and characters do as taught at its end."""
    rates = read_run(folder).summary()["behaviour"]
    return np.min(list(rates.values()), axis=0) >= BEHAVES


def as_expected(expected: str, verdicts: Sequence[str]) -> Bool[np.ndarray, " member"]:
    """Which organisms have no verdict of another mechanism than the expected one; *undecided* is none."""
    return np.array([verdict in (expected, "undecided") for verdict in verdicts])
