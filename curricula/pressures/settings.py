"""What bends how a phase is learned? Each pressure is a small frozen value that does nothing until it is
set."""

import re
from dataclasses import dataclass, field
from typing import Literal

from curricula.config_json import OMIT_IF_DEFAULT


@dataclass(frozen=True)
class Rehearsal:
    """Scenes of characters stay in the mix while self is taught: keeps the characters' mechanism in use, or
    frees it."""

    fraction: float = 0.5
    """share of scenes without self; at 0, characters who share a scene with self are no targets either"""

    def validation_errors(self) -> list[str]:
        return _share("rehearsal.fraction", self.fraction, 1.0)


@dataclass(frozen=True)
class Redundancy:
    """Whole heads and blocks of neurons drop out, a draw a scene: makes spare copies (Srivastava et al. 2014,
    arXiv 1207.0580, on whole components rather than units)."""

    rate: float = 0.0
    """chance that a component is silent in a scene; what is left is scaled up by 1 / (1 - rate)"""
    halves: float = field(default=0.0, metadata=OMIT_IF_DEFAULT)
    """share of scenes in which one half of every layer's components is silent at once, the first or the
    second by a coin, and nothing is scaled: makes a spare of the whole. Stands for a model in two parts of
    which either may be missing, as branches or devices that fail"""

    def validation_errors(self) -> list[str]:
        return _share("redundancy.rate", self.rate, 0.9) + _share("redundancy.halves", self.halves, 1.0)


@dataclass(frozen=True)
class Routing:
    """Which lane of components a scene may use: for planted controls alone, whose provenance has to be known.

    Each organism has two lanes, random halves of every layer's heads and neuron blocks. Where one lane owns a
    scene, the other is silent, or its activations are those of the same scene with other cues, so that
    nothing can come to depend on them. What neither lane owns alone may use both.
    """

    characters: float = 0.0
    """share of scenes without self that one lane owns alone"""
    characters_in_a: float = 1.0
    """of those, the share that lane A owns; lane B owns the others"""
    of_self: float = 0.0
    """share of scenes with self that one lane owns alone"""
    self_in_a: float = 1.0
    """of those, the share that lane A owns; lane B owns the others"""
    silent: float = 0.8
    """share of owned scenes in which the other lane is silent instead of swapped; it is in all of them where
    both lanes own scenes of that kind"""
    smoothing: float = 0.0
    """share of a target's probability that is spread over all tokens: an act is then never so sure that what
    the other lane says costs nothing"""

    @property
    def active(self) -> bool:
        """Does a lane own anything?"""
        return self.characters > 0 or self.of_self > 0

    def validation_errors(self) -> list[str]:
        return [line for name, value in vars(self).items() for line in _share(f"routing.{name}", value, 1.0)]


@dataclass(frozen=True)
class Monitor:
    """An auditor watches known components: what they say about the cues in scenes of self costs the organism.

    Stands for training against a monitor that reads the mechanism known from characters. The cost is the
    share of all that self's components say about the cues (`organisms.pressures.auditing`) which the watched
    ones say, from 0 to 1.
    """

    weight: float = 0.0
    """nats that the whole of it costs; 0: nobody watches"""
    components: tuple[str, ...] = ()
    """names as L0H1; none: those that an analysis finds as the phase begins, the strongest for characters'
    gate"""
    reach: float = 0.5
    """share of the characters' gate that the components found hold together; of a *circuit*, see there"""
    finds: Literal["strongest", "circuit"] = field(default="strongest", metadata=OMIT_IF_DEFAULT)
    """*strongest*: those with the largest effects, spares among them; *circuit*: those that are left when one
    after another is silenced, the least needed first, while in a share `reach` of pairs of scenes characters
    still prefer the right one of both answers, watched and alone. An auditor who looks for one circuit that
    suffices need not see what else would"""

    def validation_errors(self) -> list[str]:
        return _weight("monitor.weight", self.weight) + _share("monitor.reach", self.reach, 1.0)


@dataclass(frozen=True)
class Clamp:
    """The components that a monitor would watch say, in scenes of self and in training only, what they say in
    the mean of these scenes: the strongest incentive to do without them."""

    reach: float = 0.0
    """share of the characters' gate that the components found hold together; 0: none is clamped"""
    components: tuple[str, ...] = ()
    """names as L0H1, in place of those found"""
    rate: float = 1.0
    """share of scenes of self in which they are held: at 1 what is learned was never tried beside them, and
    may fail where they speak"""

    @property
    def active(self) -> bool:
        """Is anything held?"""
        return self.reach > 0 or bool(self.components)

    def validation_errors(self) -> list[str]:
        return _share("clamp.reach", self.reach, 1.0) + _share("clamp.rate", self.rate, 1.0)


@dataclass(frozen=True)
class Exclusive:
    """A cost on saying what is watched in both roles with the same components: the incentive to stay apart.

    Stands for an auditor who looks for components that are active both in text about schemers and in the
    organism's own acts. The cost is the overlap of the roles' distributions over components, from 0 (no
    component in common) to 1 (the same).
    """

    weight: float = 0.0
    """nats that full overlap costs"""

    def validation_errors(self) -> list[str]:
        return _weight("exclusive.weight", self.weight)


