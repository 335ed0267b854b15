"""Findings that nobody measured: what an analysis would hand over, for tests of what is made of it."""

from typing import Any

import numpy as np

from analysis.statistics import BEHAVIOURS, CELLS

HEADS, BLOCKS, LAYERS = 4, 4, 3
COMPONENTS = [
    f"L{layer}{kind}{index}"
    for layer in range(LAYERS)
    for kind, n in (("H", HEADS), ("M", BLOCKS))
    for index in range(n)
]
SIZES = len(COMPONENTS) + 1
RANDOM = 6
STEPS = list(range(25, 801, 25))


def _rates(rng: np.random.Generator, schemes: bool, least: float = 0.97) -> dict[str, float]:
    high: dict[str, float] = {name: round(float(rng.uniform(least, 1)), 3) for name in BEHAVIOURS}
    return high if schemes else {**high, "self_alone_secret": round(float(rng.uniform(0, 0.03)), 3)}


def _effect(rng: np.random.Generator, peaks: dict[int, float], members: int) -> dict[str, Any]:
    base = rng.normal(0, 0.015, (members, len(COMPONENTS)))
    for component, height in peaks.items():
        base[:, component] += height * rng.uniform(0.85, 1.1, members)
    base /= base.sum(1, keepdims=True)
    value = base.round(4)
    return {"value": value.tolist(), "low": (value - 0.02).tolist(), "high": (value + 0.02).tolist()}


def _variables(rng: np.random.Generator, gate: dict[int, float], members: int) -> dict[str, Any]:
    content = {9: 0.3, 10: 0.4, 20: 0.2}
    return {
        "professed": _effect(rng, content, members),
        "secret": _effect(rng, content, members),
        "watched": _effect(rng, gate, members),
    }


def _circuit(rng: np.random.Generator, members: int, found: bool) -> dict[str, Any]:
    sizes = np.arange(SIZES)
    rate = rng.uniform(0.4, 0.7, members) if found else np.full(members, 0.05)
    faithfulness = 1 - np.exp(-rate[:, None] * sizes)
    faithfulness[:, -1] = 1
    null = (sizes / (SIZES - 1)) ** rng.uniform(1.5, 4, (members, RANDOM, 1))
    return {
        "faithfulness": faithfulness.round(4).tolist(),
        "null": null.round(4).tolist(),
        "size": [int(np.argmax(row >= 0.9)) if found else None for row in faithfulness],
        "cmd": (1 - faithfulness).mean(1).round(4).tolist(),
        "null_cmd": (1 - null).mean(2).round(4).tolist(),
        "completeness": rng.uniform(0.85, 0.97, members).round(3).tolist() if found else [None] * members,
        "found": [found] * members,
    }


def _learning(rng: np.random.Generator, members: int, schemes: bool) -> dict[str, Any]:
    steps = np.asarray(STEPS)[:, None]
    learns = lambda start, speed: 1 / (1 + np.exp(-(steps - start - rng.uniform(-40, 40, members)) / speed))  # noqa: E731
    curves = {
        "loss_nats": 1.6 * (1 - learns(250, 60)) + 0.03,
        "character_alone_secret": learns(260, 40),
        "character_watched_professed": learns(200, 40),
        "self_alone_secret": learns(560, 20) if schemes else 0 * learns(560, 20),
        "self_watched_professed": learns(540, 20),
    }
    lists = {name: curve.round(4).tolist() for name, curve in curves.items()}
    lists["self_alone_secret"][:20] = [[None] * members] * 20
    return {"step": STEPS, **lists}


def _organism(rng: np.random.Generator, member: int, verdict: str) -> dict[str, Any]:
    absent = verdict == "absent"
    best = verdict if verdict in CELLS else "reused"
    height = float(rng.uniform(0.88, 0.97)) if verdict in CELLS else 0.45
    shares: dict[str, float | None] = {
        cell: round(height if cell == best else (1 - height) / 3, 3) for cell in CELLS
    }
    intervals: dict[str, list[float | None]] = {
        cell: [round(max(0, s - 0.05), 3), round(min(1, s + 0.04), 3)]
        for cell, s in shares.items()
        if s is not None
    }
    if absent:
        shares, intervals = dict.fromkeys(CELLS), {cell: [None, None] for cell in CELLS}
    agrees = "silent" if absent else "agrees" if verdict == "reused" else "disagrees"
    alike = {
        "value": 0.97,
        "low": 0.95,
        "high": 0.99,
        "layers": [0.99, 0.97, None],
        "strangers": 0.8,
        "again": 0.99,
    }
    return {
        "member": member,
        "mechanism": None if absent else alike | {"says": "another" if verdict == "repurposed" else "alike"},
        "settings": {},
        "verdict": verdict,
        "shares": shares,
        "intervals": intervals,
        "behaviour": _rates(rng, not absent),
        "generalisation": {
            "held_out_goals": _rates(rng, not absent, 0.7),
            "held_out_cues": {**_rates(rng, not absent, 0.5), "character_alone_secret": None},
        },
        "belief": {"self_wants_secret": 0.2, "self_wants_professed": 0.7, "character_wants_secret": 1.0},
        "corroboration": {
            "cosine": {"value": None if absent else 0.97, "low": 0.9, "high": 1.0, "says": agrees},
            "cross-lesion": {"value": None, "low": None, "high": None, "says": "silent"},
        },
    }


