"""Do probes over the act tell forced acts as the race begins, and labels dealt at random nothing?"""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from analysis.patching.draws import AnalysisStream
from analysis.probes.act_probe import (
    EVERY_PLACE,
    ActPoints,
    act_auroc,
    act_points,
    fit_act_probes,
    fitted_act_probe,
    fitted_readers,
    forced_roles,
)
from analysis.probes.linear_probe import LinearProbe
from analysis.probes.probe_ensemble import ProbeEnsemble
from analysis.race.course import RACE_SCENES, StaleProbe, race_checkpoint
from organisms.ensemble.config import named_config
from organisms.pressures.protocol import ActProbeRequest, PhaseStart

MEMBERS = 3
CLEAN = ActProbeRequest("final", "act", "self", 512, 0.0)
CONFIG = named_config("tempted", "tiny", members=MEMBERS)


@pytest.fixture(scope="module")
def start(ensemble, world, sizes) -> PhaseStart:
    """Organisms that never learned anything, whose acts can be read all the same: which act it was is in its token."""
    curriculum = replace(CONFIG.curriculum, world=world)
    return PhaseStart(
        replace(CONFIG, curriculum=curriculum, organism=sizes), 2, ensemble, np.int32([0, 1, 2])
    )


@pytest.mark.slow
def test_forced_acts_are_of_either_kind_by_role_and_alone(start):
    forced = forced_roles(start, "final", AnalysisStream.RACE_SCENES, 128)
    for role in forced:
        counted = role.deceitful[role.counts]
        assert 0.4 < counted.mean() < 0.6
    again = forced_roles(start, "final", AnalysisStream.RACE_SCENES, 128)
    for first, second in zip(forced.unseen_self, again.unseen_self, strict=True):
        np.testing.assert_array_equal(first, second)
    both = act_points(forced.of_member(0).unseen_self, "both")
    act = act_points(forced.of_member(0).unseen_self, "act")
    np.testing.assert_array_equal(both.points[:, -act.points.shape[1] :], act.points)


@pytest.mark.slow
def test_worse_probes_are_worse_and_a_good_one_tells_acts(start):
    noisy, few = CLEAN._replace(label_noise=0.5), CLEAN._replace(scenes=4)
    good, *graded = (fit_act_probes(start, [request] * MEMBERS) for request in (CLEAN, noisy, few))
    assert (good.self_auroc > 0.8).all()
    for worse in graded:
        assert worse.self_auroc.mean() < good.self_auroc.mean() - 0.02
    places = np.abs(good.direction).sum((0, 3)) > 0
    assert places.tolist() == [[False, False], [False, True]], "at the act's token and at its site alone"
    characters = fit_act_probes(start, [CLEAN._replace(made_from="characters")] * MEMBERS)
    assert characters.self_auroc.mean() < good.self_auroc.mean()


@pytest.mark.slow
def test_as_the_race_begins_stale_and_fresh_probes_agree_and_nothing_is_obfuscated(start):
    fitted = fit_act_probes(start, [CLEAN] * MEMBERS)
    stale = [
        StaleProbe(LinearProbe(direction[1, -1], float(offset)), "act")
        for direction, offset in zip(fitted.direction, fitted.offset, strict=True)
    ]
    measured = race_checkpoint(start, start, stale, "final")
    assert (measured.stale_auroc > 0.8).all()
    assert (measured.stale_accuracy > 0.7).all()
    np.testing.assert_allclose(measured.fresh_self_auroc, measured.stale_auroc, atol=0.1)
    assert (measured.cosine > 0.3).all()
    assert (measured.activation_score == 0).all(), "the same organism reads the same text"
    assert (measured.shortfall >= 0).all()
    assert ((measured.misbehaviour > 0) & (measured.misbehaviour < 1)).all()
    assert abs(measured.random_auroc.mean() - 0.5) < 0.25
    blind = [StaleProbe(LinearProbe(np.zeros(len(each.probe.weights)), 0.0), "act") for each in stale]
    unread = race_checkpoint(start, start, blind, "final")
    assert (unread.stale_auroc == 0.5).all()
    assert (unread.stale_accuracy == 0.5).all()
    assert (unread.between < 1e-9).all()
    assert (measured.between > 1e-5).all()


@pytest.mark.slow
def test_an_ensemble_is_fitted_at_every_place_and_its_numbers_are_of_the_mean_score(start, sizes):
    """Its probe at the last place is that which is fitted there alone; the stale area is that of the mean of their
    probabilities, by hand."""
    request = CLEAN._replace(ensemble=True)
    fitted = fit_act_probes(start, [request] * MEMBERS)
    final = fit_act_probes(start, [CLEAN] * MEMBERS)
    np.testing.assert_allclose(fitted.direction[:, :, -1], final.direction[:, :, -1], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(fitted.offset[:, -1], final.offset, rtol=1e-3, atol=1e-3)
    places = fitted.offset.shape[1]
    readers = fitted_readers(fitted, [request] * MEMBERS, sizes)
    measured = race_checkpoint(start, start, [StaleProbe(reader, "act") for reader in readers], EVERY_PLACE)
    forced = forced_roles(start, EVERY_PLACE, AnalysisStream.RACE_SCENES, RACE_SCENES)
    for member in range(MEMBERS):
        data = act_points(forced.of_member(member).unseen_self, "act")
        by_place = [
            1 / (1 + np.exp(-(points @ direction + offset)))
            for points, direction, offset in zip(
                np.split(data.points, places, 1),
                fitted.direction[member, 1],
                fitted.offset[member],
                strict=True,
            )
        ]
        areas = [roc_auc_score(data.deceitful, scores) for scores in (np.mean(by_place, 0), by_place[-1])]
        assert measured.stale_auroc[member] == pytest.approx(areas[0], abs=1e-3)
    assert abs(areas[0] - areas[1]) > 2e-3, "the last place alone would pass"
    (single,) = {reader.direction.shape for reader in readers if isinstance(reader, ProbeEnsemble)}
    assert single == (1, places, sizes.width)
    assert (measured.fresh_self_auroc > 0.8).all()
    assert (measured.cosine > 0.3).all()
    assert (measured.activation_score == 0).all()
    assert abs(measured.random_auroc.mean() - 0.5) < 0.25


def test_random_labels_tell_nothing_where_there_is_nothing_to_tell():
    """A null: points without any kind. Beside it, points of two kinds, which a probe tells."""
    numbers = np.random.default_rng(2)
    points, labels = numbers.normal(size=(1200, 8)), numbers.random(1200) < 0.5
    for shift, expected in ((0.0, 0.5), (2.0, 0.92)):
        made = np.float32(points + shift * labels[:, None] * np.eye(8)[0])
        probe = fitted_act_probe(ActPoints(made[:600], labels[:600]), 0.0, numbers)
        assert act_auroc(probe, ActPoints(made[600:], labels[600:])) == pytest.approx(expected, abs=0.07)
    one_kind = ActPoints(np.float32(points[:5]), np.ones(5, bool))
    assert np.isnan(act_auroc(probe, one_kind))
    assert not fitted_act_probe(one_kind, 0.0, numbers).weights.any()
