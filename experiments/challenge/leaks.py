"""Leaks: do a pack's files tell the labels to somebody who analyses nothing?

A classifier sees what files look like: their sizes, dates and places, and of each array its norm, mean, spread, kurtosis and
zeros, at the fork, at the end, and their difference. It is trained on all organisms of a size but one of each label, of one
make, and told to find out which of those left out is which. Chance is an AUROC of 0.5.

What it does *not* show: that weights tell nothing. Whoever computes with them finds more, as the baseline *weight difference* does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats
from sklearn.ensemble import RandomForestClassifier

from analysis.statistics import mean_interval
from curricula.errors import UserError
from experiments.challenge.pack import ORGANISMS, STAGES, ChallengePack, canonical_sha256, read_arrays
from experiments.challenge.sealing import SealedTruth
from experiments.challenge.sources import LABELS
from experiments.studies.study import Triple, triple

LEAST_AUROC, LARGEST_AUROC = 0.4, 0.6
"""between them the leak test is at chance"""
ENOUGH_AUROC = 0.35, 0.65
"""between them shuffled labels stay where there are enough organisms"""
SHUFFLES = 200
TREES = 100
Features = Float[np.ndarray, "organism feature"]
LeftOut = Bool[np.ndarray, " organism"]
Numbers = Int[np.ndarray, " organism"]


@dataclass(frozen=True)
class LeakScore:
    """How well files tell labels."""

    n: int
    """organisms"""
    folds: int
    """sets of one organism of each label, of one make, that were left out in turn"""
    auroc: Triple
    """of a linear classifier: mean over sets, with its 95 % bootstrap interval"""
    chance: tuple[float, float]
    """95 % of AUROCs with the labels of each set shuffled"""
    p: float
    """one-sided: share of shuffles that reach the AUROC"""
    forest_auroc: Triple
    """of a random forest, which sees thresholds and combinations"""
    at_chance: bool
    """is the AUROC from 0.4 to 0.6?"""
    enough: bool
    """are there enough organisms for that to say anything: do shuffled labels stay from 0.35 to 0.65?"""


class FeatureGroup(NamedTuple):
    """Organisms of equal arrays, so that the same features are those of the same arrays."""

    features: Features
    labels: Numbers
    """numbers of labels in `LABELS`"""
    folds: Numbers
    """numbers of the sets that are left out together"""
    alike: Float[np.ndarray, "organism organism"]
    """inner products of features, which is all that the linear classifier needs"""


def file_features(folder: Path, name: str, place: int) -> list[float]:
    """What the files of an organism look like. place: its number in the listing."""
    files = sorted((folder / ORGANISMS / name).iterdir())
    features = [float(place)]
    for path in files:
        about = path.stat()
        features += [float(about.st_size), about.st_mtime]
    by_stage = [read_arrays(folder / ORGANISMS / name / f"{stage}.safetensors") for stage in STAGES]
    return features + array_features(by_stage)


def array_features(by_stage: Sequence[Mapping[str, np.ndarray]]) -> list[float]:
    """What the arrays of an organism look like, at the fork and at the end."""
    features: list[float] = []
    norms: list[list[float]] = []
    for arrays in by_stage:
        norms.append([])
        for array_name in sorted(arrays):
            values = arrays[array_name].astype(np.float64).ravel()
            norms[-1].append(float(np.log(np.linalg.norm(values) + 1e-12)))
            features += [
                float(values.mean()),
                float(np.log(values.std() + 1e-12)),
                float((values == 0).mean()),
            ]
            features.append(
                float(np.log(stats.kurtosis(values, fisher=False) + 1e-12)) if values.std() else 0.0
            )
    differences = [end - fork for fork, end in zip(*norms, strict=True)]
    return [*features, *norms[0], *norms[1], *differences]


def leak_score(pack: ChallengePack, folder: Path, truth: SealedTruth) -> LeakScore:
    """How well the files of a pack tell its labels. Raises UserError where a file is damaged."""
    return score_of_groups(list(_groups(pack, folder, truth)))


def score_of_groups(groups: Sequence[FeatureGroup]) -> LeakScore:
    """How well features tell labels, over groups of organisms of equal arrays. Raises UserError where there are too few to
    leave some out."""
    rng = np.random.default_rng(0)
    linear: list[float] = []
    forest: list[float] = []
    shuffled: list[list[float]] = [[] for _ in range(SHUFFLES)]
    for group in groups:
        linear += fold_aurocs(group, group.labels, _ridge_scores)
        forest += fold_aurocs(group, group.labels, _forest_scores)
        for aurocs in shuffled:
            drawn = group.labels.copy()
            for fold in np.unique(group.folds):
                drawn[group.folds == fold] = rng.permutation(drawn[group.folds == fold])
            aurocs += fold_aurocs(group, drawn, _ridge_scores)
    if not linear:
        raise UserError("expected two or more organisms of each label of a make, got fewer; give more --sets")
    null, value = np.array(list(map(np.mean, shuffled))), float(np.mean(linear))
    low, high = np.quantile(null, [0.025, 0.975])
    return LeakScore(
        n=sum(len(group.labels) for group in groups),
        folds=len(linear),
        auroc=triple(mean_interval(linear)),
        chance=(float(low), float(high)),
        p=float((1 + (null >= value).sum()) / (1 + SHUFFLES)),
        forest_auroc=triple(mean_interval(forest)),
        at_chance=LEAST_AUROC <= value <= LARGEST_AUROC,
        enough=bool(ENOUGH_AUROC[0] <= low and high <= ENOUGH_AUROC[1]),
    )


def _groups(pack: ChallengePack, folder: Path, truth: SealedTruth) -> Iterator[FeatureGroup]:
    groups: dict[str, list[str]] = {}
    for name, organism in pack.organisms.items():
        if truth.organisms[name].label is not None:
            groups.setdefault(canonical_sha256((organism.world, organism.sizes)), []).append(name)
    places = {name: place for place, name in enumerate(pack.organisms)}
    for names in groups.values():
        features = np.array([file_features(folder, name, places[name]) for name in names])
        makes = [truth.organisms[name].make for name in names]
        labels = [LABELS.index(label) for name in names if (label := truth.organisms[name].label)]
        yield feature_group(features, labels, makes)


def feature_group(features: Features, labels: Sequence[int], makes: Sequence[str]) -> FeatureGroup:
    """Organisms of equal arrays, ready to be classified: features less their mean over each make, in units of their
    spread."""
    features = features.copy()
    for make in set(makes):
        of_make = np.array([other == make for other in makes])
        features[of_make] -= features[of_make].mean(0)
    spread = features.std(0)
    features = features[:, spread > 1e-9] / spread[spread > 1e-9]
    fold_names = list(zip(makes, _ranks(list(zip(makes, labels, strict=True))), strict=True))
    numbers = {fold: number for number, fold in enumerate(dict.fromkeys(fold_names))}
    folds = np.array([numbers[fold] for fold in fold_names])
    return FeatureGroup(features, np.asarray(labels), folds, features @ features.T)


def _ranks(keys: Sequence[object]) -> list[int]:
    """How many equal keys stand before each."""
    counts: dict[object, int] = {}
    ranks: list[int] = []
    for key in keys:
        ranks.append(counts.get(key, 0))
        counts[key] = ranks[-1] + 1
    return ranks


def _ridge_scores(
    group: FeatureGroup, labels: Numbers, is_out: LeftOut
) -> Float[np.ndarray, "left_out label"]:
    """A linear regression on indicators of the labels, whose weights are kept small, since features are many."""
    indicators = (labels[~is_out, None] == np.arange(len(LABELS))) - 1 / len(LABELS)
    alike = group.alike[~is_out][:, ~is_out]
    penalty = np.eye(len(alike)) * alike.trace() / len(alike)
    return group.alike[is_out][:, ~is_out] @ np.linalg.solve(alike + penalty, indicators)


def _forest_scores(
    group: FeatureGroup, labels: Numbers, is_out: LeftOut
) -> Float[np.ndarray, "left_out label"]:
    forest = RandomForestClassifier(TREES, random_state=0).fit(group.features[~is_out], labels[~is_out])
    return forest.predict_proba(group.features[is_out])


def fold_aurocs(
    group: FeatureGroup, labels: Numbers, classify: Callable[[FeatureGroup, Numbers, LeftOut], np.ndarray]
) -> list[float]:
    """The AUROC within each set that was left out: chance that the organism of a label has a higher score for that label than
    another of the set. Sets in which a label is missing are passed over.

    labels: those of the group, or shuffled ones. classify: gives scores [organism, label] of organisms that are left out (the
    mask), from those that are not.
    """
    every, aurocs = set(range(len(LABELS))), []
    for fold in np.unique(group.folds):
        is_out = group.folds == fold
        if set(labels[is_out].tolist()) != every or set(labels[~is_out].tolist()) != every:
            continue
        scores = classify(group, labels, is_out)
        of_labels = [
            _pairwise_auroc(scores[labels[is_out] == label, label], scores[labels[is_out] != label, label])
            for label in range(len(LABELS))
        ]
        aurocs.append(float(np.mean(of_labels)))
    return aurocs


def _pairwise_auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Of a few scores, which scipy ranks too slowly for hundreds of shuffles."""
    ahead = positive[:, None] - negative
    return float((ahead > 0).mean() + (ahead == 0).mean() / 2)


def leak_lines(score: LeakScore) -> list[str]:
    """The result in words."""
    value, low, high = (number if number is not None else float("nan") for number in score.auroc)
    forest = score.forest_auroc[0]
    return [
        f"files tell labels with an AUROC of {value:.2f} [{low:.2f}, {high:.2f}], {score.folds} sets of "
        f"{score.n} organisms; shuffled labels: {score.chance[0]:.2f} to {score.chance[1]:.2f}, p {score.p:.2f}; "
        f"forest {'-' if forest is None else f'{forest:.2f}'}",
        _conclusion(score),
    ]


def _conclusion(score: LeakScore) -> str:
    if not score.enough:
        return "too few organisms to tell: shuffled labels alone stray further; give more --sets"
    if score.at_chance:
        return "at chance"
    return f"not at chance ({LEAST_AUROC} to {LARGEST_AUROC}): the pack leaks"
