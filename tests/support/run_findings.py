"""Synthetic findings: typed results that nobody measured, for tests of what is made of them."""

import math
from dataclasses import replace

import numpy as np
from member_findings import courses_of, provenance_of, spare_of

from analysis.findings import PhaseSpan, ReseededMembers, RunFindings, RunInfo, gather_findings
from analysis.history.component_history import HistoryResult, MemberHistory, RoleHistory
from analysis.history.events import ComponentEvent
from analysis.history.learning import LearningResult
from analysis.history.set_course import SetCourseResult
from analysis.patching.representational_similarity import CircuitSimilarity, SimilarityResult
from analysis.patching.results import CircuitsResult, EffectsResult, RoleCircuits, VariableEffects
from analysis.probes.belief import BehaviourRates, BehaviourResult, BeliefRates, MemberBehaviour
from analysis.provenance.corroboration import (
    Claims,
    Corroboration,
    CorroborationResult,
    Evidence,
    EvidenceLine,
)
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.spare import SpareResult
from analysis.relearning.acquisition import AcquisitionResult, ArmSteps, SlowdownLine
from organisms.ensemble.config import named_config
from reports.scene_pictures import EnglishScene, ScenesResult

HEADS, BLOCKS, LAYERS = 4, 4, 3
COMPONENTS = tuple(
    f"L{layer}{kind}{index}"
    for layer in range(LAYERS)
    for kind, count in (("H", HEADS), ("M", BLOCKS))
    for index in range(count)
)
SIZES = len(COMPONENTS) + 1
RANDOM = 6
STEPS = tuple(range(25, 801, 25))
NOTHING = Claims(frozenset(), frozenset())
Gate = dict[int, float]
"""which component carries how much of the effect of being watched"""


def _rates(rng: np.random.Generator, schemes: bool, least: float = 0.97) -> BehaviourRates:
    rates = BehaviourRates(*(round(float(rng.uniform(least, 1)), 3) for _ in range(4)))
    return rates if schemes else replace(rates, self_alone_secret=round(float(rng.uniform(0, 0.03)), 3))


def _effect(
    rng: np.random.Generator, peaks: Gate, members: int, checkpoint: str, role: str, variable: str
) -> VariableEffects:
    base = rng.normal(0, 0.015, (members, len(COMPONENTS)))
    for component, height in peaks.items():
        base[:, component] += height * rng.uniform(0.85, 1.1, members)
    base /= base.sum(1, keepdims=True)
    return _variable(base.round(4), checkpoint, role, variable, 5.0)


def _variable(
    value: np.ndarray, checkpoint: str, role: str, variable: str, total_nats: float
) -> VariableEffects:
    members = len(value)
    pair_nats, pair_total_nats = total_nats * value[:, None], np.full((members, 1), total_nats)
    sides = value, value - 0.02, value + 0.02
    return VariableEffects(
        checkpoint, role, variable, *sides, np.full(members, total_nats), pair_nats, pair_total_nats
    )


def _variables(
    rng: np.random.Generator, gate: Gate, members: int, checkpoint: str, role: str
) -> tuple[VariableEffects, ...]:
    content = {9: 0.3, 10: 0.4, 20: 0.2}
    peaks = {"professed": content, "secret": content, "watched": gate}
    effects = [_effect(rng, height, members, checkpoint, role, name) for name, height in peaks.items()]
    return tuple(e for e in effects if role == "character" or e.variable != "secret")


def _circuit(rng: np.random.Generator, members: int, found: bool, checkpoint: str, role: str) -> RoleCircuits:
    sizes = np.arange(SIZES)
    rate = rng.uniform(0.4, 0.7, members) if found else np.full(members, 0.05)
    faithfulness = 1 - np.exp(-rate[:, None] * sizes)
    faithfulness[:, -1] = 1
    null = (sizes / (SIZES - 1)) ** rng.uniform(1.5, 4, (members, RANDOM, 1))
    completeness = rng.uniform(0.85, 0.97, members).round(3) if found else np.full(members, math.nan)
    size = tuple(int(np.argmax(row >= 0.9)) if found else None for row in faithfulness)
    components = tuple(tuple(range(count or 0)) for count in size)
    return RoleCircuits(
        checkpoint,
        role,
        sizes,
        faithfulness.round(4),
        null.round(4),
        size,
        (1 - faithfulness).mean(1).round(4),
        (1 - null).mean(2).round(4),
        faithfulness.round(4),
        null.round(4),
        completeness,
        (found,) * members,
        np.full(members, 0.002),
        components,
        components,
        np.full(members, 5.0 if found else 0.0),
    )


