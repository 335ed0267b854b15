"""Measurement: what does one measurement have to bring, so that tables, report, comparison and cache know it?

A measurement is one class in one file, registered by `experiments.measurements.registry.register_measurement`. It
gives a frozen dataclass, and may add rows to a table, a section to the report and lines of corroboration. What it does
*not* have to bring: a reader, a writer or a cache.

    @register_measurement
    class WeightNorm(Measurement[WeightNormResult]):
        name = "weight_norm"
        result = WeightNormResult

        def measure(self, run, results):
            return WeightNormResult(tuple(norms_of(run.end.organisms)))
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Generic, TypeVar

from analysis.findings import RunFindings, RunInfo
from analysis.patching.checkpoint import CheckpointMeasurer, Null
from analysis.provenance.corroboration import Evidence
from curricula.world.world import ROLES, Role
from organisms.ensemble.config import RunConfig
from organisms.storage.loading import fork_and_end, load, secret_goals_of
from organisms.storage.manifest import Entry
from organisms.storage.run import Run
from reports.section import Section
from reports.tables import Row

Result = TypeVar("Result")
RoleOrder = tuple[Role, Role]
"""the role that was taught first, and the one that was taught later: see `curricula.phases.Curriculum.role_order`"""


class MeasuredRun:
    """A finished run with its two checkpoints, loaded when a measurement first needs them."""

    def __init__(
        self,
        run: Run,
        info: RunInfo,
        null: Null | None = None,
        naive: Run | None = None,
        role_order: RoleOrder = ROLES,
    ):
        """null: measure what has nothing to find in it. naive: the run of another curriculum that acquisition
        compares with. role_order: which role was taught first, and which later; the fork is the checkpoint before the
        later one. Effects, circuits, spares and provenance are measured in any order; all else expects the usual one."""
        self.run, self.info, self.naive = run, info, naive
        self.first_role: Role = role_order[0]
        self.later_role: Role = role_order[1]
        self.null: Null | None = null
        self.config: RunConfig = info.config
        self.seed = info.analysis_seed
        self.secret_goals = secret_goals_of(run)

    @property
    def role_order(self) -> RoleOrder:
        """The role that was taught first, and the later one."""
        return self.first_role, self.later_role

    @cached_property
    def end(self) -> CheckpointMeasurer:
        """Measurements of the last checkpoint."""
        _, entry = measured_entries(self.config, self.run.entries(), self.null, self.later_role)
        return CheckpointMeasurer(
            load(self.run, self.config, entry), self.config, self.secret_goals, self.seed, self.null
        )

    @cached_property
    def fork(self) -> CheckpointMeasurer:
        """Measurements of the checkpoint just before the later role was taught, on other pairs."""
        entry, _ = measured_entries(self.config, self.run.entries(), self.null, self.later_role)
        return CheckpointMeasurer(
            load(self.run, self.config, entry), self.config, self.secret_goals, self.seed + 1, self.null
        )


def measured_entries(
    config: RunConfig, entries: list[Entry], null: Null | None, later_role: Role = "self"
) -> tuple[Entry, Entry]:
    """The checkpoints that are measured as the fork and as the end of a run."""
    return (entries[0], entries[0]) if null == "untrained" else fork_and_end(config, entries, later_role)


class Measurement(ABC, Generic[Result]):
    """One measurement of a run. A subclass sets `name` and `result` and defines `measure`; the rest has defaults."""

    name: ClassVar[str]
    """of its file in the cache, and of its table"""
    result: type[Result]
    """class of what `measure` returns, a frozen dataclass"""
    requires: ClassVar[tuple[type, ...]] = ()
    """results of other measurements that it reads; these are measured first"""
    settings: ClassVar[Mapping[str, float | int | str]] = MappingProxyType({})
    """thresholds and amounts that its result depends on; where one changes, it is measured again"""
    optional: ClassVar[bool] = False
    """is it measured only where it is asked for?"""
    full_precision: ClassVar[bool] = True
    """are matrix products in full float32, whatever the device?"""
    table: ClassVar[str] = ""
    """name of the Parquet file that its rows go to; its own name where empty"""

    @abstractmethod
    def measure(self, run: MeasuredRun, results: RunFindings) -> Result:
        """The result for all members of a run. results: those of `requires`, among others."""

    def rows(self, findings: RunFindings) -> Iterable[Row]:
        """Numbers of the members of one run for a table; none by default."""
        return ()

    def section(self, findings: Sequence[RunFindings]) -> Section | None:
        """What the report shows of one or more runs; nothing by default."""
        return None

    def evidence(self, findings: RunFindings) -> Iterable[Evidence]:
        """Lines of corroboration, each with its null; none by default."""
        return ()

    def flags(self, result: Result) -> str:
        """How a command asks for it, where it is optional."""
        return f"--measure {self.name}"

    def inputs(self, run: MeasuredRun) -> str | None:
        """What the result depends on besides the run, as the hash of another run; nothing by default."""
        return None

    def accepts(self, cached_inputs: str | None, inputs: str | None) -> bool:
        """Is a result that was measured with other inputs good for these?"""
        return cached_inputs == inputs
