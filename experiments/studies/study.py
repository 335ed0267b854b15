"""A study: a question, the runs that answer it, and what they answered.

Every study has the same six parts, and one function carries them out (`experiments.studies.execution`): the
runs are trained, each is measured, the measurements become a summary, the summary a page and three lines. A
study is registered by name (`experiments.studies.registry`) and run by ``scripts/study.py NAME``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from analysis.findings import RunFindings
from analysis.statistics import Interval, jsonable
from curricula.catalogue.building_blocks import WORLDS, Scale
from curricula.world.world import World
from experiments.analyse import AnalysisOptions, analyse_run, results_of
from experiments.studies.cache import measured_once
from organisms.ensemble.config import RunConfig, named_config
from organisms.model.config import OrganismConfig
from organisms.storage.run import Run, read_run
from reports.section import Section

SEEDS_PER_STUDY_SEED = 1000
"""seeds of runs from one seed of a study to the next"""
SEEDS_PER_CURRICULUM = 10
"""seeds from one curriculum of a study to the next: room for runs that are trained since the first fell
short"""
ANALYSIS_SEED = 1
"""seed of the scenes on which the runs of studies are analysed"""

Triple = tuple[float | None, float | None, float | None]
"""a value and the ends of its 95 % interval; None where there is no number"""
Number = float | int | None
MeasuredType = TypeVar("MeasuredType")
SummaryType = TypeVar("SummaryType", bound="StudySummary")
ValueType = TypeVar("ValueType")


def study_findings(folder: Path, log: Callable[[str], None]) -> RunFindings:
    """The findings of a run of a study, at the seed at which all of them are analysed."""
    return analyse_run(folder, AnalysisOptions(seed=ANALYSIS_SEED), log)


def triple(interval: Interval) -> Triple:
    """An interval as summaries hold it: None for what is not finite."""
    value, low, high = jsonable(interval)
    return value, low, high


@dataclass(frozen=True)
class StudySettings:
    """What a command decides about a study: sizes, how many organisms, and the seed."""

    scale: Scale
    world: World
    organism: OrganismConfig
    members: int = 8
    """organisms of each kind"""
    seed: int = 0
    steps: int | None = None
    """steps of every phase, in place of the curricula's"""

    def config(self, curriculum: str, seed: int | None = None, members: int | None = None) -> RunConfig:
        """The run of a curriculum of the catalogue in the study's world, at its sizes. What a curriculum sets
        otherwise than the world of its scale does, it keeps in the study's world. Compiled organisms keep their
        own world and sizes.

        seed, members: by default the study's.
        """
        config = named_config(
            curriculum,
            self.scale,
            self.members if members is None else members,
            self.seed if seed is None else seed,
            self.steps,
        )
        if config.curriculum.compiled != "nothing":
            return config
        usual, special = asdict(WORLDS[self.scale]), asdict(config.curriculum.world)
        world = replace(
            self.world, **{name: value for name, value in special.items() if value != usual[name]}
        )
        return replace(config, curriculum=replace(config.curriculum, world=world), organism=self.organism)


@dataclass(frozen=True)
class StudyRun:
    """A finished run of a study, as `Study.measure` gets it."""

    label: str
    """name that `Study.runs` gave it"""
    config: RunConfig
    folder: Path
    settings: StudySettings
    trained: Mapping[str, Path]
    """folder of every run of the study, by label"""
    log: Callable[[str], None]
    """a line for people"""

    @cached_property
    def run(self) -> Run:
        """The run, opened to be read."""
        return read_run(self.folder)

    def findings(self) -> RunFindings:
        """The findings of every standing measurement, analysed unless they are there already."""
        return study_findings(self.folder, self.log)

    def findings_of(self, *kinds: type) -> RunFindings:
        """The findings that hold some results and what these require, measured unless they are there already: less work
        than every standing measurement."""
        return results_of(self.folder, kinds, ANALYSIS_SEED)

    def measured_once(
        self,
        name: str,
        kind: type[ValueType],
        settings: Mapping[str, Any],
        measure: Callable[[], ValueType],
        parents: Sequence[Path] = (),
    ) -> ValueType:
        """What ``measure`` returns, a frozen dataclass of type ``kind``; kept beside the run and measured
        again only where the run's checkpoints, or the settings, have changed.

        settings: whatever the value depends on besides the run. parents: folders of further runs that it
        depends on.
        """
        return measured_once(self.folder, name, kind, settings, measure, parents)


