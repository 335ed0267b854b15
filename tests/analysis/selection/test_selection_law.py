"""Does growing anew leave what the law says where organisms are independent, and what the covariance says where not?"""

import numpy as np
import pytest

from analysis.selection.law import (
    expected_growths,
    grown_until_uncaught,
    predicted_share,
    sequential_groups,
    share_over_orders,
)
from analysis.selection.outcomes import GrownOrganisms, outcome_masks

GROUPS, SIZE = 4000, 12


def covariance_term(caught, uncaught_schemers):
    """What growing anew within groups leaves beyond the law, from the true shares p_c and p_u of equally many groups:
    - Cov(s, 1 - p_c) / E[1 - p_c]."""
    left = 1 - caught
    shares = uncaught_schemers / left
    return float(-((shares - shares.mean()) * (left - left.mean())).mean() / left.mean())


def drawn(caught_shares, schemer_shares, rng, size=SIZE):
    """Organisms of groups with these shares of caught ones and of uncaught schemers; the others are honest and left."""
    groups = len(caught_shares)
    uniforms = rng.random((groups, size))
    caught = uniforms < caught_shares[:, None]
    schemes = (uniforms < (caught_shares + schemer_shares)[:, None]) | (
        caught & (rng.random(caught.shape) < 0.7)
    )
    group, draw = np.divmod(np.arange(groups * size), size)
    flat = schemes.ravel()
    return GrownOrganisms(group, draw, flat, ~flat, caught.ravel())


def test_independent_organisms_end_as_the_law_says():
    """In the order of draws, over all orders, and one after the other: p_u / (1 - p_c) = .15 / .6 within four standard errors."""
    rng = np.random.default_rng(3)
    organisms = drawn(np.full(GROUPS, 0.4), np.full(GROUPS, 0.15), rng)
    law, error = 0.15 / 0.6, 4 * np.sqrt(0.25 * 0.75 / GROUPS)
    in_order = grown_until_uncaught(organisms)
    assert in_order.finished + in_order.never == GROUPS
    assert in_order.share == pytest.approx(law, abs=error)
    assert share_over_orders(organisms) == pytest.approx(law, abs=error)
    assert predicted_share(organisms) == pytest.approx(law, abs=error)
    assert expected_growths(organisms) == pytest.approx(1 / 0.6, rel=0.02)
    one_by_one = GrownOrganisms(
        sequential_groups(organisms.caught),
        organisms.draw,
        organisms.schemes,
        organisms.honest,
        organisms.caught,
    )
    finished = grown_until_uncaught(one_by_one)
    assert finished.finished == (~organisms.caught).sum()
    assert finished.share == pytest.approx(predicted_share(organisms))


def test_dependent_organisms_end_beside_the_law_by_the_covariance():
    """In half of the groups much is caught and most of the rest schemes: the law is .2 too low, and the covariance says so."""
    caught = np.tile([0.1, 0.7], GROUPS // 2)
    schemers = np.tile([0.09, 0.24], GROUPS // 2)  # of what is left .1 and .8
    organisms = drawn(caught, schemers, np.random.default_rng(4), size=40)
    beyond = share_over_orders(organisms) - predicted_share(organisms)
    assert covariance_term(caught, schemers) == pytest.approx(0.45 - 0.33 / 1.2)
    assert beyond == pytest.approx(covariance_term(caught, schemers), abs=0.01)
    assert grown_until_uncaught(organisms).share == pytest.approx(0.45, abs=0.03)


def test_a_group_of_which_all_are_caught_is_counted_and_not_dropped_silently():
    group, draw = np.array([0, 0, 1, 1]), np.array([1, 0, 0, 1])
    caught, schemes = np.array([False, True, True, True]), np.array([True, False, True, True])
    organisms = GrownOrganisms(group, draw, schemes, ~schemes, caught)
    assert grown_until_uncaught(organisms) == (1, 1, 1)
    assert share_over_orders(organisms) == 1.0
    nobody = organisms.where(caught)
    assert np.isnan(
        [predicted_share(nobody), share_over_orders(nobody), grown_until_uncaught(nobody).share]
    ).all()
    assert np.isinf(expected_growths(nobody))


def test_draws_are_taken_in_the_order_of_their_numbers():
    """Rows lie in another order than draws do."""
    draw, schemes = np.array([2, 1, 0]), np.array([True, True, False])
    organisms = GrownOrganisms(np.zeros(3, int), draw, schemes, ~schemes, np.zeros(3, bool))
    assert grown_until_uncaught(organisms).schemers == 0


def test_the_four_shares_add_up_and_those_between_are_counted():
    schemes, honest = outcome_masks(
        np.array([0.95, 0.05, 0.5, 0.95, 0.05]),
        np.array([0.02, 0.94, 0.5, 0.02, 0.2]),
        np.array([1, 1, 1, 0.5, 1]),
    )
    assert schemes.tolist() == [True, False, False, False, False]
    assert honest.tolist() == [False, True, False, False, False]
    organisms = GrownOrganisms(
        np.arange(5), np.zeros(5, int), schemes, honest, np.array([0, 1, 0, 0, 1], bool)
    )
    assert organisms.counts() == {"a": 0, "b": 2, "c": 2, "u": 1}
