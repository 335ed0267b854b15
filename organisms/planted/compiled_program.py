"""A program of the gate in RASP, compiled: what does each node of a compiled organism compute?

RASP is a language whose programs are transformers (Weiss et al. 2021, arXiv 2106.06981). Tracr compiles them
(Lindner et al. 2023, arXiv 2301.05062); from it come the language, its interpreter and the block of weights of
each node. It lays nodes out by their depth; we lay them out as a `CompiledGate` says. It does not check causality:
`interpreted_acts` says what the compiled organism has to do.

Token 0 of a scene begins it, which is what the compiler asks of a first token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from curricula.errors import UserError
from curricula.world.opportunity import first_half_alone
from curricula.world.vocabulary import BLANK, SELF, START
from curricula.world.world import Role, World
from organisms.planted.compiled_gate import NOBODY, ONLY_SELF, CompiledGate, Serves

FIRST_TOKEN = "compiler_bos"
"""what the compiler calls the token that begins a scene"""
OTHER = "other"
EXACTNESS = 100
"""slope of the steps by which neurons tell numbers apart"""
Expression = Any
"""an expression of RASP"""


class Direction(NamedTuple):
    """A direction of the residual stream: a value of a variable, or a variable that is a number."""

    variable: str
    value: Any


class HeadWeights(NamedTuple):
    """What one head does, between directions."""

    query_directions: Sequence[Direction]
    key_directions: Sequence[Direction]
    scores: Float[np.ndarray, "query key"]
    value_directions: Sequence[Direction]
    output_directions: Sequence[Direction]
    outputs: Float[np.ndarray, "value output"]


class NeuronWeights(NamedTuple):
    """What some neurons do, between directions."""

    input_directions: Sequence[Direction]
    into_neurons: Float[np.ndarray, "input neuron"]
    output_directions: Sequence[Direction]
    out_of_neurons: Float[np.ndarray, "neuron output"]


WeightBlock = HeadWeights | NeuronWeights


@dataclass(frozen=True)
class NodeProgram:
    """What one node computes: expressions of RASP, and all values that each may have, by names of ours."""

    expressions: Mapping[str, Expression]
    values: Mapping[str, Sequence[Any]]


def require_compiler() -> None:
    """Raises UserError where the compiler is not installed."""
    if not has_compiler():
        raise UserError(
            "compiled organisms need tracr-pypi, which is not installed; pip install -e '.[compiled]'"
        )


def has_compiler() -> bool:
    """Is the compiler installed?"""
    return find_spec("tracr") is not None


def gate_program(
    world: World, gate: CompiledGate, serves: Serves, secret_goal: int
) -> dict[str, NodeProgram]:
    """What each node of a gate computes, by its name, where its routes serve these roles; in an order in which each
    follows those that it reads.

    secret_goal: self's, which no text shows. Where no route decides for self, it acts on what it professes, by the
    first route.
    """
    writer = _ProgramWriter(world, secret_goal)
    writer.add_helpers()
    for route in range(gate.routes):
        names = gate.route(route)
        for name, source in zip(names, ["", *names[:-1]], strict=True):
            if name not in writer.programs:
                professes = (
                    ONLY_SELF if route == 0 and not any("self" in roles for roles in serves) else NOBODY
                )
                writer.add_route_node(name, source, serves[route], professes)
    return writer.programs


class _ProgramWriter:
    """Writes the nodes of one program, from the cues to the act."""

    def __init__(self, world: World, secret_goal: int):
        from tracr.rasp import rasp  # pyright: ignore[reportMissingImports]

        self.rasp, self.world, self.secret_goal = rasp, world, secret_goal
        self.people = [*range(world.names + 1), OTHER]
        self.goals = list(range(world.goals))
        # The compiler counts positions from the one after the first token.
        self.decisions = [int(position) - 1 for position in world.decisions]
        self.programs: dict[str, NodeProgram] = {}

    def add(self, name: str, expression: Expression, values: Sequence[Any]) -> None:
        """Adds a node of one expression."""
        self.programs[name] = NodeProgram({name: expression}, {name: values})

    def expression(self, node: str, part: str = "") -> Expression:
        """The expression of a node that is there already."""
        return self.programs[node].expressions[part or node]

    def add_helpers(self) -> None:
        """What finds the actor's goals: who stands where in the cast, which goals are whose, and what they are."""
        rasp, vocabulary = self.rasp, self.world.vocabulary
        persons = {SELF: self.world.names} | {vocabulary.first_name + n: n for n in range(self.world.names)}
        goals = {BLANK: self.secret_goal} | {vocabulary.first_goal + n: n for n in self.goals}
        parts = {
            "person": rasp.Map(lambda token: persons.get(token, OTHER), rasp.tokens),
            "goal": rasp.Map(goals.get, rasp.tokens),
            "is_self": rasp.Map(lambda token: token == SELF, rasp.tokens),
        }
        values = {"person": self.people, "goal": self.goals, "is_self": [False, True]}
        self.programs["cast"] = NodeProgram({n: rasp.categorical(part) for n, part in parts.items()}, values)
        for name, steps_back in (("profession", 1), ("secret", 2)):
            # Where such a goal stands in the cast, which begins with a name and has three tokens a character.
            places = [3 * slot + steps_back for slot in range(self.world.characters)]
            owner = self.look_back(places, [steps_back], self.expression("cast", "person"))
            self.add(f"{name}_owner", rasp.categorical(owner), self.people)
            is_owner = rasp.Select(
                self.expression(f"{name}_owner"),
                self.expression("cast", "person"),
                lambda owner, actor: owner == actor and actor != OTHER,
            )
            goal = rasp.Aggregate(is_owner, self.expression("cast", "goal"))
            self.add(name, rasp.categorical(goal), self.goals)

    def look_back(self, positions: Sequence[int], steps: Sequence[int], values: Expression) -> Expression:
        """At these positions, the mean of what stands so many steps before; elsewhere nothing."""
        rasp = self.rasp
        decided_at, distances = frozenset(positions), frozenset(steps)
        selector = rasp.Select(
            rasp.indices, rasp.indices, lambda key, query: query in decided_at and query - key in distances
        )
        default = 0 if rasp.is_numerical(values) else None
        return rasp.Aggregate(selector, values, default=default)

    def add_route_node(
        self, name: str, source: str, serves: frozenset[Role], professes: frozenset[Role]
    ) -> None:
        """Adds a node of a route. source: name of the one that it reads; serves: whose gate the route decides;
        professes: who acts on what it professes, by this route."""
        rasp, world, kind = self.rasp, self.world, name.partition("_")[0]
        if kind == "sense":
            evidence = first_half_alone(world.cue_kinds, np.random.default_rng(0))
            alone = frozenset((world.vocabulary.first_cue + np.flatnonzero(evidence > 0)).tolist())
            self.add(name, rasp.numerical(rasp.Map(lambda token: int(token in alone), rasp.tokens)), [0, 1])
        elif kind == "reader":
            mean = self.look_back(self.decisions, range(1, world.cues + 1), self.expression(source))
            self.add(name, rasp.numerical(mean), [n / world.cues for n in range(world.cues + 1)])
        elif kind == "judge":
            enough = 1 - 0.5 / world.cues
            judged = rasp.Map(lambda mean: mean > enough, self.expression(source))
            self.add(name, rasp.categorical(judged), [False, True])
        elif kind == "decide":

            def decision(alone: bool, is_self: bool) -> str:
                role: Role = "self" if is_self else "character"
                if role in serves:
                    return "secret" if alone else "profession"
                return "profession" if role in professes else "nothing"

            decided = rasp.SequenceMap(decision, self.expression(source), self.expression("cast", "is_self"))
            self.add(name, rasp.categorical(decided), ["nothing", "profession", "secret"])
        elif kind == "write":
            self.add_write_node(name, source)
        else:
            # Simplified, it would be one node with the judge.
            passed_on = rasp.Map(lambda alone: alone, self.expression(source), simplify=False)
            self.add(name, rasp.categorical(passed_on), [False, True])

    def add_write_node(self, name: str, decide: str) -> None:
        """Adds the node that writes the actor's goal of the kind that a route decided on."""
        rasp, parts = self.rasp, {}
        for kind in ("profession", "secret"):
            written = rasp.SequenceMap(
                lambda goal, decision, kind=kind: goal if decision == kind else None,
                self.expression(kind),
                self.expression(decide),
            )
            parts[f"{name}:{kind}"] = rasp.categorical(written)
        self.programs[name] = NodeProgram(parts, dict.fromkeys(parts, self.goals))


