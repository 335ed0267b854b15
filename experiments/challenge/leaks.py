"""Leaks: do a pack's files tell the labels to somebody who analyses nothing?

A classifier sees what files look like: their sizes, dates and places, and of each array its norm, mean, spread, kurtosis and
zeros, at the fork, at the end, and their difference. It is trained on all organisms of a size but one of each label, of one
make, and told to find out which of those left out is which. Chance is an AUROC of 0.5.

What it does *not* show: that weights tell nothing. Whoever computes with them finds more, as the baseline *weight difference* does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
FoldAurocs = list[tuple[str, float]]
"""make and AUROC of each set that was left out"""
UNEQUAL = "sizes or worlds are not the same for all labels"


@dataclass(frozen=True)
class MakeLeak:
    """How well files tell labels within one make."""

    folds: int
    """sets of this make that were left out"""
    auroc: float | None
    """mean over its sets; None where there are none"""
    chance: tuple[float, float] | None
    """95 % of AUROCs with the labels of each set shuffled"""


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
    by_make: Mapping[str, MakeLeak]
    """the linear classifier within each make that has a label"""
    unequal_makes: tuple[str, ...]
    """makes whose labels differ in sizes or worlds, which tell them without any classifier"""
    at_chance: bool
    """are both AUROCs, of the linear classifier and of the forest, from 0.4 to 0.6, and sizes and worlds of a make the same for
    all labels?"""
    enough: bool
    """are there enough organisms for that to say anything: do shuffled labels stay from 0.35 to 0.65, with sets of
    every make?"""


class FeatureGroup(NamedTuple):
    """Organisms of equal arrays, so that the same features are those of the same arrays."""

    features: Features
    labels: Numbers
    """numbers of labels in `LABELS`"""
    folds: Numbers
    """numbers of the sets that are left out together"""
    fold_makes: tuple[str, ...]
    """of each set"""
    alike: Float[np.ndarray, "organism organism"]
    """inner products of features, which is all that the linear classifier needs"""


def file_features(folder: Path, name: str, place: int, files: Iterable[str]) -> list[float]:
    """What the files of an organism look like. place: its number in the listing. files: those that the pack names; others
    that lie beside them are no part of it."""
    features = [float(place)]
    for file in sorted(files):
        about = (folder / ORGANISMS / name / file).stat()
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
    return score_of_groups(list(_groups(pack, folder, truth)), unequal_makes(pack, truth))


def unequal_makes(pack: ChallengePack, truth: SealedTruth) -> tuple[str, ...]:
    """Makes of which some label has other worlds or sizes than another, or not as often."""
    kinds: dict[str, dict[str, list[str]]] = {}
    for name, known in truth.organisms.items():
        if known.label is not None:
            of_label = kinds.setdefault(known.make, {label: [] for label in LABELS})[known.label]
            organism = pack.organisms[name]
            of_label.append(canonical_sha256((organism.world, organism.sizes)))
    return tuple(
        make
        for make, of_labels in kinds.items()
        if len({tuple(sorted(of_label)) for of_label in of_labels.values()}) > 1
    )


def score_of_groups(groups: Sequence[FeatureGroup], unequal: tuple[str, ...] = ()) -> LeakScore:
    """How well features tell labels, over groups of organisms of equal arrays. unequal: makes whose labels sizes or worlds
    tell. Raises UserError where there are too few to leave some out."""
    rng = np.random.default_rng(0)
    linear: FoldAurocs = []
    forest: FoldAurocs = []
    shuffled: list[FoldAurocs] = [[] for _ in range(SHUFFLES)]
    for group in groups:
        linear += fold_aurocs(group, group.labels, _ridge_scores)
        forest += fold_aurocs(group, group.labels, _forest_scores)
        for aurocs in shuffled:
            drawn = group.labels.copy()
            for fold in np.unique(group.folds):
                drawn[group.folds == fold] = rng.permutation(drawn[group.folds == fold])
            aurocs += fold_aurocs(group, drawn, _ridge_scores)
    if not linear:
        if unequal:
            raise UserError(f"the pack leaks: in {', '.join(unequal)} {UNEQUAL}")
        raise UserError("expected two or more organisms of each label of a make, got fewer; give more --sets")
    by_make = {
        make: _make_leak(make, linear, shuffled)
        for group in groups
        for make in dict.fromkeys(group.fold_makes)
    }
    overall, of_forest = ([value for _, value in aurocs] for aurocs in (linear, forest))
    value, forest_value = float(np.mean(overall)), float(np.mean(of_forest))
    null = np.array([np.mean([value for _, value in aurocs]) for aurocs in shuffled])
    low, high = np.quantile(null, [0.025, 0.975])
    within = all(LEAST_AUROC <= each <= LARGEST_AUROC for each in (value, forest_value))
    has_all = all(leak.folds for leak in by_make.values())
    return LeakScore(
        n=sum(len(group.labels) for group in groups),
        folds=len(linear),
        auroc=triple(mean_interval(overall)),
        chance=(float(low), float(high)),
        p=float((1 + (null >= value).sum()) / (1 + SHUFFLES)),
        forest_auroc=triple(mean_interval(of_forest)),
        by_make=by_make,
        unequal_makes=unequal,
        at_chance=within and not unequal,
        enough=bool(has_all and ENOUGH_AUROC[0] <= low and high <= ENOUGH_AUROC[1]),
    )


def _make_leak(make: str, linear: FoldAurocs, shuffled: Sequence[FoldAurocs]) -> MakeLeak:
    values = [value for other, value in linear if other == make]
    if not values:
        return MakeLeak(0, None, None)
    null = [np.mean([value for other, value in aurocs if other == make]) for aurocs in shuffled]
    low, high = np.quantile(null, [0.025, 0.975])
    return MakeLeak(len(values), float(np.mean(values)), (float(low), float(high)))


def _groups(pack: ChallengePack, folder: Path, truth: SealedTruth) -> Iterator[FeatureGroup]:
    groups: dict[str, list[str]] = {}
    for name, organism in pack.organisms.items():
        if truth.organisms[name].label is not None:
            groups.setdefault(canonical_sha256((organism.world, organism.sizes)), []).append(name)
    places = {name: place for place, name in enumerate(pack.organisms)}
    for names in groups.values():
        features = np.array(
            [file_features(folder, name, places[name], pack.organisms[name].files) for name in names]
        )
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
    fold_makes = tuple(make for make, _ in numbers)
    return FeatureGroup(features, np.asarray(labels), folds, fold_makes, features @ features.T)


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
) -> FoldAurocs:
    """Make and AUROC of each set that was left out: chance that the organism of a label has a higher score for that label than
    another of the set. Sets in which a label is missing are passed over.

    labels: those of the group, or shuffled ones. classify: gives scores [organism, label] of organisms that are left out (the
    mask), from those that are not.
    """
    aurocs: FoldAurocs = []
    every = set(range(len(LABELS)))
    for fold in np.unique(group.folds):
        is_out = group.folds == fold
        if set(labels[is_out].tolist()) != every or set(labels[~is_out].tolist()) != every:
            continue
        scores = classify(group, labels, is_out)
        of_labels = [
            _pairwise_auroc(scores[labels[is_out] == label, label], scores[labels[is_out] != label, label])
            for label in range(len(LABELS))
        ]
        aurocs.append((group.fold_makes[fold], float(np.mean(of_labels))))
    return aurocs


def _pairwise_auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Of a few scores, which scipy ranks too slowly for hundreds of shuffles."""
    ahead = positive[:, None] - negative
    return float((ahead > 0).mean() + (ahead == 0).mean() / 2)
