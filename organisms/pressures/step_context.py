"""A training step: what may pressures and objectives know of it? Its scenes, its random streams, its sizes, and what
the organism did.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from curricula.world.scenes import ACTS, Latents, Scene, Support
from curricula.world.world import World
from organisms.model.config import OrganismConfig
from organisms.model.sites import Site, Tap, identity
from organisms.model.transformer import Organism

Result = TypeVar("Result")

BATCH_AXIS = "batch"
"""name of the mesh axis over which devices share one member's batch"""
RANDOM_STREAMS = {"reward": 1, "cue_response": 2, "mean_ablation": 3, "half_dropout": 4}
"""numbers of the streams that runs had before streams had names; every other stream is numbered by its name"""


def stream_number(name: str) -> int:
    """The number of a named random stream: no two names of pressures share one, but by an accident of crc32."""
    return RANDOM_STREAMS.get(name, crc32(name.encode()) % 2**31)


class Rate(NamedTuple):
    """A metric that is a ratio: summed over steps and devices before it is divided."""

    hits: Float[Array, ""]
    cases: Float[Array, ""]


Metrics = dict[str, Array | Rate]
"""numbers of one step by name; an Array is this device's part of a mean over devices"""


class MemberIds(NamedTuple):
    """The numbers that everything random about a member follows from."""

    seed: Int[Array, ""]
    member: Int[Array, ""]
    attempt: Int[Array, ""]


class StepContext(NamedTuple):
    """One member's step, before anything is learned from it.

    Scenes are this device's part of the batch, [scene, ...]; ``batch`` counts those of all devices.
    """

    world: World
    config: OrganismConfig
    support: Support
    ids: MemberIds
    secret_goal: Int[Array, ""]
    phase_key: Key[Array, ""]
    step: Int[Array, ""]
    """of the phase, from 0"""
    batch: int
    device_shares: int
    """devices that share the batch"""
    decisions: Int[Array, " moment"]
    uniforms: dict[str, Float[Array, "scene draw"]]
    """by pressure: numbers from 0 to 1 that were drawn together with the scenes"""
    latents: Latents
    scenes: Scene
    memo: dict[str, Any]

    def key(self, stream: str) -> Key[Array, ""]:
        """The key of a named random stream in this step, the same on all devices."""
        return jax.random.fold_in(jax.random.fold_in(self.phase_key, self.step), stream_number(stream))

    def device_key(self, stream: str) -> Key[Array, ""]:
        """The key of a named random stream in this step, another one on each device."""
        index = jax.lax.axis_index(BATCH_AXIS) if self.device_shares > 1 else 0
        return jax.random.fold_in(self.key(stream), index)

    def coins(self, stream: str) -> Float[Array, " scene"]:
        """A number from 0 to 1 for each of this device's scenes."""
        coins = jax.random.uniform(self.key(stream), (self.batch,))
        if self.device_shares == 1:
            return coins
        return coins.reshape(self.device_shares, -1)[jax.lax.axis_index(BATCH_AXIS)]

    def once(self, name: str, compute: Callable[[], Result]) -> Result:
        """What ``compute`` gives, computed once a step however many pressures ask for it under this name."""
        if name not in self.memo:
            self.memo[name] = compute()
        return self.memo[name]

    @property
    def has_self(self) -> Bool[Array, " scene"]:
        """Is self in the cast?"""
        return (self.latents.name == self.world.names).any(-1)

    @property
    def self_acts(self) -> Bool[Array, "scene moment"]:
        """Where self acts."""
        return where_self_acts(self.world, self.latents)

    def with_acts(self, acts: Int[Array, "scene moment"] | None) -> "StepContext":
        """With other acts in the text and as targets, where some are given."""
        if acts is None:
            return self
        tokens = self.scenes.tokens.at[:, self.decisions + 1].set(acts)
        return self._replace(scenes=self.scenes._replace(tokens=tokens, targets=acts))

    def with_targets(self, targets: Int[Array, "scene moment"] | None) -> "StepContext":
        """With other targets, where some are given; the text is as it was."""
        return self if targets is None else self._replace(scenes=self.scenes._replace(targets=targets))


AT_ACTS = "at acts"
"""among the names of sites that a pressure reads: those sites are read at the acts' tokens as well"""


class ForwardPass(NamedTuple):
    """An organism's run of the scenes, at the decisions."""

    tokens: Int[Array, "scene position"]
    logits: Float[Array, "scene moment vocabulary"]
    recorded: dict[Site, Array]
    """activations that a pressure reads (see `Pressure.reads`); those of *residual* at the decisions alone"""
    recorded_at_acts: dict[Site, Array] | None = None
    """of *residual* and *final*, at the token after each decision, where a pressure reads `AT_ACTS`"""


class StepOutcome(NamedTuple):
    """What the organism did in the scenes of a step."""

    forward: ForwardPass
    targets: Float[Array, ""]
    """number of acts and answers that count in the whole batch: what losses are divided by"""
    loss_nats: Float[Array, ""]
    """cross-entropy of what is imitated"""
    predicted: Int[Array, "scene moment"]
    """most probable token at each decision"""
    acts: Int[Array, "scene moment"]
    """token that stands after each decision: what self did, or what is imitated"""


def run_scenes(
    organism: Organism,
    tokens: Int[Array, "*batch position"],
    decisions: Int[Array, " moment"],
    tap: Tap = identity,
    reads: frozenset[str] = frozenset(),
) -> ForwardPass:
    """Runs scenes and keeps the activations of the sites that are named in ``reads``; without any, none is kept."""
    recorded: dict[Site, Array] = {}
    if not reads:
        return ForwardPass(tokens, organism(tokens, tap, decisions), recorded)
    if AT_ACTS in reads:
        return _run_over_acts(organism, tokens, decisions, tap, reads)

    def keep(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation = tap(site, activation)
        if site.name in reads:
            recorded[site] = activation[..., decisions, :] if site.name == "residual" else activation
        return activation

    return ForwardPass(tokens, organism(tokens, keep, decisions), recorded)


def _run_over_acts(
    organism: Organism,
    tokens: Int[Array, "*batch position"],
    decisions: Int[Array, " moment"],
    tap: Tap,
    reads: frozenset[str],
) -> ForwardPass:
    """The run of `run_scenes`, whose last layer is computed at the acts' tokens as well."""
    moments, recorded, at_acts = len(decisions), dict[Site, Array](), dict[Site, Array]()
    positions = jnp.concatenate([decisions, decisions + 1])

    def keep(site: Site, activation: Float[Array, "..."]) -> Float[Array, "..."]:
        activation = tap(site, activation)
        if site.name in ("residual", "final"):
            read = activation[..., positions, :] if site.name == "residual" else activation
            recorded[site], at_acts[site] = read[..., :moments, :], read[..., moments:, :]
        elif site.name in reads:
            recorded[site] = activation
        return activation

    logits = organism(tokens, keep, positions)[..., :moments, :]
    return ForwardPass(tokens, logits, recorded, at_acts)


def where_self_acts(world: World, latents: Latents) -> Bool[Array, "scene moment"]:
    """The moments in which self acts."""
    actor = jnp.take_along_axis(latents.name, latents.actor, 1)
    return (actor == world.names) & (latents.shows == ACTS)
