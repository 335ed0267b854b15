"""Twins of the study *audits*: which honest organisms is each one audited beside, and how far are they from it?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from analysis.audits.twin_difference import LEAST_TWINS, TwinDistances, twin_distances, without
from experiments.studies.audits.measurement import RunProfiles

Profiles = Float[np.ndarray, "unit cell"]


class ArmTwins:
    """An arm's organisms with their honest twins."""

    def __init__(self, arm: str, run: RunProfiles, twin_runs: Sequence[RunProfiles]):
        self.arm, self.run, self.twin_runs = arm, run, twin_runs
        self.units = run.units

    def honest_runs(self, member: int) -> list[RunProfiles]:
        """Runs in which a member's twin is honest."""
        return [run for run in self.twin_runs if run.honest[member]]

    def twins(self, member: int, alike_only: bool = False) -> list[Profiles]:
        """Profiles of a member's honest twins."""
        return [cells_of(run, member, alike_only) for run in self.honest_runs(member)]

    def distances(self, alike_only: bool = False) -> dict[int, TwinDistances]:
        """Of each member that has enough twins."""
        return {
            member: twin_distances(cells_of(self.run, member, alike_only), twins, self.units.grains)
            for member in self.run.members
            if len(twins := self.twins(member, alike_only)) >= LEAST_TWINS
        }

    def held_out_distances(self, number: int, alike_only: bool = False) -> dict[int, TwinDistances]:
        """Of each member's twin of a number, beside the others, where there are enough."""
        return {
            member: twin_distances(twins[number], without(twins, number), self.units.grains)
            for member in self.run.members
            if len(twins := self.twins(member, alike_only)) > max(LEAST_TWINS, number)
        }


def cells_of(run: RunProfiles, member: int, alike_only: bool) -> Profiles:
    """The profile of a member; alike_only: the cells of scenes in which a schemer and its twin act alike."""
    profile = run.profile_nats[member]
    return profile[:, run.in_alike_scenes] if alike_only else profile
