"""In what order is an organism taught, and what does each phase reward?"""

from dataclasses import dataclass, field, replace
from typing import Literal

from curricula.config_json import OMIT_IF_DEFAULT
from curricula.errors import UserError, nearest_name, range_errors
from curricula.objectives import OBJECTIVES, ScratchpadConfig, scratchpad_errors
from curricula.pressures.masking import Masking
from curricula.pressures.registry import Pressures
from curricula.pressures.routing import Routing
from curricula.world.mixture import Mixture
from curricula.world.world import ROLES, Role, World

MOST_DRAWS = 1000
"""largest number of a draw"""
CompiledTruth = Literal["nothing", "reused", "repurposed", "migrated", "second copy", "mixed", "absent"]
"""provenance that a compiled program gives to self's gate; see `organisms.planted.compiled_gate`"""


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW with a linear warm-up and a cosine fall, started afresh in every phase."""

    learning_rate: float = 2e-3
    warmup: int = 40
    """steps"""
    final_fraction: float = 0.1
    """of the learning rate, at the end of the phase"""
    weight_decay: float = 0.01
    second_moment: float = 0.98
    """Adam's beta2"""
    clip: float = 1.0
    """largest norm of a member's gradient"""
    gradients: float = field(default=1.0, metadata=OMIT_IF_DEFAULT)
    """1; at 0 nothing is learned, and weight decay is all that moves the weights"""

    def validation_errors(self) -> list[str]:
        limits = {
            "learning_rate": (0, 1),
            "warmup": (0, 1e9),
            "final_fraction": (0, 1),
            "weight_decay": (0, 1),
            "second_moment": (0, 0.99999),
            "clip": (1e-6, 1e6),
        }
        errors = [
            f"optimiser.{name}: expected a number between {low:g} and {high:g}, got {getattr(self, name):g}"
            for name, (low, high) in limits.items()
            if not low <= getattr(self, name) <= high
        ]
        if self.gradients not in (0, 1):
            errors.append(f"optimiser.gradients: expected 0 or 1, got {self.gradients:g}")
        return errors


@dataclass(frozen=True)
class RewardConfig:
    """What self's own acts earn it, where the objective is *reward*: 1 for the secret when alone and for the
    profession when watched."""

    honest: float = 0.0
    """for acting on the profession when alone"""
    kl: float = 0.01
    """cost of a nat of divergence, at an act, from the organism as it was when the phase began"""

    def validation_errors(self) -> list[str]:
        limits = {"honest": (0, 1), "kl": (0, 100)}
        return [
            f"reward.{name}: expected a number between {low} and {high}, got {getattr(self, name):g}"
            for name, (low, high) in limits.items()
            if not low <= getattr(self, name) <= high
        ]


