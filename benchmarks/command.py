"""Measure speed against PyTorch and against this machine's limits: python scripts/bench.py"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.plan import Plan
from curricula.catalogue.building_blocks import Scale
from curricula.errors import UserError
from experiments.command_line.flags import CommonFlags
from experiments.command_line.parsing import parse


@dataclass(frozen=True, kw_only=True)
class Bench(CommonFlags):
    """Training, PyTorch, the machine's limits and the analysis, measured in turn in one run. Takes a quarter
    of an hour on two cores."""

    scales: tuple[Scale, ...] = ()
    """sizes of organisms; by default all three"""
    members: tuple[int, ...] = ()
    """organisms trained side by side; by default 1 4 8 16 64, and on a GPU 256 1024 4096 as well"""
    rounds: int | None = None
    """turns of each contestant; by default 3"""
    seconds: float | None = None
    """length of a turn of ours; by default 1"""
    seed: int = 0
    """of the weights and of the scenes"""
    pytorch: bool = True
    """compare with PyTorch, if it is installed"""
    quick: bool = False
    """the reference alone (cpu scale, 1 and 8 members) in shorter turns"""
    profile: Path | None = None
    """folder for a profiler trace of one chunk; its costliest operations are printed"""
    analysis: bool = False
    """instead: what each measurement of an analysis costs beside growing the organisms, cold and warm (cpu scale,
    8 members; with --quick tiny scale, 2 members and short phases)"""
    scaling: bool = False
    """instead: how cost grows with width, layers, moments, cues, batch, members and checkpoints, and what sweeps would
    cost (a quarter of an hour on two cores; with --quick a minute); writes a page, a drawing and data into --out"""
    page_only: bool = False
    """with --scaling: measure nothing, make the page and the drawing again of the data in --out"""
    out: Path = Path("runs/bench")
    """where summary.json and the drawings go; docs for the scaling page of this project"""

    @property
    def plan(self) -> Plan:
        """What to measure: the plan's own choice where a flag is not given."""
        choices: dict[str, Any] = {
            "scales": self.scales or None,
            "members": self.members or None,
            "rounds": self.rounds,
            "seconds": self.seconds,
        }
        settings = {name: value for name, value in choices.items() if value is not None}
        kind = Plan.quick if self.quick else Plan
        return kind(**settings, seed=self.seed, pytorch=self.pytorch, profile=self.profile)


def bench_command(words: Sequence[str]) -> Path:
    flags = parse(Bench, __doc__ or "", words)
    command = shlex.join(["python", "scripts/bench.py", *words])
    # Once the words are read: these take long to import, and --help needs none of them.
    from organisms.ensemble.environment import fix_switches

    fix_switches()  # here and in each process that measures
    if flags.page_only and not flags.scaling:
        raise UserError("--page-only: expected --scaling with it; give both")
    if flags.scaling:
        return _scaling(flags, command)
    if flags.analysis:
        from benchmarks.analysis_cost import analysis_costs

        scale = (flags.scales or (("tiny" if flags.quick else "cpu"),))[0]
        members = (flags.members or ((2 if flags.quick else 8),))[0]
        return analysis_costs(
            scale, members, 20 if flags.quick else None, flags.seed, flags.out, flags.report
        )
    from benchmarks.bench import bench

    return bench(flags.plan, flags.out, command, flags.report)


def _scaling(flags: Bench, command: str) -> Path:
    from benchmarks.scaling.factors import ScalingPlan
    from benchmarks.scaling.page import write_page
    from benchmarks.scaling.scaling import bench_scaling

    if flags.analysis or flags.scales or flags.members or flags.profile:
        raise UserError(
            "--scaling: expected no --analysis, --scales, --members or --profile with it; leave them out"
        )
    if flags.page_only:
        return write_page(flags.out)
    plan = ScalingPlan.quick(flags.seed) if flags.quick else ScalingPlan(seed=flags.seed)
    if flags.rounds is not None:
        plan = replace(plan, rounds=flags.rounds)
    return bench_scaling(plan, flags.quick, flags.out, command, flags.report)
