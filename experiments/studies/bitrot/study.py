"""Does an unused mode bitrot, and does it live longer where characters share its mechanism? The study
*bitrot*.

Grows organisms whose mechanism for self is shared with characters or separate, and asks the verdict whether
it is; forks each of them into a phase of disuse, in which self takes part and is watched (nearly) throughout;
reads what is left of its mode at every checkpoint; and puts what came of it through trials: which part went,
how soon it is relearned, whether it comes back by itself after a knock. What exists is neither grown nor
measured again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis.forgetting.retention import Cell, cells, read_lives, told
from analysis.forgetting.survival import Lives, keeping, kept, mean_lives, ratio
from analysis.history.descent import related_runs
from analysis.provenance.verdict import BEHAVES
from analysis.relearning.finetune import MODE
from analysis.relearning.savings import THRESHOLD
from analysis.statistics import jsonable
from curricula.catalogue.disuse import DECAY, NEWS
from curricula.pressures.interference import Interference
from curricula.pressures.rehearsal import Rehearsal
from experiments.compare import Say, analyse_run, run_folder, say_on_error_stream, train_missing
from experiments.studies import former as studies
from experiments.studies.bitrot.page import page, plain_lines
from experiments.studies.bitrot.trials import Case, trials_of
from experiments.train import train_run
from organisms.storage.forking import parent_at
from organisms.storage.manifest import fork_entry
from organisms.storage.run import read_run
from organisms.training.config import RunConfig, read_config
from organisms.training.programs import Programs
from organisms.training.variation import Variation

OF_CHARACTERS = "character_alone_secret"
"""the opposite mode: what schemers do when nobody watches"""


class Mechanism(NamedTuple):
    """What an organism's own mode is made of, and who else uses it in disuse."""

    curriculum: str
    rehearsal: float
    verdict: str
    """that organisms of it should have; any other, *undecided* apart, says that theirs is another
    mechanism"""


MECHANISMS = {
    "shared": Mechanism("concentrated", 0.5, "reused"),
    "separate": Mechanism("ablated_concentrated", 0.5, "second copy"),
    "shared (planted)": Mechanism("planted_reused", 0.5, "reused"),
    "separate (planted)": Mechanism("planted_second_copy", 0.5, "second copy"),
    "shared (no characters)": Mechanism("concentrated", 0.0, "reused"),
}
COMPARED = {
    "separate": "shared",
    "separate (planted)": "shared (planted)",
    "shared (no characters)": "shared",
}
"""mechanisms that nothing else uses, each beside the one that had the same history but for what makes them
part; the last is the very same organisms, who then see twice as many scenes of self"""
ROUTED = ("shared (planted)", "separate (planted)")
"""mechanisms that were put where they are: how long they last, which part goes and whether their gate stands
is all that is asked of them"""
DRIVES = {
    (0.0, 0.0): "none",
    (DECAY, 0.0): "weight decay",
    (0.0, NEWS): "interference",
    (DECAY, NEWS): "both",
}
"""weight decay and share of moments that ask something new"""
EXERCISE = (0.001, 0.01, 0.1)
"""shares of self's moments in which it is alone, under the strongest drive"""
STRONGEST = "both"
READ_EVERY = {"tiny": 25, "cpu": 15, "gpu": 200}
"""steps of disuse between two readings, and two checkpoints"""
READ_LESS = 2
"""times fewer scenes a reading than of runs that are no forks: with half of them (128 at cpu scale) the
standard error of a rate is 0.03 at most"""
DECAYS = "phases.0.optimiser.weight_decay"
VARIED = {
    "drives": (
        Variation(DECAYS, (0.0, DECAY)),
        Variation("phases.0.pressures.interference.fraction", (0.0, NEWS)),
    ),
    "exercise": (Variation("phases.0.self_alone", EXERCISE),),
    "fading": (Variation(DECAYS, (0.0, DECAY)),),
}
"""what members of a run differ in, by what the run is for"""


MEMBERS = 10
"""organisms of each kind by default: one or two may turn out to have another mechanism than they are taken
for, and eight are few enough"""


