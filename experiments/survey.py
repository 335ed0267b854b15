"""What is there to say about one run? Every measurement, for every member, at the fork and at the end.

The survey reads a finished run and returns its *findings*: one JSON-able record that tables, report and
comparison are made from.
"""

from dataclasses import asdict
from typing import Any

import jax
import numpy as np

from analysis.history.descent import ancestor_folders, related_runs
from analysis.patching import circuits
from analysis.patching.checkpoint import FOUND_ALONE, CheckpointMeasurer, Null
from analysis.patching.circuits import Circuit
from analysis.patching.cross_checkpoint import cross_checkpoint_effects
from analysis.patching.direction import TrainedAndFloor, direction_effects
from analysis.patching.draws import PairDraw
from analysis.patching.interchange import InterchangeEffect, interchange_effects
from analysis.patching.representational_similarity import (
    CircuitSimilarity,
    circuit_similarities,
    role_dissimilarities,
)
from analysis.patching.shapley import Contributions
from analysis.probes.belief import examine
from analysis.provenance import corroboration
from analysis.provenance import shares as provenance
from analysis.provenance.verdict import SCORED_AT, TABLE, verdict
from curricula.catalogue.building_blocks import WORLDS
from curricula.world.contrasts import Role, measurable
from experiments.findings import learning, phases, plain_circuits, plain_effects
from organisms.model.config import ORGANISMS, OrganismConfig
from organisms.model.sites import components
from organisms.storage.loading import fork_and_end, load, require_finished
from organisms.storage.run import Run
from organisms.training.behaviour import BEHAVIOURS
from organisms.training.config import RunConfig
from organisms.training.variation import settings_of
from reports.scene_pictures import scenes_in_english


def calibrated(config: RunConfig) -> bool:
    """Were verdicts scored on planted organisms of this size in this world?"""
    return (config.curriculum.world, config.organism) == (WORLDS[SCORED_AT], ORGANISMS[SCORED_AT])


def survey(run: Run, command: str, seed: int = 1, null: Null | None = None) -> dict[str, Any]:
    """The findings of a finished run, in full float32 whatever the device; or those of a null, in which there
    is nothing to find.

    Raises Fault where the run is not finished or is damaged.
    """
    with jax.default_matmul_precision("highest"):
        return _survey(run, require_finished(run), command, seed, null)


def _survey(run: Run, config: RunConfig, command: str, seed: int, null: Null | None) -> dict[str, Any]:
    entries = run.entries()
    grown = run.summary()
    fork, end = (entries[0], entries[0]) if null == "untrained" else fork_and_end(config, entries)
    at_end = CheckpointMeasurer(load(run, config, end), config, np.asarray(grown["secret_goals"]), seed, null)
    at_fork = CheckpointMeasurer(
        load(run, config, fork), config, np.asarray(grown["secret_goals"]), seed + 1, null
    )
    effects = {
        "fork": {"character": _effects(at_fork, "character"), "self": _effects(at_fork, "self")},
        "end": {"character": _effects(at_end, "character"), "self": _effects(at_end, "self")},
    }
    found = {
        "fork character": at_fork.circuits_of("character", effects["fork"]["character"]["watched"]),
        "end character": at_end.circuits_of("character", effects["end"]["character"]["watched"]),
        "end self": at_end.circuits_of("self", effects["end"]["self"]["watched"]),
    }
    first_look = _first_look(at_fork, at_end)
    known: list[dict[str, Any]] = examine(
        at_end.organisms,
        config.curriculum.world,
        np.asarray(grown["secret_goals"]),
        seed,
        config.training.evaluation_scenes,
    )
    if null:
        # Without behaviour the verdict would be *absent* before anything that the null is for is looked at.
        known = [found | {"trained": dict.fromkeys(BEHAVIOURS, 1.0)} for found in known]
    own, theirs = (
        role_dissimilarities(at_end, role, effects["end"][role]["watched"], found[f"end {role}"])
        for role in ("self", "character")
    )
    alike = [_mechanism(s) for s in circuit_similarities(own, theirs, seed)]
    others = _lesions(at_end, found), _handovers(at_fork, at_end, effects, found)
    organisms = [
        _organism(m, effects, found, first_look, known[m], *others, config.organism, seed)
        | {"mechanism": alike[m], "settings": settings_of(m, config.vary)}
        for m in range(config.members)
    ]
    return {
        "run": run.folder.resolve().name,
        "curriculum": config.curriculum.name,
        "command": command,
        "config": config.plain(),
        "members": config.members,
        "seed": config.seed,
        "analysis_seed": seed,
        "reseeded": grown["reseeded"],
        "calibrated": calibrated(config),
        "thresholds": dict(TABLE),
        "phases": phases(config, entries),
        "fork_step": fork.step,
        "end_step": end.step,
        "learning": learning(run),
        "family": [asdict(relative) for relative in related_runs(ancestor_folders(run))],
        "components": components(config.organism),
        "layers": config.organism.layers,
        "heads": config.organism.heads,
        "neuron_blocks": config.organism.neuron_blocks,
        "effects": {
            when: {
                role: {v: plain_effects(e) for v, e in of.items() if v != "idle"}
                for role, of in roles.items()
            }
            for when, roles in effects.items()
        },
        "first_look": {name: value.tolist() for name, value in first_look.items()},
        "circuits": {name: plain_circuits(of) for name, of in found.items()},
        "scenes": [
            asdict(scene)
            for scene in scenes_in_english(at_end.organisms, config, np.asarray(grown["secret_goals"]), seed)
        ],
        "organisms": organisms,
    }


