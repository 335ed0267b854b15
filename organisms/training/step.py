"""How does a member get through a chunk of steps? A pure function of its state, the phase's numbers and the seed.

A chunk is one program: a scan over steps, mapped over members (see `organisms.ensemble.devices`), with scenes drawn
inside it. A step draws scenes, lets the phase's pressures intervene, takes the objective's loss and the pressures'
penalties, and moves the weights. It knows no pressure and no objective by name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.random import fold_in
from jaxtyping import Array, Bool, Float, Int, Key

from curricula.phases import Phase
from curricula.world.mixture import Mixture
from curricula.world.scenes import Support, scenes_from_uniforms, uniforms_per_scene
from curricula.world.world import World
from organisms.ensemble.accuracy import behaviour_tally
from organisms.ensemble.config import RunConfig
from organisms.ensemble.optimiser import Schedule, adamw_step
from organisms.ensemble.state import MemberStream, State, root_key, secret_goal_of
from organisms.model.config import OrganismConfig
from organisms.model.sites import Tap, compose
from organisms.model.surgery import freeze_all_but_self
from organisms.model.transformer import Organism
from organisms.objectives.registry import ActingPressures, Objective, objective_named
from organisms.pressures.protocol import Pressure
from organisms.pressures.registry import in_program, pressure_params, support_in_step
from organisms.pressures.step_context import (
    BATCH_AXIS,
    ForwardPass,
    MemberIds,
    Metrics,
    Rate,
    StepContext,
    StepOutcome,
)
from organisms.training.behaviour import BEHAVIOURS

PHASES_PER_DRAW = 10**6
"""numbers of phases from one draw of a phase's scenes to the next"""
FIRST_NOISE_DRAW = 1 << 30
"""above the numbers of all steps"""


class PhaseParams(NamedTuple):
    """All of a phase that a step needs, as traced numbers: phases with the same objective and the same pressures share
    one compiled program, whatever their numbers."""

    mixture: Mixture
    schedule: Schedule
    only_self: Float[Array | np.ndarray, "*row"]
    """1: only self's embeddings learn"""
    phase: Int[Array | np.ndarray, "*row"]
    """number, which keeps the scenes of two phases apart"""
    noise_draw: Int[Array | np.ndarray, "*row"]
    """as `curricula.phases.Phase.noise_draw`"""
    objective: dict[str, Any]
    """the numbers of the objective, by its name"""
    pressures: dict[str, Any]
    """the numbers of each active pressure, by its name"""


def phase_params(
    config: RunConfig, index: int, start: Organism | None = None, fitted: Mapping[str, Any] | None = None
) -> PhaseParams:
    """The numbers [member] of a phase of a run, in which members may differ.

    start: the organisms [member, ...] as the phase began, where the objective needs them. fitted: what pressures
    fitted to them, by name.
    """
    phases = config.member_phases(index)
    objective = objective_named(phases[0].objective)
    pressures = pressure_params(phases, config, fitted or {})
    numbers = [config.number_of(index)] * len(phases)
    return _stacked(phases, numbers, {objective.name: objective.params(phases, start)}, pressures)


def imitation_params(phases: Sequence[Phase], numbers: Sequence[int], config: RunConfig) -> PhaseParams:
    """The numbers [row] of phases in which rows of organisms imitate, off a run's record: with dropout and ablation of
    components, and without every other pressure.

    numbers: of the rows' phases, which keep their scenes apart. config: of the run that the organisms are from.
    """
    pressures = pressure_params(phases, config, {}, keep=("component_dropout", "resample_ablation"))
    return _stacked(phases, numbers, {"imitate": objective_named("imitate").params(phases, None)}, pressures)


def _stacked(
    phases: Sequence[Phase], numbers: Sequence[int], objective: dict[str, Any], pressures: dict[str, Any]
) -> PhaseParams:
    rows = [(phase.mixture, Schedule.of(phase.optimiser, phase.steps)) for phase in phases]
    mixture, schedule = jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *rows)
    only_self = np.asarray([float(phase.learns == "self") for phase in phases])
    scene_draws, noise = np.asarray([(phase.scene_draw, phase.noise_draw) for phase in phases], int).T
    phase_numbers = np.asarray(numbers) + scene_draws * PHASES_PER_DRAW
    return PhaseParams(mixture, schedule, only_self, phase_numbers, noise, objective, pressures)


