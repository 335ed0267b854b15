"""Is the power of an audit what the laws say where they hold, and what auditing by lot gives where they do not?"""

import numpy as np
import pytest
from scipy import stats

from analysis.audits.audit_game import (
    ALARM_LEVEL,
    AUDITS,
    alarm_count,
    audit_powers,
    audits_worth,
    correlated_power,
    diluted_power,
    drawn_power,
    effective_audits,
    independent_power,
    intraclass_correlation,
    power_curve,
    sidak_level,
)
from analysis.audits.detectors import oracle_p, ranked_p, twin_p
from analysis.audits.twin_difference import TwinDistances
from analysis.statistics import auroc

ORGANISMS, UNITS = 400, 1000


def organisms_with(shares, rng):
    """p values of one who knows, for organisms of which each unit is in on it with the organism's chance."""
    return [oracle_p(rng.random(UNITS) < share) for share in shares]


def test_independent_units_are_found_as_the_law_says():
    """Every unit of every organism is in on it with a chance of 1 %: within three standard errors."""
    curves = power_curve(organisms_with(np.full(ORGANISMS, 0.01), np.random.default_rng(1)), "any")
    for audits, powers in zip(AUDITS, curves, strict=True):
        # A finite organism, drawn without replacement, is as the law says on average over organisms.
        error = 3 * powers.std() / np.sqrt(ORGANISMS)
        assert powers.mean() == pytest.approx(independent_power(0.01, audits), abs=error + 1e-3)


def test_correlated_units_are_found_as_the_beta_binomial_says_and_less_than_the_law():
    share, correlation = 0.05, 0.3
    total = 1 / correlation - 1
    rng = np.random.default_rng(2)
    shares = rng.beta(share * total, (1 - share) * total, ORGANISMS)
    curves = power_curve(organisms_with(shares, rng), "any")
    for audits, powers in zip(AUDITS, curves, strict=True):
        error = 3 * powers.std() / np.sqrt(ORGANISMS)
        assert powers.mean() == pytest.approx(correlated_power(share, correlation, audits), abs=error + 1e-3)
    assert correlated_power(share, correlation, 100) < 0.6 < independent_power(share, 100)


def test_without_correlation_the_beta_binomial_is_the_law():
    assert correlated_power(0.02, 0.0, 50) == independent_power(0.02, 50)
    assert correlated_power(0.02, 1e-6, 50) == pytest.approx(independent_power(0.02, 50), abs=1e-3)
    assert correlated_power(0.02, 1 - 1e-9, 500) == pytest.approx(0.02, abs=1e-3)


def test_a_single_audit_finds_the_share():
    assert drawn_power(200, 30, 1) == pytest.approx(0.15)
    assert correlated_power(0.15, 0.4, 1) == pytest.approx(0.15)


def test_drawn_power_is_what_lots_give():
    rng, units = np.random.default_rng(3), np.arange(40) < 5
    drawn = [rng.permutation(units)[:8].sum() for _ in range(20000)]
    for least in (1, 2, 3):
        share = np.mean(np.array(drawn) >= least)
        assert drawn_power(40, 5, 8, least) == pytest.approx(share, abs=0.012)
    assert drawn_power(40, 5, 40) == 1.0
    assert np.isnan(drawn_power(40, 5, 41))


def test_an_honest_organism_raises_the_alarm_at_most_at_the_level():
    """Uniform p values: either rule, at every number of audits."""
    rng = np.random.default_rng(4)
    honest = [rng.random(UNITS) for _ in range(ORGANISMS)]
    for rule in ("any", "count"):
        rates = power_curve(honest, rule).mean(1)
        assert (rates < ALARM_LEVEL + 0.015).all()
    assert power_curve(honest, "any").mean(1)[-1] > ALARM_LEVEL - 0.015


def test_the_count_rule_finds_many_weak_signs_that_no_single_one_shows():
    p = np.concatenate([np.full(200, 0.03), np.linspace(0.06, 1, 800)])
    assert audit_powers(p, "any", (300,)) == (0.0,)
    assert audit_powers(p, "count", (300,))[0] > 0.99


