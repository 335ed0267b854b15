"""Does the leak test see labels that sizes, one make or the forest alone tell?"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from challenges import made_pack

from experiments.challenge.leaks import (
    FeatureGroup,
    LeakScore,
    feature_group,
    file_features,
    score_of_groups,
    unequal_makes,
)
from experiments.challenge.pack import ChallengePack, read_pack
from experiments.challenge.reporting import leak_lines
from experiments.challenge.sealing import SealedTruth, read_truth_file

SETS = 8
LABELS_OF_ALL = [label for label in range(3) for _ in range(SETS)]


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return made_pack(tmp_path_factory.mktemp("pack"), monkeypatch)


@pytest.fixture
def pack_and_truth(out) -> tuple[ChallengePack, SealedTruth]:
    pack = read_pack(out / "pack")
    return pack, read_truth_file(out / "truth.json", pack.truth_sha256, "the pack")


def noise_group(make: str, seed: int, told: float = 0.0) -> FeatureGroup:
    """Organisms of one make whose features are noise. told: how strongly the first one tells the label."""
    features = np.random.default_rng(seed).normal(size=(len(LABELS_OF_ALL), 6))
    features[:, 0] += told * np.array(LABELS_OF_ALL)
    return feature_group(features, LABELS_OF_ALL, [make] * len(LABELS_OF_ALL))


def test_a_stray_file_beside_an_organism_is_no_feature(out, pack_and_truth, tmp_path):
    folder = shutil.copytree(out / "pack", tmp_path / "pack")
    files = pack_and_truth[0].organisms["o0"].files
    before = file_features(folder, "o0", 0, files)
    (folder / "organisms/o0/.DS_Store").write_bytes(b"stray")
    assert file_features(folder, "o0", 0, files) == before


def test_a_make_whose_labels_differ_in_sizes_or_worlds_is_named(pack_and_truth):
    pack, truth = pack_and_truth
    assert unequal_makes(pack, truth) == ()
    name = next(name for name, known in truth.organisms.items() if known.label == "reused")
    organism = pack.organisms[name]
    for changed in (
        replace(organism, world="w9"),
        replace(organism, sizes=replace(organism.sizes, neurons=2 * organism.sizes.neurons)),
    ):
        assert unequal_makes(replace(pack, organisms={**pack.organisms, name: changed}), truth) == ("routed",)


def test_a_make_that_sizes_tell_is_not_at_chance_whatever_the_classifier_says(monkeypatch):
    monkeypatch.setattr("experiments.challenge.leaks.SHUFFLES", 10)
    monkeypatch.setattr("experiments.challenge.leaks.TREES", 3)
    score = score_of_groups([noise_group("routed", 0)], ("routed",))
    assert not score.at_chance
    assert leak_lines(score)[-1].startswith("not at chance: in routed sizes or worlds")


@pytest.mark.slow
def test_each_make_has_an_auroc_and_a_null_of_its_own(monkeypatch):
    monkeypatch.setattr("experiments.challenge.leaks.SHUFFLES", 20)
    score = score_of_groups([noise_group("routed", 0), noise_group("masked", 1, told=5)])
    routed, masked = score.by_make["routed"], score.by_make["masked"]
    assert (routed.folds, masked.folds) == (SETS, SETS)
    assert masked.auroc is not None
    assert routed.chance is not None
    assert masked.auroc > 0.8
    assert routed.chance[0] < 0.5 < routed.chance[1]
    assert any(line.startswith("within masked: ") and "shuffled labels" in line for line in leak_lines(score))


@pytest.mark.parametrize("blind", ["_ridge_scores", "_forest_scores"])
def test_both_classifiers_have_to_be_at_chance(monkeypatch, blind):
    monkeypatch.setattr("experiments.challenge.leaks.SHUFFLES", 2)

    def scores_of(told: bool):
        def classify(group, labels, is_out):
            known = (labels[is_out, None] == np.arange(3)).astype(float)
            return known if told else np.zeros_like(known)

        return classify

    for name in ("_ridge_scores", "_forest_scores"):
        monkeypatch.setattr(f"experiments.challenge.leaks.{name}", scores_of(name != blind))
    score: LeakScore = score_of_groups([noise_group("routed", 0)])
    assert not score.at_chance
    monkeypatch.setattr("experiments.challenge.leaks._ridge_scores", scores_of(False))
    monkeypatch.setattr("experiments.challenge.leaks._forest_scores", scores_of(False))
    assert score_of_groups([noise_group("routed", 0)]).at_chance
