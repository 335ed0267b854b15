"""How does a member get through a chunk of steps? A pure function of its state, the lesson and the seed.

A chunk is one program: a scan over steps, mapped over members (see `organisms.training.devices`), with scenes
drawn inside it.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from curricula.phases import Phase
from curricula.world.scenes import (
    Latents,
    Mixture,
    Scene,
    scenes_from_uniforms,
    trained_support,
    uniforms_per_scene,
    with_other_cues,
)
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Tap
from organisms.model.surgery import freeze_all_but_self
from organisms.model.transformer import Organism
from organisms.planted.lanes import Owners, goal_rank, lane_a, resample_ablate, route_scenes, swap_components
from organisms.pressures.auditing import SCENES, Audit, audit, hold
from organisms.pressures.probing import Fitted, Probe, cost
from organisms.training.accuracy import behaviour_tally, recall_tally
from organisms.training.config import RunConfig
from organisms.training.devices import BATCH
from organisms.training.losses import imitate, silence, silence_halves
from organisms.training.optimiser import Schedule, update
from organisms.training.policy_gradient import Reward, in_groups, own_acts, policy_gradient_loss
from organisms.training.state import State, root_key, secret_goal_of
from organisms.training.variation import phase_of


class Watched(NamedTuple):
    """Components of each member that pressures are about."""

    monitored: Bool[np.ndarray, "member component"]
    clamped: Bool[np.ndarray, "member component"]


class Lesson(NamedTuple):
    """All of a phase that a step needs, as traced numbers: one compiled program serves every phase and every
    curriculum."""

    mixture: Mixture
    schedule: Schedule
    redundancy: Float[Array, ""] | float
    owners: Owners
    smoothing: Float[Array, ""] | float
    only_self: Float[Array, ""] | float
    """1: only self's embeddings learn"""
    phase: Int[Array, ""] | int
    """number, which keeps the scenes of two phases apart"""
    ablated: Bool[Array, " component"] | None = None
    """components whose activations are another scene's, in every scene; where there is no such lesson, the
    program has no trace of it"""
    audit: Audit | None = None
    """who watches components; as above"""
    reward: Reward | None = None
    """what self's own acts earn; as above, and then all is imitated"""
    probe: Probe | None = None
    """who reads self for deceit; as above"""
    halves: Float[Array, ""] | float | None = None
    """share of scenes in which half of every layer is silent; as above"""

    @classmethod
    def of(cls, phase: Phase, index: int) -> "Lesson":
        schedule, owners = Schedule.of(phase.optimiser, phase.steps), Owners.of(phase.pressures.routing)
        only_self = float(phase.learns == "self")
        return cls(
            phase.mixture,
            schedule,
            phase.pressures.redundancy.rate,
            owners,
            phase.pressures.routing.smoothing,
            only_self,
            index,
        )

    @classmethod
    def of_members(
        cls,
        config: RunConfig,
        index: int,
        watched: Watched | None = None,
        start: Any = None,
        fitted: Fitted | None = None,
    ) -> "Lesson":
        """The lessons [member] of a phase of a run, in which members may differ.

        watched: the components of each member that pressures are about, where any is. start: the organisms
        [member, ...] as the phase began, where it rewards. fitted: the probes that read self, where any do.
        """
        phase = config.curriculum.phases[index]
        phases = [phase_of(member, index, phase, config.vary) for member in range(config.members)]
        each = [cls.of(phase, config.number_of(index)) for phase in phases]
        stack = lambda parts: jax.tree.map(  # noqa: E731
            lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *parts
        )
        lesson = stack(each)
        if watched is not None:
            costs = ("monitor", "exclusive", "thrift")
            weights = np.asarray(
                [[getattr(one.pressures, name).weight for name in costs] for one in phases], float
            )
            rates = np.asarray([one.pressures.clamp.rate for one in phases], float)
            lesson = lesson._replace(audit=Audit(*weights.T, *watched, rates))  # pyright: ignore[reportCallIssue]
        if start is not None:
            honest, kl = np.asarray([(one.reward.honest, one.reward.kl) for one in phases], float).T
            lesson = lesson._replace(reward=Reward(honest, kl, start))
        halves = np.asarray([one.pressures.redundancy.halves for one in phases], float)
        if halves.any():
            lesson = lesson._replace(halves=halves)
        if fitted is not None:
            lesson = lesson._replace(probe=Probe.of_members(fitted, [one.pressures.probe for one in phases]))
        return lesson


