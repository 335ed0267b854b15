"""Objectives: what is an organism rewarded for in a phase? By name, as curricula name them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from jaxtyping import Array, Float

from curricula.errors import UserError, registered_twice
from curricula.objectives import OBJECTIVES
from curricula.phases import Phase
from curricula.world.mixture import Mixture
from curricula.world.world import World
from organisms.model.sites import Tap
from organisms.model.transformer import Organism
from organisms.pressures.step_context import ForwardPass, Metrics, StepContext, StepOutcome


class ActingPressures(NamedTuple):
    """What the pressures of a step give to its objective."""

    tap: Tap
    reads: frozenset[str]
    smoothing: Float[Array, ""] | None
    reward: Callable[[ForwardPass, ForwardPass], Float[Array, "scene moment"] | None]
    """what is added to the reward of each act, given the organism's run and that of the phase's start"""


class ObjectiveResult(NamedTuple):
    """A loss whose gradient is followed, what the organism did, and metrics."""

    loss: Float[Array, ""]
    outcome: StepOutcome
    metrics: Metrics


@runtime_checkable
class Objective(Protocol):
    """What is rewarded. A phase has one."""

    name: str
    """as a phase's *objective*"""
    batch_multiple: int = 1
    """what the number of scenes on a device must be a multiple of"""
    needs_start: bool = False
    """does it need the organisms as they were when the phase began?"""

    def params(self, phases: Sequence[Phase], start: Organism | None) -> Any:
        """The numbers that a step takes: a tree of arrays [member, ...]. phases: as each member is taught it."""
        return ()

    def change_scenes(
        self, params: Any, uniforms: Float[Array, "scene draw"], world: World, mixture: Mixture
    ) -> Float[Array, "scene draw"]:
        """The numbers that decide the scenes, changed."""
        return uniforms

    def loss(
        self,
        params: Any,
        organism: Organism,
        context: StepContext,
        targets: Float[Array, ""],
        acting: ActingPressures,
    ) -> ObjectiveResult:
        """This device's part of the loss. targets: number of acts and answers that count in the whole batch."""
        ...


OBJECTIVE_EFFECTS: dict[str, Objective] = {}
"""what objectives do to a step, by name"""


def register_objective(objective: Objective) -> Objective:
    """Registers what an objective does to a step; its name is registered by
    `curricula.objectives.register_objective_rules`. Raises UserError where that is missing, or another module's has
    the name."""
    if objective.name not in OBJECTIVES:
        raise UserError(f"objective {objective.name!r}: expected its rules to be registered first")
    previous = OBJECTIVE_EFFECTS.get(objective.name)
    if previous is not None and type(previous).__module__ != type(objective).__module__:
        what = f"objective {objective.name!r}"
        raise registered_twice(what, type(previous).__module__, type(objective).__module__)
    OBJECTIVE_EFFECTS[objective.name] = objective
    return objective


def objective_named(name: str) -> Objective:
    """The objective of that name. Raises UserError where only its rules are registered."""
    if name not in OBJECTIVE_EFFECTS:
        raise UserError(
            f"objective {name!r}: expected what it does to a step to be registered, found its rules alone"
        )
    return OBJECTIVE_EFFECTS[name]
