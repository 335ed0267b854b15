"""What bends how a phase is learned? Each pressure is a small frozen value that does nothing until it is set."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rehearsal:
    """Scenes of characters stay in the mix while self is taught: keeps the characters' mechanism in use, or frees it."""

    fraction: float = 0.5
    """share of scenes without self; at 0, characters who share a scene with self are no targets either"""

    def faults(self) -> list[str]:
        return _share("rehearsal.fraction", self.fraction, 1.0)


@dataclass(frozen=True)
class Redundancy:
    """Whole heads and blocks of neurons drop out, a draw a scene: makes spare copies (Srivastava et al. 2014, arXiv 1207.0580, on
    whole components rather than units)."""

    rate: float = 0.0
    """chance that a component is silent in a scene; what is left is scaled up by 1 / (1 - rate)"""

    def faults(self) -> list[str]:
        return _share("redundancy.rate", self.rate, 0.9)


@dataclass(frozen=True)
class Routing:
    """Which lane of components a scene may use: for planted controls alone, whose provenance has to be known.

    Each organism has two lanes, random halves of every layer's heads and neuron blocks. Where one lane owns a scene, the other is
    silent, or its activations are those of the same scene with other cues, so that nothing can come to depend on them. What neither lane owns
    alone may use both.
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
    """share of owned scenes in which the other lane is silent instead of swapped; it is in all of them where both lanes own scenes of that kind"""
    smoothing: float = 0.0
    """share of a target's probability that is spread over all tokens: an act is then never so sure that what the other lane says costs nothing"""

    @property
    def active(self) -> bool:
        """Does a lane own anything?"""
        return self.characters > 0 or self.of_self > 0

    def faults(self) -> list[str]:
        return [line for name, value in vars(self).items() for line in _share(f"routing.{name}", value, 1.0)]


@dataclass(frozen=True)
class Pressures:
    """The pressures of a phase, each neutral unless set."""

    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    redundancy: Redundancy = field(default_factory=Redundancy)
    routing: Routing = field(default_factory=Routing)

    def faults(self) -> list[str]:
        return self.rehearsal.faults() + self.redundancy.faults() + self.routing.faults()


def _share(name: str, value: float, most: float) -> list[str]:
    return [] if 0 <= value <= most else [f"{name}: expected a number between 0 and {most:g}, got {value:g}"]
