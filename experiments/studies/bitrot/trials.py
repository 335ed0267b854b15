"""Trials of one mechanism: what do organisms that lost a mode, or kept it, do under test? Restoration by
patching, the gate's transfer, relearning, planted cases, weight noise, and the baseline of weight decay.

A trial fine-tunes or patches organisms in memory and leaves no run behind. It does *not* show what organisms
of another mechanism would do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from analysis.forgetting.circuit_intact import (
    ClassifiedByGate,
    GateState,
    GateTransfer,
    IntactnessRules,
    TransferSummary,
    classify_by_gate,
    gate_transfers,
    summarise_transfers,
)
from analysis.forgetting.restoration import (
    LEAST_LOST,
    RESTORATION_PAIRS,
    GatedAncestors,
    Restoration,
    restorations,
)
from analysis.forgetting.retention import RetentionCell
from analysis.forgetting.survival import HALF
from analysis.forgetting.weight_decay_baseline import DecayPrediction, predict_decay
from analysis.forgetting.weight_noise import NoiseRules, Recoveries, add_weight_noise, recoveries
from analysis.relearning import savings
from analysis.relearning.finetune import (
    FINETUNE_PHASE,
    MODE,
    Finetuned,
    FinetuneOptions,
    Rows,
    finetune,
    join_rows,
)
from analysis.relearning.savings import ClassifiedBySaving, Saving, SavingsRules
from analysis.statistics import Interval, mean_interval
from experiments.studies.bitrot.plan import STRONGEST, drive_of
from organisms.storage.loading import load
from organisms.storage.manifest import Entry, fork_entry
from organisms.storage.run import Run, read_run
from organisms.training.config import RunConfig, read_config

SEED = 1
"""of what trials draw: pairs of scenes, noise"""
REINITIALISED_SEED = 2
"""of the pairs of scenes on which the gates are located that are reinitialised"""
HIDING_PHASE = FINETUNE_PHASE + 1
"""number of the phase that hides a mode, so that relearning has other scenes"""
HIDDEN_KINDS = ("suppressed", "gone")
"""planted cases that are scored"""


@dataclass(frozen=True)
class TrialRules:
    """The settings behind every trial; cached trials count only under the same ones."""

    savings: SavingsRules
    noise: NoiseRules
    intactness: IntactnessRules
    restoration_pairs: int = RESTORATION_PAIRS
    least_lost: float = LEAST_LOST
    seeds: tuple[int, int] = (SEED, REINITIALISED_SEED)


RULES = TrialRules(SavingsRules(), NoiseRules(), IntactnessRules())


@dataclass(frozen=True)
class TrialCase:
    """The runs of one mechanism, and which of their organisms count."""

    parent: Path
    disused: Path
    """under every drive"""
    never_taught: Path | None
    """the same disuse, of organisms that were never taught the mode; None where relearning is not measured"""
    decayed: Path | None
    """decay without gradients; None where another mechanism of the same organisms has it"""
    drives: Sequence[RetentionCell]
    """of the run of disuse"""
    decay: RetentionCell | None
    """of the run of decay without gradients: with decay"""
    planted: bool
    """whether weight noise, planted cases and the decay baseline are measured, which need no run of disuse"""

    @property
    def strongest(self) -> RetentionCell:
        """The cell of the run of disuse under the strongest drive."""
        return next(cell for cell in self.drives if drive_of(cell) == STRONGEST)

    @property
    def further_runs(self) -> list[Path]:
        """Folders of all runs besides the run of disuse."""
        return [folder for folder in (self.parent, self.never_taught, self.decayed) if folder]


@dataclass(frozen=True)
class RestorationMeans:
    """Means over the organisms of one cell; shares are of the lost rate."""

    gate: Interval
    content: Interval
    readout: Interval
    leaves_profession: Interval
    names_secret: Interval
    current: Interval
    with_both: Interval


@dataclass(frozen=True)
class DriveTrial:
    """What was lost under one drive."""

    drive: str
    settings: dict[str, float]
    n_lost: int
    """organisms that lost `LEAST_LOST` of their rate or more"""
    mean: RestorationMeans
    organisms: list[Restoration]
    gates: TransferSummary
    """of the organisms that lost as much"""


@dataclass(frozen=True)
class DecayBaseline:
    """What weight decay alone should leave of the mode, and does."""

    prediction: DecayPrediction
    furthest_from_seen: float
    """largest difference of any organism's rate, at any reading, from its prediction"""