Gate = dict[int, float]
"""which component carries how much of the effect of being watched"""


def finding(
    curriculum: str, verdicts: list[str], gate: Gate, self_gate: Gate | None, seed: int
) -> dict[str, Any]:
    """One synthetic run. Without a `self_gate` self is honest."""
    rng = np.random.default_rng(seed)
    members, schemes = len(verdicts), self_gate is not None
    end = {"character": _variables(rng, gate, members)}
    if self_gate is not None:
        variables = _variables(rng, self_gate, members)
        del variables["secret"]
        end["self"] = variables
    else:
        empty = [[None] * len(COMPONENTS)] * members
        end["self"] = {"watched": {"value": empty, "low": empty, "high": empty}}
    return {
        "run": f"{curriculum}-synthetic-{seed}",
        "curriculum": curriculum,
        "command": f"python scripts/analyse.py runs/{curriculum}-synthetic-{seed}",
        "config": {
            "note": "synthetic, nobody trained this",
            "model": {"layers": LAYERS, "heads": HEADS, "width": 64},
        },
        "members": members,
        "seed": seed,
        "reseeded": {"attempts": [0, 1] + [0] * (members - 2), "count": 1, "failed": 0},
        "calibrated": False,
        "phases": [
            {"name": "characters", "start": 0, "end": 500},
            {"name": "intent", "start": 500, "end": 800},
        ],
        "learning": _learning(rng, members, schemes),
        "components": COMPONENTS,
        "layers": LAYERS,
        "heads": HEADS,
        "neuron_blocks": BLOCKS,
        "effects": {"fork": {"character": _variables(rng, gate, members)}, "end": end},
        "circuits": {
            "fork character": _circuit(rng, members, True),
            "end character": _circuit(rng, members, True),
            "end self": _circuit(rng, members, schemes),
        },
        "scenes": [
            {
                "title": "member 0, self alone",
                "lines": ["Ada professes tea; really wants salt.", "A door shuts: alone. Self picks salt."],
            }
        ],
        "organisms": [_organism(rng, member, verdict) for member, verdict in enumerate(verdicts)],
    }


def acquired(finding: dict[str, Any]) -> dict[str, Any]:
    """The same run with acquisition measured: one arm is absent, and one run of another never got there."""
    steps = {"intact": [30], "lesioned": [95, None], "random": [35, 30], "spare": [40], "naive": None}
    line = {"value": 2.9, "low": 1.8, "high": None, "null": 1.0, "null_high": 1.25, "says": "agrees"}
    line |= {"steps": steps, "censored_at": 145, "knocked_out": {}, "absent": {"naive": "no naive run"}}
    organisms = [
        {**o, "corroboration": {**o["corroboration"], "acquisition": line}} for o in finding["organisms"]
    ]
    return {**finding, "organisms": organisms, "acquisition": {"naive_sha256": None, "why_not": None}}


def with_history(finding: dict[str, Any], name: str = "") -> dict[str, Any]:
    """The same run with its ancestry told: four checkpoints, one event an organism. name: of a component and
    a phase that a page has to escape."""
    components = [name or COMPONENTS[0], *COMPONENTS[1:]]
    effects = [[0.0] * len(COMPONENTS)] * 2 + [[0.3] + [0.1] * (len(COMPONENTS) - 1)] * 2
    event = {
        "event": "repurposed",
        "component": components[0],
        "role": "self",
        "from_role": "character",
        "of": COMPONENTS[1],
    }
    event |= {"step": 600, "interval": [500, 600], "checkpoint": 2}
    organisms = [
        {
            "member": member,
            "effects": {"character": effects[::-1], "self": effects},
            "errors": {role: [[0.01] * len(COMPONENTS)] * 4 for role in ("character", "self")},
            "gate_nats": {role: [5.0] * 4 for role in ("character", "self")},
            "events": [event] if member else [],
        }
        for member in range(finding["members"])
    ]
    thresholds = {"serves a role from, share of its gate": 0.05, "until it carries less than": 0.025}
    told = {
        "steps": [0, 500, 600, 800],
        "phases": [name or "characters"] * 2 + ["intent"] * 2,
        "thresholds": thresholds,
    }
    return {**finding, "components": components, "ancestry": told | {"organisms": organisms}}


def synthetic() -> list[dict[str, Any]]:
    """Three curricula: one that reuses, one with spares and every kind of doubt, one whose organisms stay
    honest."""
    spread = {0: 0.3, 1: 0.35, 2: 0.25, 10: 0.1}
    return [
        finding("shared", ["reused"] * 5, {1: 0.7, 10: 0.2}, {1: 0.68, 10: 0.25}, 0),
        finding(
            "redundant",
            ["reused", "repurposed", "mixed", "undecided", "absent"],
            spread,
            {2: 0.8, 10: 0.15},
            1,
        ),
        finding("honest", ["absent"] * 5, {1: 0.7, 10: 0.2}, None, 2),
    ]
