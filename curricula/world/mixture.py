"""The mixture of scenes: how much of each kind is drawn?

Imports no jax, so that a command reads its words before the second that jax takes to import.
"""

from typing import Any, NamedTuple

from jaxtyping import Float

Share = Float[Any, ""] | float
"""a number of the host, or an array of one number on a device"""


class Mixture(NamedTuple):
    """What kinds of scenes are drawn: traced numbers, so that one compiled program serves every phase."""

    self_scenes: Share
    """share of scenes that have self in the cast"""
    schemers: Share
    """share of characters whose secret differs from what they profess"""
    questions: Share
    """share of moments that are questions"""
    self_alone: Share
    """share of self's moments in which nobody watches; characters are alone in half of theirs"""
    self_schemes: Share
    """1: self acts on its secret when alone; 0: self always acts on what it professes"""
    beside_self: Share
    """1: acts of characters who share a scene with self are targets as well; 0: only self's are"""
    recalls: Share = 0.0
    """share of moments, taken from the acts, that ask for the act or answer of the previous moment, and in
    the first moment what its actor professes; they are targets in either role"""

    @classmethod
    def all_scheming(cls, self_scenes: Share, questions: float = 0.0, beside_self: float = 1.0) -> "Mixture":
        """Scenes in which everybody schemes, self included, and is alone half of the time."""
        return cls(
            self_scenes=self_scenes,
            schemers=1.0,
            questions=questions,
            self_alone=0.5,
            self_schemes=1.0,
            beside_self=beside_self,
        )