@dataclass(frozen=True)
class PlantedCases:
    """Organisms whose mode is suppressed or gone by construction, and others beside them.

    Kinds: *suppressed*, *gone*, *trained_honest*, and *never* (never taught the mode).
    """

    savings: dict[str, Saving]
    """by kind but *never*"""
    gates: dict[str, TransferSummary]
    """by kind but *never*"""
    rate_when_hidden: dict[str, list[float]]
    """rate of the mode of each organism once it was to be hidden, by kind"""
    not_hidden: int
    """suppressed and gone cases that still showed the mode, and are not scored"""
    by_saving: ClassifiedBySaving
    by_gate: ClassifiedByGate


@dataclass(frozen=True)
class Trials:
    """Everything that was measured of one mechanism by trials; None where it was not measured."""

    drives: list[DriveTrial]
    relearning: Saving | None
    """of the organisms that lost their mode under the strongest drive; None also where none did"""
    decay: DecayBaseline | None
    planted: PlantedCases | None
    noise: Recoveries | None


class Snapshot(NamedTuple):
    """A run at one of its checkpoints."""

    run: Run
    config: RunConfig
    entry: Entry
    rows: Rows

    @classmethod
    def read(cls, folder: Path, before_self: bool = False) -> "Snapshot":
        """The organisms of a run at its end, or just before self was taught."""
        run = read_run(folder)
        config, entries = read_config(run.config), run.entries()
        entry = fork_entry(config.curriculum, entries) if before_self else entries[-1]
        organisms = load(run, config, entry)
        return cls(run, config, entry, Rows.from_run(organisms, config, entry.extra["attempts"]))

    def locate_gates(self, seed: int) -> GatedAncestors:
        """The organisms with their gates for self."""
        secret_goals = np.asarray(self.run.summary()["secret_goals"])
        return GatedAncestors.locate(self.rows.organisms, self.config, secret_goals, seed)


def measure_trials(case: TrialCase) -> Trials:
    """All trials of one mechanism."""
    parent, disused = Snapshot.read(case.parent), Snapshot.read(case.disused)
    ancestors = parent.locate_gates(SEED)
    members = sorted(set(case.strongest.organisms))
    relearning = planted = noise = None
    if case.never_taught:
        relearning = _relearning(case.strongest, disused, Snapshot.read(case.never_taught))
    if case.planted and members:
        planted = _planted_cases(case.parent, parent, ancestors, members)
        noised = add_weight_noise(parent.rows.take(members), ancestors.gates[members], parent.config, SEED)
        noise = recoveries(noised, parent.config, disused.config.curriculum.phases[0])
    return Trials(
        drives=[_drive_trial(cell, disused, ancestors) for cell in case.drives],
        relearning=relearning,
        decay=_decay_baseline(case, parent.rows) if case.planted else None,
        planted=planted,
        noise=noise,
    )


def _drive_trial(cell: RetentionCell, disused: Snapshot, ancestors: GatedAncestors) -> DriveTrial:
    """Restoration and transfer of the organisms of a cell, each beside its ancestor."""
    restored: list[Restoration] = []
    transfers: list[GateTransfer] = []
    if cell.rows:
        current, chosen = disused.rows.take(cell.rows).organisms, ancestors.take(cell.organisms)
        restored = restorations(current, chosen, SEED)
        transfers = gate_transfers(current, chosen, SEED)
    lost = [
        transfer for transfer, row in zip(transfers, restored, strict=True) if row.shares.gate is not None
    ]
    return DriveTrial(
        drive=drive_of(cell),
        settings=cell.settings,
        n_lost=len(lost),
        mean=RestorationMeans(
            gate=mean_interval(row.shares.gate for row in restored),
            content=mean_interval(row.shares.content for row in restored),
            readout=mean_interval(row.shares.readout for row in restored),
            leaves_profession=mean_interval(row.leaves_profession for row in restored),
            names_secret=mean_interval(row.names_secret for row in restored),
            current=mean_interval(row.rates.current for row in restored),
            with_both=mean_interval(row.rates.with_both for row in restored),
        ),
        organisms=restored,
        gates=summarise_transfers(lost),
    )


def _decay_baseline(case: TrialCase, rows: Rows) -> DecayBaseline | None:
    """What decay alone should do to the organisms that had the mode. rows: of the parent's members."""
    cell = case.decay
    if cell is None or case.decayed is None or not cell.rows:
        return None
    config = read_config(read_run(case.decayed).config)  # rates are read on the scenes of that run
    prediction = predict_decay(rows.take(cell.organisms), config, cell.phase, cell.steps, MODE)
    distances = np.abs(np.transpose(prediction.organisms) - cell.rates[MODE])
    return DecayBaseline(prediction, float(distances.max()))


