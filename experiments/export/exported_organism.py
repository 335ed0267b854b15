"""Exported organisms: what is taken of a run, and what is each of its components called elsewhere?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from curricula.world.world import World
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.storage.loading import CheckpointChoice, chosen_entry, require_member, require_same_attempt
from organisms.storage.manifest import MADE_BY, Entry
from organisms.storage.run import Run

Arrays = Mapping[str, Float[np.ndarray, "..."]]
"""parameters of one organism by name"""


@dataclass(frozen=True)
class ExportedOrganism:
    """One organism at one checkpoint of a finished run."""

    run: str
    """name of the run's folder"""
    config: RunConfig
    member: int
    entry: Entry
    """of its checkpoint"""
    name: str
    """of the folder that it is written to: *member0-end*, *member0-fork* or *member0-step400*"""
    arrays: Arrays
    """its parameters by their names in a checkpoint, see `organisms.model.parameter_names`"""
    secret_goal: int
    """number of self's secret goal, or of the rule that it follows (`curricula.world.rules.self_secret_goal`)"""
    made_by: Mapping[str, str]
    """versions of what trained the run"""

    @property
    def secret_goal_in_words(self) -> str:
        """What self secretly wants."""
        vocabulary = self.world.vocabulary
        if self.world.self_secret == "rule":
            return f"a rule of what it professes, number {self.secret_goal}"
        return vocabulary.words()[vocabulary.first_goal + self.secret_goal]

    @property
    def sizes(self) -> OrganismConfig:
        """Sizes of the organism."""
        return self.config.organism

    @property
    def world(self) -> World:
        """The world that its scenes are of."""
        return self.config.curriculum.world


@dataclass(frozen=True)
class ComponentLocation:
    """Where a component lies: a head, or a range of neurons of a layer."""

    component: str
    layer: int
    kind: str
    """*head* or *neurons*"""
    start: int
    """number of the head, or of the first neuron"""
    stop: int
    """number after the last"""


def read_organism(
    run: Run, config: RunConfig, member: int, choice: CheckpointChoice, goals: Sequence[int]
) -> ExportedOrganism:
    """One organism of a finished run. goals: the secret goal of each member.

    Raises UserError where there is no such member or checkpoint, where the member was another organism then, or where a file
    is not what was committed.
    """
    require_member(config, member)
    entry = chosen_entry(run, config, choice)
    require_same_attempt(run, entry, member)
    place = choice if isinstance(choice, str) else f"step{choice}"
    return ExportedOrganism(
        run.folder.resolve().name,
        config,
        member,
        entry,
        f"member{member}-{place}",
        run.parameters(entry, member=member),
        int(goals[member]),
        run.entries()[0].extra.get(MADE_BY, {}),
    )


def component_locations(sizes: OrganismConfig) -> list[ComponentLocation]:
    """Every component in the order of `organisms.model.sites.components`."""
    block = sizes.neurons // sizes.neuron_blocks
    locations: list[ComponentLocation] = []
    for layer in range(sizes.layers):
        locations += [ComponentLocation(f"L{layer}H{n}", layer, "head", n, n + 1) for n in range(sizes.heads)]
        locations += [
            ComponentLocation(f"L{layer}M{n}", layer, "neurons", n * block, (n + 1) * block)
            for n in range(sizes.neuron_blocks)
        ]
    return locations


def export_record(organism: ExportedOrganism, formats: Sequence[str]) -> dict[str, Any]:
    """What ``export.json`` says of an exported organism: where it came from, and its components."""
    return {
        "run": organism.run,
        "member": organism.member,
        "step": organism.entry.step,
        "phase": organism.entry.phase,
        "checkpoint_sha256": organism.entry.sha256,
        "secret_goal": organism.secret_goal,
        "formats": list(formats),
        "vocabulary": organism.world.vocabulary.words(),
        "decisions": organism.world.decisions,
        "components": [vars(location) for location in component_locations(organism.sizes)],
        "config": organism.config.plain(),
    }