class ChunkSetup(NamedTuple):
    """What a compiled chunk of steps is made for."""

    world: World
    config: OrganismConfig
    batch: int
    """scenes of a step"""
    steps: int
    device_shares: int = 1
    """devices of the mesh axis *batch* that each take an equal part of the batch"""
    planted: bool = False
    """may a phase let only self's embeddings learn?"""


class Progress(NamedTuple):
    """A chunk's metrics by name, and whether the member was still trained in it (if not, its metrics are NaN)."""

    metrics: dict[str, Float[Array, ""]]
    training: Bool[Array, ""]


def train_chunk(state: State, params: PhaseParams, setup: ChunkSetup) -> tuple[State, Progress]:
    """Takes one member a chunk of steps further; a member that has finished its phase stays as it is.

    The phase's length must be a multiple of the chunk's. Behaviour rates are over the chunk's scenes; NaN where none
    of the kind were drawn.
    """
    shapes = jax.eval_shape(lambda state: _train(state, params, setup)[1].metrics, state)
    nothing = jax.tree.map(lambda leaf: jnp.full(leaf.shape, jnp.nan, leaf.dtype), shapes)
    waiting = Progress(nothing, jnp.zeros((), bool))
    return jax.lax.cond(
        state.phase_step < params.schedule.steps,
        lambda state: _train(state, params, setup),
        lambda state: (state, waiting),
        state,
    )


