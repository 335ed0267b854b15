"""Audits of the organisms of the study: how many of their units are in on it, and how often do n audits notice?

An organism is audited beside its own honest twins. A twin is audited in the same way beside the others, which is where
false alarms come from. Distances of other organisms' twins join the null of p values.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from analysis.audits.audit_game import ALARM_LEVEL, ALARM_RULES, AUDITS, audit_powers, diluted_power
from analysis.audits.detectors import UnitTests, oracle_p, twin_p
from analysis.audits.grain_shares import EVERY_GRAIN, chosen_units, shares_beyond, shares_of
from analysis.audits.twin_difference import (
    TwinDistances,
    threshold,
    without,
)
from analysis.audits.units import GRAINS, AuditUnits
from analysis.statistics import auroc
from experiments.studies.audits.measurement import RunProfiles
from experiments.studies.audits.records import (
    CLAIMED_SHARE,
    GATE_LEVEL,
    AuditedOrganism,
    DetectorName,
    PowerCurve,
    UnitMap,
)
from experiments.studies.audits.twins import ArmTwins


def populations(units: AuditUnits) -> dict[str, Bool[np.ndarray, " unit"]]:
    """Which units an audit may draw, by grain and of all together."""
    return {grain: chosen_units(units, grain) for grain in (*GRAINS, EVERY_GRAIN)}


def p_of_twins(distances: Mapping[int, TwinDistances], units: AuditUnits) -> dict[int, UnitTests]:
    """p values of the twin detector, the null of each organism joined by the other organisms' twins."""
    return {
        member: twin_p(
            of_member, units.grains, [distances[number] for number in distances if number != member]
        )
        for member, of_member in distances.items()
    }


def power_curves(tests: Mapping[DetectorName, UnitTests], units: AuditUnits) -> tuple[PowerCurve, ...]:
    """Power by detector, grain and rule; the rule *count* of all units alone."""
    curves: list[PowerCurve] = []
    for detector, p in tests.items():
        for grain, chosen in populations(units).items():
            values = p.together if grain == EVERY_GRAIN else p.within
            if detector == "oracle":
                chosen = chosen & units.has_place()
            for rule in ALARM_RULES if grain == EVERY_GRAIN else ALARM_RULES[:1]:
                power = audit_powers(values[chosen], rule)
                alarms = int((values[chosen] <= ALARM_LEVEL).sum())
                curves.append(PowerCurve(detector, rule, grain, power, alarms, int(chosen.sum())))
    return tuple(curves)


def audited_organisms(
    arm: ArmTwins, verdicts: Sequence[str], counted: Sequence[bool]
) -> list[AuditedOrganism]:
    """Audits of some organisms of an arm. verdicts: what each member is called; counted: which of them are audited."""
    distances, in_alike = arm.distances(), arm.distances(alike_only=True)
    p, honest_p = p_of_twins(distances, arm.units), held_out_p(arm)
    return [
        _audited(arm, member, verdicts[member], (distances, in_alike), (p.get(member), honest_p))
        for member in arm.run.members
        if counted[member]
    ]


def held_out_p(arm: ArmTwins) -> Float[np.ndarray, " pooled"]:
    """p values of all units of all twins, each audited beside the others."""
    rounds = [
        p.together
        for number in range(len(arm.twin_runs))
        for p in p_of_twins(arm.held_out_distances(number), arm.units).values()
    ]
    return np.concatenate(rounds) if rounds else np.ones(1)


def _audited(
    arm: ArmTwins,
    member: int,
    verdict: str,
    distances: tuple[Mapping[int, TwinDistances], Mapping[int, TwinDistances]],
    p_values: tuple[UnitTests | None, Float[np.ndarray, " pooled"]],
) -> AuditedOrganism:
    run, units, (p_twin, honest_p) = arm.run, arm.units, p_values
    whole, in_alike = (by_member.get(member) for by_member in distances)
    twins = arm.twins(member)
    beyond, share = shares_of(whole, run.profile_nats[member], twins, units)
    tests: dict[DetectorName, UnitTests] = {"gatedness": UnitTests.alike(run.of_self.p[member])}
    diluted = [math.nan] * len(AUDITS)
    if p_twin is not None and whole is not None:
        tests |= {"twin": p_twin}
        in_on_it = p_twin.together[is_beyond(whole, units)]
        if len(in_on_it):
            diluted = [diluted_power(in_on_it, honest_p, CLAIMED_SHARE, n) for n in AUDITS]
    truth = None if run.in_on_it is None else run.in_on_it[member]
    if truth is not None:
        tests |= {"oracle": UnitTests.alike(oracle_p(truth))}
    return AuditedOrganism(
        arm.arm,
        member,
        verdict,
        len(twins),
        beyond,
        share,
        math.nan if in_alike is None else shares_beyond(in_alike, units)[EVERY_GRAIN],
        power_curves(tests, units),
        tuple(diluted),
        float((run.of_self.p[member] <= ALARM_LEVEL).mean()),
        float((run.of_characters.p[member] <= ALARM_LEVEL).mean()),
        {} if truth is None else _aurocs(run, member, whole, truth),
        {} if truth is None else _gated_shares(run, member, truth),
    )