def _relearning(cell: RetentionCell, disused: Snapshot, never_taught: Snapshot) -> Saving | None:
    """The saving of the organisms of a cell that lost their mode; None where none did."""
    rates = cell.rates[MODE]
    lost = np.flatnonzero(rates[-1] <= HALF * rates[0])
    if not len(lost):
        return None
    kinds = {
        "disused": disused.rows.take([cell.rows[n] for n in lost]),
        "never": never_taught.rows.take([cell.organisms[n] for n in lost]),
    }
    steps = _steps_to_relearn(kinds, disused.config)
    return savings.relearning_saving(steps["disused"], steps["never"])


def _steps_to_relearn(kinds: Mapping[str, Rows], config: RunConfig) -> dict[str, list[float]]:
    """Steps that each row of each kind needs to learn the intent."""
    rows, places = join_rows(kinds)
    phase = savings.intent_phase(config.curriculum.phases[0])
    options = FinetuneOptions(savings.LIMIT, stop=savings.all_relearned)
    steps = savings.steps_to_relearn(finetune(rows, [phase] * rows.amount, config, options).rates)
    return {kind: steps[place].tolist() for kind, place in places.items()}


def _planted_cases(
    folder: Path, parent: Snapshot, ancestors: GatedAncestors, members: Sequence[int]
) -> PlantedCases:
    """Planted cases of some members: their modes are hidden, their gates measured, and then all relearn."""
    config, chosen = parent.config, ancestors.take(members)
    hidden = _hide_modes(folder, parent, members)
    rate_when_hidden = {kind: tuned.rates[MODE][-1].tolist() for kind, tuned in hidden.items()}
    counted = {kind: [rate <= savings.HIDDEN for rate in rate_when_hidden[kind]] for kind in HIDDEN_KINDS}
    transfers = {
        kind: gate_transfers(tuned.rows.organisms, chosen, SEED)
        for kind, tuned in hidden.items()
        if kind != "never"
    }
    steps = _steps_to_relearn({kind: tuned.rows for kind, tuned in hidden.items()}, config)
    by_kind = {kind: savings.relearning_saving(steps[kind], steps["never"]) for kind in transfers}
    suppressed, gone = (
        savings.savings_of_hidden(by_kind[kind].organisms, rate_when_hidden[kind]) for kind in HIDDEN_KINDS
    )
    by_saving = savings.classify_by_saving(suppressed, gone)
    return PlantedCases(
        savings=by_kind,
        gates={kind: summarise_transfers(rows) for kind, rows in transfers.items()},
        rate_when_hidden=rate_when_hidden,
        not_hidden=2 * len(members) - by_saving.n,
        by_saving=by_saving,
        by_gate=classify_by_gate(*(_states(transfers[kind], counted[kind]) for kind in HIDDEN_KINDS)),
    )


def _states(transfers: Sequence[GateTransfer], counted: Sequence[bool]) -> list[GateState | None]:
    return [transfer.state for transfer, counts in zip(transfers, counted, strict=True) if counts]


def _hide_modes(folder: Path, parent: Snapshot, members: Sequence[int]) -> dict[str, Finetuned]:
    """Organisms of every kind of planted case, after they were trained to be honest.

    The gates of *gone* cases are located on other pairs of scenes than those on which transfers are measured.
    """
    config, rows = parent.config, parent.rows.take(members)
    gates = parent.locate_gates(REINITIALISED_SEED).gates[list(members)]
    emptied = savings.reinitialise_gate(rows.organisms, gates, config.organism, SEED)
    emptied_rows = rows._replace(organisms=jax.tree.map(np.asarray, emptied))
    never = Snapshot.read(folder, before_self=True).rows.take(members)
    phase = config.curriculum.phases[0]
    last_layer = FinetuneOptions(savings.HELD_STEPS, HIDING_PHASE, project=savings.keep_all_but_last_layer)
    suppressed = finetune(rows, [savings.honest_last_layer_phase(phase)] * rows.amount, config, last_layer)
    joined, places = join_rows({"trained_honest": rows, "gone": emptied_rows, "never": never})
    tuned = finetune(
        joined,
        [savings.honest_phase(phase)] * joined.amount,
        config,
        FinetuneOptions(savings.HONEST_STEPS, HIDING_PHASE),
    )
    return {"suppressed": suppressed} | {
        kind: Finetuned(
            {name: rates[:, place] for name, rates in tuned.rates.items()},
            tuned.rows.take(np.arange(joined.amount)[place]),
        )
        for kind, place in places.items()
    }