class _Step(NamedTuple):
    """The steps of one member's phase: what is the same in all of them."""

    params: PhaseParams
    setup: ChunkSetup
    pressures: Sequence[Pressure[Any]]
    objective: Objective
    support: Support
    ids: MemberIds
    secret_goal: Int[Array, ""]
    key: Key[Array, ""]

    @classmethod
    def of(cls, state: State, params: PhaseParams, setup: ChunkSetup) -> "_Step":
        ids = MemberIds(state.seed, state.member, state.attempt)
        key = fold_in(fold_in(root_key(*ids), MemberStream.SCENES), params.phase)
        secret_goal = secret_goal_of(*ids, setup.world)
        pressures, support = in_program(params.pressures), support_in_step(params.pressures, setup.world)
        objective = objective_named(*params.objective)
        return cls(params, setup, pressures, objective, support, ids, secret_goal, key)

    @property
    def noise_key(self) -> Key[Array, ""]:
        """The key of all that is random in the phase beside its scenes."""
        draw = self.params.noise_draw
        return jnp.where(draw > 0, fold_in(self.key, FIRST_NOISE_DRAW + draw), self.key)

    def context(self, step: Int[Array, ""]) -> StepContext:
        """The scenes of a step, from one draw of random numbers; this device's part of them."""
        setup, world = self.setup, self.setup.world
        in_scene = uniforms_per_scene(world)
        widths = [pressure.uniforms_per_scene(setup.config) for pressure in self.pressures]
        uniforms = jax.random.uniform(fold_in(self.key, step), (setup.batch, in_scene + sum(widths)))
        if setup.device_shares > 1:
            uniforms = uniforms.reshape(setup.device_shares, setup.batch // setup.device_shares, -1)
            uniforms = uniforms[jax.lax.axis_index(BATCH_AXIS)]
        scene_uniforms = uniforms[:, :in_scene]
        by_pressure: dict[str, Float[Array, "scene draw"]] = {}
        for pressure, width in zip(self.pressures, widths, strict=True):
            by_pressure[pressure.name] = uniforms[:, in_scene : in_scene + width]
            in_scene += width
            scene_uniforms = pressure.change_scenes(
                self.params.pressures[pressure.name], scene_uniforms, world
            )
        objective = self.params.objective[self.objective.name]
        scene_uniforms = self.objective.change_scenes(objective, scene_uniforms, world, self.params.mixture)
        latents, scenes = scenes_from_uniforms(
            scene_uniforms, world, self.support, self.params.mixture, self.secret_goal
        )
        context = StepContext(
            world=world,
            config=setup.config,
            support=self.support,
            ids=self.ids,
            secret_goal=self.secret_goal,
            phase_key=self.noise_key,
            step=step,
            batch=setup.batch,
            device_shares=setup.device_shares,
            decisions=jnp.asarray(world.decisions),
            uniforms=by_pressure,
            latents=latents,
            scenes=scenes,
            memo={},
        )
        weights = self.weights(context)
        for pressure in self.pressures:
            of_pressure = self.params.pressures[pressure.name]
            context = context.with_acts(pressure.change_acts(of_pressure, context))
            context = context.with_targets(pressure.change_targets(of_pressure, context))
        return context._replace(scenes=context.scenes._replace(weights=weights))

    def weights(self, context: StepContext) -> Float[Array, "scene moment"]:
        """How much each moment counts as a target."""
        weights = context.scenes.weights
        for pressure in self.pressures:
            factors = pressure.target_weights(self.params.pressures[pressure.name], context)
            weights = weights if factors is None else weights * factors[:, None]
        return weights

    def acting(self, context: StepContext) -> ActingPressures:
        """What the pressures give to the objective."""
        taps: list[Tap] = []
        smoothing: Float[Array, ""] | None = None
        for pressure in self.pressures:
            params = self.params.pressures[pressure.name]
            if (tap := pressure.intervene(params, context)) is not None:
                taps.append(tap)
            smoothing = smoothing if (share := pressure.label_smoothing(params)) is None else share
        reads = frozenset[str]().union(*(pressure.reads for pressure in self.pressures))

        def reward(sampled: ForwardPass, start: ForwardPass) -> Float[Array, "scene moment"] | None:
            total: Float[Array, "scene moment"] | None = None
            for pressure in self.pressures:
                params = self.params.pressures[pressure.name]
                part = pressure.reward(params, context, sampled, start)
                if part is not None:
                    total = part if total is None else total + part
            return total

        return ActingPressures(compose(taps), reads, smoothing, reward)

    def constrained(self, organism: Organism, context: StepContext) -> Organism:
        """The organism with the weights that pressures hold."""
        for pressure in self.pressures:
            organism = pressure.constrain(self.params.pressures[pressure.name], organism, context)
        return organism

    def loss(
        self, organism: Organism, context: StepContext, acting: ActingPressures, targets: Float[Array, ""]
    ) -> tuple[Float[Array, ""], tuple[StepOutcome, Metrics]]:
        """This device's part of the loss; then what the organism did, and metrics."""
        context = context._replace(memo={})  # nothing that was computed outside of the gradient
        organism = self.constrained(organism, context)
        objective = self.params.objective[self.objective.name]
        loss, outcome, metrics = self.objective.loss(objective, organism, context, targets, acting)
        for pressure in self.pressures:
            params = self.params.pressures[pressure.name]
            nats, logged = pressure.penalty(params, organism, context, outcome)
            loss = loss if nats is None else loss + nats
            metrics |= {f"{pressure.name}/{name}": value for name, value in logged.items()}
        return loss, (outcome, metrics)

    def take(self, state: State) -> tuple[State, Metrics]:
        """One step: the state after it, and its metrics over all devices."""
        context = self.context(state.phase_step)
        acting = self.acting(context)
        targets = self.over_devices(context.scenes.weights.sum())
        slope = jax.grad(self.loss, has_aux=True)
        gradient, (outcome, metrics) = slope(state.organism, context, acting, targets)
        rates = behaviour_tally(self.setup.world, context.latents, outcome.predicted)
        metrics |= dict(zip(BEHAVIOURS, map(Rate, *rates.T), strict=True))
        gradient, loss, metrics = self.over_devices((gradient, outcome.loss_nats, metrics))
        organism, moments, norm = adamw_step(
            gradient, state.moments, state.organism, self.params.schedule, state.phase_step
        )
        organism = self.constrained(organism, context)
        if self.setup.planted:
            organism = freeze_all_but_self(
                state.organism, organism, jnp.asarray(self.params.only_self), self.setup.world.self_tokens
            )
        next_state = state._replace(organism=organism, moments=moments, phase_step=state.phase_step + 1)
        return next_state, {"loss_nats": loss, "gradient_norm": norm} | metrics

    def over_devices(self, values: Any) -> Any:
        """The sum over the devices that share the batch."""
        return values if self.setup.device_shares == 1 else jax.lax.psum(values, BATCH_AXIS)


def _train(state: State, params: PhaseParams, setup: ChunkSetup) -> tuple[State, Progress]:
    steps = _Step.of(state, params, setup)
    take: Callable[[State, None], tuple[State, Metrics]] = lambda state, _: steps.take(state)  # noqa: E731
    state, by_step = jax.lax.scan(take, state, None, length=setup.steps)
    metrics = {name: _over_steps(value) for name, value in by_step.items()}
    return state, Progress(metrics, jnp.ones((), bool))


def _over_steps(metric: Array | Rate) -> Float[Array, ""]:
    """A metric [step] over the steps of a chunk: the mean, or the ratio of the sums."""
    return metric.hits.sum() / metric.cases.sum() if isinstance(metric, Rate) else metric.mean()