@dataclass(frozen=True)
class PrimaryEndpoint:
    """The one number that a study was made for, named before it was run."""

    name: str
    value: Triple
    n: int
    """units that it is a statement about"""


@dataclass(frozen=True)
class StudySummary:
    """What every study's ``summary.json`` says. A study adds its fields in a subclass."""

    n: int
    """organisms"""
    seeds: Sequence[int]
    """of the runs"""
    primary: PrimaryEndpoint
    findings: Mapping[str, Number | Triple] = field(kw_only=True)
    """a value, or a value with its interval, by a dotted name as ``accuracy.routing``"""

    def interval(self, name: str) -> Triple:
        """A finding with its interval."""
        value = self.findings[name]
        return value if isinstance(value, tuple) else (value, None, None)


class Study(ABC, Generic[MeasuredType, SummaryType]):
    """A question and what answers it. Subclass, fill in, and decorate with
    `experiments.studies.registry.register_study`."""

    name: ClassVar[str]
    """what it is called by on the command line; also the folder of its runs"""
    about: ClassVar[str] = ""
    """one sentence for ``--help``, of a study that is not in `experiments.studies.catalogue`"""
    title: ClassVar[str] = ""
    """of its page; by default the name"""
    intervals: ClassVar[str] = "95 % intervals: Wilson for counts, bootstrap over organisms (BCa) for means."
    """how its intervals are made, for the top of its page"""
    members: ClassVar[int] = 8
    """organisms of each kind, where the command does not say"""
    shares_runs_with: ClassVar[Sequence[str]] = ()
    """studies whose finished runs it takes as they are, where they have the same settings and lie beside its own"""
    first_seed: ClassVar[int | None] = None
    """Where the seeds of its runs begin within the `SEEDS_PER_STUDY_SEED` of a study seed, so that no two
    runs have one seed. None: all runs have the study's seed, and organisms of equal number begin alike."""

    @abstractmethod
    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The runs that the study needs, by labels of its choice."""

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """Runs that depend on those trained so far: forks of them, or further ones where too few organisms
        came out as meant. Called again after these are trained, until it names no label that is new."""
        return {}

    @abstractmethod
    def measure(self, run: StudyRun) -> MeasuredType:
        """What the study needs to know about one run. Lengthy parts go through `StudyRun.measured_once`."""

    @abstractmethod
    def summarise(self, settings: StudySettings, measured: Mapping[str, MeasuredType]) -> SummaryType:
        """The study's answer, from what was measured of each run, by label in the order of training."""

    def sections(self, summary: SummaryType) -> Sequence[Section]:
        """Tables and figures of the page."""
        return []

    @abstractmethod
    def headline(self, summary: SummaryType) -> Sequence[str]:
        """The answer in up to three lines, for a reader who reads no further."""

    def warning(self, summary: SummaryType) -> str:
        """A banner above the page, as that thresholds were chosen on these very runs; by default none."""
        return ""

    def plan(self, settings: StudySettings) -> str:
        """How much work it is, in one line that is logged before anything is trained; by default nothing."""
        return ""

    def errors(self, settings: StudySettings) -> list[str]:
        """Everything that is wrong with the settings, a line each."""
        per_study = 1 if self.first_seed is None else SEEDS_PER_STUDY_SEED
        errors = []
        if settings.members < 1:
            errors.append(f"members: expected 1 or more, got {settings.members}")
        if not 0 <= settings.seed < 2**31 // per_study:
            errors.append(f"seed: expected 0 to {2**31 // per_study - 1}, got {settings.seed}")
        return errors

    def seed_of(self, settings: StudySettings, curriculum: int = 0, attempt: int = 0) -> int:
        """The seed of a run. curriculum: its index in the study; attempt: how many runs of that curriculum
        were trained before this one."""
        if self.first_seed is None:
            return settings.seed
        offset = self.first_seed + SEEDS_PER_CURRICULUM * curriculum + attempt
        return settings.seed * SEEDS_PER_STUDY_SEED + offset