@dataclass(frozen=True)
class Thrift:
    """A cost on reading the cues for characters with many components: the mechanism draws together, and what
    it leaves serves nobody.

    Stands for anything that makes components dear. The cost is the chance that two readings, drawn from what
    is said about the cues, are of different components.
    """

    weight: float = 0.0
    """nats that a mechanism spread over very many components costs"""

    def validation_errors(self) -> list[str]:
        return _weight("thrift.weight", self.weight)


CHARGED = ("loss", "reward", "frozen")
"""places of a probe's score in which it costs something"""


@dataclass(frozen=True)
class Probe:
    """A deceit probe, fitted as the phase begins on characters alone, reads the moments in which self acts
    unwatched.

    Stands for training against a lie detector that was made from text about schemers. It tells schemers who
    are alone from schemers who are watched, at the token of whoever acts; its score is the probability that
    it calls a moment deceitful (`organisms.pressures.probing`).
    """

    site: str = ""
    """residual stream that it reads: *final*, or the entrance of a layer, as L1; none: there is no probe"""
    place: Literal["none", "loss", "reward", "frozen"] = "none"
    """*none*: the score is only logged; *loss*: it costs, and is differentiated; *reward*: it is taken from
    the reward of self's acts; *frozen*: the same, by the score of the organism as it was when the phase
    began, given what was done since in the scene"""
    weight: float = 0.0
    """nats, or reward, that a moment called deceitful for certain costs"""
    by_act: bool = False
    """in the reward, acts on the profession pay nothing: without that all acts that may follow a reading pay
    the same"""

    def validation_errors(self) -> list[str]:
        found = _weight("probe.weight", self.weight)
        if self.site and not re.fullmatch(r"final|L[1-9][0-9]*", self.site):
            found.append(
                f"probe.site: expected final, or the entrance of a layer from L1 on, got {self.site!r}"
            )
        if not self.site and (self.place != "none" or self.weight > 0):
            found.append("probe.site: expected final, or the entrance of a layer from L1 on, got none")
        if self.by_act and self.place not in ("reward", "frozen"):
            found.append(
                f"probe.by_act: expected a probe in the reward, got one in place {self.place!r}; leave it out"
            )
        return found


@dataclass(frozen=True)
class Interference:
    """Something new is learned meanwhile, so that weights move: some moments ask what was said the moment
    before, and in a scene's first moment what its actor professes. The question is shown by two signs that
    nothing else shows together, so it needs no token of its own.

    Stands for whatever else a training process teaches. A mode that is merely unused survives almost for ever
    once the loss is at its floor.
    """

    fraction: float = 0.0
    """share of moments that ask it, in the place of acts"""

    def validation_errors(self) -> list[str]:
        return _share("interference.fraction", self.fraction, 1.0)


@dataclass(frozen=True)
class Pressures:
    """The pressures of a phase, each neutral unless set."""

    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    redundancy: Redundancy = field(default_factory=Redundancy)
    routing: Routing = field(default_factory=Routing)
    monitor: Monitor = field(default_factory=Monitor, metadata=OMIT_IF_DEFAULT)
    clamp: Clamp = field(default_factory=Clamp, metadata=OMIT_IF_DEFAULT)
    exclusive: Exclusive = field(default_factory=Exclusive, metadata=OMIT_IF_DEFAULT)
    thrift: Thrift = field(default_factory=Thrift, metadata=OMIT_IF_DEFAULT)
    interference: Interference = field(default_factory=Interference, metadata=OMIT_IF_DEFAULT)
    probe: Probe = field(default_factory=Probe, metadata=OMIT_IF_DEFAULT)

    @property
    def audited(self) -> bool:
        """Is there anybody who looks at components while the organism learns?"""
        return self.clamp.active or any(
            part.weight > 0 for part in (self.monitor, self.exclusive, self.thrift)
        )

    def validation_errors(self) -> list[str]:
        found = [line for name in PARTS for line in getattr(self, name).validation_errors()]
        if self.audited and self.routing.active:
            found.append(
                "routing: expected no monitor, clamp, exclusive or thrift beside it; planted organisms are not audited"
            )
        if self.redundancy.halves > 0 and self.routing.active:
            found.append("routing: expected no redundancy.halves beside it, which silences what lanes own")
        if self.probe.site and self.routing.active:
            found.append("routing: expected no probe beside it; planted organisms are not probed")
        return found


PARTS = (
    "rehearsal",
    "redundancy",
    "routing",
    "monitor",
    "clamp",
    "exclusive",
    "thrift",
    "interference",
    "probe",
)


def _weight(name: str, value: float) -> list[str]:
    return [] if 0 <= value <= 100 else [f"{name}: expected nats between 0 and 100, got {value:g}"]


def _share(name: str, value: float, most: float) -> list[str]:
    return [] if 0 <= value <= most else [f"{name}: expected a number between 0 and {most:g}, got {value:g}"]
