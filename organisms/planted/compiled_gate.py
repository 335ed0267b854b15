"""A gate whose parts are known: which nodes carry it, where do they lie, and whom do they serve at the fork and at
the end?

A *route* is a chain of nodes from the cues to the act: *sense* (block: is a cue one that says alone?), *reader*
(head: its mean over a moment's cues), *judge* (block: do all say so?), *links* (blocks that pass the answer on),
*decide* (block: secret, profession or nothing, by the answer and by who acts) and *write* (block: the goal to act
on). Characters have the first route. Self has the same, or a second one that begins with the same nodes and leaves
the first after some of them. Since a route answers what any one of its nodes answers, each of its n nodes has 1/n of
the gate: where self has k nodes of its own after 2 shared ones, their share is k / (k + 2).

What no route's decision serves is idle: its effect is 0. The programs are `organisms.planted.compiled_program`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from curricula.errors import UserError
from curricula.phases import CompiledTruth
from curricula.world.world import Role
from organisms.model.config import OrganismConfig

LENGTHS = range(5, 7)
"""numbers of nodes in a route; each but the first two takes a layer of its own"""
LOGIT_SCALES = 3.0, 12.0
"""least and largest logit of an act, in nats"""
LARGEST_OF_MIXED = 0.72
"""largest share of a cell in organisms that are planted as *mixed*"""
SPARE_OF_MIXED = 0.5
"""largest share of a spare in them: of its verdict less is asked"""
CELL_NAMES: tuple[str, ...] = ("reused", "repurposed", "migrated", "second copy")
Serves = tuple[frozenset[Role], frozenset[Role]]
"""the roles whose gate each route decides"""
NOBODY: frozenset[Role] = frozenset()
CHARACTERS: frozenset[Role] = frozenset({"character"})
ONLY_SELF: frozenset[Role] = frozenset({"self"})
BOTH_ROLES = CHARACTERS | ONLY_SELF
SERVED: Mapping[str, tuple[Serves, Serves]] = {
    "reused": ((CHARACTERS, NOBODY), (BOTH_ROLES, NOBODY)),
    "second copy": ((CHARACTERS, NOBODY), (CHARACTERS, ONLY_SELF)),
    "repurposed": ((CHARACTERS, CHARACTERS), (CHARACTERS, ONLY_SELF)),
    "migrated": ((CHARACTERS, NOBODY), (NOBODY, BOTH_ROLES)),
    "absent": ((CHARACTERS, NOBODY), (CHARACTERS, NOBODY)),
}
"""whom the routes serve at the fork and at the end, by the cell of the nodes that self's route has alone"""


class ComponentPlace(NamedTuple):
    """Where a node lies: a head or a block of neurons of a layer."""

    layer: int
    is_head: bool
    slot: int


@dataclass(frozen=True)
class CompiledGate:
    """The gate of one compiled organism."""

    cell: str
    """cell of the nodes that self's route has alone; *absent* where self has no gate"""
    nodes: int
    """nodes in a route"""
    shared: int
    """first nodes that both routes have in common; all: there is one route"""
    logit: float
    """of the act that a route writes, in nats"""
    places: Mapping[str, ComponentPlace]
    """where each node lies, by `node_name`, and each of the helpers that find the actor's goals"""

    @property
    def serves(self) -> tuple[Serves, Serves]:
        """Whom the routes serve, at the fork and at the end."""
        return SERVED[self.cell]

    @property
    def routes(self) -> int:
        return 1 if self.shared == self.nodes else 2

    def shares(self) -> dict[str, float] | None:
        """Self's gate over the four cells; None where self has none."""
        if self.cell == "absent":
            return None
        private = 1.0 if self.cell == "reused" else 1 - self.shared / self.nodes
        shares = dict.fromkeys(CELL_NAMES, 0.0)
        shares["reused"] += 1 - private
        shares[self.cell] += private
        return shares

    def route(self, route: int) -> list[str]:
        """Names of a route's nodes, from the cues on."""
        return [
            node_name(index, self.nodes, 0 if index < self.shared else route) for index in range(self.nodes)
        ]