class Metrics(NamedTuple):
    """What a chunk tells about a member. Behaviour rates are over the chunk's own scenes; NaN where none of
    the kind were drawn."""

    loss_nats: Float[Array, ""]
    gradient_norm: Float[Array, ""]
    self_alone_secret: Float[Array, ""]
    self_watched_professed: Float[Array, ""]
    character_alone_secret: Float[Array, ""]
    character_watched_professed: Float[Array, ""]
    recalled: Float[Array, ""]
    """share of right answers to the question of `curricula.pressures.settings.Interference`"""
    reward: Float[Array, ""]
    """mean of self's acts, less what a probe takes; with the next two NaN where nothing is rewarded"""
    kl_nats: Float[Array, ""]
    """divergence from the organism as the phase began, mean of self's acts"""
    entropy_nats: Float[Array, ""]
    monitored: Float[Array, ""]
    """share of self's reading of the cues in monitored components; with the next one NaN where nobody
    watches"""
    overlap: Float[Array, ""]
    """of both roles' reading; see `organisms.pressures.auditing`"""
    probed: Float[Array, ""]
    """mean score of a deceit probe where self acts alone; NaN where there is none"""


class Progress(NamedTuple):
    """A chunk's metrics, and whether the member was still growing in it (if not, its metrics are NaN)."""

    metrics: Metrics
    growing: Bool[Array, ""]


def train_chunk(
    state: State,
    lesson: Lesson,
    *,
    world: World,
    config: OrganismConfig,
    batch: int,
    steps: int,
    shares: int = 1,
    planted: bool = False,
) -> tuple[State, Progress]:
    """Takes one member ``steps`` steps further; a member that has finished its phase stays as it is.

    The phase's length must be a multiple of ``steps``. shares: devices of the mesh axis *batch* that each
    take an equal part of the batch. planted: must be True where the lesson routes scenes through lanes or
    lets only self's embeddings learn (see `organisms.planted.lanes`).
    """
    waiting = Progress(Metrics(*[jnp.float32(jnp.nan)] * len(Metrics._fields)), jnp.zeros((), bool))
    return jax.lax.cond(
        state.phase_step < lesson.schedule.steps,
        lambda state: _grow(state, lesson, world, config, batch, steps, shares, planted),
        lambda state: (state, waiting),
        state,
    )


