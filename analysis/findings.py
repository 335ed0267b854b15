"""Findings: what is known of one analysed run, as typed records?

`RunInfo` says which run it is; each measurement adds one result, a frozen dataclass that lives beside the code that
computes it. `findings[ProvenanceResult]` is the result of that type. Results hold all members of a run;
`RunFindings.members` lists those that are meant, so that a part of a run (see `analysis.provenance.comparison.by_settings`) is
findings too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from organisms.ensemble.config import RunConfig

Result = TypeVar("Result")


@dataclass(frozen=True)
class PhaseSpan:
    """Where a phase of training begins and ends, in steps of the run."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class ReseededMembers:
    """Members that missed the first phase's criterion and were trained again from another seed."""

    attempts: tuple[int, ...]
    """reseedings of each member"""
    count: int
    """members that were reseeded"""
    failed: int
    """members that missed the criterion at every attempt"""
    prolonged: Mapping[str, int]
    """members that went on past a phase's steps until they met its criterion, by phase, where any did"""


@dataclass(frozen=True)
class RunInfo:
    """Which run was analysed, and how."""

    run: str
    """name of its folder"""
    curriculum: str
    command: str
    """command that repeats the analysis"""
    config: RunConfig
    members: int
    seed: int
    analysis_seed: int
    """seed of the scenes that were measured and of all resampling"""
    reseeded: ReseededMembers
    calibrated: bool
    """were verdicts scored on planted organisms of this size in this world?"""
    phases: tuple[PhaseSpan, ...]
    fork_step: int
    """step of the checkpoint just before self was taught"""
    end_step: int
    end_sha256: str
    """hash of the last checkpoint's file"""
    components: tuple[str, ...]
    layers: int
    heads: int
    neuron_blocks: int
    settings: tuple[Mapping[str, float], ...]
    """of each member, the settings in which members differ"""

    def step_of(self, checkpoint: str) -> int:
        """Step of the checkpoint *fork* or *end*."""
        return self.fork_step if checkpoint == "fork" else self.end_step

    def phase_at(self, step: int) -> str | None:
        """Name of the phase that took step number `step`; the first step is 1."""
        return next((phase.name for phase in self.phases if phase.start < step <= phase.end), None)


@dataclass(frozen=True)
class RunFindings:
    """One analysed run: what it is and the results of its measurements, by their type."""

    run: RunInfo
    members: tuple[int, ...]
    """members that the findings are about"""
    results: Mapping[type, Any] = field(default_factory=dict)

    def __getitem__(self, kind: type[Result]) -> Result:
        """The result of a type. Raises KeyError where it was not measured."""
        return cast(Result, self.results[kind])

    def get(self, kind: type[Result]) -> Result | None:
        """The result of a type; None where it was not measured."""
        return cast(Result | None, self.results.get(kind))

    def with_result(self, result: object) -> "RunFindings":
        """The same findings with a result added, or put in the place of one of its type."""
        return replace(self, results={**self.results, type(result): result})


def gather_findings(run: RunInfo, *results: object) -> RunFindings:
    """Findings about all members of a run."""
    return RunFindings(run, tuple(range(run.members)), {type(result): result for result in results})
