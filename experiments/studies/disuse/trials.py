"""Trials of one mechanism: what do organisms that lost a mode, or kept it, do under test? Restoration by
patching, the gate's transfer, relearning, planted cases, weight noise, and the baseline of weight decay.

A trial fine-tunes or patches organisms in memory and leaves no run behind. It does *not* show what organisms
of another mechanism would do.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from analysis.forgetting.circuit_intact import (
    GateState,
    GateTransfer,
    classify_by_gate,
    gate_transfers,
    summarise_transfers,
)
from analysis.forgetting.restoration import (
    GatedAncestors,
    Restoration,
    restorations,
)
from analysis.forgetting.retention import RetentionCell
from analysis.forgetting.survival import HALF
from analysis.forgetting.weight_decay_baseline import predict_decay
from analysis.forgetting.weight_noise import add_weight_noise, recoveries
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
from analysis.relearning.savings import Saving
from analysis.statistics import mean_interval
from experiments.studies.disuse.plan import drive_of
from experiments.studies.disuse.trial_results import (
    REINITIALISED_SEED,
    SEED,
    DecayBaseline,
    DriveTrial,
    PlantedCases,
    RestorationMeans,
    TrialCase,
    Trials,
)
from organisms.ensemble.config import RunConfig, read_config
from organisms.storage.loading import load, secret_goals_of
from organisms.storage.manifest import Entry, fork_entry
from organisms.storage.run import Run, read_run

HIDING_PHASE = FINETUNE_PHASE + 1
"""number of the phase that hides a mode, so that relearning has other scenes"""
HIDDEN_KINDS = ("suppressed", "gone")
"""planted cases that are scored"""


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
        secret_goals = secret_goals_of(self.run)
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
    phase = savings.relearning_phase(config.curriculum.phases[0])
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
    tokens = config.curriculum.world.self_tokens
    emptied = savings.reinitialise_gate(rows.organisms, gates, config.organism, SEED, tokens)
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
