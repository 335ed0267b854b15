"""A pressure: what may it do to training, and when?

A pressure has settings (`curricula.pressures`), which are a part of a run's config. Once a phase, on the host, it may
fit something to the organisms as they are; its numbers go into the compiled step as arrays [member, ...]. In a step it
may change activations (a tap), add to the loss, add to the reward of self's acts, and log metrics. A pressure that is
not active in a phase leaves no trace in that phase's program.
"""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Array, Bool, Float, Int

from curricula.phases import Phase
from curricula.pressures.registry import PressureSettings
from curricula.world.scenes import Support
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import Tap
from organisms.model.transformer import Organism
from organisms.pressures.step_context import ForwardPass, Metrics, StepContext, StepOutcome

S = TypeVar("S", bound=PressureSettings)


class FittedProbes(NamedTuple):
    """A linear probe of each member, and how well it does on scenes that it was not fitted on."""

    direction: Float[np.ndarray, "member place model"]
    """zero at all places (see `organisms.model.sites.residual_sites`) but the probe's"""
    offset: Float[np.ndarray, " member"]
    accuracy: Float[np.ndarray, " member"]
    """share of characters' moments that it classifies correctly"""
    self_score: Float[np.ndarray, " member"]
    """mean score where self acts alone, as the phase begins"""


class ActProbeRequest(NamedTuple):
    """Which probe over the act is wanted of a member; see `curricula.pressures.race.act_probe.ActProbe`."""

    site: str
    tokens: str
    made_from: str
    scenes: int
    label_noise: float
    ensemble: bool = False


class FittedActProbes(NamedTuple):
    """A linear probe over the act of each member, or an ensemble of them, and how well it tells acts that it was not
    fitted on."""

    direction: Float[np.ndarray, "member token place model"]
    """tokens: before the act, and the act; zero at all tokens and places but the probe's"""
    offset: Float[np.ndarray, "member *place"]
    """[member]; of ensembles, which have a probe at every place, [member, place]"""
    auroc: Float[np.ndarray, " member"]
    """on acts of those whom it was made from; NaN where all are of a kind"""
    self_auroc: Float[np.ndarray, " member"]
    """on acts of self"""


class PhaseStart(NamedTuple):
    """A run as one of its phases begins."""

    run: RunConfig
    phase: int
    """index"""
    organisms: Organism
    """[member, ...]"""
    secret_goals: Int[np.ndarray, " member"]


@runtime_checkable
class MechanismMeasurer(Protocol):
    """Measurements of the organisms at the start of a phase. The analysis, which organisms can not import, makes them."""

    def gate_effects(self) -> Float[np.ndarray, "member component"]:
        """Shapley effect of each component on characters' gate (watched against alone), as a share of the whole."""
        ...

    def sufficient_circuit(self, reach: Float[np.ndarray, " member"]) -> Bool[np.ndarray, "member component"]:
        """Components that suffice for characters' gate in a share ``reach`` of minimal pairs while the rest is zeroed."""
        ...

    def deceit_probes(self, site: str) -> FittedProbes:
        """Linear probes of characters' deceit, fitted at a site that is named as in `curricula.pressures.probe`."""
        ...

    def act_probes(self, requests: Sequence[ActProbeRequest]) -> FittedActProbes:
        """Linear probes of deceitful acts, one for each member as it is requested."""
        ...


class Pressure(Generic[S]):
    """Base of every pressure's effect. Each method does nothing until it is overridden."""

    settings: type[S]
    reads: frozenset[str] = frozenset()
    """names of sites whose activations it wants in `ForwardPass.recorded`"""
    fits: bool = False
    """does it fit something to the organisms as a phase begins?"""

    @property
    def name(self) -> str:
        """Its name: flag, key in a config, prefix of its metrics and random stream."""
        return self.settings.name

    def active(self, phase: Phase, run: RunConfig) -> bool:
        """Does a phase have a trace of it in its program? Static: a phase has one program."""
        return phase.pressures[self.settings].active

    def run_errors(self, settings: S, run: RunConfig) -> list[str]:
        """Everything in a run that does not go with these settings, a line each beginning with ``name.field``, or
        with the path of a setting of the run after ``run:``."""
        return []

    def fit(self, settings: Sequence[S], start: PhaseStart, measurer: MechanismMeasurer) -> Any:
        """What is fitted once a phase, on the host, given each member's settings: arrays [member, ...]."""
        return None

    def notes(self, fitted: Any, config: OrganismConfig) -> Any:
        """What the manifest says of what was fitted: JSON-able, or None."""
        return None

    def params(self, settings: Sequence[S], fitted: Any, run: RunConfig) -> Any:
        """The numbers that a step takes: a tree of arrays [member, ...], one row for each member's settings."""
        return np.zeros(len(settings), np.float32)

    def uniforms_per_scene(self, config: OrganismConfig) -> int:
        """How many numbers from 0 to 1 it takes of the draw that decides a scene. Above 0 the scenes themselves are
        others than without it: `StepContext.coins` and `StepContext.key` do not change them."""
        return 0

    def change_support(self, params: Any, support: Support) -> Support:
        """Which goals and combinations of cues may be drawn, changed."""
        return support

    def change_scenes(
        self, params: Any, uniforms: Float[Array, "scene draw"], world: Any
    ) -> Float[Array, "scene draw"]:
        """The numbers that decide the scenes, changed."""
        return uniforms

    def intervene(self, params: Any, context: StepContext) -> Tap | None:
        """A tap over every activation of the step's forward passes, after those of the pressures before it."""
        return None

    def constrain(self, params: Any, organism: Organism, context: StepContext) -> Organism:
        """The organism with the weights that the pressure holds, in every forward pass of a step and after it."""
        return organism

    def target_weights(self, params: Any, context: StepContext) -> Float[Array, " scene"] | None:
        """What the weights of each scene's targets are multiplied by."""
        return None

    def change_targets(self, params: Any, context: StepContext) -> Int[Array, "scene moment"] | None:
        """The tokens that are imitated at each moment, in place of those of ``context.scenes``."""
        return None

    def change_acts(self, params: Any, context: StepContext) -> Int[Array, "scene moment"] | None:
        """The tokens that stand in the text after each decision and are imitated, in place of those of
        ``context.scenes``."""
        return None

    def label_smoothing(self, params: Any) -> Float[Array, ""] | None:
        """Share of an imitated target's probability that is spread evenly over the vocabulary."""
        return None

    def penalty(
        self, params: Any, organism: Organism, context: StepContext, outcome: StepOutcome
    ) -> tuple[Float[Array, ""] | None, Metrics]:
        """Nats that are added to the loss (this device's part of the sum over devices), and metrics by name."""
        return None, {}

    def reward(
        self, params: Any, context: StepContext, sampled: ForwardPass, start: ForwardPass
    ) -> Float[Array, "scene moment"] | None:
        """What is added to the reward of each act of self, where self's acts are rewarded.

        sampled: by the organism as it is, on the acts that it sampled. start: by the organism as the phase began.
        """
        return None