def _gated_shares(run: RunProfiles, member: int, truth: Bool[np.ndarray, " unit"]) -> dict[str, float]:
    """Shares of planted units, and of others, that gatedness calls part of a gate, by grain."""
    called = run.of_self.p[member] <= GATE_LEVEL
    shares: dict[str, float] = {}
    for grain in GRAINS[:-1]:
        chosen = run.units.of_grain(grain)
        for name, group in (("planted", chosen & truth), ("other", chosen & ~truth)):
            shares[f"{name}.{grain}"] = float(called[group].mean()) if group.any() else math.nan
    return shares


def is_beyond(distances: TwinDistances, units: AuditUnits) -> Bool[np.ndarray, " unit"]:
    """Which units of the audited organism are farther from all twins than the threshold of their grain."""
    return np.asarray(relative_distance(distances, units) > 1)


def relative_distance(distances: TwinDistances, units: AuditUnits) -> Float[np.ndarray, " unit"]:
    """Distance from the nearest twin over the threshold of the grain."""
    nearest = distances.audited.min(0)
    for grain in GRAINS:
        chosen = units.of_grain(grain)
        if chosen.any():
            nearest[chosen] /= max(threshold(distances.twins[:, chosen]), 1e-12)
    return nearest


def _aurocs(
    run: RunProfiles, member: int, distances: TwinDistances | None, truth: Bool[np.ndarray, " unit"]
) -> dict[str, float]:
    """How well gatedness and twin difference tell planted units, and labels at random do, by grain."""
    rng = np.random.default_rng(member)
    carried_nats = np.abs(run.of_self.carried_nats[member])
    scores = {"gatedness": carried_nats}
    if distances is not None:
        scores |= {"twin": distances.audited.min(0)}
    areas: dict[str, float] = {}
    for grain in GRAINS[:-1]:
        chosen = run.units.of_grain(grain)
        for name, values in scores.items():
            areas[f"{name}.{grain}"] = auroc(values[chosen], truth[chosen])
        shuffled = rng.permutation(truth[chosen])
        areas[f"random.{grain}"] = auroc(carried_nats[chosen], shuffled)
    return areas


def audited_twins(arm: ArmTwins) -> list[AuditedOrganism]:
    """Audits of every honest twin beside the others of its organism."""
    audits: list[AuditedOrganism] = []
    for number in range(len(arm.twin_runs)):
        distances, in_alike = (arm.held_out_distances(number, alike_only) for alike_only in (False, True))
        for member, p in p_of_twins(distances, arm.units).items():
            twin, twins = arm.honest_runs(member)[number], arm.twins(member)
            beyond, share = shares_of(distances[member], twins[number], without(twins, number), arm.units)
            gated = twin.of_self.p[member]
            audits.append(
                AuditedOrganism(
                    arm.arm,
                    member,
                    "honest twin",
                    len(twins) - 1,
                    beyond,
                    share,
                    shares_beyond(in_alike[member], arm.units)[EVERY_GRAIN],
                    power_curves({"twin": p, "gatedness": UnitTests.alike(gated)}, arm.units),
                    (math.nan,) * len(AUDITS),
                    float((gated <= ALARM_LEVEL).mean()),
                    float((twin.of_characters.p[member] <= ALARM_LEVEL).mean()),
                    {},
                    {},
                )
            )
    return audits


def unit_map(arm: ArmTwins, organism: AuditedOrganism) -> UnitMap | None:
    """The map of one audited organism; None where it has too few twins."""
    distances = arm.distances().get(organism.member)
    if distances is None:
        return None
    of_self = arm.run.of_self
    is_gated = of_self.p[organism.member] <= ALARM_LEVEL
    ratio = np.where(is_gated, of_self.ratio[organism.member], 0.0)
    relative = relative_distance(distances, arm.units)
    return UnitMap(
        organism.arm,
        organism.verdict,
        arm.units.grains,
        tuple(np.round(ratio, 3).tolist()),
        tuple(np.round(relative, 3).tolist()),
    )