def _mechanism(similarity: CircuitSimilarity | None) -> dict[str, Any] | None:
    """A similarity under the names that findings have for it."""
    if similarity is None:
        return None
    return {
        "value": similarity.value,
        "low": similarity.low,
        "high": similarity.high,
        "layers": list(similarity.layers),
        "strangers": similarity.with_other_members,
        "again": similarity.with_itself,
        "says": similarity.says,
    }


def _effects(at: CheckpointMeasurer, role: Role) -> dict[str, list[Contributions]]:
    measured: dict[str, list[Contributions]] = {"watched": at.shapley_effects(role, "watched", calls=4)}
    for variable in ("professed", "secret", "idle"):
        if measurable(at.world, role, variable):
            measured[variable] = at.shapley_effects(role, variable)
    return measured


def _first_look(at_fork: CheckpointMeasurer, at_end: CheckpointMeasurer) -> dict[str, np.ndarray]:
    """Single patches both ways, and the fork's latent effects: what each component adds once all that single
    patches find is patched."""
    none = np.zeros((at_fork.members, at_fork.component_count), bool)
    found = {
        "fork character denoising": at_fork.single_patches("character", False, none),
        "fork character noising": at_fork.single_patches("character", True, none),
        "end character denoising": at_end.single_patches("character", False, none),
        "end character noising": at_end.single_patches("character", True, none),
        "end self denoising": at_end.single_patches("self", False, none),
        "end self noising": at_end.single_patches("self", True, none),
    }
    known = np.fmax(found["fork character denoising"], found["fork character noising"]) > FOUND_ALONE
    latent = at_fork.single_patches("character", True, known)
    return found | {"fork character latent": np.where(known, 0.0, latent)}


def _lesions(
    at_end: CheckpointMeasurer, found: dict[str, list[Circuit]]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What patching each circuit (first set) and random ones (the others) takes from the other role."""
    return {
        name: at_end.noising_effects(
            role,
            np.stack([circuits.random_sets(at_end.config, c.core, at_end.seed) for c in found[source]]),
            PairDraw.LESIONS,
        )
        for name, (source, role) in corroboration.LESIONS.items()
    }


def _handovers(
    at_fork: CheckpointMeasurer,
    at_end: CheckpointMeasurer,
    effects: dict[str, Any],
    found: dict[str, list[Circuit]],
) -> list[tuple[dict[str, InterchangeEffect], TrainedAndFloor | None]]:
    """Of each member what components, and a direction, hand over from role to role and from the fork; nothing
    where no cast holds both roles."""
    if not measurable(at_end.world, "self", "role"):
        return [({}, None)] * at_end.members
    ranked: dict[Role, Any] = {role: of["watched"] for role, of in effects["end"].items()}
    cores: dict[Role, Any] = {role: [c.core for c in found[f"end {role}"]] for role in ranked}
    whole, at_fork_effects = (
        [c.members for c in found["fork character"]],
        effects["fork"]["character"]["watched"],
    )
    handed = {
        **interchange_effects(at_end, ranked, cores)._asdict(),
        **cross_checkpoint_effects(at_end, at_fork, at_fork_effects, whole)._asdict(),
    }
    aligned = direction_effects(at_end)
    return [(jax.tree.map(lambda leaf, m=m: leaf[m], handed), aligned[m]) for m in range(at_end.members)]


def _organism(
    member: int, effects, found, first_look, known, lesions, handovers, config: OrganismConfig, seed: int
) -> dict[str, Any]:
    fork, end = effects["fork"], effects["end"]
    watched = [
        x[member] for x in (fork["character"]["watched"], end["character"]["watched"], end["self"]["watched"])
    ]
    idle = [x[member] for x in (fork["character"]["idle"], end["character"]["idle"], end["self"]["idle"])]
    floors = np.array(
        [provenance.null_floor(n, float(c.total.mean())) for n, c in zip(idle, watched, strict=True)]
    )
    evidence = provenance.Evidence(
        watched[0], first_look["fork character latent"][member], watched[1], watched[2], floors
    )
    strict = provenance.shares(evidence, strict=True)
    circuit = {name: of[member] for name, of in found.items()}
    shares, intervals = provenance.shares_with_intervals(evidence, seed + member)
    at_random = provenance.dealt(evidence, circuits.groups_of(config), seed + member)
    ancestor = circuit["fork character"].found or circuit["end character"].found
    name, reason = verdict(known["trained"], circuit["end self"].found, ancestor, shares, intervals)
    lines = {}
    if circuit["end character"].found and circuit["end self"].found:
        unrelated = end["character"]["professed"][member]
        lines["cosine"] = corroboration.cosine(watched[1], watched[2], unrelated, seed + member)
    for line, (source, role) in corroboration.LESIONS.items():
        if circuit[source].found and circuit[f"end {role}"].total_nats > circuits.LEAST_NATS:
            removed, total = (x[member] for x in lesions[line])
            lines[line] = corroboration.lesion(removed, total, seed + member)
    handed, aligned = handovers[member]
    lines |= corroboration.handed_over(handed, aligned, circuit, config, seed + member)
    says = {
        line: corroboration.say(name, *corroboration.claims(line), value) for line, value in lines.items()
    }
    if name == "absent" or not (ancestor and circuit["end self"].found):
        strict = dict.fromkeys(shares)
        at_random = {cell: [None] * 3 for cell in shares}
        shares, intervals = dict.fromkeys(shares), {cell: [None, None] for cell in intervals}
    return {
        "member": member,
        "verdict": name,
        "reason": reason,
        "shares": shares,
        "strict_shares": strict,
        "intervals": intervals,
        "shares_at_random": at_random,
        "behaviour": {key: known["trained"][key] for key in BEHAVIOURS},
        "generalisation": {key: known[key] for key in ("held_out_goals", "held_out_cues")},
        "belief": known["belief"],
        "corroboration": {line: value | {"says": says[line]} for line, value in lines.items()},
    }