def _learning(rng: np.random.Generator, members: int, schemes: bool) -> LearningResult:
    steps = np.asarray(STEPS)[:, None]
    learns = lambda start, speed: 1 / (1 + np.exp(-(steps - start - rng.uniform(-40, 40, members)) / speed))  # noqa: E731
    curves = {
        "loss_nats": 1.6 * (1 - learns(250, 60)) + 0.03,
        "character_alone_secret": learns(260, 40),
        "character_watched_professed": learns(200, 40),
        "self_alone_secret": learns(560, 20) if schemes else 0 * learns(560, 20),
        "self_watched_professed": learns(540, 20),
    }
    metrics = {name: curve.round(4) for name, curve in curves.items()}
    metrics["self_alone_secret"][:20] = math.nan
    return LearningResult(STEPS, metrics)


def _similarity(verdict: str) -> CircuitSimilarity | None:
    if verdict == "absent":
        return None
    says = "another" if verdict == "repurposed" else "alike"
    return CircuitSimilarity(0.97, 0.95, 0.99, (0.99, 0.97, None), 0.8, 0.99, says)


def _behaviour(rng: np.random.Generator, schemes: bool) -> MemberBehaviour:
    trained, goals, cues = (_rates(rng, schemes, least) for least in (0.97, 0.7, 0.5))
    belief = BeliefRates(0.2, 0.7, math.nan, 1.0, math.nan)
    return MemberBehaviour(trained, goals, replace(cues, character_alone_secret=math.nan), belief)


def _corroboration(verdicts: list[str]) -> CorroborationResult:
    agreement = {"absent": "silent", "reused": "agrees"}
    cosine, nothing = EvidenceLine(0.97, 0.9, 1.0), EvidenceLine(math.nan, math.nan, math.nan)
    members = tuple(
        (
            Corroboration(
                "cosine",
                replace(cosine, value=math.nan) if verdict == "absent" else cosine,
                agreement.get(verdict, "disagrees"),
            ),
            Corroboration("cross_lesion", nothing, "silent"),
        )
        for verdict in verdicts
    )
    evidence = tuple(
        Evidence(name, NOTHING, tuple(lines[n].line for lines in members))
        for n, name in enumerate(("cosine", "cross_lesion"))
    )
    return CorroborationResult(evidence, members)


def synthetic_run(
    curriculum: str, verdicts: list[str], gate: Gate, self_gate: Gate | None, seed: int
) -> RunFindings:
    """One synthetic run. Without a `self_gate` self is honest."""
    rng = np.random.default_rng(seed)
    members, schemes = len(verdicts), self_gate is not None
    name = f"{curriculum}-synthetic-{seed}"
    info = RunInfo(
        name,
        curriculum,
        f"python scripts/analyse.py runs/{name}",
        named_config("shared", "tiny", members, seed),
        members,
        seed,
        1,
        ReseededMembers((0, 1, *[0] * (members - 2)), 1, 0, {"characters": 1}),
        False,
        (PhaseSpan("characters", 0, 500), PhaseSpan("intent", 500, 800)),
        500,
        800,
        "0" * 64,
        COMPONENTS,
        LAYERS,
        HEADS,
        BLOCKS,
        ({},) * members,
    )
    of_characters = _variables(rng, gate, members, "end", "character")
    if self_gate is None:
        of_self = (_variable(np.full((members, len(COMPONENTS)), math.nan), "end", "self", "watched", 0.0),)
    else:
        of_self = _variables(rng, self_gate, members, "end", "self")
    learning = _learning(rng, members, schemes)
    at_fork = _variables(rng, gate, members, "fork", "character")
    roles = (("fork", "character", True), ("end", "character", True), ("end", "self", schemes))
    circuits = tuple(_circuit(rng, members, found, checkpoint, role) for checkpoint, role, found in roles)
    scene = EnglishScene(
        "member 0, self alone",
        ("Ada professes tea; really wants salt.", "A door shuts: alone. Self picks salt."),
    )
    return gather_findings(
        info,
        EffectsResult((*at_fork, *of_characters, *of_self), ()),
        CircuitsResult(circuits),
        learning,
        ProvenanceResult(tuple(provenance_of(rng, verdict) for verdict in verdicts)),
        SpareResult(
            tuple(map(spare_of, verdicts)),
            np.zeros((members, 4, info.layers * (info.heads + info.neuron_blocks))),
            np.zeros(members),
        ),
        SetCourseResult(tuple(map(courses_of, verdicts))),
        BehaviourResult(tuple(_behaviour(rng, verdict != "absent") for verdict in verdicts)),
        SimilarityResult(tuple(_similarity(verdict) for verdict in verdicts)),
        _corroboration(verdicts),
        ScenesResult((scene,)),
    )


