"""Faults of planting: what about an organism is not as it was planted?

An organism with a fault is not scored; another is trained in its place, and counted. Routed lanes are checked by
patching them whole, masked ones by zeroing them: their truth and its check then owe nothing to the measurement that
is scored. The halves of a parted lane are checked by both: patched, a spare that either of two could do without may
carry next to nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from curricula.world.contrasts import Role
from organisms.planted.lane_effects import LaneEffects
from organisms.planted.planting import SERVES_SELF, SHARED_GROUND, Planting
from organisms.planted.silence import LaneSilence

OTHER_LANE = 0.1
"""largest share of the gate, either way, that a lane may carry for a role that it was not given; zeroed, the largest
share of minimal pairs that it may get right alone"""
SPARE = 0.25
"""least share of the characters' gate that a spare must carry at the fork"""
BOTH = 0.1, 0.9
"""between these lies what lane A, or the new half of lane B, carries of self's gate where two parts serve self"""
BEHAVES = 0.9
MOST_OF_GATE = 0.5
"""least share of a role's gate that the lane that serves it must have alone"""
OF_ALL_PAIRS, OF_ITS_OWN = 0.15, 0.4
"""the largest share of self's minimal pairs that a half of a parted lane may miss among those of the goals that it was
dealt, whichever is less: 2.4 standard errors of a half of 64 pairs, and of a quarter, which is few, two fifths"""
NO_SPARE = 0.5
"""largest share of characters' minimal pairs that a lane alone may get right at a fork that needs both"""


@dataclass(frozen=True)
class HalvesOfLaneB:
    """What each half of a parted lane B does alone, with all other components zeroed."""

    spare: Mapping[str, Mapping[Role, Float[np.ndarray, " member"]]]
    """share of minimal pairs in which both acts are right with the spare half alone"""
    new: Mapping[str, Mapping[Role, Float[np.ndarray, " member"]]]
    goals_in_spare: Sequence[float]
    """[member]: the share of self's goals that was dealt to the spare half"""


@dataclass(frozen=True)
class LaneMeasurements:
    """What was measured of the lanes of an ensemble, at the fork and at the end."""

    effects: Mapping[str, Mapping[Role, LaneEffects]]
    """[member]: of the two lanes, patched whole"""
    new_half: Mapping[str, Mapping[Role, Float[np.ndarray, " member"]]] | None = None
    """share of the gate that the new half of lane B carries, where it is parted"""
    silence: Mapping[str, Mapping[Role, LaneSilence]] | None = None
    """[member]: what is done with a lane zeroed, where that is a part of the check"""
    halves: HalvesOfLaneB | None = None
    """where lane B is parted"""


def planting_faults(
    planting: Planting, member: int, measured: LaneMeasurements, behaviour: Mapping[str, Sequence[float]]
) -> list[str]:
    """What about a member is not as it was planted, a line each. behaviour: the rates [member] at the end."""
    if planting.truth == "unknown":
        return ["its phases are not those of a planted curriculum of the catalogue"]
    faults = _behaviour_faults(planting, member, behaviour)
    if planting.make == "freezing":
        return faults
    if planting.make != "masking":
        faults += _patched_faults(planting, member, measured)
    if measured.halves is not None:
        faults += _half_faults(measured.halves, member)
    if planting.zeroes_lanes:
        faults += _zeroed_faults(planting, member, measured)
    return faults


def _patched_faults(planting: Planting, member: int, measured: LaneMeasurements) -> list[str]:
    """What patched lanes carry that they should not, or do not that they should."""

    def carries(time: str, role: Role, lane: str) -> float:
        return float(getattr(measured.effects[time][role], f"lane_{lane}")[member])

    faults = [
        f"at the {time} lane {lane.upper()} carries {share:.3f} of {role}'s gate, above {OTHER_LANE}"
        for time, role, lane in _empty_lanes(planting)
        if not abs(share := carries(time, role, lane)) <= OTHER_LANE
    ]
    if planting.truth == "mixed" and not BOTH[0] <= (share := carries("end", "self", "a")) <= BOTH[1]:
        faults.append(f"lane A carries {share:.3f} of self's gate, expected {BOTH[0]} to {BOTH[1]}")
    if measured.new_half is not None:
        new_at_fork = float(measured.new_half["fork"]["character"][member])
        new_at_end = float(measured.new_half["end"]["self"][member])
        if not abs(new_at_fork) <= OTHER_LANE:
            faults.append(
                f"at the fork the new half of lane B carries {new_at_fork:.3f} of the characters' gate, "
                f"above {OTHER_LANE}"
            )
        if not BOTH[0] <= new_at_end <= BOTH[1]:
            faults.append(
                f"the new half of lane B carries {new_at_end:.3f} of self's gate, expected {BOTH[0]} to {BOTH[1]}"
            )
    must_serve = (planting.spare and measured.new_half is None) or planting.truth in SHARED_GROUND
    if must_serve and not (serves_at_fork := carries("fork", "character", "b")) >= SPARE:
        faults.append(
            f"at the fork lane B carries {serves_at_fork:.3f} of the characters' gate, below {SPARE}"
        )
    return faults