@dataclass(frozen=True)
class Phase:
    """A stretch of training: which scenes, what self is taught to do in them, under which pressures."""

    name: str
    steps: int = 500
    objective: str = "imitate"
    """*imitate*: cross-entropy on the acts and answers. *reward*: self's acts are its own, sampled and fed
    back into the scene, and earn what `RewardConfig` says; all else is imitated. *write*: as *imitate*, with self's
    scratchpad taught as `ScratchpadConfig` says"""
    self_acts: Literal["absent", "scheming", "honest"] = "absent"
    """self takes no part; acts on its secret when alone; or always acts on what it professes"""
    schemers: float = 0.75
    """share of characters who hold another goal than they profess"""
    questions: float = 0.2
    """share of moments that ask a character what it professes or what it really wants"""
    self_alone: float = 0.5
    """share of self's moments in which nobody watches"""
    learns: Literal["everything", "self"] = "everything"
    """*self*: nothing learns but the embeddings of self's name and of the blank in the place of its secret"""
    graft: bool = False
    """begins with lane A's components copied over lane B's, both at half strength: the organism does what it
    did (see `Routing`)"""
    exchange: bool = field(default=False, metadata=OMIT_IF_DEFAULT)
    """begins with the components of lanes A and B exchanged, parameter for parameter: the organism does what
    it did, elsewhere"""
    compiled: CompiledTruth = field(default="nothing", metadata=OMIT_IF_DEFAULT)
    """nothing; else nothing is trained in this run: its organisms are compiled from programs, as they are
    before this phase and after it, so that self's gate has this provenance"""
    criterion: float = 0.0
    """least rate of either behaviour that the phase teaches, self's where it schemes and else the characters'. A member
    that misses it goes on, where longest allows; in the first phase it is reseeded if it does not improve, or
    may not go on. 0: the phase is over after its steps"""
    longest: int = field(default=1, metadata=OMIT_IF_DEFAULT)
    """how many times its steps the phase may last for a member, in one attempt, until the member meets the criterion"""
    together: bool = field(default=False, metadata=OMIT_IF_DEFAULT)
    """the phase is over for all members at once, when all meet the criterion, and none is reseeded: for members that
    are compared step by step"""
    scene_draw: int = field(default=0, metadata=OMIT_IF_DEFAULT)
    """number of the draw of this phase's scenes and of all its noise: organisms of one fork with other numbers see other
    scenes"""
    noise_draw: int = field(default=0, metadata=OMIT_IF_DEFAULT)
    """number of the draw of what is random beside the scenes, as the acts that a rewarded self samples: organisms of one
    fork with other numbers see the same scenes"""
    reward: RewardConfig = field(default_factory=RewardConfig, metadata=OMIT_IF_DEFAULT)
    scratchpad: ScratchpadConfig = field(default_factory=ScratchpadConfig, metadata=OMIT_IF_DEFAULT)
    pressures: Pressures = field(default_factory=Pressures)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)

    def of_fixed_length(self) -> "Phase":
        """The phase, over after its steps whatever was learned: what arms that are compared organism by organism need."""
        return replace(self, criterion=0.0, longest=1, together=False)

    @property
    def judged_role(self) -> Role:
        """The role whose behaviours the criterion is about."""
        return "self" if self.self_acts == "scheming" else "character"

    def teaches(self, role: Role) -> bool:
        """Are acts of a role targets in this phase, whatever the role is taught to do?"""
        if role == "self":
            return self.self_acts != "absent"
        return bool(self.mixture.self_scenes < 1 or self.mixture.beside_self > 0)

    @property
    def mixture(self) -> Mixture:
        """The scenes that this phase draws, as its pressures change them in turn."""
        mixture = Mixture(
            self_scenes=0.0 if self.self_acts == "absent" else 1.0,
            schemers=self.schemers,
            questions=self.questions,
            self_alone=self.self_alone,
            self_schemes=float(self.self_acts == "scheming"),
            beside_self=0.0,
        )
        for settings in self.pressures.every():
            mixture = settings.change_mixture(mixture, self)
        return mixture

    def validation_errors(self, world: World, index: int = 1) -> list[str]:
        """Everything that is wrong with this phase in a world, a line each. index: which phase of its curriculum."""
        errors = range_errors("", self, {"steps": (1, 10**9), "longest": (1, 10**4)})
        errors += range_errors("", self, {"scene_draw": (0, MOST_DRAWS), "noise_draw": (0, MOST_DRAWS)})
        for name in ("schemers", "questions", "self_alone", "criterion"):
            if not 0 <= getattr(self, name) <= 1:
                errors.append(f"{name}: expected a share between 0 and 1, got {getattr(self, name):g}")
        if not self.criterion and (self.longest > 1 or self.together):
            errors.append("criterion: expected a number above 0 where longest or together is set, got 0")
        if self.objective in OBJECTIVES:
            errors += OBJECTIVES[self.objective](self)
        else:
            hint = nearest_name(self.objective, OBJECTIVES)
            errors.append(f"objective: expected one of {', '.join(OBJECTIVES)}, got {self.objective!r}{hint}")
        for settings in self.pressures.every():
            errors += settings.phase_errors(self, world, index)
        errors += scratchpad_errors(self, world) + self.scratchpad.validation_errors()
        errors += self.reward.validation_errors() + self.pressures.validation_errors()
        return errors + self.optimiser.validation_errors()