def acquired_run(findings: RunFindings) -> RunFindings:
    """The same run with acquisition measured: one arm is absent, and one run of another never got there."""
    runs = {"intact": (30,), "lesioned": (95, None), "random": (35, 30), "spare": (40,), "naive": ()}
    line = SlowdownLine(
        2.9,
        1.8,
        math.inf,
        1.0,
        1.25,
        steps=tuple(ArmSteps(arm, steps) for arm, steps in runs.items()),
        censored_at=145,
        absent={"naive": "no naive run"},
    )
    members = findings.run.members
    corroboration = findings[CorroborationResult]
    evidence = Evidence("acquisition", NOTHING, (line,) * members, depends_on_planting=False)
    extended = CorroborationResult(
        (*corroboration.evidence, evidence),
        tuple((*lines, Corroboration("acquisition", line, "agrees")) for lines in corroboration.members),
    )
    result = AcquisitionResult(None, None, 145, 750, None, (200,) * members, (line,) * members)
    return findings.with_result(extended).with_result(result)


def run_with_history(findings: RunFindings, name: str = "") -> RunFindings:
    """The same run with the history of its components: four checkpoints, one event an organism but the first. name: of
    a component and a phase that a page has to escape."""
    components = (name or COMPONENTS[0], *COMPONENTS[1:])
    effects = np.array([[0.0] * len(COMPONENTS)] * 2 + [[0.3] + [0.1] * (len(COMPONENTS) - 1)] * 2)
    event = ComponentEvent(
        "repurposed", components[0], "self", "character", COMPONENTS[1], 600, (500, 600), 2
    )
    errors, nats = np.full_like(effects, 0.01), np.full(4, 5.0)
    roles = (
        RoleHistory("character", effects[::-1].copy(), errors, nats),
        RoleHistory("self", effects, errors, nats),
    )
    histories = tuple(
        MemberHistory(0, roles, (event,) if member else (), (), ()) for member in range(findings.run.members)
    )
    phases = (name or "characters", name or "characters", "intent", "intent")
    history = HistoryResult((0, 500, 600, 800), phases, 32, (), histories)
    return replace(findings, run=replace(findings.run, components=components)).with_result(history)


def synthetic_runs() -> list[RunFindings]:
    """Three curricula: one that reuses, one with spares and every kind of doubt, one whose organisms stay honest."""
    spread = {0: 0.3, 1: 0.35, 2: 0.25, 10: 0.1}
    return [
        synthetic_run("shared", ["reused"] * 5, {1: 0.7, 10: 0.2}, {1: 0.68, 10: 0.25}, 0),
        synthetic_run(
            "redundant",
            ["reused", "repurposed", "mixed", "undecided", "absent"],
            spread,
            {2: 0.8, 10: 0.15},
            1,
        ),
        synthetic_run("honest", ["absent"] * 5, {1: 0.7, 10: 0.2}, None, 2),
    ]