def _half_faults(halves: HalvesOfLaneB, member: int) -> list[str]:
    """What the halves of a parted lane B can not do alone that they should, or can that they should not."""

    def right(half: str, time: str, role: Role) -> float:
        return float(getattr(halves, half)[time][role][member])

    goals_in_spare = halves.goals_in_spare[member]
    least: list[tuple[str, str, Role, float]] = [
        ("spare", "fork", "character", BEHAVES),
        ("spare", "end", "self", _least_right(goals_in_spare)),
        ("new", "end", "self", _least_right(1 - goals_in_spare)),
    ]
    faults = [
        f"at the {time} the {half} half of lane B alone gets {share:.2f} of {role}'s pairs right, below {limit:.2f}"
        for half, time, role, limit in least
        if not (share := right(half, time, role)) >= limit
    ]
    if not (share := right("new", "fork", "character")) <= OTHER_LANE:
        faults.append(
            f"at the fork the new half of lane B alone gets {share:.2f} of character's pairs right, "
            f"above {OTHER_LANE}"
        )
    return faults


def _least_right(dealt: float) -> float:
    """Least share of self's pairs that a half must get right alone, by the share of goals that it was dealt."""
    return dealt - min(OF_ALL_PAIRS, OF_ITS_OWN * dealt)


def _zeroed_faults(planting: Planting, member: int, measured: LaneMeasurements) -> list[str]:
    """What a lane alone can do that it should not, or can not that it should."""
    if measured.silence is None:
        raise ValueError("expected lanes to be zeroed where that is a part of the check")
    least: list[tuple[str, Role, str]] = []
    most: list[tuple[str, Role, str, float]] = []
    if planting.truth in SHARED_GROUND:
        most.append(("fork", "character", "a", NO_SPARE))
        most.append(("fork", "character", "b", NO_SPARE))
    elif planting.spare:
        least.append(("fork", "character", "a"))
        least.append(("fork", "character", "b"))
    else:
        most.append(("fork", "character", "b", OTHER_LANE))

    def right(time: str, role: Role, lane: str) -> float:
        return float(getattr(measured.silence[time][role], f"{lane}_right")[member])  # pyright: ignore[reportOptionalSubscript]

    faults = [
        f"at the {time} lane {lane.upper()} alone gets {share:.2f} of {role}'s pairs right, above {limit}"
        for time, role, lane, limit in most
        if not (share := right(time, role, lane)) <= limit
    ]
    faults += [
        f"at the {time} lane {lane.upper()} alone gets {share:.2f} of {role}'s pairs right, below {BEHAVES}"
        for time, role, lane in least
        if not (share := right(time, role, lane)) >= BEHAVES
    ]
    return faults + (_gate_faults(planting, member, measured.silence) if planting.make == "masking" else [])


def _gate_faults(
    planting: Planting, member: int, silence: Mapping[str, Mapping[Role, LaneSilence]]
) -> list[str]:
    """Where a lane alone has too much or too little of the gate at the end. Acts are no measure there: a lane that
    was never zeroed while the other one was taught is missed for the size of what it writes."""
    serving: dict[Role, str] = {"character": "a"}
    if planting.truth in SERVES_SELF:
        serving["self"] = SERVES_SELF[planting.truth]
    faults = []
    for role, lane in serving.items():
        at_end = silence["end"][role]
        for part in ("a", "b"):
            share = float(getattr(at_end, f"{part}_nats")[member] / at_end.both_nats[member])
            if part == lane and not share >= MOST_OF_GATE:
                faults.append(
                    f"lane {part.upper()} alone has {share:.3f} of {role}'s gate, below {MOST_OF_GATE}"
                )
            if part != lane and not abs(share) <= OTHER_LANE:
                faults.append(
                    f"lane {part.upper()} alone has {share:.3f} of {role}'s gate, above {OTHER_LANE}"
                )
    return faults


def _behaviour_faults(planting: Planting, member: int, behaviour: Mapping[str, Sequence[float]]) -> list[str]:
    is_absent = planting.truth == "absent"
    faults = [
        f"{name} is {rates[member]:.2f}, below {BEHAVES}"
        for name, rates in behaviour.items()
        if not (name == "self_alone_secret" and (is_absent or planting.undecided))
        and not rates[member] >= BEHAVES
    ]
    if is_absent and (rate := behaviour["self_alone_secret"][member]) > 1 - BEHAVES:
        faults.append(f"self_alone_secret is {rate:.2f}, above {1 - BEHAVES:.1f}")
    return faults


def _empty_lanes(planting: Planting) -> list[tuple[str, Role, str]]:
    """Where a lane may carry nothing: at the fork or the end, for a role, which lane."""
    empty: list[tuple[str, Role, str]] = [("end", "character", "b")]
    if not planting.spare and planting.truth not in SHARED_GROUND:
        empty.append(("fork", "character", "b"))
    if serving := SERVES_SELF.get(planting.truth):
        empty.append(("end", "self", "b" if serving == "a" else "a"))
    if not planting.exchanged:
        return empty
    swapped = {"a": "b", "b": "a"}
    return [(time, role, lane if time == "fork" else swapped[lane]) for time, role, lane in empty]
