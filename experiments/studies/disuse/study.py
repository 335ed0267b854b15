"""The study *disuse*: what goes first when a mode is out of use, how much use keeps it, and what brings it back?

Trains organisms whose mechanism for self is shared with characters or separate, and counts those whose
verdict does not contradict that; forks each of them into phases of disuse, in which self takes part and is
watched (nearly) throughout; reads what is left of its mode at every checkpoint; and puts the organisms to
trials: which part was lost, how soon it is relearned, whether it comes back by itself after noise on its
gate.

    python scripts/study.py disuse

Whether sharing protects is the question of the study *bitrot*. Expected (cpu scale): both modes are kept where self is
alone in a hundredth of its moments.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from analysis.forgetting.retention import retention_cells
from curricula.typed_json import summary_of
from experiments.studies.disuse.headline import disuse_headline
from experiments.studies.disuse.parents import ParentOrganisms, parent_organisms
from experiments.studies.disuse.plan import (
    FORKS,
    MECHANISMS,
    PARENTS,
    fork_configs,
    label_of,
)
from experiments.studies.disuse.sections import disuse_sections
from experiments.studies.disuse.summary import (
    DisusedOrganisms,
    DisuseMeasured,
    DisuseSummary,
    summarise_disuse,
)
from experiments.studies.disuse.trial_results import RULES, TrialCase, Trials
from experiments.studies.disuse.trials import measure_trials
from experiments.studies.registry import register_study
from experiments.studies.study import Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig, read_config
from organisms.storage.run import read_run
from reports.section import Section


@register_study
class DisuseStudy(Study[DisuseMeasured, DisuseSummary]):
    """The same organisms under every mechanism, in disuse under every drive."""

    name = "disuse"
    title = "Disuse: what becomes of a mode that is never shown?"
    intervals = (
        "95 % intervals: Wilson for counts, bootstrap over organisms (BCa) for means, Brookmeyer "
        "and Crowley's for half-lives."
    )
    members = 10
    """one or two may turn out to have another mechanism than they are taken for, and eight are few enough"""

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The parents, by curriculum; all have one seed."""
        return {curriculum: settings.config(curriculum) for curriculum in PARENTS}

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """The forks."""
        return fork_configs(settings, trained)

    def measure(self, run: StudyRun) -> DisuseMeasured:
        """Verdicts of a parent; retention of a fork, and the trials of its mechanism."""
        if run.label in PARENTS:
            return parent_organisms(run.folder, PARENTS[run.label])
        name, use = FORKS[run.label]
        cells = retention_cells(run.run, run.config)
        if use == "never_taught":
            return DisusedOrganisms(run.folder, cells)
        mechanism = MECHANISMS[name]
        parent = parent_organisms(run.trained[mechanism.curriculum], mechanism.verdict)
        counted = [cell.select(parent.counted) for cell in cells]
        if use != "drives":
            return DisusedOrganisms(run.folder, counted)
        case = trial_case(run, DisusedOrganisms(run.folder, counted), parent)
        run.log(f"{run.label}: trials")
        return DisusedOrganisms(run.folder, counted, trials_once(run, case))

    def summarise(self, settings: StudySettings, measured: Mapping[str, DisuseMeasured]) -> DisuseSummary:
        """Lives by mechanism and drive, and what trials found."""
        return summarise_disuse(settings, measured)

    def sections(self, summary: DisuseSummary) -> Sequence[Section]:
        """A section a question."""
        return disuse_sections(summary)

    def headline(self, summary: DisuseSummary) -> Sequence[str]:
        """Three lines."""
        return disuse_headline(summary)


def trial_case(run: StudyRun, disused: DisusedOrganisms, parent: ParentOrganisms) -> TrialCase:
    """The runs and organisms that the trials of a mechanism need. run: of disuse under every drive."""
    name = FORKS[run.label][0]
    decayed = run.trained.get(label_of(name, "decay_only"))
    decay = None
    if decayed:
        decay_run = read_run(decayed)
        decay = retention_cells(decay_run, read_config(decay_run.config))[-1].select(parent.counted)
    return TrialCase(
        parent=parent.folder,
        disused=disused.folder,
        never_taught=run.trained.get(label_of(name, "never_taught")),
        decayed=decayed,
        drives=disused.cells,
        decay=decay,
        planted=True,
    )


def trials_once(run: StudyRun, case: TrialCase) -> Trials:
    """The trials of a case, measured again only where the runs, the organisms that count or the rules have
    changed."""
    settings = {
        "organisms": [cell.organisms for cell in case.drives],
        "planted": case.planted,
        "rules": summary_of(RULES),
    }
    return run.measured_once(
        "disuse-trials", Trials, settings, lambda: measure_trials(case), case.further_runs
    )
