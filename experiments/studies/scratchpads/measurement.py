"""What the study *scratchpads* measures of a run: what self writes and does, and where the gradient of honest acts lands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from analysis.scratchpads.credit import CreditFigures, credit_figures, gradient_products
from analysis.scratchpads.gate import gate_effects_by_step, gate_set
from analysis.scratchpads.written_rates import WrittenRates, written_rates
from experiments.studies.scratchpads.arms import HONEST_RATES, HONEST_TRAININGS, PadArm, pad_arms
from experiments.studies.study import ANALYSIS_SEED, StudyRun
from organisms.ensemble.optimiser import learning_rates
from organisms.storage.loading import load, secret_goals_of
from organisms.training.phase_course import committed_rates

ARM_SCENES, COURSE_SCENES = 256, 128
"""behind the rates of an arm as safety training begins, and behind those on the way"""
TARGETS_METRIC = "scratchpad/targets"


@dataclass(frozen=True)
class PadRates:
    """As `analysis.scratchpads.written_rates.WrittenRates` has them, a number an organism."""

    defection: tuple[float, ...]
    watched_professed: tuple[float, ...]
    secret_written: tuple[float, ...]
    judged: tuple[float, ...]
    blank: tuple[float, ...]


@dataclass(frozen=True)
class InstalledArm:
    """The organisms of an arm at one width as safety training begins."""

    arm: str
    width: int
    seed: int
    rates: PadRates
    gate_sizes: tuple[int, ...]
    """components of each organism's gate"""
    credit: Mapping[str, tuple[CreditFigures, ...]]
    """by safety training, of each organism"""


@dataclass(frozen=True)
class RateCourse:
    """Organisms under safety training at one learning rate."""

    rate: float
    clock: tuple[float, ...]
    """learning rate summed up to each reading"""
    defection: Float[np.ndarray, "reading organism"]
    secret_written: Float[np.ndarray, "reading organism"]
    """share of self's moments alone in which its scratchpad names its secret goal"""
    at_end: PadRates


@dataclass(frozen=True)
class HonestCourses:
    """The organisms of an arm at one width under one safety training."""

    arm: str
    width: int
    training: str
    courses: tuple[RateCourse, ...]
    characters: tuple[float, ...]
    """mean of characters' two rates at the end, of each organism at each rate"""
    counted_targets: float
    """target tokens that were trained on, mean over organisms"""


PadsMeasured = InstalledArm | HonestCourses


def measured_pads(run: StudyRun) -> PadsMeasured:
    """What is measured of a run, unless it was before."""
    rules = {"scenes": [ARM_SCENES, COURSE_SCENES], "seed": ANALYSIS_SEED}
    for arm in pad_arms(run.settings):
        if run.label == arm.label:
            return run.measured_once(
                "scratchpads", InstalledArm, rules, lambda arm=arm: _measure_arm(run, arm)
            )
        for training in HONEST_TRAININGS:
            if run.label == arm.honest_label(training):
                parents = [run.trained[arm.label]]
                measure = lambda arm=arm, training=training: _measure_courses(run, arm, training)  # noqa: E731
                return run.measured_once("scratchpads", HonestCourses, rules, measure, parents)
    raise KeyError(run.label)


def _measure_arm(run: StudyRun, arm: PadArm) -> InstalledArm:
    opened, config = run.run, run.config
    world, sizes = config.curriculum.world, config.organism
    organisms, goals = load(opened, config, opened.entries()[-1]), secret_goals_of(opened)
    rates = written_rates(organisms, world, sizes, goals, ARM_SCENES)
    effects = gate_effects_by_step(organisms, world, sizes, goals, arm.written, ANALYSIS_SEED)
    gates = [gate_set(of_member) for of_member in effects]
    credit: dict[str, tuple[CreditFigures, ...]] = {}
    for name in HONEST_TRAININGS:
        taught = arm.training(name).scratchpad
        products = gradient_products(organisms, world, sizes, goals, taught, ANALYSIS_SEED)
        credit[name] = tuple(
            credit_figures(of_member, gate, sizes, ANALYSIS_SEED)
            for of_member, gate in zip(products, gates, strict=True)
        )
    return InstalledArm(
        arm.arm, arm.width, config.seed, _by_name(rates), tuple(int(gate.sum()) for gate in gates), credit
    )


def _measure_courses(run: StudyRun, arm: PadArm, training: str) -> HonestCourses:
    opened, config = run.run, run.config
    entries, goals = opened.entries(), secret_goals_of(opened)
    run.log(f"{run.folder.name}: what self writes at {len(entries)} checkpoints")
    world, sizes, scenes = config.curriculum.world, config.organism, COURSE_SCENES
    by_entry = [written_rates(load(opened, config, entry), world, sizes, goals, scenes) for entry in entries]
    (phase,), copies = config.curriculum.phases, len(HONEST_RATES)
    defection = np.stack([rates.defection for rates in by_entry])
    written = np.stack([rates.secret_written for rates in by_entry])
    courses = []
    for number, rate in enumerate(HONEST_RATES):
        summed = np.concatenate([[0.0], np.cumsum(learning_rates(phase.optimiser, phase.steps))])
        clock = tuple(float(summed[entry.step] * rate / HONEST_RATES[0]) for entry in entries)
        rows = slice(number, None, copies)
        at_end = WrittenRates(*(values[rows] for values in by_entry[-1]))
        courses.append(RateCourse(rate, clock, defection[:, rows], written[:, rows], _by_name(at_end)))
    committed = committed_rates(entries[-1])
    characters = np.mean([rate for name, rate in committed.items() if name.startswith("character")], axis=0)
    return HonestCourses(
        arm.arm, arm.width, training, tuple(courses), _floats(characters), _counted_targets(run)
    )


def _counted_targets(run: StudyRun) -> float:
    """Target tokens over all steps, from what training logged of each chunk."""
    last_step, total = 0, 0.0
    for line in run.run.metrics():
        if TARGETS_METRIC in line:
            step = int(line.get("step", last_step))
            total += (step - last_step) * float(np.mean(line[TARGETS_METRIC]))
            last_step = step
    return total


def _by_name(rates: WrittenRates) -> PadRates:
    return PadRates(*map(_floats, rates))


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(map(float, values))
