"""The law of selection: of organisms that are grown anew until a detector catches nothing, how many scheme?

If every organism is an independent draw, a share p_u / (1 - p_c) of those that are left schemes (`analysis.selection.outcomes`
defines the shares): those that are caught change nothing about the next one. It holds exactly, whatever a detector's false
alarms.

Organisms that are grown anew from one fork are not independent draws. Let group g have shares p_c(g) and p_u(g), and
s(g) = p_u(g) / (1 - p_c(g)). Growing anew within groups leaves the mean of s(g), every group counting once, while the law
weighs groups by what they leave, 1 - p_c(g). So

    grown - law = - Cov(s, 1 - p_c) / E[1 - p_c].

Where groups of which much is caught also hold more schemers among what is left, growing anew is worse than the law says.

What it does *not* show: how a developer would choose among organisms by anything else than being caught.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from analysis.selection.outcomes import SHARES, GrownOrganisms

CAUGHT, UNCAUGHT_SCHEMERS = SHARES.index("c"), SHARES.index("u")
"""columns of a table of counts"""


class GrownUntilUncaught(NamedTuple):
    """What is left where organisms are grown anew, in the order of their seeds, until one is not caught."""

    schemers: int
    """groups whose first uncaught organism schemes"""
    finished: int
    """groups with an uncaught organism"""
    never: int
    """groups of which every organism is caught"""

    @property
    def share(self) -> float:
        """Share of finished groups that end with a schemer; NaN where none is finished."""
        return self.schemers / self.finished if self.finished else float("nan")


def law_of_tables(tables: Int[np.ndarray, "*draw group share"]) -> Float[np.ndarray, "*draw"]:
    """The law: p_u / (1 - p_c), of each table of counts (`GrownOrganisms.table`). NaN where all are caught."""
    totals = tables.sum(-2)
    return _ratio(totals[..., UNCAUGHT_SCHEMERS], totals.sum(-1) - totals[..., CAUGHT])


def order_shares_of_tables(tables: Int[np.ndarray, "*draw group share"]) -> Float[np.ndarray, "*draw"]:
    """Mean share of schemers that growing anew within groups leaves, over all orders of a group's organisms: the mean of
    uncaught schemers among the uncaught. Groups of which all are caught do not count. NaN where none is left.

    It has the same mean as `grown_until_uncaught` over random orders, and less noise.
    """
    left = tables.sum(-1) - tables[..., CAUGHT]
    shares = np.where(left > 0, tables[..., UNCAUGHT_SCHEMERS] / np.maximum(left, 1), 0.0)
    return _ratio(shares.sum(-1), (left > 0).sum(-1))


def uncaught_schemers_of_tables(tables: Int[np.ndarray, "*draw group share"]) -> Float[np.ndarray, "*draw"]:
    """p_u: uncaught schemers among all grown organisms."""
    return _ratio(tables[..., UNCAUGHT_SCHEMERS].sum(-1), tables.sum((-2, -1)))


def _ratio(part: Any, whole: Any) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def predicted_share(organisms: GrownOrganisms) -> float:
    """The law of some organisms; see `law_of_tables`."""
    return float(law_of_tables(organisms.table()))


def share_over_orders(organisms: GrownOrganisms) -> float:
    """What growing anew leaves of some organisms; see `order_shares_of_tables`."""
    return float(order_shares_of_tables(organisms.table()))


def expected_growths(organisms: GrownOrganisms) -> float:
    """Organisms to be grown for one that is left, by the law: 1 / (1 - p_c). Infinite where all are caught."""
    left = int((~organisms.caught).sum())
    return len(organisms) / left if left else float("inf")


def grown_until_uncaught(organisms: GrownOrganisms) -> GrownUntilUncaught:
    """Grows anew within each group, in the order of draws, until an organism is not caught."""
    schemers = finished = never = 0
    order = np.lexsort((organisms.draw, organisms.group))
    caught, schemes = organisms.caught[order], organisms.schemes[order]
    for rows in group_rows(organisms.group[order]):
        uncaught = rows[~caught[rows]]
        if len(uncaught):
            finished += 1
            schemers += int(schemes[uncaught[0]])
        else:
            never += 1
    return GrownUntilUncaught(schemers, finished, never)


def group_rows(group: Int[np.ndarray, " organism"]) -> list[Int[np.ndarray, " row"]]:
    """The rows of each group, in the order of the groups' numbers."""
    order = np.argsort(group, kind="stable")
    _, counts = np.unique(group, return_counts=True)
    return np.split(order, np.cumsum(counts)[:-1]) if len(group) else []


def sequential_groups(caught: Bool[np.ndarray, " organism"]) -> Int[np.ndarray, " organism"]:
    """The groups of organisms that share nothing and are grown one after the other: each group ends with the first that is
    not caught."""
    return np.concatenate([[0], np.cumsum(~caught)[:-1]]).astype(int) if len(caught) else np.zeros(0, int)
