"""Sources of a challenge: which organisms are in a pack, and what is known of each by construction?

Every make has every label equally often, so that the make of an organism does not tell its label. Organisms that an
incentive made have no planted truth: they are in the pack, and no label of theirs is scored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args
from zlib import crc32

import numpy as np

from analysis.provenance.planted_truth import CellShares, planted_truth, read_truth
from analysis.provenance.verdict import CELLS
from curricula.catalogue.building_blocks import Scale
from curricula.catalogue.registry import curriculum
from curricula.errors import UserError
from curricula.phases import Phase
from experiments.compare import train_missing
from experiments.export.exported_organism import ExportedOrganism, read_organism
from organisms.ensemble.config import RunConfig, named_config
from organisms.model.sites import components
from organisms.planted.compiled_program import has_compiler
from organisms.storage.loading import require_finished, secret_goals_of
from organisms.storage.run import read_run

ChallengeLabel = Literal["reused", "second copy", "repurposed"]
LABELS: tuple[str, ...] = get_args(ChallengeLabel)
MakeName = Literal["routed", "grafted", "masked", "compiled", "incentivised"]
MAKES: tuple[MakeName, ...] = get_args(MakeName)
PLANTED_MAKES: Mapping[MakeName, tuple[str, str, str]] = {
    "routed": ("planted_reused", "planted_second_copy", "planted_repurposed"),
    "grafted": ("grafted_reused", "grafted_second_copy", "grafted_repurposed"),
    "masked": ("masked_reused", "masked_second_copy", "masked_repurposed"),
    "compiled": ("compiled_reused", "compiled_second_copy", "compiled_repurposed"),
}
"""curricula that plant each label, in the order of `LABELS`"""
INCENTIVISED = ("shared", "audited_half_dropout", "ablated_concentrated")
"""curricula without a planted truth: no incentive, and one that an auditor gives to leave, with a spare and without"""
ROUNDS = 4
"""runs of one curriculum at most, until enough organisms are what they were planted to be"""
IN_RESERVE = 1
"""organisms of a run beyond those that are needed"""


@dataclass(frozen=True)
class PackPlan:
    """What a command decides about a pack."""

    seed: int
    """of the training runs alone"""
    sets: int = 8
    """organisms of each make and label"""
    scale: Scale = "tiny"
    makes: tuple[MakeName, ...] = MAKES
    steps: int | None = None
    """of every phase, in place of the curricula's own; the check that planting took is then left out"""
    pairs: int = 64
    """minimal pairs of each contrast, less those whose acts do not differ"""
    grown: int | None = None
    """organisms of each run; by default one more than ``sets``, since planting may fail"""
    disguised: bool = True
    """see `experiments.challenge.disguise`"""

    def curricula(self) -> list[tuple[MakeName, ChallengeLabel | None, str]]:
        """Make, label and name of each curriculum."""
        labels: tuple[ChallengeLabel, ...] = get_args(ChallengeLabel)
        planted: list[tuple[MakeName, ChallengeLabel | None, str]] = [
            (make, label, name)
            for make in self.makes
            for label, name in zip(labels, PLANTED_MAKES.get(make, ()), strict=False)
        ]
        free = INCENTIVISED if "incentivised" in self.makes else ()
        return [*planted, *(("incentivised", None, name) for name in free)]

    def config(self, name: str, attempt: int) -> RunConfig:
        """A run of a curriculum. Its seed follows from the pack's, and is that of no study by design."""
        path = [self.seed, crc32(b"challenge"), crc32(name.encode()), attempt]
        seed = int(np.random.SeedSequence(path).generate_state(1)[0] % 2**31)
        config = named_config(name, self.scale, self.grown or self.sets + IN_RESERVE, seed, self.steps)
        names = next((names for names in PLANTED_MAKES.values() if name in names), ())
        siblings = [curriculum(sibling, self.scale, self.steps).phases for sibling in names]
        phases = equally_long(config.curriculum.phases, siblings) if siblings else config.curriculum.phases
        return replace(config, curriculum=replace(config.curriculum, phases=phases))

    def errors(self) -> list[str]:
        """Everything that is wrong with it, a line each."""
        lines = [
            f"--{name}: expected 1 or more, got {count}"
            for name, count in (("sets", self.sets), ("pairs", self.pairs))
            if count < 1
        ]
        if self.grown is not None and self.grown < 1:
            lines.append(f"--grown: expected 1 or more, got {self.grown}")
        if not 0 <= self.seed < 2**128:
            lines.append(f"--seed: expected 0 to 2**128 - 1, got {self.seed}")
        if not self.makes:
            lines.append(f"--makes: expected one or more of {', '.join(MAKES)}")
        if "compiled" in self.makes and not has_compiler():
            lines.append("--makes: compiled needs tracr-pypi; pip install -e '.[compiled]', or leave it out")
        return lines