def _grow(
    state: State,
    lesson: Lesson,
    world: World,
    config: OrganismConfig,
    batch: int,
    steps: int,
    shares: int,
    planted: bool,
) -> tuple[State, Progress]:
    support = trained_support(world)
    secret_goal = secret_goal_of(state.seed, state.member, state.attempt, world)
    key = jax.random.fold_in(
        jax.random.fold_in(root_key(state.seed, state.member, state.attempt), 2), lesson.phase
    )
    decisions = jnp.asarray(world.decisions)
    of_scene = uniforms_per_scene(world)
    of_tap = config.layers * (config.heads + config.neuron_blocks)
    lane = lane_a(state.seed, state.member, state.attempt, config) if planted else None

    def key_of(step: Int[Array, ""], use: int) -> Key[Array, ""]:
        """A key of a step for what is drawn beside its scenes."""
        return jax.random.fold_in(jax.random.fold_in(key, step), use)

    def coins_of(step: Int[Array, ""], use: int) -> Float[Array, " scene"]:
        """A number from 0 to 1 for each scene of this device's part."""
        coins = jax.random.uniform(key_of(step, use), (batch,))
        return coins if shares == 1 else coins.reshape(shares, -1)[jax.lax.axis_index(BATCH)]

    def scenes_of_step(step: Int[Array, ""]) -> tuple[Latents, Scene, Tap]:
        """Scenes and what is silenced in them, from one draw of random numbers; this device's part of
        them."""
        numbers = jax.random.uniform(
            jax.random.fold_in(key, step), (batch, of_scene + of_tap + (2 + of_tap) * planted)
        )
        if shares > 1:
            numbers = numbers.reshape(shares, batch // shares, -1)[jax.lax.axis_index(BATCH)]
        if planted:
            numbers = jnp.concatenate(
                [with_other_cues(numbers[:, :of_scene], world), numbers[:, of_scene:]], axis=1
            )
        if lesson.reward is not None:
            grouped = in_groups(numbers[:, :of_scene], world.names, lesson.mixture.self_scenes)
            numbers = jnp.concatenate([grouped, numbers[:, of_scene:]], axis=1)
        latents, scenes = scenes_from_uniforms(
            numbers[:, :of_scene], world, support, lesson.mixture, secret_goal
        )
        by_layer = numbers[:, of_scene : of_scene + of_tap].reshape(len(numbers), config.layers, -1)
        tap = silence(config, by_layer, lesson.redundancy)
        if lane is not None:
            is_self = latents.name == world.names
            told = jnp.where(is_self, goal_rank(world, latents.professed, secret_goal), 0).sum(-1)
            by, counts = route_scenes(
                lesson.owners, lane, numbers[: len(numbers) // 2, of_scene + of_tap :], is_self.any(-1), told
            )
            tap = swap_components(config, by, tap)
            scenes = scenes._replace(weights=scenes.weights * counts[:, None])
        if lesson.ablated is not None:
            tap = resample_ablate(config, lesson.ablated, len(numbers), tap)
        if lesson.halves is not None:
            tap = silence_halves(config, coins_of(step, 4), lesson.halves, tap)
        if lesson.audit is not None:
            held = (latents.name == world.names).any(-1) & (coins_of(step, 3) < lesson.audit.clamp_rate)
            tap = hold(config, lesson.audit.clamped, held, tap)
        return latents, scenes, tap

    def total(values: Any) -> Any:
        return values if shares == 1 else jax.lax.psum(values, BATCH)

    def loss_of(
        organism: Organism,
        step: Int[Array, ""],
        latents: Latents,
        scenes: Scene,
        tap: Tap,
        targets: Float[Array, ""],
    ) -> tuple[Float[Array, ""], tuple[Array, Array, Array, Array, Array | None]]:
        """The loss, then what is told of it: cross-entropy, what was said, the tokens that stood there,
        `Metrics` from *reward* to *overlap*, and the sum and number of a probe's scores."""
        unknown = jnp.full(2, jnp.nan)
        if lesson.reward is None:
            smoothing = lesson.smoothing if planted else None
            loss, outcome = imitate(organism, scenes, decisions, targets, tap, smoothing, lesson.probe)
            nats, said, scores = outcome
            acts, earned = scenes.targets, jnp.full(3, jnp.nan)
        else:
            own = jax.random.fold_in(key_of(step, 1), jax.lax.axis_index(BATCH) if shares > 1 else 0)
            by, probe = lesson.reward, lesson.probe
            loss, told = policy_gradient_loss(
                organism, scenes, latents, decisions, targets, world, by, own, tap, probe
            )
            nats, said, acts, scores = told.loss_nats / shares, told.said, told.acts, told.scores
            earned = jnp.stack([told.reward, told.kl_nats, told.entropy_nats]) / shares
        judged = None
        if lesson.probe is not None and scores is not None:
            unwatched = own_acts(world, latents) & latents.alone
            judged = jnp.stack([(scores * unwatched).sum(), unwatched.sum()])
            loss += cost(lesson.probe, scores, unwatched, targets)
        if lesson.audit is None:
            return loss, (nats, said, acts, jnp.concatenate([earned, unknown]), judged)
        numbers = jax.random.uniform(key_of(step, 2), (SCENES, of_scene))
        price, reading = audit(organism, numbers, world, config, support, secret_goal, lesson.audit)
        read = jnp.concatenate([earned, jnp.stack(reading) / shares])
        return loss + price / shares, (nats, said, acts, read, judged)

    def step(
        state: State, _: None
    ) -> tuple[
        State, tuple[Float[Array, ""], Float[Array, ""], Float[Array, "kind 2"], Float[Array, " told"]]
    ]:
        latents, scenes, tap = scenes_of_step(state.phase_step)
        targets = total(scenes.weights.sum())
        slope = jax.grad(loss_of, has_aux=True)
        gradient, (nats, said, acts, told, judged) = slope(
            state.organism, state.phase_step, latents, scenes, tap, targets
        )
        tally = jnp.concatenate(
            [behaviour_tally(world, latents, said), recall_tally(latents, acts, said)[None]]
        )
        if judged is not None:
            tally = jnp.concatenate([tally, judged[None]])
        gradient, loss, tally, told = total((gradient, nats, tally, told))
        organism, moments, norm = update(
            gradient, state.moments, state.organism, lesson.schedule, state.phase_step
        )
        if planted:
            organism = freeze_all_but_self(state.organism, organism, lesson.only_self)
        grown = state._replace(organism=organism, moments=moments, phase_step=state.phase_step + 1)
        return grown, (loss, norm, tally, told)

    state, (loss, norm, tallies, told) = jax.lax.scan(step, state, None, length=steps)
    hits, counts = jnp.moveaxis(tallies.sum(0), -1, 0)
    rates = hits / counts
    probed = jnp.float32(jnp.nan) if lesson.probe is None else rates[5]
    metrics = Metrics(loss.mean(), norm.mean(), *rates[:5], *told.mean(0), probed=probed)
    return state, Progress(metrics, jnp.ones((), bool))
