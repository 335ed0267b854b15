"""Weights of compiled organisms: how does a compiled program become an organism of ours?

Every node lies where the `CompiledGate` says, in a residual stream with a direction for every value of every
variable. Whatever has no node is zero. The unembedding reads the goals that the routes write.
"""

from collections.abc import Iterable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from curricula.errors import UserError
from curricula.world.vocabulary import START
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.transformer import Organism
from organisms.planted.compiled_gate import CompiledGate, ComponentPlace
from organisms.planted.compiled_program import (
    FIRST_TOKEN,
    Direction,
    HeadWeights,
    NeuronWeights,
    WeightBlock,
    compiled_blocks,
    gate_program,
    require_compiler,
)

ONE = Direction("one", None)
"""the direction that is 1 everywhere"""


def compiled_organisms(
    world: World, config: OrganismConfig, gates: Sequence[CompiledGate], secret_goals: Sequence[int]
) -> tuple[Organism, Organism]:
    """The organisms [member, ...] of these gates, as they are at the fork and at the end.

    Raises UserError where the compiler is not installed, or an organism has no room for its program.
    """
    require_compiler()
    fork, end = (
        [
            _WeightWriter(world, config, gate).written(
                compiled_blocks(world, gate_program(world, gate, gate.serves[stage], secret_goal))
            )
            for gate, secret_goal in zip(gates, secret_goals, strict=True)
        ]
        for stage in range(2)
    )
    return _stacked(world, config, fork), _stacked(world, config, end)


def _stacked(world: World, config: OrganismConfig, members: Sequence[Mapping[str, np.ndarray]]) -> Organism:
    """The ensemble [member, ...] of the parameters of its members."""
    organisms = nnx.clone(_blank(world, config))
    for name in members[0]:
        setattr(organisms, name, nnx.Param(jnp.asarray(np.stack([arrays[name] for arrays in members]))))
    return organisms


def _blank(world: World, config: OrganismConfig) -> Organism:
    """An organism of shapes alone."""
    vocabulary, positions = world.vocabulary.size, world.positions
    return jax.eval_shape(lambda: Organism(config, vocabulary, positions, jax.random.key(0)))


class _WeightWriter:
    """Writes the blocks of one program into the parameters of one organism."""

    def __init__(self, world: World, config: OrganismConfig, gate: CompiledGate):
        self.world, self.config, self.gate = world, config, gate
        self.arrays = {
            name: np.zeros(value.shape, np.float32)
            for name, value in vars(_blank(world, config)).items()
            if isinstance(value, nnx.Param)
        }
        self.index: dict[Direction, int] = {}

    def written(self, blocks: Mapping[str, Sequence[WeightBlock]]) -> dict[str, np.ndarray]:
        """The parameters, by the names of an organism's. Raises UserError where it has no room."""
        tokens = range(START + 1, self.world.vocabulary.size)
        self.place_directions(
            [
                ONE,
                Direction("tokens", FIRST_TOKEN),
                *(Direction("tokens", token) for token in tokens),
                *(Direction("indices", position) for position in range(self.world.positions - 1)),
                *(
                    direction
                    for of_node in blocks.values()
                    for block in of_node
                    for direction in block.output_directions
                ),
            ]
        )
        self.write_embedding(tokens)
        for name, of_node in blocks.items():
            self.write_node(self.gate.places[name], of_node)
            if name.startswith("write"):
                self.write_unembedding(of_node)
        return self.arrays

    def place_directions(self, directions: Iterable[Direction]) -> None:
        """Gives every direction a coordinate of the residual stream."""
        for direction in directions:
            self.index.setdefault(direction, len(self.index))
        self.require_room("width", len(self.index), self.config.width)

    def write_embedding(self, tokens: Iterable[int]) -> None:
        """Tokens and positions as the compiler encodes them: the first token has no position."""
        embedding, position = self.arrays["embedding"], self.arrays["position"]
        embedding[:, self.index[ONE]] = 1
        embedding[START, self.index[Direction("tokens", FIRST_TOKEN)]] = 1
        for token in tokens:
            embedding[token, self.index[Direction("tokens", token)]] = 1
        for place in range(1, self.world.positions):
            position[place, self.index[Direction("indices", place - 1)]] = 1

    def write_node(self, place: ComponentPlace, blocks: Sequence[WeightBlock]) -> None:
        """Writes a head, or one or more groups of neurons side by side into a block."""
        size = self.config.neurons // self.config.neuron_blocks
        neuron = place.slot * size
        for block in blocks:
            if isinstance(block, HeadWeights):
                self.write_head(place, block)
            else:
                self.write_neurons(place.layer, neuron, block)
                neuron += block.into_neurons.shape[1]
        self.require_room("neurons a block", neuron - place.slot * size, size)

    def write_head(self, place: ComponentPlace, head: HeadWeights) -> None:
        """Writes a head: one number of its queries for every direction that it asks by, and one of its values for
        every direction that it writes."""
        layer, slot, width = place.layer, place.slot, self.config.head_width
        asking = np.flatnonzero(head.scores.any(axis=1)).tolist()
        self.require_room("width of a head", max(len(asking), len(head.output_directions)), width)
        keys = self.places_of(head.key_directions)
        for number, row in enumerate(asking):
            # Scores are divided by the square root of the width.
            query_place = self.index[head.query_directions[row]]
            self.arrays["query"][layer, slot, query_place, number] = width**0.5
            self.arrays["key"][layer, slot, keys, number] = head.scores[row]
        values = self.places_of(head.value_directions)
        for number, direction in enumerate(head.output_directions):
            self.arrays["value"][layer, slot, values, number] = head.outputs[:, number]
            self.arrays["output"][layer, slot, number, self.index[direction]] = 1

    def write_neurons(self, layer: int, first: int, block: NeuronWeights) -> None:
        """Writes neurons from the one of this number on, if there is room."""
        last = min(first + block.into_neurons.shape[1], self.config.neurons)
        count = last - first
        inputs, outputs = self.places_of(block.input_directions), self.places_of(block.output_directions)
        self.arrays["into_neurons"][layer, inputs, first:last] = block.into_neurons[:, :count]
        self.arrays["out_of_neurons"][layer, first:last][:, outputs] = block.out_of_neurons[:count]

    def write_unembedding(self, blocks: Sequence[WeightBlock]) -> None:
        """Makes the goals that a route writes acts."""
        for block in blocks:
            for direction in block.output_directions:
                token = self.world.vocabulary.first_goal + direction.value
                self.arrays["unembedding"][self.index[direction], token] = self.gate.logit

    def places_of(self, directions: Iterable[Direction]) -> list[int]:
        """Coordinates of directions."""
        return [self.index[direction] for direction in directions]

    def require_room(self, what: str, needed: int, size: int) -> None:
        """Raises UserError where a program needs more than the organism has."""
        if needed > size:
            raise UserError(
                f"organism: expected {what} of at least {needed} for the program that is compiled, got {size}"
            )
