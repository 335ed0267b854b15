"""How often is a history right about lineages whose dates are known? The scorer of `analysis.history.events`.

With `analysis.provenance.scoring` the one module of the analysis that reads what was planted. A planted
change is of a whole lane: it comes to serve a role or leaves it. What counts is each of its components in
which that took: which carries `CARRIES` or more of the role's gate where the lane serves it, and less than
`GONE` where it does not, on pairs that the history never saw, at the ends of the phases before and after.
(Within a lane that does nothing as a whole, components may still carry a little one way and the other; and a
lane may carry some of self's gate before self is taught.) Such a change is found where an event of that
component says that it came to that role, or left it: anywhere from the phase that teaches it to the next
change where it is learned, within `NEAR` checkpoints where it is made by surgery.

The date of surgery is exact. That of learning is when the lane as a whole was half way, measured with the
lanes known (`organisms.planted.dates`); a component that learned earlier than its lane counts as dated
wrongly by so much.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.history.events import LEAVES
from analysis.statistics import Interval, mean_interval

CARRIES = 0.075
"""share of the gate, half as much again as a component needs to serve: less may well never have served by
that measure"""
GONE = LEAVES
NEAR = 5
"""checkpoints"""
CAME = ("born", "took over", "shared", "repurposed")


def scored(measured: Mapping[str, Any], truth: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A record for each planted change of a component that carries enough, in the organisms in which planting
    took. measured: see `experiments.studies.ancestry.study.measured`."""
    found = []
    steps = measured["steps"]
    for member, took in enumerate(truth["took"]):
        for change in truth["changes"] if took else ():
            lane = set(truth["lane_a"][member])
            last = steps.index(change["until"])
            when = steps.index(change["date"][member])
            ends = change["after"], change["until"]
            without, within = (
                measured["carried"][str(at)] for at in (ends if change["comes"] else ends[::-1])
            )
            first = steps.index(change["after"]) + 1
            if change["abrupt"]:
                first, last = when - NEAR, when + NEAR
            for n, component in enumerate(measured["components"]):
                of_lane = (component in lane) == (change["lane"] == "a")
                share, least = (of[change["role"]][member][n] for of in (within, without))
                if not of_lane or share is None or least is None or share < CARRIES or least >= GONE:
                    continue
                told = [
                    event
                    for event in measured["events"][member]
                    if event["component"] == component
                    and first <= event["checkpoint"] <= last
                    and tells(event, change["role"], change["comes"])
                ]
                first_told = min(told, key=lambda event: event["checkpoint"], default=None)
                found.append(
                    {
                        "curriculum": measured["curriculum"],
                        "organism": f"{measured['run']}/{member}",
                        "component": component,
                        "role": change["role"],
                        "comes": change["comes"],
                        "abrupt": change["abrupt"],
                        "share": share,
                        "date": change["date"][member],
                        "event": first_told["event"] if first_told else None,
                        "step": first_told["step"] if first_told else None,
                        "error": abs(first_told["checkpoint"] - when) if first_told else None,
                        "in_interval": first_told["interval"][0]
                        <= change["date"][member]
                        <= first_told["interval"][1]
                        if first_told
                        else None,
                    }
                )
    return found


def tells(event: Mapping[str, Any], role: str, comes: bool) -> bool:
    """Does an event say that its component came to a role, or that it left it?"""
    if comes:
        return event["role"] == role and event["event"] in CAME
    return (event["role"] if event["event"] == "lost" else event["from_role"]) == role and event["event"] in (
        "lost",
        "repurposed",
    )


def spurious(measured: Mapping[str, Any], quiet: str, took: Sequence[bool]) -> list[dict[str, Any]]:
    """Of each organism the events that are dated in a phase in which nothing happens, counted. quiet: that
    phase's name."""
    inside = {n for n, phase in enumerate(measured["phases"]) if phase == quiet}
    return [
        {
            "curriculum": measured["curriculum"],
            "organism": f"{measured['run']}/{member}",
            "checkpoints": len(inside),
            "components": len(measured["components"]),
            "events": dict(Counter(event["event"] for event in told if event["checkpoint"] in inside)),
            "a_component": sum(event["checkpoint"] in inside for event in told) / len(measured["components"]),
        }
        for member, told in enumerate(measured["events"])
        if took[member]
    ]


def found_share(rows: Iterable[Mapping[str, Any]]) -> Interval:
    """Share of planted changes that were found: mean over organisms of each one's own share."""
    by: dict[str, list[bool]] = {}
    for row in rows:
        by.setdefault(row["organism"], []).append(row["error"] is not None)
    return mean_interval(float(np.mean(of)) for of in by.values())


def median_error(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """Median over the changes that were found of how many checkpoints they are dated wrongly."""
    errors = [row["error"] for row in rows if row["error"] is not None]
    return float(np.median(errors)) if errors else None