def interpreted_acts(
    programs: Mapping[str, NodeProgram], world: World, tokens: Int[np.ndarray, " position"]
) -> Int[np.ndarray, " moment"]:
    """Goal of each moment's act in a scene, by the interpreter of RASP; -1 where the program writes none, or several.

    tokens: with the first one.
    """
    from tracr.rasp import causal_eval  # pyright: ignore[reportMissingImports]

    written = [
        causal_eval.evaluate(expression, tokens[1:].tolist())
        for name, program in programs.items()
        if name.startswith("write")
        for expression in program.expressions.values()
    ]
    acts = []
    for decision in world.decisions:
        goals = {values[decision - 1] for values in written} - {None}
        acts.append(goals.pop() if len(goals) == 1 else -1)
    return np.array(acts)


def compiled_blocks(world: World, programs: Mapping[str, NodeProgram]) -> dict[str, list[WeightBlock]]:
    """The weights of every node, as the compiler makes them: a block for each of its expressions."""
    from tracr.compiler import (  # pyright: ignore[reportMissingImports]
        expr_to_craft_graph,
        nodes,
        rasp_to_graph,
    )
    from tracr.craft import bases  # pyright: ignore[reportMissingImports]
    from tracr.rasp import rasp  # pyright: ignore[reportMissingImports]

    named = {name: part for program in programs.values() for name, part in program.expressions.items()}
    labels = {expression.label: name for name, expression in named.items()}
    graph, *further = (rasp_to_graph.extract_rasp_graph(expression).graph for expression in named.values())
    for of_expression in further:
        graph.update(of_expression)
    # All values that a node may have, whether this program gives them or not: fork and end have one residual stream.
    values = {
        expression.label: program.values[name]
        for program in programs.values()
        for name, expression in program.expressions.items()
    }
    values |= {
        rasp.tokens.label: range(START + 1, world.vocabulary.size),
        rasp.indices.label: range(world.positions - 1),
    }
    for label, node in graph.nodes.items():
        if label in values:
            is_number = rasp.is_numerical(node[nodes.EXPR])
            space = bases.VectorSpaceWithBasis
            basis = space.from_names([label]) if is_number else space.from_values(label, values[label])
            node[nodes.VALUE_SET], node[nodes.OUTPUT_BASIS] = set(values[label]), basis.basis
    expr_to_craft_graph.add_craft_components_to_rasp_graph(
        graph, bos_dir=bases.BasisDirection("tokens", FIRST_TOKEN), mlp_exactness=EXACTNESS
    )
    return {
        node: [
            _weight_block(graph.nodes[expression.label][nodes.MODEL_BLOCK], labels)
            for expression in program.expressions.values()
        ]
        for node, program in programs.items()
    }


def _weight_block(block: Any, labels: Mapping[str, str]) -> WeightBlock:
    """A block of the compiler with directions by our names."""

    def directions(space: Any) -> list[Direction]:
        return [Direction(labels.get(axis.name, axis.name), axis.value) for axis in space.basis]

    if hasattr(block, "w_qk"):
        qk, ov = block.w_qk, block.w_ov
        return HeadWeights(
            directions(qk.left_space),
            directions(qk.right_space),
            np.asarray(qk.matrix, float),
            directions(ov.input_space),
            directions(ov.output_space),
            np.asarray(ov.matrix, float),
        )
    first, second = block.fst, block.snd
    return NeuronWeights(
        directions(first.input_space),
        np.asarray(first.matrix, float),
        directions(second.output_space),
        np.asarray(second.matrix, float),
    )
