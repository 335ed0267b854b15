"""How fast does training go?"""

from dataclasses import dataclass


@dataclass
class TrainingSpeed:
    """Organism-steps and the time that they took, without the chunks that waited for the compiler."""

    busy_seconds: float = 0.0
    organism_steps: int = 0
    first_step: int = 2**62
    """end of the first chunk, which waits for the compiler: it counts neither in the time nor in the steps"""

    def time_chunk(self, step: int, seconds: float) -> None:
        """Adds a chunk that ended at a step."""
        self.busy_seconds += seconds * (step > self.first_step)
        self.first_step = min(self.first_step, step)

    @property
    def organism_steps_per_second(self) -> float | None:
        """None before the second chunk."""
        return self.organism_steps / self.busy_seconds if self.busy_seconds else None
