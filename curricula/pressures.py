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
class Pressures:
    """The pressures of a phase, each neutral unless set."""

    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    redundancy: Redundancy = field(default_factory=Redundancy)

    def faults(self) -> list[str]:
        return self.rehearsal.faults() + self.redundancy.faults()


def _share(name: str, value: float, most: float) -> list[str]:
    return [] if 0 <= value <= most else [f"{name}: expected a number between 0 and {most:g}, got {value:g}"]
