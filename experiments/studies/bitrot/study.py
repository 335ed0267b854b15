"""The study *bitrot*: does a mode that is never used live longer where characters share its mechanism?

Grows organisms whose mechanism for self is shared with characters or separate, as children of the same forks, and forks each
of them into disuse: self takes part and is always watched (one half of its gate is practised), or takes no part at all. The
weights decay and something new is asked, at three learning rates. What each organism retains is compared with what its sibling
does.

    python scripts/study.py bitrot

Expected (cpu scale): shared siblings retain more; the planted ones, which differ by a lane alone, do not differ.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from analysis.forgetting.retention import retention_cells
from curricula.pressures.mean_ablation import MeanAblation
from experiments.studies.bitrot.page import bitrot_headline, bitrot_sections
from experiments.studies.bitrot.plan import VERDICTS, bitrot_configs
from experiments.studies.bitrot.summary import (
    BitrotFork,
    BitrotMeasured,
    BitrotParent,
    BitrotSummary,
    summarise_bitrot,
)
from experiments.studies.disuse.parents import parent_organisms
from experiments.studies.registry import register_study
from experiments.studies.study import Study, StudyRun, StudySettings
from organisms.ensemble.config import RunConfig
from organisms.storage.manifest import fork_entry
from reports.section import Section


@register_study
class BitrotStudy(Study[BitrotMeasured, BitrotSummary]):
    """Siblings that share the characters' mechanism or do not, in disuse at three rates."""

    name = "bitrot"
    title = "Bitrot: does sharing protect a mode that is never used?"
    intervals = (
        "95 % intervals: of differences, bootstrap over pairs (BCa); of rates, over the organisms of a group (BCa); of "
        "half-lives, Brookmeyer and Crowley's."
    )
    members = 10
    """one or two may turn out to have another mechanism than they are taken for, and eight are few enough"""

    def runs(self, settings: StudySettings) -> Mapping[str, RunConfig]:
        """The parents, by curriculum; all have one seed."""
        return {curriculum: settings.config(curriculum) for curriculum in VERDICTS}

    def more_runs(
        self, settings: StudySettings, trained: Mapping[str, Path], log: Callable[[str], None]
    ) -> Mapping[str, RunConfig]:
        """The runs of disuse."""
        return bitrot_configs(settings, trained)

    def measure(self, run: StudyRun) -> BitrotMeasured:
        """Verdicts of a parent; what the organisms of a fork retain."""
        if run.label in VERDICTS:
            before_self = fork_entry(run.config.curriculum, run.run.entries())
            notes = run.run.entries()[-1].extra
            ablated = notes.get("pressures", {}).get(MeanAblation.name, ())
            return BitrotParent(
                parent_organisms(run.folder, VERDICTS[run.label]),
                before_self.sha256,
                tuple(len(components) for components in ablated),
                tuple(notes.get("phase_steps", ())),
            )
        return BitrotFork(retention_cells(run.run, run.config))

    def summarise(self, settings: StudySettings, measured: Mapping[str, BitrotMeasured]) -> BitrotSummary:
        """What siblings retain, paired."""
        return summarise_bitrot(settings, measured)

    def headline(self, summary: BitrotSummary) -> Sequence[str]:
        """Three lines."""
        return bitrot_headline(summary)

    def sections(self, summary: BitrotSummary) -> Sequence[Section]:
        """Retention, differences, organisms, limits."""
        return bitrot_sections(summary)
