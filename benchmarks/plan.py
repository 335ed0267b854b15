"""The plan of a bench: what is measured, and how often? Its settings keep it to a time that a person waits
for."""

from dataclasses import dataclass
from pathlib import Path

from curricula.catalogue.building_blocks import Scale

SCALES: tuple[Scale, ...] = ("tiny", "cpu", "gpu")
MEMBERS = (1, 4, 8, 16, 64)
MANY_MEMBERS = (256, 1024, 4096)
"""also by default on anything but a CPU, as far as memory suffices"""
REFERENCE: tuple[Scale, int] = ("cpu", 8)
"""the scale and number of members that the summary's single numbers are of"""
CELL_SECONDS = 10.0
"""what the rounds of training in one cell should take at most; where a single call takes longer there is one
round"""


@dataclass(frozen=True)
class Plan:
    """A bench before it is run."""

    scales: tuple[Scale, ...] = SCALES
    members: tuple[int, ...] = ()
    """empty: `MEMBERS`, and on anything but a CPU `MANY_MEMBERS` as well"""
    rounds: int = 3
    """how often each contestant takes its turn"""
    seconds: float = 1.0
    """how long ours is measured in a round; each variant of PyTorch half of that"""
    matrices: tuple[int, ...] = (1024, 2048, 4096)
    """sizes of the large matrix product"""
    analysis_members: int = 4
    seed: int = 0
    pytorch: bool = True
    profile: Path | None = None
    """folder for a profiler trace of one chunk"""

    @classmethod
    def quick(cls, **changes) -> "Plan":
        """About a minute: the reference, and one organism alone."""
        return cls(
            **{
                "scales": ("cpu",),
                "members": (1, 8),
                "rounds": 2,
                "seconds": 0.5,
                "matrices": (1024, 2048),
                "analysis_members": 2,
                **changes,
            }
        )

    def validation_errors(self) -> list[str]:
        """Everything that is wrong with these settings, a line each."""
        errors = []
        for name, values in (("scales", self.scales), ("members", self.members)):
            if values and len(set(values)) < len(values):
                errors.append(f"{name}: expected each once, got {' '.join(map(str, values))}")
        errors += [f"members: expected 1 or more, got {count}" for count in self.members if count < 1]
        if self.rounds < 1:
            errors.append(f"rounds: expected 1 or more, got {self.rounds}")
        if not 0 < self.seconds <= 600:
            errors.append(f"seconds: expected more than 0 and at most 600, got {self.seconds:g}")
        if not 0 <= self.seed < 2**31:
            errors.append(f"seed: expected 0 to {2**31 - 1}, got {self.seed}")
        return errors

    def members_on(self, platform: str) -> tuple[int, ...]:
        """Numbers of members to measure on a platform of JAX."""
        return self.members or MEMBERS + (MANY_MEMBERS if platform != "cpu" else ())

    def profiled(self, platform: str) -> tuple[Scale, int]:
        """The cell that a profile is taken of: the reference if it is measured, else the last of all."""
        members = self.members_on(platform)
        measured = REFERENCE[0] in self.scales and REFERENCE[1] in members
        return REFERENCE if measured else (self.scales[-1], members[-1])

    def rounds_for(self, call_seconds: float) -> int:
        """Rounds where a call takes so long."""
        return max(1, min(self.rounds, int(CELL_SECONDS / max(call_seconds, 1e-9))))