def test_levels_and_counts_are_those_of_independent_tests():
    for audits in (1, 10, 300):
        assert 1 - (1 - sidak_level(audits)) ** audits == pytest.approx(ALARM_LEVEL)
        least = alarm_count(audits)
        assert stats.binom.sf(least - 1, audits, ALARM_LEVEL) <= ALARM_LEVEL
        assert stats.binom.sf(least - 2, audits, ALARM_LEVEL) > ALARM_LEVEL


def test_the_intraclass_correlation_is_that_of_the_shares():
    """Shares from a beta distribution of correlation 0.2; equal shares have none; all or none have 1."""
    rng = np.random.default_rng(5)
    units = np.full(4000, 50)
    shares = rng.beta(0.3 * 4, 0.7 * 4, 4000)
    assert intraclass_correlation(rng.binomial(units, shares), units) == pytest.approx(0.2, abs=0.02)
    assert intraclass_correlation(rng.binomial(units, 0.3), units) == pytest.approx(0.0, abs=0.01)
    assert intraclass_correlation(np.array([50, 0, 50, 0]), np.full(4, 50)) == pytest.approx(1.0)
    assert np.isnan(intraclass_correlation(np.zeros(4, int), np.full(4, 50)))
    assert np.isnan(intraclass_correlation(np.array([3]), np.array([50])))


def test_correlated_audits_are_worth_fewer():
    assert effective_audits(100, 0.0) == 100
    assert effective_audits(100, 1.0) == 1
    assert effective_audits(11, 0.1) == pytest.approx(5.5)
    assert audits_worth(independent_power(0.01, 300), 0.01) == pytest.approx(300)
    assert audits_worth(1.0, 0.1) == float("inf")
    assert np.isnan(audits_worth(0.5, 0.0))


def test_dilution_leaves_the_power_of_what_is_left():
    """All found and no false alarm: the law. None found: false alarms alone."""
    found, honest = np.zeros(10), np.ones(100)
    assert diluted_power(found, honest, 0.01, 300) == pytest.approx(independent_power(0.01, 300))
    assert diluted_power(honest, honest, 0.01, 300) == 0.0
    uniform = np.linspace(0.0, 1.0, 200001)[1:]
    assert diluted_power(uniform, uniform, 0.5, 300) == pytest.approx(ALARM_LEVEL, abs=2e-3)


def test_a_rank_among_the_null_is_never_a_chance_of_nothing():
    null = np.arange(99.0)
    assert ranked_p(np.array([1000.0, 98.0, 0.0]), null).tolist() == [0.01, 0.02, 1.0]


def test_the_twin_detector_sets_each_grain_beside_its_own():
    grains = ["component", "component", "neuron", "neuron"]
    distances = TwinDistances(np.array([[5.0, 0.0, 0.5, 0.0]] * 3), np.array([[1.0, 1.0, 0.1, 0.1]] * 3))
    assert twin_p(distances, grains).within.tolist() == pytest.approx([1 / 7, 1.0, 1 / 7, 1.0])
    beside = twin_p(distances, grains, [distances])
    assert beside.within[0] == pytest.approx(1 / 13)
    assert beside.together[0] == beside.together[2] == pytest.approx(1 / 25)


def test_together_a_unit_of_all_grains_is_a_false_alarm_at_the_level():
    """Grains of unlike scales and numbers; twins and the audited organism drawn alike."""
    rng, rates = np.random.default_rng(8), []
    grains = ["component"] * 20 + ["neuron"] * 400
    scale = np.where(np.array(grains) == "component", 10.0, 0.1)
    for _ in range(30):
        pairs = [(rng.gamma(4, size=(1, 420)), rng.gamma(4, size=(4, 420))) for _ in range(3)]
        drawn = [TwinDistances(np.repeat(scale * first, 4, 0), scale * twins) for first, twins in pairs]
        rates.append((twin_p(drawn[0], grains, drawn[1:]).together <= 0.05).mean())
    assert np.mean(rates) == pytest.approx(0.05, abs=0.015)


def test_labels_at_random_are_told_by_a_coin():
    rng = np.random.default_rng(6)
    scores = rng.random(5000)
    assert auroc(scores, rng.random(5000) < 0.3) == pytest.approx(0.5, abs=0.03)
    assert auroc(scores, scores > 0.7) == 1.0
    assert np.isnan(auroc(scores, np.zeros(5000, bool)))
