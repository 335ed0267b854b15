"""Measure a finished run and give each organism a verdict: python scripts/analyse.py RUN"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import command
import tyro

from analysis.history.events import happened
from experiments.compare import analyse_run, say_on_error_stream


@dataclass(frozen=True)
class Analyse:
    """Effects, circuits, provenance, behaviour and belief of every organism of a run; tables and a report in
    RUN/analysis."""

    run: Annotated[Path, tyro.conf.Positional]
    """folder of a finished run"""
    seed: int | None = None
    """of the scenes measured and of the resampling; by default whatever findings are there, else 1"""
    again: bool = False
    """measure again even if findings are there"""
    acquisition: bool = False
    """also learn the intent anew from the fork with the characters' mechanism intact and knocked out; takes
    up to as long as growing"""
    naive: Path | None = None
    """folder of a finished run of 'naive' at the same scale, whose organisms learn it as well, for
    comparison"""
    ancestry: bool = False
    """also tell what became of every component: its effects at every checkpoint, and dated events; seconds a
    checkpoint"""
    cache: bool = True
    """keep compiled programs for the next command"""


def analyse(arguments: Sequence[str]) -> Path:
    wanted: Analyse = command.parse(Analyse, __doc__ or "", arguments)
    command.prepare(wanted.cache)
    findings = analyse_run(
        wanted.run, wanted.seed, wanted.again, wanted.acquisition, wanted.naive, wanted.ancestry
    )
    mark = "" if findings["calibrated"] else " (uncalibrated)"
    for organism in findings["organisms"]:
        say_on_error_stream(
            f"organism {organism['member']}: {organism['verdict']}{mark}: {organism['reason']}"
        )
    for organism in findings["ancestry"]["organisms"] if wanted.ancestry else ():
        say_on_error_stream(f"organism {organism['member']}: {happened(organism)}")
    say_on_error_stream(f"report: {findings['report']}")
    return wanted.run / "analysis" / "summary.json"


if __name__ == "__main__":
    command.main(lambda: analyse(sys.argv[1:]))
