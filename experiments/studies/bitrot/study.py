"""The study *bitrot*: does an unused mode bitrot, and does it live longer where characters share its
mechanism?

Trains organisms whose mechanism for self is shared with characters or separate, and counts those whose
verdict does not contradict that; forks each of them into phases of disuse, in which self takes part and is
watched (nearly) throughout; reads what is left of its mode at every checkpoint; and puts the organisms to
trials: which part was lost, how soon it is relearned, whether it comes back by itself after noise on its
gate.

    python scripts/study.py bitrot

Expected (cpu scale): the shared mode lives longer than the separate one under both drives.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from analysis.forgetting.retention import retention_cells
from analysis.provenance.judging import ProvenanceResult
from analysis.thresholds import BEHAVES
from curricula.typed_json import summary_of
from experiments.studies.bitrot.headline import bitrot_headline
from experiments.studies.bitrot.plan import (
    FORKS,
    MECHANISMS,
    PARENTS,
    Mechanism,
    fork_configs,
    label_of,
)
from experiments.studies.bitrot.sections import bitrot_sections
from experiments.studies.bitrot.summary import (
    BitrotMeasured,
    BitrotSummary,
    DisusedOrganisms,
    ParentOrganisms,
    summarise_bitrot,
)
from experiments.studies.bitrot.trial_results import RULES, TrialCase, Trials
from experiments.studies.bitrot.trials import measure_trials
from experiments.studies.registry import register_study
from experiments.studies.study import Study, StudyRun, StudySettings, study_findings
from organisms.ensemble.config import RunConfig, read_config
from organisms.storage.run import read_run
from reports.section import Section


@register_study
class Bitrot(Study[BitrotMeasured, BitrotSummary]):
    """The same organisms under every mechanism, in disuse under every drive."""

    name = "bitrot"
    title = "Bitrot: what becomes of a mode that is never shown?"
    intervals = (
        "95 % intervals: Wilson for counts, bootstrap over organisms (BCa) for means and ratios, Brookmeyer "
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

    def measure(self, run: StudyRun) -> BitrotMeasured:
        """Verdicts of a parent; retention of a fork, and the trials of its mechanism."""
        if run.label in PARENTS:
            return parent_organisms(run, run.label, run.folder)
        name, use = FORKS[run.label]
        cells = retention_cells(run.run, run.config)
        if use == "never_taught":
            return DisusedOrganisms(run.folder, cells)
        parent = parent_organisms(run, MECHANISMS[name].curriculum, run.trained[MECHANISMS[name].curriculum])
        counted = [cell.select(parent.counted) for cell in cells]
        if use != "drives":
            return DisusedOrganisms(run.folder, counted)
        case = trial_case(run, MECHANISMS[name], DisusedOrganisms(run.folder, counted), parent)
        run.log(f"{run.label}: trials")
        return DisusedOrganisms(run.folder, counted, trials_once(run, case))

    def summarise(self, settings: StudySettings, measured: Mapping[str, BitrotMeasured]) -> BitrotSummary:
        """Lives by mechanism and drive, their ratios, and what trials found."""
        return summarise_bitrot(settings, measured)

    def sections(self, summary: BitrotSummary) -> Sequence[Section]:
        """A section a question."""
        return bitrot_sections(summary)

    def headline(self, summary: BitrotSummary) -> Sequence[str]:
        """Three lines."""
        return bitrot_headline(summary)


def parent_organisms(run: StudyRun, curriculum: str, folder: Path) -> ParentOrganisms:
    """The organisms of a parent, with their verdicts, measured unless they are there already.

    run: the parent or a fork of it. folder: of the parent.
    """
    verdicts = tuple(
        organism.verdict for organism in study_findings(folder, run.log)[ProvenanceResult].members
    )
    return ParentOrganisms(folder, verdicts, has_mode(folder) & as_expected(curriculum, verdicts))


def has_mode(folder: Path) -> Bool[np.ndarray, " member"]:
    """Which organisms of a parent have the mode: self and characters do as taught at its end."""
    rates = read_run(folder).summary()["behaviour"]
    return np.min(list(rates.values()), axis=0) >= BEHAVES


def as_expected(curriculum: str, verdicts: Sequence[str]) -> Bool[np.ndarray, " member"]:
    """Which organisms of a parent have no verdict of another mechanism than the study takes theirs for."""
    return np.array([verdict in (PARENTS[curriculum], "undecided") for verdict in verdicts])


def trial_case(
    run: StudyRun, mechanism: Mechanism, disused: DisusedOrganisms, parent: ParentOrganisms
) -> TrialCase:
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
        planted=mechanism.rehearsal > 0 and not mechanism.routed,
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
        "bitrot-trials", Trials, settings, lambda: measure_trials(case), case.further_runs
    )