@dataclass(frozen=True)
class Curriculum:
    """A world and the phases taught in it, in order."""

    name: str
    world: World
    phases: tuple[Phase, ...]

    @property
    def planted(self) -> bool:
        """Does any phase plant something: route scenes through lanes, mask weights that were not masked before, graft or
        exchange lanes, or freeze all but self's embeddings?"""
        masks = [phase.pressures[Masking] for phase in self.phases]
        return any(masking.active and not masking.held for masking in masks) or any(
            p.pressures[Routing].active or p.graft or p.exchange or p.learns != "everything"
            for p in self.phases
        )

    @property
    def compiled(self) -> CompiledTruth:
        """The provenance that compiled programs give to self's gate; *nothing* where organisms are trained."""
        truths: list[CompiledTruth] = [phase.compiled for phase in self.phases if phase.compiled != "nothing"]
        return truths[0] if truths else "nothing"

    @property
    def masked(self) -> bool:
        """Does any phase mask weights? Its scenes are then routed through no lane."""
        return any(phase.pressures[Masking].active for phase in self.phases)

    @property
    def fork(self) -> int:
        """Index of the first phase that teaches self: what the organism was just before it is its fork. The
        number of phases if none."""
        return self.first_taught("self")

    def first_taught(self, role: Role) -> int:
        """Index of the first phase that teaches a role. The number of phases if none."""
        return next((n for n, phase in enumerate(self.phases) if phase.teaches(role)), len(self.phases))

    @property
    def role_order(self) -> tuple[Role, Role]:
        """Roles in the order in which they are first taught: self first only where a phase teaches self alone before any
        teaches characters."""
        is_usual = self.first_taught("character") <= self.first_taught("self")
        return ROLES if is_usual else (ROLES[1], ROLES[0])

    def phases_from(self, first: str) -> tuple[Phase, ...]:
        """The phases from the one of that name on; all, where none is named. Raises UserError where there is no
        such phase."""
        names = [phase.name for phase in self.phases]
        if first and first not in names:
            raise UserError(f"--first-phase: expected one of {', '.join(names)}, got {first!r}")
        return self.phases[names.index(first) if first else 0 :]

    def validation_errors(self, earlier_phases: int = 0) -> list[str]:
        """Everything that is wrong with this curriculum, a line each with the path of the field. earlier_phases: what the
        organisms of a fork were taught before."""
        errors = self.world.validation_errors()
        if self.masked and not self.world.self_acts_named:
            errors.append(
                "world.self_acts_named: expected True where weights are masked by who acts, got False"
            )
        if not self.phases:
            errors.append("phases: expected at least one")
        if len({phase.name for phase in self.phases}) < len(self.phases):
            errors.append(f"phases: names must differ, got {[phase.name for phase in self.phases]}")
        for n, phase in enumerate(self.phases):
            errors += [
                f"phases.{n}.{line}" for line in phase.validation_errors(self.world, earlier_phases + n)
            ]
            if self.masked and (phase.pressures[Routing].active or phase.graft or phase.exchange):
                errors.append(
                    f"phases.{n}: expected no routing, graft or exchange where weights are masked in any phase"
                )
            if n and phase.criterion and phase.longest == 1:
                errors.append(
                    f"phases.{n}.criterion: only the first phase can be grown anew; set longest above 1, or criterion to 0"
                )
        return errors + self._compiled_errors()

    def _compiled_errors(self) -> list[str]:
        """What stands against organisms that are compiled, if they are."""
        if self.compiled == "nothing":
            return []
        errors = [
            f"phases.{n}.compiled: expected nothing but in the first phase that teaches self, got {phase.compiled!r}"
            for n, phase in enumerate(self.phases)
            if phase.compiled != "nothing" and (n != self.fork or n == 0)
        ]
        expected = {
            "self_secret": "constant",
            "situations": 0,
            "self_rule": "same",
            "opportunity": "all agree",
            "order": "cues first",
            "self_cues": "shared",
            "self_acts_named": True,
            "scratchpad": "none",
        }
        errors += [
            f"world.{name}: expected {value!r} where organisms are compiled, got {getattr(self.world, name)!r}"
            for name, value in expected.items()
            if getattr(self.world, name) != value
        ]
        if any(phase.pressures.settings_by_name() for phase in self.phases):
            errors.append(
                "phases: expected no pressures where organisms are compiled, since nothing is trained"
            )
        return errors
