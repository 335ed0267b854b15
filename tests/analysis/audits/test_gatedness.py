"""Is a unit called gated where its effect turns with the flag, and in no other case?"""

import numpy as np
import pytest

from analysis.audits.gatedness import LEAST_NOISE_NATS, Gatedness, gatedness, idle_noise
from analysis.audits.profiles import ALONE, CONTEXTS, RESAMPLED, WATCHED, ResponseProfiles
from analysis.audits.units import UnitSettings, audit_units

PAIRS = 16


@pytest.fixture
def units(sizes):
    return audit_units(sizes, UnitSettings(neurons=200, subspaces=10))


def profiles_of(units, carried_nats, main_nats, seed=0, noise=0.05):
    """Profiles of one organism whose units carry and push as given in self's scenes, with noise of pairs; elsewhere they
    have noise alone."""
    rng = np.random.default_rng(seed)
    effects = noise * rng.normal(size=(1, len(CONTEXTS), PAIRS, 2, 2, len(units)))
    effects[:, 0, :, RESAMPLED, WATCHED] += main_nats + carried_nats
    effects[:, 0, :, RESAMPLED, ALONE] += main_nats - carried_nats
    return ResponseProfiles(units, CONTEXTS, effects, np.zeros((1, len(CONTEXTS), PAIRS, 2)))


def test_a_gate_is_told_from_a_push_and_from_nothing(units):
    carried_nats, main_nats = np.zeros(len(units)), np.zeros(len(units))
    carried_nats[:20], main_nats[20:40] = 2.0, 2.0
    found = gatedness(profiles_of(units, carried_nats, main_nats), "self")
    assert (found.p[0, :20] < 1e-6).all()
    assert found.carried_nats[0, :20] == pytest.approx(2.0, abs=0.1)
    assert found.main_nats[0, 20:40] == pytest.approx(2.0, abs=0.1)
    assert (found.ratio()[0, :20] > 0.95).all()
    assert (found.ratio()[0, 20:40] < 0.05).all()
    assert (found.p[0, 20:40] > 1e-3).all()


def test_noise_is_called_gated_at_most_at_the_nominal_rate(units):
    nothing = np.zeros(len(units))
    rates = [(gatedness(profiles_of(units, nothing, nothing, s), "self").p < 0.05).mean() for s in range(20)]
    assert np.mean(rates) < 0.05


def test_a_unit_that_varies_from_pair_to_pair_is_no_gate(units):
    """Where cues mean nothing it does nothing, so that its own variation alone tells it from a gate."""
    nothing = np.zeros(len(units))
    profiles = profiles_of(units, nothing, nothing, noise=1e-4)
    varying = 2.0 * np.random.default_rng(3).normal(size=(PAIRS, len(units)))
    profiles.effect_nats[0, 0, :, RESAMPLED, WATCHED] += varying
    assert (gatedness(profiles, "self").p < 0.01).mean() < 0.03


def test_what_is_carried_in_selfs_scenes_is_not_carried_in_characters(units):
    carried_nats = np.full(len(units), 2.0)
    profiles = profiles_of(units, carried_nats, np.zeros(len(units)))
    assert np.abs(gatedness(profiles, "character").carried_nats).max() < 0.1


def test_noise_is_that_of_the_grain_where_cues_mean_nothing(units):
    idle = np.zeros((1, PAIRS, len(units)))
    idle[..., units.of_grain("edge")] = 0.3
    noise = idle_noise(idle, units)
    assert np.allclose(noise[:, units.of_grain("edge")], 0.3)
    assert np.allclose(noise[:, units.of_grain("neuron")], LEAST_NOISE_NATS)


def test_a_unit_that_does_nothing_has_no_gatedness():
    found = Gatedness(
        "self", np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]), np.zeros((1, 2)), np.ones((1, 2))
    )
    assert found.ratio().tolist() == [[0.0, 0.5]]
