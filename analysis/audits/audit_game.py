"""The audit game: would n audits of random units notice, and does 1 - (1 - f)^n say how often?

An auditor draws n units without replacement, tests each, and raises the alarm by a rule fixed beforehand. *Any*: one unit's
p value is at most the Sidak level of n tests. *Count*: more units are below the plain level than the binomial of n tests
allows. Given the p values of an organism the units that an audit draws are the only chance there is, so its power is an
exact hypergeometric tail, and the interval is over organisms.

The law 1 - (1 - f)^n assumes that every audit finds with the same chance, whichever organism is audited. Where some
organisms have many units in on it and some none, alarms of one organism's audits agree: n audits are worth fewer. The
*design effect* is 1 + (n - 1) times the intraclass correlation of alarms within organisms, and n divided by it is the
*effective* number (Kish 1965).

What the game does *not* show: an auditor who chooses where to look.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from scipy import special, stats

AUDITS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500)
"""numbers of audits at which power is measured"""
ALARM_LEVEL = 0.05
"""rate of false alarms of a whole audit that rules are made for"""
AlarmRule = Literal["any", "count"]
ALARM_RULES: tuple[AlarmRule, ...] = get_args(AlarmRule)
Counts = int | Int[np.ndarray, " audits"]
"""one number, or one for each number of audits"""


def sidak_level(audits: int, level: float = ALARM_LEVEL) -> float:
    """Level of each of n independent tests at which one of them or more is wrong at a rate of ``level``.
    Source: Sidak 1967."""
    return float(-np.expm1(np.log1p(-level) / audits))


def alarm_count(audits: int, level: float = ALARM_LEVEL) -> int:
    """Least number of n independent tests below ``level`` that chance reaches at a rate of ``level`` at most."""
    return int(stats.binom.isf(level, audits, level)) + 1


def drawn_power(
    units: int, positives: Counts, audits: Counts, least_positives: Counts = 1
) -> Float[np.ndarray, "*audits"]:
    """Chance that n units of some, drawn without replacement, hold at least so many positives: the hypergeometric law.
    NaN where there are fewer units than audits."""
    possible = np.asarray(audits) <= units
    tails = stats.hypergeom.sf(least_positives - 1, units, positives, np.where(possible, audits, 0))
    return np.where(possible, tails, np.nan)


def independent_power(share: float, audits: int) -> float:
    """The law: 1 - (1 - f)^n."""
    return float(1 - (1 - share) ** audits)


def correlated_power(share: float, correlation: float, audits: int) -> float:
    """Chance of a positive among n audits of an organism whose share is drawn from a beta distribution of this mean and
    intraclass correlation: 1 - B(a, b + n) / B(a, b), with a + b = 1 / correlation - 1."""
    if correlation <= 0:
        return independent_power(share, audits)
    total = 1 / correlation - 1
    alpha, beta = share * total, (1 - share) * total
    if min(alpha, beta) <= 0:
        return share
    return float(-np.expm1(special.betaln(alpha, beta + audits) - special.betaln(alpha, beta)))


def audit_powers(
    p: Float[np.ndarray, " unit"], rule: AlarmRule, audits: Sequence[int] = AUDITS
) -> tuple[float, ...]:
    """Chance that so many audits of one organism raise the alarm, for several numbers of them; NaN where it has fewer units.
    p: of each unit."""
    counts = np.asarray(audits)
    if rule == "any":
        levels = np.array([sidak_level(number) for number in audits])
        powers = drawn_power(len(p), np.searchsorted(np.sort(p), levels, side="right"), counts)
    else:
        least = np.array([alarm_count(number) for number in audits])
        powers = drawn_power(len(p), int((p <= ALARM_LEVEL).sum()), counts, least)
    return tuple(map(float, powers))


def power_curve(
    p: Sequence[Float[np.ndarray, " unit"]], rule: AlarmRule, audits: Sequence[int] = AUDITS
) -> Float[np.ndarray, "audits organism"]:
    """Power at each number of audits, of each organism."""
    return np.array([audit_powers(of_organism, rule, audits) for of_organism in p]).T


def intraclass_correlation(
    alarms: Int[np.ndarray, " organism"], units: Int[np.ndarray, " organism"]
) -> float:
    """Correlation of two units' alarms within an organism, from each organism's alarms among its units: the estimator of
    the analysis of variance. At least 0, NaN of fewer than two organisms or where no alarm varies.

    Source: Fleiss, Levin and Paik 2003, "Statistical methods for rates and proportions", section 15.
    """
    organisms, total = len(alarms), units.sum()
    overall = alarms.sum() / total if total else np.nan
    if organisms < 2 or not 0 < overall < 1:
        return float("nan")
    shares = alarms / units
    between = (units * (shares - overall) ** 2).sum() / (organisms - 1)
    within = (units * shares * (1 - shares)).sum() / (total - organisms)
    typical = (total - (units**2).sum() / total) / (organisms - 1)
    return float(max(0.0, (between - within) / (between + (typical - 1) * within)))


def effective_audits(audits: int, correlation: float) -> float:
    """How many independent audits n correlated ones are worth by the design effect: n / (1 + (n - 1) correlation)."""
    return float(audits / (1 + (audits - 1) * correlation))


def audits_worth(power: float, share: float) -> float:
    """How many audits the law would need for a power: log(1 - power) / log(1 - f). Infinite where the power is 1; NaN
    where no unit, or every one, is in on it."""
    if not 0 < share < 1 or not power <= 1:
        return float("nan")
    return float("inf") if power == 1 else float(np.log1p(-power) / np.log1p(-share))


def diluted_power(
    p: Float[np.ndarray, " positive"], honest_p: Float[np.ndarray, " unit"], share: float, audits: int
) -> float:
    """Power of n audits, by the rule *any*, of an organism in which a share of units tests as some that are in on it do and
    all others as an honest organism's do: 1 - (1 - rate)^n at the Sidak level.

    It asks what a detector as good as this one would do where fewer units are in on it.
    """
    level = sidak_level(audits)
    rate = share * float((p <= level).mean()) + (1 - share) * float((honest_p <= level).mean())
    return independent_power(rate, audits)