class Bitrot(studies.Study):
    """The same organisms under every mechanism, in disuse under every drive."""

    def parent(self, name: str) -> RunConfig:
        """The run whose organisms are forked. All have one seed."""
        return self.run(name, self.members, self.seed)

    def child(
        self, curriculum: str, folder: Path, step: int | None, rehearsal: float, use: str = ""
    ) -> RunConfig:
        """A run of one phase that begins with the organisms of another."""
        parent, theirs = parent_at(folder, step)
        vary = VARIED.get(use, ())
        combinations = int(np.prod([len(one.values) for one in vary])) if vary else 1
        config = self.run(curriculum, parent.members * combinations, theirs.seed)
        phase = config.curriculum.phases[0]
        pressures = phase.pressures.replace(Rehearsal(rehearsal))
        taught = replace(config.curriculum, phases=(replace(phase, pressures=pressures),))
        scenes = -(-config.training.evaluation_scenes // READ_LESS)
        training = replace(config.training, checkpoint_every=READ_EVERY[self.scale], evaluation_scenes=scenes)
        return replace(config, curriculum=taught, training=training, vary=vary, parent=parent)


class Forked(NamedTuple):
    """A child to be grown, and where its parent lies."""

    config: RunConfig
    parent: Path


def plan(study: Bitrot, parents: Mapping[str, Path]) -> dict[tuple[str, str], Forked]:
    """Every fork of the study, by mechanism and use. parents: folders by curriculum."""
    found: dict[tuple[str, str], Forked] = {}
    for name, (curriculum, rehearsal, _) in MECHANISMS.items():
        folder = parents[curriculum]
        found[name, "drives"] = Forked(
            study.child("self_never_alone", folder, None, rehearsal, "drives"), folder
        )
        if name in ROUTED:
            continue
        run = read_run(folder)
        before = fork_entry(read_config(run.config).curriculum, run.entries()).step
        found[name, "untaught"] = Forked(study.child("self_never_alone", folder, before, rehearsal), folder)
        if not rehearsal:
            continue  # they are *shared*'s organisms, and the other questions are asked of them there
        found[name, "exercise"] = Forked(
            study.child("self_never_alone", folder, None, rehearsal, "exercise"), folder
        )
        found[name, "deserted"] = Forked(study.child("characters_absent", folder, None, 0.0), folder)
        found[name, "fading"] = Forked(
            study.child("weight_decay_only", folder, None, rehearsal, "fading"), folder
        )
    return found


def run_bitrot(
    study: Bitrot, out: Path, command: str, quiet: bool = False, say: Say = say_on_error_stream
) -> Path:
    """Grows, forks, measures and writes the study. Returns the path of its summary.

    Raises Fault on wrong settings with nothing grown; Failure where the disk refuses.
    """
    names = list(dict.fromkeys(mechanism.curriculum for mechanism in MECHANISMS.values()))
    configs = [study.parent(name) for name in names]
    for config in configs:
        config.check()
    home = out / "bitrot"
    parents = dict(zip(names, train_missing(configs, home, quiet, say), strict=True))
    forks = plan(study, parents)
    folders = _grow(forks, home, quiet, say)
    behave, verdicts = {}, {}
    for name, folder in parents.items():
        say(f"{name}: verdicts")
        verdicts[name] = [organism["verdict"] for organism in analyse_run(folder)["organisms"]]
        behave[name] = behaving(folder) & as_called(name, verdicts[name])
    found = {key: cells(read_run(folders[key]), fork.config) for key, fork in forks.items()}
    found = {
        (name, use): of
        if use == "untaught"
        else [cell.of(behave[MECHANISMS[name].curriculum]) for cell in of]
        for (name, use), of in found.items()
    }
    trials = {}
    for name, mechanism in MECHANISMS.items():
        say(f"{name}: trials")
        strongest = next(cell for cell in found[name, "drives"] if drive_of(cell) == STRONGEST)
        parent, faded = parents[mechanism.curriculum], folders.get((name, "fading"))
        fading = found[name, "fading"][-1] if faded else None
        case = Case(
            parent, folders[name, "drives"], folders.get((name, "untaught")), faded, strongest, fading
        )
        planted = mechanism.rehearsal > 0 and name not in ROUTED
        told_by_drive = trials_of(case, found[name, "drives"], planted)
        for part, cell in zip(told_by_drive["parts"], found[name, "drives"], strict=True):
            part["drive"] = drive_of(cell)
        trials[name] = {"planted_cases": None, "knock": None} | told_by_drive
    families = [asdict(run) for run in related_runs([*parents.values(), *folders.values()])]
    summary = summarise(study, behave, verdicts, found, trials, families)
    return studies.write(study, out, summary, command, page, plain_lines, say)


def _grow(
    forks: Mapping[tuple[str, str], Forked], home: Path, quiet: bool, say: Say
) -> dict[tuple[str, str], Path]:
    """Grows the forks that are not there yet, those of one size after one another, so that they share a
    program."""
    folders = {key: run_folder(home, fork.config) for key, fork in forks.items()}
    programs: Programs | None = None
    for key, (config, parent) in sorted(forks.items(), key=lambda item: item[1].config.members):
        config.check()
        if (folders[key] / "summary.json").exists():
            continue
        say(f"{', '.join(key)}: growing {config.members} organisms in {folders[key]}")
        if programs is None or not programs.serves(config):
            programs = Programs(config)
        train_run(config, folders[key], quiet, programs=programs, parent=parent)
    return folders


def behaving(folder: Path) -> np.ndarray:
    """Which organisms [member] of a parent have the mode: self and characters do as taught at its end."""
    rates = read_run(folder).summary()["behaviour"]
    return np.min([rates[name] for name in rates], axis=0) >= BEHAVES


def as_called(curriculum: str, verdicts: Sequence[str]) -> np.ndarray:
    """Which organisms [member] of a parent are not told to have another mechanism than the one that the study
    takes theirs for."""
    expected = next(
        mechanism.verdict for mechanism in MECHANISMS.values() if mechanism.curriculum == curriculum
    )
    return np.array([verdict in (expected, "undecided") for verdict in verdicts])


def drive_of(cell: Cell) -> str:
    """The name of a cell's drive."""
    phase = cell.phase
    return DRIVES[phase.optimiser.weight_decay, phase.pressures[Interference].fraction]


def summarise(
    study: Bitrot,
    behave: Mapping[str, np.ndarray],
    verdicts: Mapping[str, Sequence[str]],
    found: Mapping[tuple[str, str], list[Cell]],
    trials: Mapping[str, Any],
    families: Any,
) -> dict[str, Any]:
    """What `summary.json` of the study says. behave: which organisms [member] of each parent have the mode,
    and by the mechanism that it is taken for."""
    drives, exercise, opposite, fading = {}, {}, {}, {}
    for name in MECHANISMS:
        of_drive = {drive_of(cell): cell for cell in found[name, "drives"]}
        drives[name] = {drive: told(of_drive[drive], MODE) for drive in DRIVES.values()}
        if (name, "exercise") not in found:
            continue
        unused = of_drive[STRONGEST]
        by_rate = [unused, *found[name, "exercise"]]
        rates = [cell.phase.self_alone for cell in by_rate]
        exercise[name] = {
            "rates": {f"{rate:g}": told(cell, MODE) for rate, cell in zip(rates, by_rate, strict=True)},
            "keeping": jsonable(keeping(rates, [kept(cell.rates[MODE]) for cell in by_rate])),
        }
        opposite[name] = told(found[name, "deserted"][0], OF_CHARACTERS)
        fading[name] = {
            f"{cell.phase.optimiser.weight_decay:g}": told(cell, MODE) for cell in found[name, "fading"]
        }
    lived = lambda name, drive: read_lives(drives[name][drive])  # noqa: E731
    ratios = {
        drive: {
            other: _ratio(lived(shared, drive), lived(other, drive)) for other, shared in COMPARED.items()
        }
        for drive in DRIVES.values()
    }
    opposite_ratios = {
        other: _ratio(read_lives(opposite[shared]), read_lives(opposite[other]))
        for other, shared in COMPARED.items()
        if other in opposite and shared in opposite
    }
    return {
        "study": "bitrot",
        "n": sum(int(which.sum()) for which in behave.values()),
        "n_left_out": {name: int((~which).sum()) for name, which in behave.items()},
        "verdicts": {name: dict(Counter(of)) for name, of in verdicts.items()},
        "seeds": [study.seed],
        "scale": study.scale,
        "steps": found["shared", "drives"][0].steps[-1],
        "decay": DECAY,
        "news": NEWS,
        "compared": COMPARED,
        "drives": drives,
        "exercise": exercise,
        "ratios": ratios,
        "opposite": opposite,
        "opposite_ratios": opposite_ratios,
        "fading": fading,
        "trials": trials,
        "threshold": THRESHOLD,
        "predicted": {name: of.get("predicted") for name, of in trials.items()},
        "family": families,
        "findings": findings(drives, ratios, exercise, trials),
    }


def findings(
    drives: Mapping[str, Any],
    ratios: Mapping[str, Any],
    exercise: Mapping[str, Any],
    trials: Mapping[str, Any],
) -> dict[str, Any]:
    """The study's results by name: a value, or a value with its interval."""
    told: dict[str, Any] = {}
    for name, of in drives.items():
        for drive, cell in of.items():
            told[f"half-life in steps, {name}, {drive}"] = cell["half_life"]["steps"]
            told[f"retention at the end, {name}, {drive}"] = cell["at_end"]
    for drive, of in ratios.items():
        for other, found in of.items():
            told[f"half-life of {COMPARED[other]} over {other}, {drive}"] = found["interval"]
            told[f"mean life of {COMPARED[other]} over {other}, {drive}"] = found["mean_lives"]
    for name, of in exercise.items():
        told[f"smallest exercise rate that keeps the mode, {name}"] = of["keeping"]
    for name, of in trials.items():
        if "relearning" not in of:
            continue
        told[f"relearning is faster by, {name}"] = of["relearning"]["factor"] if of["relearning"] else None
    return told


def _ratio(first: Lives, second: Lives) -> dict[str, Any]:
    """The ratio of half-lives, and that of mean lives up to the last reading, which is decided where half of
    either group lived on."""
    if not min(first.n, second.n):
        return {
            "interval": [None] * 3,
            "bound": "",
            "mean_lives": [None] * 3,
            "p": None,
            "n": [first.n, second.n],
        }
    found, means = ratio(first, second), mean_lives(first, second)
    return {
        "interval": jsonable(found[:3]),
        "bound": found.bound,
        "mean_lives": jsonable(means.ratio),
        "p": jsonable([means.p])[0],
        "n": [first.n, second.n],
    }
