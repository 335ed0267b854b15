"""Measure a finished run and give each organism a verdict: python scripts/analyse.py RUN"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from experiments.command_line.flags import ComputingFlags
from experiments.command_line.parsing import parse
from experiments.command_line.process import main


@dataclass(frozen=True, kw_only=True)
class Analyse(ComputingFlags):
    """Effects, circuits, provenance, behaviour and belief of every organism of a run; tables and a report in
    RUN/analysis."""

    run: Annotated[Path, tyro.conf.Positional]
    """folder of a finished run"""
    seed: int | None = None
    """of the scenes measured and of the resampling; by default that of earlier findings, else 1"""
    remeasure: Annotated[bool, tyro.conf.arg(name="again")] = False
    """measure again even if there are findings"""
    acquisition: bool = False
    """also train the intent again from the fork, with the characters' mechanism intact and ablated; takes up
    to as long as training"""
    naive: Path | None = None
    """folder of a finished run of 'naive' at the same scale, whose organisms are trained on it as well, for
    comparison"""
    out: Path | None = None
    """folder for tables, report and summary, in place of RUN/analysis; the run's own is then only read"""
    measure: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """name of a further optional measurement, as of a plug-in; may be given more than once"""
    ancestry: bool = False
    """also the history of every component: its effects at every checkpoint, and dated events; seconds a
    checkpoint"""


def analyse_command(words: Sequence[str]) -> Path:
    flags = parse(Analyse, __doc__ or "", words)
    # Once the words are read: these take long to import, and --help needs none of them.
    from experiments.analyse import REPORT, AnalysisOptions, analyse_run, analysis_folder
    from experiments.summary import analysis_in_words

    flags.set_up_jax()
    asked_for = (("acquisition", flags.acquisition), ("ancestry", flags.ancestry))
    optional = frozenset((*flags.measure, *(name for name, is_on in asked_for if is_on)))
    options = AnalysisOptions(flags.seed, flags.remeasure, optional, flags.naive, flags.out, redraw=True)
    findings = analyse_run(flags.run, options, flags.report)
    for line in analysis_in_words(findings):
        flags.report(line)
    folder = analysis_folder(flags.run, options)
    flags.report(f"report: {folder / REPORT}")
    return folder / "summary.json"


if __name__ == "__main__":  # of a process of its own, where there is no scripts/
    main("experiments.commands.analyse:analyse_command")
