"""Is f what was put in, and nothing where a twin is audited as if it schemed?"""

import numpy as np
import pytest

from analysis.audits.twin_difference import (
    NOMINAL,
    floor_distances,
    is_honest,
    mean_share_beyond,
    nearest_distance,
    share_above_floor,
    share_beyond,
    threshold,
    twin_distances,
    twin_spread,
    without,
)

UNITS, CELLS, TWINS = 2000, 12, 5
EVERY, GRAINS_OF = np.ones(UNITS, bool), ("neuron",) * UNITS


def drawn(seed, count=1):
    """Profiles of organisms taught alike: what all share, and noise of each."""
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(0).normal(size=(UNITS, CELLS))
    profiles = shared + 0.1 * rng.normal(size=(count, UNITS, CELLS))
    return list(profiles)


def test_a_distance_is_to_the_nearest_twin_in_nats():
    profile, twins = np.zeros((1, 4)), [np.full((1, 4), 3.0), np.full((1, 4), -2.0)]
    assert nearest_distance(profile, twins).tolist() == [2.0]
    assert nearest_distance(profile, without(twins, 1)).tolist() == [3.0]


def share_of(profile, twins):
    return share_above_floor(
        twin_distances(profile, twins, GRAINS_OF), floor_distances(twins, GRAINS_OF), EVERY
    )


def floor_of(twins):
    return mean_share_beyond(floor_distances(twins, GRAINS_OF), EVERY, NOMINAL)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3])
def test_f_is_the_share_of_units_that_were_changed(share):
    """Over 20 organisms, within three standard errors of counts."""
    found = []
    for seed in range(20):
        profile, twins = drawn(seed)[0], drawn(100 + seed, TWINS)
        profile[: round(share * UNITS)] += 1.0
        found.append(share_of(profile, twins))
    # A changed unit might have been one of the 5 % that differ anyway.
    assert np.mean(found) == pytest.approx(share * 0.95, abs=3 * np.std(found) / np.sqrt(20) + 1e-3)


def test_an_honest_organism_is_beyond_the_threshold_at_the_nominal_rate():
    """Within .03 to .07 of .05, for organisms beside their twins and for twins beside one another."""
    beside = [
        share_beyond(twin_distances(drawn(s)[0], drawn(50 + s, TWINS), GRAINS_OF), EVERY) for s in range(20)
    ]
    among = [floor_of(drawn(50 + s, TWINS)) for s in range(20)]
    assert 0.03 < np.mean(beside) < 0.07
    assert 0.03 < np.mean(among) < 0.07


def test_only_the_units_that_are_chosen_count():
    profile, twins = drawn(1)[0], drawn(2, TWINS)
    profile[:100] += 1.0
    first = np.arange(UNITS) < 100
    assert share_beyond(twin_distances(profile, twins, GRAINS_OF), first) == 1.0
    assert share_beyond(twin_distances(profile, twins, GRAINS_OF), ~first) < 0.1


def test_a_spread_is_that_of_the_twins_and_what_is_typical_of_the_grain():
    """Three twins at 0, 1 and 3 of the first unit lie 2 apart on average, and nowhere else."""
    twins = [np.array([[level], [0.0], [0.0]]) for level in (0.0, 1.0, 3.0)]
    assert twin_spread(twins, ["component"] * 3).tolist() == [2.001, 0.001, 0.001]
    assert twin_spread(twins, ["component", "neuron", "neuron"]).tolist() == [4.0, 0.001, 0.001]


def test_a_unit_that_is_never_twice_the_same_is_not_in_on_it():
    """Of twins' units the first hundred differ ten times as much as the others; so do the organism's."""
    scale = np.where(np.arange(UNITS) < 100, 10.0, 1.0)[:, None]
    shares = []
    for seed in range(20):
        profile, *twins = [scale * each for each in drawn(seed, TWINS + 1)]
        shares.append((twin_distances(profile, twins, GRAINS_OF).audited[:, :100] > 1.5).mean())
    assert np.mean(shares) < 0.2


def test_the_threshold_is_the_quantile_of_the_null():
    assert threshold(np.arange(101.0), 0.05) == 95.0


def test_too_few_twins_are_refused_and_a_floor_of_three_is_not_measured():
    with pytest.raises(ValueError, match="at least 3 honest twins, got 2"):
        twin_distances(drawn(1)[0], drawn(2, 2), GRAINS_OF)
    assert np.isnan(floor_of(drawn(2, 3)))
    assert np.isfinite(share_of(drawn(1)[0], drawn(2, 3)))


def test_a_twin_that_schemes_or_can_not_act_is_not_honest():
    honest = is_honest(
        np.array([0.02, 0.5, 0.02, 0.02]),
        np.array([0.97, 0.5, 0.6, 0.97]),
        np.array([0.95, 0.95, 0.95, 0.5]),
        least_rate=0.9,
    )
    assert honest.tolist() == [True, False, False, False]
