"""Intervals of kept summaries: what do they bear in words?"""


def is_above(triple, bound: float) -> bool:
    """Does the whole interval lie above a bound?"""
    _, low, _ = triple
    return low > bound


def is_below(triple, bound: float) -> bool:
    """Does the whole interval lie below a bound?"""
    _, _, high = triple
    return high < bound


def holds(triple, bound: float) -> bool:
    """Does a bound lie in the interval?"""
    _, low, high = triple
    return low <= bound <= high
