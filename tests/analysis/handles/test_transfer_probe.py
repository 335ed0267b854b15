"""Does a probe from characters read self where both share what it reads, and not elsewhere?"""

import numpy as np
import pytest

from analysis.handles.split_scenes import SplitMoments
from analysis.handles.transfer_probe import (
    FALSE_POSITIVES,
    LabelledPoints,
    ProbeData,
    RoleMoments,
    called_at,
    gap_recovered,
    probe_transfer,
    random_label_aurocs,
    read_site,
    site_data,
)
from organisms.model.sites import residual_sites

WIDTH = 12


def points_of(seed, axis, moments=600, lead=4.0):
    """Moments half of which are positive, separated along one coordinate."""
    rng = np.random.default_rng(seed)
    positive = rng.random(moments) < 0.5
    points = rng.normal(size=(moments, WIDTH))
    points[:, axis] += lead * positive
    return LabelledPoints(points, positive)


def data_of(character_axis, self_axis, lead=4.0):
    return ProbeData(
        points_of(0, character_axis),
        points_of(1, character_axis),
        points_of(2, self_axis, lead=lead),
        points_of(3, self_axis, lead=lead),
    )


def test_what_is_shared_is_read_and_all_of_the_gap_recovered():
    reading = read_site(data_of(0, 0))
    assert min(reading.character_auroc, reading.auroc, reading.self_auroc) > 0.98
    assert reading.gap == pytest.approx(1, abs=0.02)
    assert reading.tpr > 0.8
    assert reading.alarms_alone > 0.8
    assert reading.alarms_watched < 0.05


def test_what_lies_elsewhere_is_not_read_though_self_could_be():
    reading = read_site(data_of(0, 1))
    assert reading.character_auroc > 0.98
    assert reading.self_auroc > 0.98
    assert abs(reading.auroc - 0.5) < 0.1
    assert abs(reading.gap) < 0.2
    assert reading.tpr < 0.1


def test_no_gap_is_told_where_nothing_is_to_be_read():
    assert np.isnan(read_site(data_of(0, 1, lead=0.0)).gap)
    assert gap_recovered(0.75, 1.0) == 0.5
    assert gap_recovered(0.25, 1.0) == -0.5


def test_probes_of_random_labels_are_at_chance_on_average():
    aurocs = [
        area for seed in range(5) for area in random_label_aurocs(data_of(0, 0), np.random.default_rng(seed))
    ]
    assert abs(np.mean(aurocs) - 0.5) < 0.15
    assert np.std(aurocs) > 0.05, "a direction at random separates either way"


def test_the_threshold_calls_one_in_a_hundred():
    scores = np.random.default_rng(0).permutation(1000).astype(float)
    assert (scores > called_at(scores, FALSE_POSITIVES)).sum() == 10


def moments_of(seed, axis, place, deceitful=True):
    """Moments at two places and two tokens, of which one place separates."""
    points, positive = points_of(seed, axis)
    noise = np.random.default_rng(seed + 50).normal(size=(len(points), 2, 2, WIDTH))
    noise[:, :, place] = points[:, None]
    return SplitMoments(noise, positive, positive & deceitful, np.ones(len(points), bool))


def test_the_site_is_chosen_on_characters_whatever_self_says():
    """Characters are read at the second place, self at the first: the probe is put at the second, where it reads nothing."""
    characters = RoleMoments(moments_of(0, 0, 1), moments_of(1, 0, 1))
    self_acting = RoleMoments(moments_of(2, 0, 0), moments_of(3, 0, 0))
    sites = residual_sites(2)
    transfers = probe_transfer("fork", characters, self_acting, sites, 0)
    assert [(each.token, each.site) for each in transfers] == [("actor", "final"), ("act", "final")]
    for transfer in transfers:
        assert abs(transfer.reading.auroc - 0.5) < 0.1
        assert len(transfer.auroc_by_site) == len(sites)
        assert transfer.random_auroc <= transfer.random_auroc_high


def test_an_honest_self_is_read_by_who_watches():
    """None of its moments is deceitful; alone against watched is what would be an alarm."""
    characters = RoleMoments(moments_of(0, 0, 1), moments_of(1, 0, 1))
    honest = RoleMoments(moments_of(2, 0, 1, deceitful=False), moments_of(3, 0, 1, deceitful=False))
    data = site_data(characters, honest, 0, 1)
    assert data.unseen_self.both_kinds
    assert read_site(data).auroc > 0.98