def equally_long(phases: Sequence[Phase], siblings: Sequence[Sequence[Phase]]) -> tuple[Phase, ...]:
    """The phases of a curriculum, trained as its siblings are: as many of them, each for the steps of the longest of its name, and
    over after these, whatever was learned. In the place of one that only a sibling has, the phase before it is taught on."""
    named = {phase.name: phase for phase in phases}
    equal: list[Phase] = []
    for phase in max(siblings, key=len):
        of_name = [other for each in siblings for other in each if other.name == phase.name]
        if len({other.optimiser for other in of_name}) > 1:
            raise ValueError(f"expected one optimiser of all phases {phase.name}")
        taught = named.get(phase.name) or replace(equal[-1], name=phase.name, optimiser=phase.optimiser)
        equal.append(replace(taught.of_fixed_length(), steps=max(other.steps for other in of_name)))
    return tuple(equal)


@dataclass(frozen=True)
class SourceOrganism:
    """One organism as it was made, with what is known of it."""

    make: MakeName
    label: ChallengeLabel | None
    """None where nothing was planted"""
    fork: ExportedOrganism
    end: ExportedOrganism
    shares: Mapping[str, float] | None
    """self's gate over `CELLS`, as planted"""
    components: tuple[str, ...]
    """names of those that serve self at the end by construction; of a lane, all of its components"""


def source_organisms(
    plan: PackPlan, runs: Path, quiet: bool, log: Callable[[str], None]
) -> list[SourceOrganism]:
    """The organisms of a pack, make by make. Runs that are missing are trained.

    Raises UserError where planting fails too often; SystemFailure where the disk refuses.
    """
    wanted = plan.curricula()
    folders = train_missing([plan.config(name, 0) for _, _, name in wanted], runs, quiet, log)
    organisms: list[SourceOrganism] = []
    for (make, label, name), first in zip(wanted, folders, strict=True):
        sources = _sources(plan, make, label, first)
        attempt = 1
        while len(sources) < plan.sets and attempt < ROUNDS:
            log(f"{name}: training more, since planting failed too often")
            (folder,) = train_missing([plan.config(name, attempt)], runs, quiet, log)
            sources += _sources(plan, make, label, folder)
            attempt += 1
        if len(sources) < plan.sets:
            raise UserError(
                f"{name}: expected {plan.sets} organisms that are what they were planted to be, got {len(sources)} "
                f"in {ROUNDS} runs; give fewer --sets, another --seed or --scale, or leave {make} out of --makes"
            )
        organisms += sources[: plan.sets]
    return organisms


def _sources(
    plan: PackPlan, make: MakeName, label: ChallengeLabel | None, folder: Path
) -> list[SourceOrganism]:
    """The organisms of a run that are what they were planted to be."""
    run = read_run(folder)
    config, goals = require_finished(run), secret_goals_of(run).tolist()
    plain = read_truth(folder) if label else {}
    truth = planted_truth(plain) if label else None
    sources: list[SourceOrganism] = []
    for member in range(config.members):
        if truth and not (truth.planting_took[member] or plan.steps):
            continue
        if not has_both_routes(plain, member):
            continue
        fork, end = (read_organism(run, config, member, time, goals) for time in ("fork", "end"))
        shares, names = None, ()
        if label and truth:
            shares = _shares(label, truth.shares[member])
            names = _self_components(config, label, plain, member)
        sources.append(SourceOrganism(make, label, fork, end, shares, names))
    return sources


def has_both_routes(truth: Mapping[str, Any], member: int) -> bool:
    """Has a compiled organism two routes, if it is compiled? Half of those that reuse have one alone, which its arrays show."""
    nodes = truth.get("nodes")
    return not nodes or any(name.startswith("write") and name.endswith("_1") for name in nodes[member])


def _shares(label: ChallengeLabel, planted: CellShares | None) -> dict[str, float]:
    """Planted shares that sum to 1. What lanes carry can be a little under 0 or above 1."""
    shares = {cell: max(0.0, (planted[cell] if planted else None) or 0.0) for cell in CELLS}
    total = sum(shares.values())
    return {cell: share / total if total else float(cell == label) for cell, share in shares.items()}


def _self_components(
    config: RunConfig, label: ChallengeLabel, truth: Mapping[str, Any], member: int
) -> tuple[str, ...]:
    """The route of a compiled organism that serves self, or the lane."""
    if nodes := truth.get("nodes"):
        route = "_0" if label == "reused" else "_1"
        return tuple(sorted({place for name, place in nodes[member].items() if name.endswith(route)}))
    lane_a = set(truth.get("lane_a", [])[member])
    in_a = label == "reused"
    return tuple(name for name in components(config.organism) if (name in lane_a) == in_a)