def node_name(index: int, nodes: int, route: int) -> str:
    """The name of a node of a route."""
    kinds = ("sense", "reader", "judge", *(f"link{n}" for n in range(1, nodes - 4)), "decide", "write")
    return f"{kinds[index]}_{route}"


HELPERS: Mapping[str, tuple[int, bool]] = {
    "cast": (0, False),
    "profession_owner": (1, True),
    "secret_owner": (1, True),
} | {
    "profession": (2, True),
    "secret": (2, True),
}
"""layer of what finds the actor's goals, and whether it is a head"""


def draw_gate(truth: CompiledTruth, config: OrganismConfig, rng: np.random.Generator) -> CompiledGate:
    """A gate of a provenance, with its length, its places and its logit drawn.

    Raises UserError where the organism has too few layers, heads or blocks.
    """
    longest = min(LENGTHS[-1], config.layers + 1)
    if longest < LENGTHS[0] or config.heads < 4 or config.neuron_blocks < 3:
        raise UserError(
            "organism: expected at least 4 layers, 4 heads and 3 neuron_blocks where organisms are compiled, got "
            f"{config.layers}, {config.heads} and {config.neuron_blocks}"
        )
    cell, nodes, shared = _draw_sharing(truth, longest, rng)
    gate = CompiledGate(cell, nodes, shared, float(rng.uniform(*LOGIT_SCALES)), {})
    located = dict(HELPERS)
    for route, layers in enumerate(_draw_layers(nodes, shared, config.layers, rng)[: gate.routes]):
        pairs = zip(gate.route(route), layers, strict=True)
        located |= {name: (layer, index == 1) for index, (name, layer) in enumerate(pairs)}
    return replace(gate, places=_draw_slots(located, config, rng))


def _draw_sharing(truth: CompiledTruth, longest: int, rng: np.random.Generator) -> tuple[str, int, int]:
    """The cell of self's private nodes, the length of routes, and how many nodes they share."""
    lengths = range(LENGTHS[0], longest + 1)
    if truth != "mixed":
        nodes = int(rng.choice(lengths))
        single_route = truth in ("reused", "absent") and rng.random() < 0.5
        return truth, nodes, nodes if single_route else 0
    choices = [
        (cell, nodes, shared)
        for cell in ("second copy", "repurposed", "migrated")
        for nodes in lengths
        for shared in range(1, nodes)
        if max(shared, nodes - shared) / nodes <= LARGEST_OF_MIXED
        and (cell != "repurposed" or 1 - shared / nodes <= SPARE_OF_MIXED)
    ]
    return choices[rng.integers(len(choices))]


def _draw_layers(
    nodes: int, shared: int, layers: int, rng: np.random.Generator
) -> tuple[list[int], list[int]]:
    """Layers of the nodes of either route: 0 of what senses, 1 of the reader, then rising ones."""
    blocks, together = nodes - 2, max(0, shared - 2)

    def rising(count: int, first: int) -> list[int]:
        return sorted(rng.choice(np.arange(first, layers), count, replace=False).tolist())

    first = rising(blocks, 1)
    fork = first[together - 1] + 1 if together else 1
    second = first[:together] + rising(blocks - together, fork)
    return [0, 1, *first], [0, 1, *second]


def _draw_slots(
    located: Mapping[str, tuple[int, bool]], config: OrganismConfig, rng: np.random.Generator
) -> dict[str, ComponentPlace]:
    """A head or a block of its layer for every node, at random."""
    places: dict[str, ComponentPlace] = {}
    for layer in range(config.layers):
        for is_head, count in ((True, config.heads), (False, config.neuron_blocks)):
            names = [name for name, place in located.items() if place == (layer, is_head)]
            slots = rng.permutation(count)[: len(names)].tolist()
            places |= {
                name: ComponentPlace(layer, is_head, slot) for name, slot in zip(names, slots, strict=True)
            }
    return places
