"""Findings of single organisms that no run was trained for: provenance, spare and courses, by verdict."""

import math

import numpy as np

from analysis.history.set_course import CourseValue, MemberCourses, SetCourse
from analysis.provenance.chance import BarShares, Specificity
from analysis.provenance.judging import MemberProvenance, unmeasured
from analysis.provenance.spare import GateLeft, RandomGateLeft, SpareAtFork
from analysis.provenance.verdict import CELLS


def provenance_of(rng: np.random.Generator, verdict: str) -> MemberProvenance:
    best = verdict if verdict in CELLS else "reused"
    height = float(rng.uniform(0.88, 0.97)) if verdict in CELLS else 0.45
    shares = {cell: round(height if cell == best else (1 - height) / 3, 3) for cell in CELLS}
    intervals = {
        cell: (round(max(0.0, share - 0.05), 3), round(min(1.0, share + 0.04), 3))
        for cell, share in shares.items()
    }
    reason = f"because it is {verdict}"
    if verdict == "absent":
        return unmeasured(verdict, reason)
    at_random = dict.fromkeys(CELLS, (0.25, 0.2, 0.3))
    excess = {cell: share - 0.25 for cell, share in shares.items()}
    unrelated = Specificity(shares, dict.fromkeys(CELLS, (0.1, 0.0, 0.2)))
    by_bar = (BarShares(0.05, shares),)
    chance = at_random, at_random, excess, by_bar
    return MemberProvenance(verdict, reason, shares, shares, intervals, *chance, 0.6, 0.7, unrelated, 0.3)


def spare_of(verdict: str) -> SpareAtFork | None:
    if verdict == "absent":
        return None
    gate, random = GateLeft(0.8, 0.7, 0.9), RandomGateLeft(0.3, 0.1, 0.5)
    return SpareAtFork(gate, gate, gate, random, gate, random, (0, 1), (2,), "spare")


def courses_of(verdict: str) -> MemberCourses:
    if verdict == "absent":
        return MemberCourses(None, None)
    course = (
        CourseValue(100, 0.7, 0.6, 0.8),
        CourseValue(150, 0.9, 0.8, 1.0),
        CourseValue(200, 1.0, 1.0, 1.0),
    )
    of_self = SetCourse(
        (0, 1), 0.8, course, CourseValue(100, 0.75, 0.65, 0.85), 0.1, 0.66, (100, 150), "kept"
    )
    of_characters = SetCourse((2,), 0.9, course, None, -0.1, math.nan, (100, 200), "kept")
    return MemberCourses(of_self, of_characters)
